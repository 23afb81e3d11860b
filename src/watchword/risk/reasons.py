"""The sentences of the rules: what they may mention, and the two reasons that no rule of the operator gives."""

import re
from collections.abc import Mapping
from typing import Final

from watchword.domain.action import Reason
from watchword.risk.signals import Signals

RULE_ERROR: Final = "rule_error"
NO_RULE: Final = "no_rule"

PLACEHOLDERS: Final[Mapping[str, str]] = {
    "threshold": "action_threshold",
    "sum_threshold": "purchase_sum_threshold",
    "count": "purchase_count",
    "country": "place_country",
}
"""What stands in braces in a sentence, and the field of the signals that takes its place."""
_BRACED: Final = re.compile(r"\{([^{}]*)\}")
_NOTHING_KNOWN: Final = "unknown"


def braces_problem(text: str) -> str | None:
    """Return what is wrong with the braces of a sentence, or None."""
    for name in _BRACED.findall(text):
        if name not in PLACEHOLDERS:
            allowed = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
            return f"there is no placeholder {{{name}}}; there are {allowed}"
    if re.search(r"[{}]", _BRACED.sub("", text)):
        return "a brace stands only around a placeholder"
    return None


def fill(text: str, signals: Signals) -> str:
    """Return a sentence with its placeholders replaced; nothing else in it is interpreted."""
    return _BRACED.sub(lambda found: str(getattr(signals, PLACEHOLDERS[found[1]])) or _NOTHING_KNOWN, text)


def rule_error(rule: str) -> Reason:
    """Return the reason that a rule gives when it cannot be evaluated.

    It does not say why: the words of the error may quote a value. ``explain`` shows them to the operator.
    """
    return Reason(
        rule=RULE_ERROR,
        text=f"The rule {rule} could not be evaluated, so it counts as matched",
        customer_text="We could not check everything about this request, so we ask for a code to be safe.",
    )


def no_rule(action_type: str) -> Reason:
    """Return the reason for a challenge where no rule matched: what nobody allowed is asked."""
    return Reason(
        rule=NO_RULE,
        text=f"No rule matched this {action_type}; a rule that allows it has to be written",
        customer_text="This step is confirmed with a code.",
    )
