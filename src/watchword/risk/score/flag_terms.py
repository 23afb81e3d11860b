"""Terms that hold or do not: flags and counters, each with a fixed weight.

The weights are judgements: these events are too rare, and too rarely labelled, to be learned from one application's
traffic (research on the RBA data set: weights learned from about a hundred takeovers fitted those and no others).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from watchword.domain.action import RiskTerm
from watchword.risk.signals import Signals


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weight:
    """What one signal adds while it holds."""

    signal: str
    field_name: str
    nats: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _CountWeight:
    """What a signal adds for each of its first ``most``."""

    signal: str
    field_name: str
    nats_each: float
    most: int
    text: str


_WEIGHTS: Final = (
    _Weight(
        signal="device.stolen",
        field_name="device_stolen",
        nats=4.0,
        text="An old copy of a device token was presented",
    ),
    _Weight(
        signal="user.disputed",
        field_name="user_disputed",
        nats=3.0,
        text='The owner said "this wasn\'t me" of an earlier action',
    ),
    _Weight(
        signal="user.attack_suspected",
        field_name="user_attack_suspected",
        nats=2.0,
        text="Challenges of this user went unproven from many networks",
    ),
    _Weight(
        signal="user.unproven_same_type",
        field_name="user_unproven_same_type",
        nats=1.5,
        text="The last challenge of this kind was not approved",
    ),
    _Weight(
        signal="user.recent_reset",
        field_name="user_recent_reset",
        nats=1.0,
        text="The password was reset lately",
    ),
)
_COUNT_WEIGHTS: Final = (
    _CountWeight(
        signal="user.failures",
        field_name="user_failures",
        nats_each=0.2,
        most=10,
        text="Wrong codes were typed for this user lately",
    ),
    _CountWeight(
        signal="user.unproven_networks",
        field_name="user_unproven_networks",
        nats_each=0.3,
        most=4,
        text="Challenges of this user went unproven",
    ),
)


def flag_terms(signals: Signals) -> Iterator[RiskTerm]:
    """Yield what holds, and what was counted."""
    for weight in _WEIGHTS:
        if getattr(signals, weight.field_name):
            yield RiskTerm(signal=weight.signal, nats=weight.nats, text=weight.text)
    for each in _COUNT_WEIGHTS:
        count = getattr(signals, each.field_name)
        if count > 0:
            nats = round(each.nats_each * min(count, each.most), 2)
            yield RiskTerm(signal=each.signal, nats=nats, text=f"{each.text} ({count})")
