"""Shows an explained decision: rule by rule, and each condition as the tree that it is."""

from typing import Final

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from watchword.domain.action import Decision
from watchword.domain.customer_text import CustomerText
from watchword.risk.policy import (
    ConditionExplanation,
    Explanation,
    RuleExplanation,
    RuleMode,
    Verdict,
    write_customer_text,
)

_COLOURS: Final = {Decision.ALLOW: "green", Decision.CHALLENGE: "yellow", Decision.DENY: "red"}


def show_explanation(explanation: Explanation) -> None:
    """Print the decision, its reasons, and every rule that looked at the action."""
    console = Console(highlight=False, soft_wrap=True)
    assessment = explanation.assessment
    console.print(Text.assemble("decision  ", (assessment.decision.value, f"bold {_COLOURS[assessment.decision]}")))
    console.print(Text(f"score     {assessment.score:.2f}"))
    for reason in assessment.reasons:
        console.print(Text(f"reason    {reason.rule}: {reason.text}"))
        for line in _customer_lines(reason.customer_text):
            console.print(Text(f"customer  {line}", style="dim"))
    console.print()
    looking = [rule for rule in explanation.rules if rule.applies]
    for rule in looking:
        console.print(_rule_tree(rule))
    others = [rule.rule.name for rule in explanation.rules if not rule.applies]
    if others:
        console.print(Text(f"\nFor other action types: {', '.join(others)}", style="dim"))


def describe_explanation(explanation: Explanation) -> dict[str, object]:
    """Return the same as plain values for JSON."""
    assessment = explanation.assessment
    return {
        "decision": assessment.decision.value,
        "score": assessment.score,
        "reasons": [
            {"rule": reason.rule, "text": reason.text, "customer_text": write_customer_text(reason.customer_text)}
            for reason in assessment.reasons
        ],
        "policy_version": assessment.policy_version,
        "rules": [
            {
                "name": rule.rule.name,
                "mode": rule.rule.mode.value,
                "then": rule.rule.then.value,
                "applies": rule.applies,
                "verdict": rule.verdict.value,
                "when": _describe_condition(rule.when),
                "unless": _describe_condition(rule.unless),
            }
            for rule in explanation.rules
        ],
    }


def _customer_lines(text: CustomerText | None) -> list[str]:
    described = write_customer_text(text)
    if described is None or isinstance(described, str):
        return [described] if described else []
    return [f"{tag or 'others'}: {words}" for tag, words in described.items()]


def _rule_tree(rule: RuleExplanation) -> Tree:
    mode = "" if rule.rule.mode is RuleMode.ON else f"  ({rule.rule.mode.value}: does not count)"
    style = "dim" if rule.verdict is Verdict.MISSED else _COLOURS[rule.rule.then]
    tree = Tree(
        Text.assemble(
            (f"{rule.verdict.value:<8}", style), (rule.rule.name, "bold"), f" → {rule.rule.then.value}{mode}"
        ),
        guide_style="dim",
    )
    for word, condition in (("when", rule.when), ("unless", rule.unless)):
        if condition is not None:
            _grow(tree, condition, f"{word} ")
    return tree


def _grow(tree: Tree, condition: ConditionExplanation, prefix: str = "") -> None:
    branch = tree.add(Text.assemble((f"{_truth(condition):<6}", "dim"), prefix, condition.text))
    for operand in condition.operands:
        _grow(branch, operand)


def _truth(condition: ConditionExplanation) -> str:
    if condition.holds is None:
        return f"error ({condition.error}) "
    return "true" if condition.holds else "false"


def _describe_condition(condition: ConditionExplanation | None) -> dict[str, object] | None:
    if condition is None:
        return None
    return {
        "text": condition.text,
        "holds": condition.holds,
        "error": condition.error,
        "operator": condition.operator,
        "operands": [_describe_condition(operand) for operand in condition.operands],
    }
