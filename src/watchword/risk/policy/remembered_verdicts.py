"""What the rules of a policy said before: asking the rule language costs ten times as much as looking it up.

A condition is a function of the signals that it mentions and of nothing else. Where those are flags, words and whole
numbers, few combinations of them come at all; a rule that looks at anything finer is asked every time.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from watchword.risk.policy.expression import Environment, activate_values, plainly
from watchword.risk.policy.rule import Rule, RuleMode, Verdict
from watchword.risk.recent import Recent
from watchword.risk.signals import SignalType, declarations

VERDICTS_MOST: Final = 4_096
"""Combinations that are remembered for one policy; about 1 MB."""
TYPES_MOST: Final = 64
"""Types of action whose rules are sorted out once; an application declares a few."""
_FINE: Final = (SignalType.DOUBLE, SignalType.MAP)
_Plainly = Callable[[Mapping[str, Any]], bool]


class RememberedVerdicts:
    """What the rules of one policy say, in one process. Not safe for several threads; pure computation."""

    __slots__ = ("_asked", "_environment", "_rules", "_verdicts")

    def __init__(self, rules: Sequence[Rule], environment: Environment) -> None:
        self._rules = tuple(rule for rule in rules if rule.mode is not RuleMode.OFF)
        self._environment = environment
        self._asked: Recent[str, _Asked] = Recent(TYPES_MOST)
        self._verdicts: Recent[tuple[object, ...], tuple[Verdict, ...]] = Recent(VERDICTS_MOST)

    def judge(self, action_type: str, values: Mapping[str, Any]) -> list[tuple[Rule, Verdict]]:
        """Return the rules that matched or failed for these values by their names, the details among them."""
        asked = self._asked.get(action_type)
        if asked is None:
            asked = _Asked([rule for rule in self._rules if rule.applies_to(action_type)])
            self._asked.put(action_type, asked)
        plain = iter(self._plain_verdicts(asked, action_type, values))
        found: list[tuple[Rule, Verdict]] = []
        for rule, names, matches in asked.rules:
            if matches is not None:
                verdict = Verdict.MATCHED if matches(values) else Verdict.MISSED
            else:
                verdict = next(plain) if names is None else self._ask(rule, names, values)
            if verdict is not Verdict.MISSED:
                found.append((rule, verdict))
        return found

    def _plain_verdicts(self, asked: "_Asked", action_type: str, values: Mapping[str, Any]) -> tuple[Verdict, ...]:
        """Return the verdicts of the rules that look at nothing fine, in their order."""
        key = (action_type, *[values[name] for name in asked.names])
        verdicts = self._verdicts.get(key)
        if verdicts is None:
            verdicts = tuple(self._ask(rule, asked.names, values) for rule in asked.plain)
            if Verdict.FAILED not in verdicts:
                self._verdicts.put(key, verdicts)
        return verdicts

    def _ask(self, rule: Rule, names: tuple[str, ...], values: Mapping[str, Any]) -> Verdict:
        return rule.judge(activate_values(self._environment, {name: values[name] for name in names}))


class _Asked:
    """The rules that are asked about one type of action."""

    __slots__ = ("names", "plain", "rules")

    def __init__(self, rules: Sequence[Rule]) -> None:
        types = {declared.name: declared.type for declared in declarations()}
        self.rules: list[tuple[Rule, tuple[str, ...] | None, _Plainly | None]] = []
        """Each with the signals that it looks at, where one of them is fine, and with what says the same at once."""
        self.plain: list[Rule] = []
        names: set[str] = set()
        for rule in rules:
            seen = rule.looks_at
            is_fine = any(types[name] in _FINE for name in seen)
            self.rules.append((rule, tuple(seen) if is_fine else None, _plainly(rule) if is_fine else None))
            if not is_fine:
                self.plain.append(rule)
                names |= seen
        self.names = tuple(sorted(names))
        """What the plain ones look at together."""


def _plainly(rule: Rule) -> _Plainly | None:
    """Return what says whether a rule matches without asking the rule language, where both conditions allow it."""
    when = None if rule.when is None else plainly(rule.when)
    if when is None or rule.unless is None:
        return when
    unless = plainly(rule.unless)
    return None if unless is None else lambda values: when(values) and not unless(values)
