"""Reads policies for the command line: checks one, and explains what it makes of an action."""

from collections.abc import Mapping
from pathlib import Path

from watchword.domain.action import Detail
from watchword.domain.errors import ConfigurationError
from watchword.risk.policy import Explanation, Policy, explain, load_policy, new_environment
from watchword.risk.score import UNRATED, Rating
from watchword.risk.signals import SCORE, SignalValue, read_signals


def check_policy(path: Path, action_types: tuple[str, ...] = ()) -> Policy:
    """Return the policy of a file; ``ConfigurationError`` with every problem at its place."""
    return check_policy_text(read_text(path), source_name=str(path), action_types=action_types)


def read_text(path: Path) -> str:
    """Return the text of a policy file; ``ConfigurationError`` where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError((f"{path}: cannot be read: {error.strerror}",)) from None
    except UnicodeDecodeError:
        raise ConfigurationError((f"{path}: is not UTF-8",)) from None


def check_policy_text(text: str, *, source_name: str, action_types: tuple[str, ...] = ()) -> Policy:
    """Return the policy of a text that messages call ``source_name``; ``ConfigurationError`` with every problem."""
    return load_policy(text, source_name=source_name, action_types=action_types, environment=new_environment())


def explain_policy(policy: Policy, values: Mapping[str, SignalValue], details: Mapping[str, Detail]) -> Explanation:
    """Return what each rule says about an action with these signals; what is left out counts as new.

    A ``score`` among them is taken as it is; without one the action counts as one that nobody rated. Raises
    ``ConfigurationError`` for a signal that does not exist or has another type.
    """
    try:
        return explain(policy, read_signals(values, details), _rating(values))
    except ValueError as error:
        raise ConfigurationError((str(error),)) from None


def _rating(values: Mapping[str, SignalValue]) -> Rating:
    score = values.get(SCORE.name)
    if score is None:
        return UNRATED
    if isinstance(score, bool | str) or not 0 <= score <= 1:
        raise ValueError("score is a number from 0.0 to 1.0")
    return Rating(score=float(score), terms=())
