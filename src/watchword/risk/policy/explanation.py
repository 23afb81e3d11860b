"""Explains a decision: for every rule what held, and for every operand of its conditions too."""

from dataclasses import dataclass

from watchword.domain.action import Assessment
from watchword.risk.policy.decision import Policy
from watchword.risk.policy.expression import Activation, Condition, Failure, activate, evaluate
from watchword.risk.policy.rule import Rule, Verdict
from watchword.risk.score import UNRATED, Rating
from watchword.risk.signals import Signals


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionExplanation:
    """What a condition came to."""

    text: str
    holds: bool | None
    """None where it could not be evaluated."""
    error: str | None
    """The rule language's words; they may quote a value."""
    operator: str | None
    """``&&`` or ``||`` where that joins the operands."""
    operands: "tuple[ConditionExplanation, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleExplanation:
    """What a rule came to; it counts in the decision only in mode ``on``."""

    rule: Rule
    applies: bool
    """Whether the rule looks at actions of this type."""
    verdict: Verdict
    """``MISSED`` where it does not apply."""
    when: ConditionExplanation | None
    unless: ConditionExplanation | None
    """Shown whether or not it was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision with all that led to it."""

    assessment: Assessment
    rules: tuple[RuleExplanation, ...]
    """Every rule in the order of the file, those that are off too."""


def explain(policy: Policy, signals: Signals, rating: Rating = UNRATED) -> Explanation:
    """Return what every rule of a policy says about these signals, and the decision that follows."""
    assessment = policy.assess(signals, rating)
    activation = activate(policy.environment, signals, assessment.score)
    return Explanation(
        assessment=assessment,
        rules=tuple(_explain_rule(rule, signals, activation) for rule in policy.rules),
    )


def _explain_rule(rule: Rule, signals: Signals, activation: Activation) -> RuleExplanation:
    applies = rule.applies_to(signals.action_type)
    return RuleExplanation(
        rule=rule,
        applies=applies,
        verdict=rule.judge(activation) if applies else Verdict.MISSED,
        when=None if rule.when is None else _explain_condition(rule.when, activation),
        unless=None if rule.unless is None else _explain_condition(rule.unless, activation),
    )


def _explain_condition(condition: Condition, activation: Activation) -> ConditionExplanation:
    result = evaluate(condition, activation)
    return ConditionExplanation(
        text=condition.text,
        holds=None if isinstance(result, Failure) else result,
        error=result.text if isinstance(result, Failure) else None,
        operator=condition.operator,
        operands=tuple(_explain_condition(operand, activation) for operand in condition.operands),
    )
