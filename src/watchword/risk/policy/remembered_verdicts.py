"""What the rules of a policy said before: asking the rule language costs ten times as much as looking it up.

A condition is a function of the signals that it mentions and of nothing else. Where those are flags, words and whole
numbers, few combinations of them come at all; a rule that looks at anything finer is asked every time.
"""

from collections.abc import Mapping
from typing import Any, Final

from watchword.risk.policy.expression import Environment, activate_values
from watchword.risk.policy.rule import Rule, Verdict
from watchword.risk.recent import Recent
from watchword.risk.signals import SignalType, declarations

VERDICTS_MOST: Final = 4_096
"""Combinations that are remembered for one policy; about 1 MB."""
_FINER: Final = (SignalType.DOUBLE, SignalType.MAP)


class RememberedVerdicts:
    """The verdicts of the rules of one policy, in one process. Not safe for several threads; pure computation."""

    __slots__ = ("_looks_at", "_verdicts")

    def __init__(self) -> None:
        self._looks_at: dict[str, _LooksAt] = {}
        self._verdicts: Recent[tuple[object, ...], Verdict] = Recent(VERDICTS_MOST)

    def judge(self, rule: Rule, values: Mapping[str, Any], environment: Environment) -> Verdict:
        """Return what a rule says of these values by their names, the details among them."""
        looks_at = self._looks_at.get(rule.name)
        if looks_at is None:
            looks_at = self._looks_at[rule.name] = _LooksAt(rule)
        seen = [values[name] for name in looks_at.names]
        if looks_at.is_fine:
            return rule.judge(activate_values(environment, dict(zip(looks_at.names, seen, strict=True))))
        key = (rule.name, *seen)
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = rule.judge(activate_values(environment, dict(zip(looks_at.names, seen, strict=True))))
            if verdict is not Verdict.FAILED:
                self._verdicts.put(key, verdict)
        return verdict


class _LooksAt:
    """The signals that a rule looks at."""

    __slots__ = ("is_fine", "names")

    def __init__(self, rule: Rule) -> None:
        types = {declared.name: declared.type for declared in declarations()}
        self.names = tuple(sorted(rule.looks_at))
        self.is_fine = any(types[name] in _FINER for name in self.names)
