"""The signals: every observed fact that the score and the rules may look at, with its type and its meaning.

Observing is pure: the facts are arguments. The default of a field is what the signal counts as when the application
leaves it out, and that is always the new, the unknown or the high one (I12).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from watchword.domain.action import ACCOUNT_UPDATE, PURCHASE, Action, Detail
from watchword.domain.application import Application
from watchword.domain.budget import Lane
from watchword.domain.device import DeviceState
from watchword.domain.money import Money
from watchword.risk.profile import Profile

AMOUNT_LEFT_OUT: Final = 1e18
"""Above every amount that can be written: ``Money`` takes 15 digits before the point."""

SignalValue = str | int | float | bool


class SignalType(StrEnum):
    """The types that a condition sees; CEL never converts one into another by itself."""

    STRING = "string"
    INT = "int"
    DOUBLE = "double"
    BOOL = "bool"
    MAP = "map(string, dyn)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One signal as a rule sees it."""

    name: str
    """As a condition writes it: ``device.known``."""
    field_name: str
    type: SignalType
    meaning: str
    left_out: str | None
    """What has to be left out, and what the signal then is; None for what Watchword itself always knows."""


def _signal(default: SignalValue, meaning: str, left_out: str | None = None) -> Any:  # noqa: ANN401 the annotation of the field says the type
    return field(default=default, metadata={"meaning": meaning, "left_out": left_out})


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What is known of one action; without arguments, everything that can be left out is."""

    action_type: str = _signal("", "the type of the action, such as `purchase`")
    action_has_amount: bool = _signal(False, "the action names an amount", "without `amount`: false")
    action_amount: float = _signal(
        AMOUNT_LEFT_OUT,
        "the amount in its currency; compare it with a number that has a point, such as `100.0`",
        "without `amount`: 1e18, above every amount that can be written",
    )
    action_currency: str = _signal(
        "", "the ISO 4217 code of the amount; look at `action.high_amount` too", "without `amount`: empty"
    )
    action_has_threshold: bool = _signal(
        False, "the application declares a high-value threshold for this currency", "without `amount`: false"
    )
    action_threshold: str = _signal(
        "", "that threshold as text, such as `500.00 USD`; empty without one", "without `amount`: empty"
    )
    action_high_amount: bool = _signal(
        True, "the amount is above the threshold, or there is no amount or no threshold", "without `amount`: true"
    )
    purchase_count: int = _signal(
        0, "purchases allowed within the window (24 h) and since the last proof, without this"
    )
    purchase_sum: float = _signal(
        AMOUNT_LEFT_OUT, "their sum in the currency of this action, with this one", "without `amount`: 1e18"
    )
    purchase_sum_threshold: str = _signal(
        "", "the sum that counts as high value, as text; empty without a threshold", "without `amount`: empty"
    )
    purchase_high_sum: bool = _signal(
        False, "a purchase whose sum is above `purchase_sum_percent` of the threshold", "see `action.high_amount`"
    )
    purchase_high_count: bool = _signal(False, "a purchase after `purchase_count` others that went through unproven")
    purchase_high_value: bool = _signal(
        True,
        "a purchase with `action.high_amount`, `purchase.high_sum` or `purchase.high_count`",
        "a purchase without `amount`: true",
    )
    device_state: str = _signal("new", "`new`, `known` or `trusted`", "without a valid `device_token`: `new`")
    device_known: bool = _signal(False, "the device is known or trusted", "without a valid `device_token`: false")
    device_trusted: bool = _signal(False, "the device is trusted", "without a valid `device_token`: false")
    device_stolen: bool = _signal(False, "an outlived device token was presented: somebody holds a copy of it")
    place_country: str = _signal(
        "", "the ISO 3166 code of the IP address, `local` for a private one, empty if unknown", "without `ip`: empty"
    )
    place_known: bool = _signal(
        False, "an action of this user was approved or allowed in this country before", "without `ip`: false"
    )
    user_registered: bool = _signal(False, "the application has registered this user")
    user_failures: int = _signal(0, "wrong codes within the failure window (30 days), both lanes")
    user_unproven_same_type: bool = _signal(
        False, "a challenge of this type was not approved within the window (24 h): asked once, asked until proven"
    )
    user_unproven_networks: int = _signal(
        0, "different networks that unproven challenges of any type came from within that window"
    )
    user_attack_suspected: bool = _signal(False, "there are at least `unproven_networks` (5) such networks")
    user_disputed: bool = _signal(False, 'the owner said "this wasn\'t me" and has not proven an old contact since')
    user_recent_reset: bool = _signal(False, "a password reset was approved within the wait (72 h)")
    account_field: str = _signal(
        "", "what an `account_update` changes: `email`, `phone`, `password`, `address`; empty for other types"
    )
    lane: str = _signal(
        "open", "`own` with a valid token of a known device, else `open`", "without a valid `device_token`: `open`"
    )
    details: Mapping[str, Detail] = field(
        default_factory=dict,
        metadata={
            "meaning": "the application's own facts, `details` of the action: strings, integers and booleans",
            "left_out": "a key that is left out is an error, and so a match; see below",
        },
    )

    @property
    def high_value(self) -> bool:
        """Whether this is a high-value purchase (B4), for which trust never counts and no trust is given (B13)."""
        return self.action_type == PURCHASE and self.purchase_high_value

    def by_name(self) -> dict[str, SignalValue]:
        """Return every signal but the details, by the name that a condition uses.

        The details are left out because they may hold an address; the action keeps them.
        """
        return {name: getattr(self, field_name) for name, field_name in _RECORDED}


SCORE: Final = Declaration(
    name="score",
    field_name="score",
    type=SignalType.DOUBLE,
    meaning="the risk score, from 0.0 (ordinary) to 1.0; every term of it is in the answer",
    left_out=None,
)
_TYPES: Final[Mapping[object, SignalType]] = {
    str: SignalType.STRING,
    int: SignalType.INT,
    float: SignalType.DOUBLE,
    bool: SignalType.BOOL,
}


def declarations() -> tuple[Declaration, ...]:
    """Return every signal that a condition may name, the score last."""
    declared = (
        Declaration(
            name=entry.name.replace("_", ".", 1),
            field_name=entry.name,
            type=_TYPES.get(entry.type, SignalType.MAP),
            meaning=entry.metadata["meaning"],
            left_out=entry.metadata["left_out"],
        )
        for entry in fields(Signals)
    )
    return (*declared, SCORE)


_RECORDED: Final = tuple((d.name, d.field_name) for d in declarations() if d.type is not SignalType.MAP and d != SCORE)


def read_signals(values: Mapping[str, SignalValue], details: Mapping[str, Detail]) -> Signals:
    """Return signals from a record of them (``Signals.by_name``) or from a list written by hand.

    A signal that is not named counts as left out, or follows from others that are. Raises ``ValueError`` for an unknown
    name or a wrong type.
    """
    declared = {d.name: d for d in declarations() if d.type is not SignalType.MAP}
    chosen: dict[str, Any] = {}
    for name, value in values.items():
        if name not in declared:
            raise ValueError(f"there is no signal {name}")
        if name != SCORE.name:  # that is rated anew from the others
            chosen[declared[name].field_name] = _checked(declared[name], value)
    return Signals(**_implied(Signals(**chosen)) | chosen, details=details)


def _checked(declared: Declaration, value: SignalValue) -> SignalValue:
    number = float(value) if declared.type is SignalType.DOUBLE and type(value) is int else value
    if _TYPES.get(type(number)) is not declared.type:
        raise ValueError(f"{declared.name} is of type {declared.type}")
    return number


def _implied(signals: Signals) -> dict[str, Any]:
    """Return what follows from other signals."""
    high = signals.action_high_amount or signals.purchase_high_sum or signals.purchase_high_count
    return {
        "device_known": signals.device_state != DeviceState.NEW,
        "device_trusted": signals.device_state == DeviceState.TRUSTED,
        "purchase_high_value": signals.action_type == PURCHASE and high,
    }


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
        user_registered=user is not None,
        user_failures=profile.failures,
        user_unproven_same_type=profile.unproven_same_type,
        user_unproven_networks=profile.unproven_networks,
        user_attack_suspected=profile.unproven_networks >= application.limits.unproven_networks,
        user_disputed=user is not None and user.disputed_at is not None,
        user_recent_reset=profile.reset_at is not None,
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


def _text(money: Money | None) -> str:
    return "" if money is None else str(money)


def _percent(threshold: Money, percent: int) -> Money:
    return Money(value=threshold.value * percent / Decimal(100), currency=threshold.currency)
