"""Whether a rule looks at more actions than before, at fewer, or whether its conditions do not tell."""

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final

from watchword.risk.policy.expression import Condition
from watchword.risk.policy.rule import Rule


class Extent(Enum):
    """How the actions that a rule matches have changed."""

    SAME = "same"
    LARGER = "larger"
    SMALLER = "smaller"
    UNCLEAR = "unclear"
    """Some more and some fewer, or the conditions differ in a way that cannot be ordered by reading them."""

    @property
    def turned(self) -> "Extent":
        """The extent of what is left over, such as of a rule whose exception has this extent."""
        return _TURNED.get(self, self)


_TURNED: Final = {Extent.LARGER: Extent.SMALLER, Extent.SMALLER: Extent.LARGER}


def extent_of_rule(old: Rule, new: Rule) -> Extent:
    """Return how the actions that a rule matches have changed, its mode and decision left aside."""
    return _together(
        (
            extent_of_actions(old.actions, new.actions),
            extent_of_condition(old.when, new.when),
            extent_of_exception(old.unless, new.unless),
        )
    )


def extent_of_actions(old: tuple[str, ...], new: tuple[str, ...]) -> Extent:
    """Return how the types that a rule looks at have changed; none named is every type."""
    if set(old) == set(new):
        return Extent.SAME
    if not old:
        return Extent.SMALLER
    if not new:
        return Extent.LARGER
    return _by_sets(set(old), set(new))


def extent_of_condition(old: Condition | None, new: Condition | None) -> Extent:
    """Return how far a ``when`` reaches now; None reaches everywhere."""
    match old, new:
        case None, None:
            return Extent.SAME
        case None, _:
            return Extent.SMALLER
        case _, None:
            return Extent.LARGER
        case Condition(), Condition():
            return _compare(old, new)
    raise ValueError("a condition is one or None")


def extent_of_exception(old: Condition | None, new: Condition | None) -> Extent:
    """Return how far a rule reaches now that its ``unless`` is another one; None excepts nothing."""
    if old is None or new is None:
        return extent_of_condition(old, new)
    return _compare(old, new).turned


def _compare(old: Condition, new: Condition) -> Extent:
    if _plain(old.text) == _plain(new.text):
        return Extent.SAME
    operators = {operator for operator in (old.operator, new.operator) if operator is not None}
    if len(operators) != 1:  # both are one comparison, or one joins with && what the other joins with ||
        return _by_number(old.text, new.text)
    olds, news = _operands(old), _operands(new)
    gone, come = olds - news, news - olds
    if len(gone) == len(come) == 1:
        return _by_number(gone.pop(), come.pop())
    ordered = _by_sets(olds, news)
    return ordered if operators == {"||"} else ordered.turned


def _operands(condition: Condition) -> set[str]:
    """Return the parts of a condition that is joined by an operator; one that is not is its own only part."""
    return {_plain(part.text) for part in condition.operands} or {_plain(condition.text)}


def _plain(text: str) -> str:
    """Return a condition without its line breaks and indents, which mean nothing outside of a text in it."""
    return text.strip() if '"' in text or "'" in text else " ".join(text.split())


_BOUND: Final = re.compile(r"(?P<what>[a-z_.]+) *(?P<operator>>=|<=|>|<) *(?P<number>-?[0-9]+(\.[0-9]+)?)")


def _by_number(old: str, new: str) -> Extent:
    """Return what a moved bound comes to, as from ``score >= 0.7`` to ``score >= 0.6``."""
    before, after = _BOUND.fullmatch(old.strip()), _BOUND.fullmatch(new.strip())
    if before is None or after is None:
        return Extent.UNCLEAR
    if (before["what"], before["operator"]) != (after["what"], after["operator"]):
        return Extent.UNCLEAR
    rises = float(after["number"]) > float(before["number"])
    return Extent.SMALLER if rises == before["operator"].startswith(">") else Extent.LARGER


def _by_sets(old: set[str], new: set[str]) -> Extent:
    if old < new:
        return Extent.LARGER
    return Extent.SMALLER if new < old else Extent.UNCLEAR


def _together(extents: Iterable[Extent]) -> Extent:
    """Return one extent for changes that happen at once."""
    changed = {extent for extent in extents if extent is not Extent.SAME}
    if not changed:
        return Extent.SAME
    return changed.pop() if len(changed) == 1 else Extent.UNCLEAR
