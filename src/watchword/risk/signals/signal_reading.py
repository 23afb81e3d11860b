"""The list of all signals, and reading a record of them back, or facts that somebody wrote by hand."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from watchword.domain.action import PURCHASE, Detail
from watchword.domain.device import DeviceState
from watchword.risk.signals.declaring import TYPES, Declaration, SignalType, SignalValue, declare
from watchword.risk.signals.signal_fields import FASTEST_KM_H, Signals

SCORE: Final = Declaration(
    name="score",
    field_name="score",
    type=SignalType.DOUBLE,
    meaning="the risk score, from 0.0 (ordinary) to 1.0; every term of it is in the answer",
    left_out=None,
)


def declarations() -> tuple[Declaration, ...]:
    """Return every signal that a condition may name, the score last."""
    return (*map(declare, fields(Signals)), SCORE)


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
        if name != SCORE.name:  # that is no observation
            chosen[declared[name].field_name] = _checked(declared[name], value)
    return Signals(**_implied(Signals(**chosen)) | chosen, details=details)


def _checked(declared: Declaration, value: SignalValue) -> SignalValue:
    number = float(value) if declared.type is SignalType.DOUBLE and type(value) is int else value
    if TYPES.get(type(number)) is not declared.type:
        raise ValueError(f"{declared.name} is of type {declared.type}")
    return number


def _implied(signals: Signals) -> dict[str, Any]:
    """Return what follows from other signals."""
    high = signals.action_high_amount or signals.purchase_high_sum or signals.purchase_high_count
    return {
        "device_known": signals.device_state != DeviceState.NEW,
        "device_trusted": signals.device_state == DeviceState.TRUSTED,
        "purchase_high_value": signals.action_type == PURCHASE and high,
        "travel_impossible": signals.travel_speed > FASTEST_KM_H,
    }
