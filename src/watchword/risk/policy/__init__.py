"""The policy: rules as data, checked when they are loaded, all asked at every decision; the strictest decides."""

from watchword.risk.policy.decision import Policy
from watchword.risk.policy.explanation import ConditionExplanation, Explanation, RuleExplanation, explain
from watchword.risk.policy.expression import Environment, new_environment
from watchword.risk.policy.policy_file import load_policy
from watchword.risk.policy.rule import Rule, RuleMode, Verdict

__all__ = [
    "ConditionExplanation",
    "Environment",
    "Explanation",
    "Policy",
    "Rule",
    "RuleExplanation",
    "RuleMode",
    "Verdict",
    "explain",
    "load_policy",
    "new_environment",
]
