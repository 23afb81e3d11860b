"""Terms along the two chains: country, network, address; and kind of device, system, browser, version.

The model of the novelty of legitimate users, which is what the published models lack: a value that a user never showed
costs what such a novelty is worth among the users of this application, and not what its rarity is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from typing import Final

from watchword.domain.action import RiskTerm
from watchword.domain.instant import Instant
from watchword.risk.memory import Memory
from watchword.risk.population import Population, depth_of, home_of
from watchword.risk.score.evidence import Evidence
from watchword.risk.signals import Signals
from watchword.risk.traits import WHAT_WITH, WHERE, Level


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bounds:
    """What a level can say, and what it is called."""

    signal: str
    novelty: float
    """Share of legitimate actions that show a new value here, of users with a history; research of the RBA data."""
    seen_least: float
    seen_most: float
    novel_most: float
    noun: str


_BOUNDS: Final = (
    _Bounds(signal="place.known", novelty=0.01, seen_least=-1, seen_most=1, novel_most=6, noun="country"),
    _Bounds(signal="network.known", novelty=0.1, seen_least=-2, seen_most=1, novel_most=5, noun="network"),
    _Bounds(signal="network.address_known", novelty=0.35, seen_least=-3, seen_most=0, novel_most=3, noun="address"),
    _Bounds(signal="agent.type_known", novelty=0.07, seen_least=-1, seen_most=0.5, novel_most=3, noun="type of device"),
    _Bounds(signal="agent.os_known", novelty=0.13, seen_least=-1, seen_most=0.5, novel_most=3, noun="system"),
    _Bounds(signal="agent.browser_known", novelty=0.1, seen_least=-1, seen_most=0.5, novel_most=3, noun="browser"),
    _Bounds(signal="agent.version_known", novelty=0.4, seen_least=-1, seen_most=0, novel_most=2, noun="version"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a chain is judged with."""

    memory: Memory
    population: Population
    now: Instant
    values: tuple[int | None, ...]


def where_terms(signals: Signals, evidence: Evidence) -> Iterator[RiskTerm]:
    """Yield what country, network and address say."""
    if not signals.place_known and not depth_of(evidence.memory, Level.COUNTRY, evidence.now):
        where = signals.place_country or "an unknown country"
        yield RiskTerm(signal="place.known", nats=1.5, text=f"First action of this user from {where}")
    yield from _chain(evidence, WHERE)


def what_terms(signals: Signals, evidence: Evidence) -> Iterator[RiskTerm]:  # noqa: ARG001 its sentences come next
    """Yield what device type, system, browser and version say."""
    yield from _chain(evidence, WHAT_WITH)


def _chain(evidence: Evidence, levels: tuple[Level, ...]) -> Iterator[RiskTerm]:
    """Yield the terms down to the first new value; what hangs below that one is new anyway."""
    known = _Known(
        memory=evidence.memory, population=evidence.population, now=evidence.now, values=evidence.traits.values
    )
    for level in levels:
        depth = depth_of(known.memory, level, known.now)
        if depth == 0:
            return
        bounds = _BOUNDS[level]
        if known.memory.knows(level, known.values[level], known.now):
            yield RiskTerm(signal=bounds.signal, nats=_seen(known, level), text=f"The {bounds.noun} is familiar")
        else:
            nats = _novel_at_least(known, levels[levels.index(level) :])
            yield RiskTerm(signal=bounds.signal, nats=nats, text=f"The {bounds.noun} is new for this user")
            return


def _seen(known: _Known, level: Level) -> float:
    bounds = _BOUNDS[level]
    value = known.values[level]
    share = known.memory.weight(level, value, known.now) / max(known.memory.events(known.now), 1e-9)
    common = known.population.share(level, value, known.now)
    nats = log((0.8 * common + 0.2 * 0.5 + 1e-4) / (min(share, 1.0) * (1 - bounds.novelty)))
    return round(max(bounds.seen_least, min(nats, bounds.seen_most)), 2)


def _novel(known: _Known, level: Level) -> float:
    bounds = _BOUNDS[level]
    value = known.values[level]
    if value is None:
        return bounds.novel_most
    common = known.population.share(level, value, known.now)
    usual = known.population.share_among_new(level, home_of(known.memory), value, known.now)
    nats = log((0.9 * common + 0.1 * 0.01) / (bounds.novelty * (usual + 1e-4)))
    return round(max(0.0, min(nats, bounds.novel_most)), 2)


def _novel_at_least(known: _Known, levels: tuple[Level, ...]) -> float:
    """Return what a new value counts: never less than the level seen and something new below it."""
    level, below = levels[0], levels[1:]
    if not below:
        return _novel(known, level)
    if known.memory.knows(below[0], known.values[below[0]], known.now):
        beneath = _seen(known, below[0])
    else:
        beneath = _novel_at_least(known, below)
    return max(_novel(known, level), _BOUNDS[level].seen_most + beneath)
