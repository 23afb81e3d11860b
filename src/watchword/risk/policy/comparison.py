"""Compares two policies rule by rule, and says of every change whether it makes decisions stricter or milder.

It reads the rules and asks no traffic: what a change would have done to real actions is what a replay shows.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchword.domain.action import Decision
from watchword.risk.policy.decision import Policy
from watchword.risk.policy.extent import (
    Extent,
    extent_of_actions,
    extent_of_condition,
    extent_of_exception,
    extent_of_rule,
)
from watchword.risk.policy.rule import Rule, RuleMode
from watchword.risk.policy.sentence_reading import WrittenCustomerText, write_customer_text

FieldValue = str | tuple[str, ...] | Mapping[str, str] | None


class Effect(StrEnum):
    """What a change does to decisions; none moves the other way, but for conditions that cannot be evaluated."""

    STRICTER = "stricter"
    MILDER = "milder"
    UNCLEAR = "unclear"
    """Stricter for some actions and milder for others, or reading the rules does not tell."""
    NONE = "none"
    """It changes no decision."""


class ChangeKind(StrEnum):
    """What happened to a rule."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One key of a rule that is another now, with its values as a policy writes them."""

    key: str
    old: FieldValue
    new: FieldValue


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """A rule that is in one policy only, or differs."""

    rule: str
    kind: ChangeKind
    then: Decision
    """What the rule decides now; of a removed one, what it decided."""
    mode: RuleMode
    fields: tuple[FieldChange, ...]
    """Of a changed rule, in the order in which a rule is written."""
    effect: Effect
    text: str
    """The effect in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDifference:
    """What is another in a new policy."""

    old_version: str
    new_version: str
    changes: tuple[RuleChange, ...]
    """In the order of the new policy, the removed rules last; empty where only order, comments or layout differ."""

    @property
    def effect(self) -> Effect:
        """What all changes together do to decisions."""
        return _together(change.effect for change in self.changes)


def compare(old: Policy, new: Policy) -> PolicyDifference:
    """Return what is another in the new policy, by the names of the rules."""
    olds = {rule.name: rule for rule in old.rules}
    news = {rule.name: rule for rule in new.rules}
    return PolicyDifference(
        old_version=old.version,
        new_version=new.version,
        changes=(
            *_kept_and_added(olds, news),
            *(_removed(rule) for name, rule in olds.items() if name not in news),
        ),
    )


def _kept_and_added(olds: Mapping[str, Rule], news: Mapping[str, Rule]) -> Iterator[RuleChange]:
    for name, rule in news.items():
        before = olds.get(name)
        if before is None:
            yield _added(rule)
        elif fields := tuple(_changed_fields(before, rule)):
            yield _changed(before, rule, fields)


def _added(rule: Rule) -> RuleChange:
    effect = _effect_of_joining(rule)
    text = _BEGINS[rule.then] if effect is not Effect.NONE else _uncounted(rule)
    return _change(rule, ChangeKind.ADDED, effect, text)


def _removed(rule: Rule) -> RuleChange:
    effect = _turned(_effect_of_joining(rule))
    text = _ENDS[rule.then] if effect is not Effect.NONE else "it did not count"
    return _change(rule, ChangeKind.REMOVED, effect, text)


def _changed(old: Rule, new: Rule, fields: tuple[FieldChange, ...]) -> RuleChange:
    effect, text = _effect_of_changing(old, new)
    return _change(new, ChangeKind.CHANGED, effect, text, fields)


def _change(
    rule: Rule, kind: ChangeKind, effect: Effect, text: str, fields: tuple[FieldChange, ...] = ()
) -> RuleChange:
    said = f"{_BEFORE[effect]}: {text}"
    return RuleChange(
        rule=rule.name, kind=kind, then=rule.then, mode=rule.mode, fields=fields, effect=effect, text=said
    )


_BEFORE: Final = {
    Effect.STRICTER: "stricter",
    Effect.MILDER: "milder",
    Effect.UNCLEAR: "stricter or milder",
    Effect.NONE: "changes no decision",
}
_BEGINS: Final = {
    Decision.ALLOW: "lets pass what no other rule stops",
    Decision.CHALLENGE: "asks for a code where it matches",
    Decision.DENY: "denies where it matches",
}
_ENDS: Final = {
    Decision.ALLOW: "what it let pass is asked unless another rule allows it",
    Decision.CHALLENGE: "no longer asks by itself",
    Decision.DENY: "no longer denies",
}
_GROWS: Final = {
    Decision.ALLOW: "lets more actions pass",
    Decision.CHALLENGE: "asks more often",
    Decision.DENY: "denies more often",
}
_SHRINKS: Final = {
    Decision.ALLOW: "lets fewer actions pass",
    Decision.CHALLENGE: "asks less often",
    Decision.DENY: "denies less often",
}


def _effect_of_joining(rule: Rule) -> Effect:
    if rule.mode is not RuleMode.ON:
        return Effect.NONE
    return Effect.MILDER if rule.then is Decision.ALLOW else Effect.STRICTER


def _effect_of_changing(old: Rule, new: Rule) -> tuple[Effect, str]:
    was_on, is_on = old.mode is RuleMode.ON, new.mode is RuleMode.ON
    if not was_on and not is_on:
        return Effect.NONE, _uncounted(new)
    if not was_on:
        return _effect_of_joining(new), f"counts now: {_BEGINS[new.then]}"
    if not is_on:
        return _turned(_effect_of_joining(old)), f"counts no more: {_ENDS[old.then]}"
    if old.then is not new.then:
        return _effect_of_deciding(old, new)
    return _effect_of_reaching(new.then, extent_of_rule(old, new))


def _effect_of_deciding(old: Rule, new: Rule) -> tuple[Effect, str]:
    is_stricter = old.then.stricter(new.then) is new.then
    effect, text = (
        Effect.STRICTER if is_stricter else Effect.MILDER,
        f"decides {new.then} where it decided {old.then}",
    )
    if Decision.ALLOW in (old.then, new.then):  # then the reach of the one says nothing about the reach of the other
        return effect, text
    extent = extent_of_rule(old, new)
    against = Extent.SMALLER if is_stricter else Extent.LARGER
    if extent in (against, Extent.UNCLEAR):
        return Effect.UNCLEAR, f"{text}, and matches other actions"
    return effect, text


def _effect_of_reaching(then: Decision, extent: Extent) -> tuple[Effect, str]:
    match extent:
        case Extent.SAME:
            return Effect.NONE, "other words for the same"
        case Extent.UNCLEAR:
            return Effect.UNCLEAR, "matches other actions; replay it to see which"
        case Extent.LARGER:
            return Effect.MILDER if then is Decision.ALLOW else Effect.STRICTER, _GROWS[then]
        case Extent.SMALLER:
            return Effect.STRICTER if then is Decision.ALLOW else Effect.MILDER, _SHRINKS[then]


def _uncounted(rule: Rule) -> str:
    return "it is off" if rule.mode is RuleMode.OFF else "it is only recorded (log-only)"


def _turned(effect: Effect) -> Effect:
    return {Effect.STRICTER: Effect.MILDER, Effect.MILDER: Effect.STRICTER}.get(effect, effect)


def _together(effects: Iterable[Effect]) -> Effect:
    found = set(effects) - {Effect.NONE}
    if not found:
        return Effect.NONE
    return found.pop() if len(found) == 1 else Effect.UNCLEAR


def _changed_fields(old: Rule, new: Rule) -> Iterator[FieldChange]:
    before, after = _fields(old), _fields(new)
    for key in before:
        if before[key] != after[key] and not _means_the_same(key, old, new):
            yield FieldChange(key=key, old=before[key], new=after[key])


def _fields(rule: Rule) -> Mapping[str, FieldValue]:
    written: WrittenCustomerText = write_customer_text(rule.customer_text)
    return {
        "actions": rule.actions or None,
        "when": None if rule.when is None else rule.when.text.strip(),
        "unless": None if rule.unless is None else rule.unless.text.strip(),
        "then": rule.then.value,
        "mode": rule.mode.value,
        "text": rule.text,
        "customer_text": written,
    }


def _means_the_same(key: str, old: Rule, new: Rule) -> bool:
    """Whether a key is only written in another way: types in another order, a condition with other line breaks."""
    match key:
        case "actions":
            return extent_of_actions(old.actions, new.actions) is Extent.SAME
        case "when":
            return extent_of_condition(old.when, new.when) is Extent.SAME
        case "unless":
            return extent_of_exception(old.unless, new.unless) is Extent.SAME
        case _:
            return False
