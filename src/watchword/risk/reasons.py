"""The sentences of the rules: what they may mention, which the product has, and two reasons that no rule gives.

Knows the names of the product's sentences and not their words, which are a matter of languages.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, assert_never

from watchword.domain.action import Reason
from watchword.domain.customer_text import CatalogueSentence, CustomerText, OwnWords
from watchword.domain.money import Money, read_money
from watchword.risk.signals import Signals

RULE_ERROR: Final = "rule_error"
NO_RULE: Final = "no_rule"


class SentenceKey(StrEnum):
    """The sentences that the product has for why a customer is asked; the catalogue of each language words them all.

    A rule names one as ``customer_text = "@new_device"``. Those of the default policy are called as their rules are.
    """

    PASSWORD_RESET = "password_reset"
    ACCOUNT_UPDATE = "account_update"
    NEW_DEVICE = "new_device"
    NEW_DEVICE_PURCHASE = "new_device_purchase"
    NEW_PLACE = "new_place"
    STOLEN_DEVICE = "stolen_device"
    HIGH_VALUE_PURCHASE = "high_value_purchase"
    """Mentions the threshold, as ``CatalogueSentence.amount``; the only one that mentions anything."""
    UNKNOWN_VALUE_PURCHASE = "unknown_value_purchase"
    PURCHASE_SUM = "purchase_sum"
    PURCHASE_COUNT = "purchase_count"
    SUSPICIOUS = "suspicious"
    ASKED_UNTIL_PROVEN = "asked_until_proven"
    ATTACK_SUSPECTED = "attack_suspected"
    DISPUTED = "disputed"
    CONCEALED = "concealed"
    CONTACT_CONFIRMATION = "contact_confirmation"
    RECENT_RESET = "recent_reset"
    USER_LOCKED = "user_locked"
    NO_USABLE_CONTACT = "no_usable_contact"
    NO_RULE = "no_rule"
    RULE_ERROR = "rule_error"


PLACEHOLDERS: Final[Mapping[str, str]] = {
    "threshold": "action_threshold",
    "sum_threshold": "purchase_sum_threshold",
    "count": "purchase_count",
    "country": "place_country",
    "risk_threshold": "risk_threshold",
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


def fill_customer_text(text: CustomerText, signals: Signals) -> CustomerText:
    """Return a rule's sentence for the customer with what it mentions of this action."""
    match text:
        case OwnWords():
            return OwnWords(by_language={tag: fill(words, signals) for tag, words in text.by_language.items()})
        case CatalogueSentence(key=SentenceKey.HIGH_VALUE_PURCHASE):
            return _above(signals.action_threshold)
        case CatalogueSentence():
            return text
        case _:
            assert_never(text)


def _above(threshold: str) -> CatalogueSentence:
    """Return the sentence about a threshold; where the application has none, the one that names none."""
    value, _, currency = threshold.partition(" ")
    amount = read_money(value, currency)
    if not isinstance(amount, Money):
        return CatalogueSentence(key=SentenceKey.UNKNOWN_VALUE_PURCHASE)
    return CatalogueSentence(key=SentenceKey.HIGH_VALUE_PURCHASE, amount=amount)


def rule_error(rule: str) -> Reason:
    """Return the reason that a rule gives when it cannot be evaluated.

    It does not say why: the words of the error may quote a value. ``explain`` shows them to the operator.
    """
    return Reason(
        rule=RULE_ERROR,
        text=f"The rule {rule} could not be evaluated, so it counts as matched",
        customer_text=CatalogueSentence(key=SentenceKey.RULE_ERROR),
    )


def no_rule(action_type: str) -> Reason:
    """Return the reason for a challenge where no rule matched: what nobody allowed is asked."""
    return Reason(
        rule=NO_RULE,
        text=f"No rule matched this {action_type}; a rule that allows it has to be written",
        customer_text=CatalogueSentence(key=SentenceKey.NO_RULE),
    )
