"""The policy: rules as data, checked when they are loaded, all asked at every decision; the strictest decides."""

from watchword.risk.policy.comparison import (
    ChangeKind,
    Effect,
    FieldChange,
    FieldValue,
    PolicyDifference,
    RuleChange,
    compare,
)
from watchword.risk.policy.decision import Policy
from watchword.risk.policy.explanation import ConditionExplanation, Explanation, RuleExplanation, explain
from watchword.risk.policy.expression import Environment, new_environment
from watchword.risk.policy.policy_file import VERSION_DIGITS, load_policy, version_of
from watchword.risk.policy.rule import Rule, RuleMode, Verdict
from watchword.risk.policy.sentence_reading import write_customer_text

__all__ = [
    "VERSION_DIGITS",
    "ChangeKind",
    "ConditionExplanation",
    "Effect",
    "Environment",
    "Explanation",
    "FieldChange",
    "FieldValue",
    "Policy",
    "PolicyDifference",
    "Rule",
    "RuleChange",
    "RuleExplanation",
    "RuleMode",
    "Verdict",
    "compare",
    "explain",
    "load_policy",
    "new_environment",
    "version_of",
    "write_customer_text",
]
