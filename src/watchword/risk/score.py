"""The score, plain version: a fixed table of evidence in natural log-odds, one addend per signal.

The numbers are judgements and not measurements; the learned model that replaces this file keeps the shape of ``rate``.
A risk signal only ever adds (I12), and every addend comes with a sentence.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp
from typing import Final

from watchword.domain.action import RiskTerm
from watchword.risk.signals import Signals

BASELINE_NATS: Final = -3.0
"""About 5 in 100 before anything is known: on purpose far above the share of real attacks, so as not to look exact."""
_DIGITS: Final = 4
"""Decimals of the score; rules, answer and record see the same number."""


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
    _Weight(
        signal="purchase.high_value",
        field_name="high_value",
        nats=1.0,
        text="The purchase is of high value",
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


def rate(signals: Signals) -> tuple[float, tuple[RiskTerm, ...]]:
    """Return the score, from 0 (ordinary) to 1, and the terms whose sum is its log-odds."""
    terms = tuple(_terms(signals))
    return round(1 / (1 + exp(-sum(term.nats for term in terms))), _DIGITS), terms


def _terms(signals: Signals) -> Iterator[RiskTerm]:
    yield RiskTerm(signal="baseline", nats=BASELINE_NATS, text="Where every action starts")
    yield _device(signals)
    if not signals.place_known:
        where = signals.place_country or "an unknown country"
        yield RiskTerm(signal="place.known", nats=1.5, text=f"First action of this user from {where}")
    for weight in _WEIGHTS:
        if getattr(signals, weight.field_name):
            yield RiskTerm(signal=weight.signal, nats=weight.nats, text=weight.text)
    for each in _COUNT_WEIGHTS:
        count = getattr(signals, each.field_name)
        if count > 0:
            nats = round(each.nats_each * min(count, each.most), 2)
            yield RiskTerm(signal=each.signal, nats=nats, text=f"{each.text} ({count})")


def _device(signals: Signals) -> RiskTerm:
    if signals.device_trusted:
        return RiskTerm(signal="device.state", nats=-1.5, text="The device is trusted")
    if signals.device_known:
        return RiskTerm(signal="device.state", nats=-0.5, text="The device is known")
    return RiskTerm(signal="device.state", nats=1.5, text="The device is new")
