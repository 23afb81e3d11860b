"""The policy: every rule is asked, and the strictest that matches decides."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from watchword.domain.action import ALWAYS_CHALLENGED, Assessment, Decision, Reason
from watchword.risk.policy.expression import DETAILS, Environment
from watchword.risk.policy.remembered_verdicts import RememberedVerdicts
from watchword.risk.policy.rule import Rule, RuleMode, Verdict
from watchword.risk.reasons import no_rule, rule_error
from watchword.risk.score import UNRATED, Rating
from watchword.risk.signals import SCORE, Signals


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The checked rules of one application."""

    version: str
    """Short hash of the text; the same text always has the same version."""
    rules: tuple[Rule, ...]
    """In the order of the file, which decides nothing but the order of reasons of one strictness."""
    environment: Environment = field(repr=False, compare=False)
    remembered: RememberedVerdicts = field(init=False, repr=False, compare=False)
    by_score: frozenset[str] = field(init=False, repr=False, compare=False)
    """The names of the rules that may match because of the score."""

    def __post_init__(self) -> None:
        """Begin to remember what these rules say; other rules begin anew."""
        object.__setattr__(self, "remembered", RememberedVerdicts(self.rules, self.environment))
        by_score = frozenset(rule.name for rule in self.rules if rule.looks_at_score)
        object.__setattr__(self, "by_score", by_score)

    def assess(self, signals: Signals, rating: Rating = UNRATED) -> Assessment:
        """Return the evaluation of an action; total: whatever the signals are, there is a decision (I12).

        An action that nobody rated counts as rated highest.

        A rule that cannot be evaluated counts as matched and as at least ``challenge``. Where no rule matches, and for
        the types that are always asked, the decision is at least ``challenge``.
        """
        recorded = signals.by_name()
        recorded[SCORE.name] = rating.score
        verdicts = self.remembered.judge(signals.action_type, {**recorded, DETAILS: signals.details})
        counting = [(rule, verdict) for rule, verdict in verdicts if rule.mode is RuleMode.ON]
        decision, reasons = decide(signals, counting)
        return Assessment(
            decision=decision,
            reasons=reasons,
            score=rating.score,
            terms=rating.terms,
            signals=recorded,
            high_value=signals.high_value,
            policy_version=self.version,
            shadow_rules=tuple(rule.name for rule, _ in verdicts if rule.mode is RuleMode.LOG_ONLY),
            failed_rules=tuple(rule.name for rule, verdict in verdicts if verdict is Verdict.FAILED),
        )

    def asks_without_score(self, assessment: Assessment) -> bool:
        """Whether an action was challenged or denied for a reason that the score has nothing to do with."""
        if assessment.decision is Decision.ALLOW:
            return False
        return any(reason.rule not in self.by_score for reason in assessment.reasons)


def decide(signals: Signals, counting: list[tuple[Rule, Verdict]]) -> tuple[Decision, tuple[Reason, ...]]:
    """Return what follows from the rules in mode ``on`` that matched or failed, and why."""
    found: list[tuple[Decision, Reason]] = []
    for rule, verdict in counting:
        if verdict is Verdict.FAILED:
            found.append((rule.then.stricter(Decision.CHALLENGE), rule_error(rule.name)))
        else:
            found.append((rule.then, rule.reason(signals)))
    must_ask = signals.action_type in ALWAYS_CHALLENGED
    if not found or (must_ask and all(decision is Decision.ALLOW for decision, _ in found)):
        return Decision.CHALLENGE, (no_rule(signals.action_type),)
    decision = _strictest(decision for decision, _ in found)
    return decision, _strictest_first(found, decision)


def _strictest(decisions: Iterable[Decision]) -> Decision:
    strictest = Decision.ALLOW
    for decision in decisions:
        strictest = strictest.stricter(decision)
    return strictest


def _strictest_first(found: list[tuple[Decision, Reason]], decision: Decision) -> tuple[Reason, ...]:
    """Return every reason to ask or to refuse; those of rules that would allow speak only where the action passes."""
    shown = (Decision.ALLOW,) if decision is Decision.ALLOW else (Decision.DENY, Decision.CHALLENGE)
    return tuple(reason for wanted in shown for found_decision, reason in found if found_decision is wanted)
