"""Tells what is another in a policy: rule by rule, each with the direction in which it moves decisions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from watchword.cli.printing import print_line
from watchword.risk.policy import (
    ChangeKind,
    Effect,
    FieldChange,
    FieldValue,
    PolicyDifference,
    RuleChange,
    RuleMode,
)

_MARKS: Final = {ChangeKind.ADDED: "+", ChangeKind.REMOVED: "-", ChangeKind.CHANGED: "~"}
_STYLES: Final = {Effect.STRICTER: "yellow", Effect.MILDER: "green", Effect.UNCLEAR: "magenta", Effect.NONE: "dim"}
_IN_ALL: Final = {
    Effect.STRICTER: "No decision gets milder.",
    Effect.MILDER: "No decision gets stricter.",
    Effect.UNCLEAR: "Some decisions may get stricter and others milder.",
    Effect.NONE: "No decision changes.",
}


def show_difference(difference: PolicyDifference) -> None:
    """Print every rule that is another, and what follows from all of it."""
    print_line(f"{difference.old_version} → {difference.new_version}", style="bold")
    for change in difference.changes:
        print_line(_heading(change), style=_STYLES[change.effect])
        for line in _field_lines(change.fields):
            print_line(line)
    print_line(_conclusion(difference))


def describe_difference(difference: PolicyDifference) -> dict[str, object]:
    """Return the same as plain values for JSON."""
    return {
        "old_version": difference.old_version,
        "new_version": difference.new_version,
        "effect": difference.effect.value,
        "changes": [
            {
                "rule": change.rule,
                "change": change.kind.value,
                "then": change.then.value,
                "mode": change.mode.value,
                "effect": change.effect.value,
                "text": change.text,
                "fields": {field.key: {"old": field.old, "new": field.new} for field in change.fields},
            }
            for change in difference.changes
        ],
    }


def summarise(changes: Sequence[RuleChange]) -> str:
    """Return the rules that are another in one line: ``+gift-card ~suspicious``."""
    return " ".join(f"{_MARKS[change.kind]}{change.rule}" for change in changes) or "no rule"


def _conclusion(difference: PolicyDifference) -> str:
    if difference.old_version == difference.new_version:
        return "The two are the same."
    if not difference.changes:
        return "The rules are the same; only their order, the comments or the layout differ."
    return _IN_ALL[difference.effect]


def _heading(change: RuleChange) -> str:
    mode = "" if change.mode is RuleMode.ON else f", {change.mode.value}"
    return f"  {_MARKS[change.kind]} {change.rule} ({change.then.value}{mode}): {change.text}"


def _field_lines(fields: Sequence[FieldChange]) -> Iterator[str]:
    width = max((len(field.key) for field in fields), default=0)
    for field in fields:
        yield f"      {field.key:<{width}}  {_written(field.old)}"
        yield f"      {'→':>{width}}  {_written(field.new)}"


def _written(value: FieldValue) -> str:
    match value:
        case None:
            return "(none)"
        case str():
            return " ".join(value.split())
        case Mapping():
            return ", ".join(f"{tag or 'others'}: {words}" for tag, words in value.items())
        case _:
            return ", ".join(value)
