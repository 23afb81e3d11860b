"""Judges recorded actions by a policy, many of them: a rule that saw the same values before answers from memory.

Rules are pure and most look at two or three signals, so a million actions ask them a few thousand different questions.
What the rule language is handed is no more than what a rule mentions.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, TypeVar

from watchword.domain.action import Decision, Detail
from watchword.risk.policy import Environment, Policy, Rule, RuleMode, Verdict
from watchword.risk.policy.decision import decide
from watchword.risk.policy.expression import DETAILS, activate_values
from watchword.risk.reasons import NO_RULE
from watchword.risk.signals import SCORE, Signals, SignalValue

ANSWERS_KEPT: Final = 20_000
"""Per rule, and per action type: then it begins anew, so that amounts without end take no memory without end."""
Key = TypeVar("Key")
Value = TypeVar("Value")
_LEFT_OUT: Final[Mapping[str, SignalValue]] = {**Signals().by_name(), SCORE.name: 1.0}
"""What a signal counts as that was not recorded; an action that nobody rated counts as the riskiest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a policy says of a recorded action."""

    decision: Decision
    causes: tuple[str, ...]
    """The rules that make the decision, or ``no_rule``; empty for an allow."""
    matched: tuple[str, ...]
    """Every rule that matched or failed, those in mode ``log-only`` too."""
    failed: tuple[str, ...]


class Judge:
    """One policy, asked about recorded actions; belongs to one thread."""

    __slots__ = ("_plans", "_policy")

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._plans: dict[str, _Plan] = {}

    @property
    def looks_at_details(self) -> bool:
        """Whether a rule mentions the application's own facts, which lie elsewhere than the signals."""
        return any(DETAILS in rule.looks_at for rule in self._policy.rules if rule.mode is not RuleMode.OFF)

    def rule(
        self, action_type: str, signals: Mapping[str, SignalValue], details: Mapping[str, Detail]
    ) -> tuple[Ruling, frozenset[str]]:
        """Return what the policy says, and which signals that it mentions were not recorded: they count as left out."""
        plan = self._plans.get(action_type)
        if plan is None:
            plan = self._plans[action_type] = _Plan(self._policy, action_type)
        missing = plan.names.difference(signals)
        if missing:
            signals = {**signals, **{name: _LEFT_OUT[name] for name in missing}}
        return plan.rule(signals, details), missing


class _Plan:
    """The rules that look at one type."""

    __slots__ = ("_action_type", "_asked", "_rulings", "names")

    def __init__(self, policy: Policy, action_type: str) -> None:
        applying = [rule for rule in policy.rules if rule.mode is not RuleMode.OFF and rule.applies_to(action_type)]
        self._action_type = action_type
        self._asked = [_AskedRule(rule, policy.environment) for rule in applying]
        self._rulings: dict[tuple[str, ...], Ruling] = {}
        self.names: Final = frozenset(name for rule in applying for name in rule.looks_at) - {DETAILS}

    def rule(self, signals: Mapping[str, SignalValue], details: Mapping[str, Detail]) -> Ruling:
        # A text is hashed once and an enum's member every time, which a million actions would feel.
        verdicts = tuple([asked.judge(signals, details) for asked in self._asked])
        ruling = self._rulings.get(verdicts)
        if ruling is None:
            ruling = self._decide(verdicts)
            _remember(self._rulings, verdicts, ruling)
        return ruling

    def _decide(self, verdicts: tuple[str, ...]) -> Ruling:
        speaking: list[tuple[Rule, Verdict]] = [
            (asked.rule, Verdict(verdict))
            for asked, verdict in zip(self._asked, verdicts, strict=True)
            if verdict != Verdict.MISSED.value
        ]
        counting = [(rule, verdict) for rule, verdict in speaking if rule.mode is RuleMode.ON]
        decision, _ = decide(Signals(action_type=self._action_type), counting)
        causes = tuple(rule.name for rule, verdict in counting if _asks_for(rule, verdict) is decision)
        return Ruling(
            decision=decision,
            causes=() if decision is Decision.ALLOW else causes or (NO_RULE,),
            matched=tuple(rule.name for rule, _ in speaking),
            failed=tuple(rule.name for rule, verdict in speaking if verdict is Verdict.FAILED),
        )


class _AskedRule:
    """A rule with the answers that it gave."""

    __slots__ = ("_answers", "_environment", "_looks_at_details", "_names", "_pick", "rule")

    def __init__(self, rule: Rule, environment: Environment) -> None:
        names = rule.looks_at
        self.rule: Final = rule
        self._environment = environment
        self._looks_at_details = DETAILS in names
        self._names = tuple(sorted(names - {DETAILS}))
        self._pick: Callable[[Mapping[str, SignalValue]], Hashable] = (
            itemgetter(*self._names) if self._names else _nothing
        )
        self._answers: dict[Hashable, str] = {}

    def judge(self, signals: Mapping[str, SignalValue], details: Mapping[str, Detail]) -> str:
        """Return the value of the verdict."""
        if self._looks_at_details:
            return self._ask({**{name: signals[name] for name in self._names}, DETAILS: details})
        seen = self._pick(signals)
        verdict = self._answers.get(seen)
        if verdict is None:
            verdict = self._ask({name: signals[name] for name in self._names})
            _remember(self._answers, seen, verdict)
        return verdict

    def _ask(self, values: Mapping[str, object]) -> str:
        return str(self.rule.judge(activate_values(self._environment, values)).value)


def _asks_for(rule: Rule, verdict: Verdict) -> Decision:
    return rule.then.stricter(Decision.CHALLENGE) if verdict is Verdict.FAILED else rule.then


def _nothing(_: Mapping[str, SignalValue]) -> Hashable:
    return ()


def _remember(kept: dict[Key, Value], key: Key, value: Value) -> None:
    if len(kept) >= ANSWERS_KEPT:
        kept.clear()
    kept[key] = value
