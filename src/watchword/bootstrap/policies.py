"""Reads policies for the command line: checks one, and explains what it makes of an action."""

from collections.abc import Mapping
from pathlib import Path

from watchword.domain.action import Detail
from watchword.domain.errors import ConfigurationError
from watchword.risk.policy import Explanation, Policy, explain, load_policy, new_environment
from watchword.risk.signals import SignalValue, read_signals


def check_policy(path: Path, action_types: tuple[str, ...] = ()) -> Policy:
    """Return the policy of a file; ``ConfigurationError`` with every problem at its place."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError((f"{path}: cannot be read: {error.strerror}",)) from None
    except UnicodeDecodeError:
        raise ConfigurationError((f"{path}: is not UTF-8",)) from None
    return check_policy_text(text, source_name=str(path), action_types=action_types)


def check_policy_text(text: str, *, source_name: str, action_types: tuple[str, ...] = ()) -> Policy:
    """Return the policy of a text that messages call ``source_name``; ``ConfigurationError`` with every problem."""
    return load_policy(text, source_name=source_name, action_types=action_types, environment=new_environment())


def explain_policy(policy: Policy, values: Mapping[str, SignalValue], details: Mapping[str, Detail]) -> Explanation:
    """Return what each rule says about an action with these signals; what is left out counts as new.

    Raises ``ConfigurationError`` for a signal that does not exist or has another type.
    """
    try:
        return explain(policy, read_signals(values, details))
    except ValueError as error:
        raise ConfigurationError((str(error),)) from None
