"""Observing: the signals of one action, from what it says, what the store knows and what the files say.

Pure: every fact is an argument. What is not there counts as new, unknown or high (I12).
"""

from dataclasses import dataclass
from decimal import Decimal

from watchword.domain.action import ACCOUNT_UPDATE, PURCHASE, Action
from watchword.domain.application import Application
from watchword.domain.budget import Lane
from watchword.domain.device import DeviceState
from watchword.domain.instant import DAY_MS, HOUR_MS, Instant
from watchword.domain.money import Money
from watchword.risk.profile import Profile
from watchword.risk.signals.signal_fields import AMOUNT_LEFT_OUT, NEVER_HOURS, Signals


def observe(
    action: Action,
    profile: Profile,
    device_state: DeviceState,
    device_stolen: bool,
    lane: Lane,
    country: str | None,
    application: Application,
) -> Signals:
    """Return the signals of one action.

    ``country`` is what the atlas says of the action's IP address, None where it has none or knows nothing of it. A
    stolen token never counts as a known device.
    """
    state = DeviceState.NEW if device_stolen else device_state
    user = profile.user
    measured = _measure(action, profile, application)
    return Signals(
        action_type=action.type,
        action_has_amount=action.amount is not None,
        action_amount=AMOUNT_LEFT_OUT if action.amount is None else float(action.amount.value),
        action_currency="" if action.amount is None else action.amount.currency,
        action_has_threshold=measured.threshold is not None,
        action_threshold=_text(measured.threshold),
        action_high_amount=measured.high_amount,
        purchase_count=profile.purchase_count,
        purchase_sum=AMOUNT_LEFT_OUT if measured.sum is None else float(measured.sum),
        purchase_sum_threshold=_text(measured.sum_threshold),
        purchase_high_sum=measured.high_sum,
        purchase_high_count=measured.high_count,
        purchase_high_value=measured.high_value,
        device_state=state.value,
        device_known=state is not DeviceState.NEW,
        device_trusted=state is DeviceState.TRUSTED,
        device_stolen=device_stolen,
        place_country=country or "",
        place_known=country is not None and country in profile.countries_seen,
        time_hour=profile.now % DAY_MS // HOUR_MS,
        user_registered=user is not None,
        user_age_hours=0.0 if user is None else _hours(user.created_at, profile.now),
        user_idle_hours=NEVER_HOURS if profile.last_seen_at is None else _hours(profile.last_seen_at, profile.now),
        user_failures=profile.failures,
        user_unproven_same_type=profile.unproven_same_type,
        user_unproven_networks=profile.unproven_networks,
        user_attack_suspected=profile.unproven_networks >= application.limits.unproven_networks,
        user_disputed=user is not None and user.disputed_at is not None,
        user_recent_reset=profile.reset_at is not None,
        contact_age_hours=_youngest_contact_hours(profile),
        account_field=str(action.details.get("field", "")) if action.type == ACCOUNT_UPDATE else "",
        lane=lane.value,
        details=action.details,
    )


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


def _youngest_contact_hours(profile: Profile) -> float:
    contacts = () if profile.user is None else profile.user.contacts
    return min((_hours(contact.added_at, profile.now) for contact in contacts), default=0.0)


def _hours(since: Instant, now: Instant) -> float:
    return round(max(0, now - since) / HOUR_MS, 2)


def _text(money: Money | None) -> str:
    return "" if money is None else str(money)


def _percent(threshold: Money, percent: int) -> Money:
    return Money(value=threshold.value * percent / Decimal(100), currency=threshold.currency)
