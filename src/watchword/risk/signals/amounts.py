"""The signals about money: the amount against its thresholds, in exact decimals (B4), and against what is usual."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from watchword.domain.action import PURCHASE, Action
from watchword.domain.application import Application
from watchword.domain.money import Money
from watchword.risk.profile import Profile
from watchword.risk.signals.known_facts import KnownFacts
from watchword.risk.signals.signal_fields import AMOUNT_LEFT_OUT
from watchword.risk.spending_facts import payee_known

_DIGITS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """The amount against its threshold (B4), in exact decimals."""

    threshold: Money | None
    sum: Decimal | None
    sum_threshold: Money | None
    high_amount: bool
    high_sum: bool
    high_count: bool
    high_value: bool


def observe_amount(action: Action, profile: Profile, application: Application) -> dict[str, Any]:
    """Return what the amount is against the thresholds of the application."""
    amount, measured = action.amount, _measure(action, profile, application)
    return {
        "action_has_amount": amount is not None,
        "action_amount": AMOUNT_LEFT_OUT if amount is None else float(amount.value),
        "action_currency": "" if amount is None else amount.currency,
        "action_has_threshold": measured.threshold is not None,
        "action_threshold": _text(measured.threshold),
        "action_high_amount": measured.high_amount,
        "purchase_count": profile.purchase_count,
        "purchase_sum": AMOUNT_LEFT_OUT if measured.sum is None else float(measured.sum),
        "purchase_sum_threshold": _text(measured.sum_threshold),
        "purchase_high_sum": measured.high_sum,
        "purchase_high_count": measured.high_count,
        "purchase_high_value": measured.high_value,
    }


def observe_spending(profile: Profile, facts: KnownFacts) -> dict[str, Any]:
    """Return what amount and payee are against what the user usually spends, and where."""
    return {
        "purchase_amount_ratio": round(facts.amount_ratio, _DIGITS),
        "payee_known": payee_known(profile.memory, facts.payee, profile.now),
        "payee_reports": round(facts.payee_reports, _DIGITS),
    }


def _measure(action: Action, profile: Profile, application: Application) -> _Measured:
    amount, is_purchase = action.amount, action.type == PURCHASE
    threshold = None if amount is None else application.high_value.get(amount.currency)
    sum_threshold = None if threshold is None else _percent(threshold, application.limits.purchase_sum_percent)
    total = None if amount is None else amount.value + profile.purchase_sum
    high_amount = amount is None or threshold is None or amount.value > threshold.value
    # Without an amount or a threshold there is no sum to speak of, and the amount alone is high already.
    high_sum = is_purchase and total is not None and sum_threshold is not None and total > sum_threshold.value
    high_count = is_purchase and profile.purchase_count >= application.limits.purchase_count
    return _Measured(
        threshold=threshold,
        sum=total,
        sum_threshold=sum_threshold,
        high_amount=high_amount,
        high_sum=high_sum,
        high_count=high_count,
        high_value=is_purchase and (high_amount or high_sum or high_count),
    )


def _text(money: Money | None) -> str:
    return "" if money is None else str(money)


def _percent(threshold: Money, percent: int) -> Money:
    return Money(value=threshold.value * percent / Decimal(100), currency=threshold.currency)
