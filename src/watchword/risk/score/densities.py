"""How likely a value is for the user himself and for somebody else, level by level.

The user shows something new at a rate that is learned (``novelty``), and what he then shows looks like what was new for
others from his country. Somebody else shows what the population shows, or something from anywhere.
"""

from dataclasses import dataclass
from math import log
from typing import Final

from watchword.domain.instant import Instant
from watchword.risk.fading import growth
from watchword.risk.memory import Memory
from watchword.risk.memory.shelf import WEIGHT_FORGOTTEN, Shelf
from watchword.risk.population import Population, depth_of, home_of, variety_of
from watchword.risk.traits import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelModel:
    """The constants of one level."""

    novelty: float
    """Share of new values among legitimate actions of users with a history, where the level above is known."""
    tail: float
    """Share of legitimate new values that the application never saw, before it learned its own."""
    spread: float
    """One over how many such values there may be."""
    at_home: float
    """What others show: as the users of the same country do,"""
    anywhere: float
    """as all users do,"""
    uniform: float
    """any value at all,"""
    copied: float
    """or one of the values that this user is remembered by, each as likely. So somebody who was let in once gains
    little by it: for the user himself that value stays a rare one."""
    counted: float
    """How much counts of what a seen value says. A fifth for what a user agent says: it is copied without effort, and
    whoever trusts the victim's own browser does worst against those who have it (research/risk.md §5.6)."""
    seen_least: float
    """Bounds in nats, so that no level decides alone. All bounds were chosen on the traffic of seeds 100 and 101 of
    ``bench/risk`` and looked at on 102; the shares above are those of research/risk.md §2.2 and §5.1."""
    seen_most: float
    novel_least: float
    novel_most: float


MODELS: Final = (
    LevelModel(  # COUNTRY
        novelty=0.01,
        tail=0.1,
        spread=1 / 200,
        at_home=0.0,
        anywhere=0.5,
        uniform=0.5,
        copied=0.05,
        counted=1.0,
        seen_least=-1.0,
        seen_most=0.3,
        novel_least=1.5,
        novel_most=4.5,
    ),
    LevelModel(  # NETWORK
        novelty=0.09,
        tail=0.1,
        spread=1 / 10_000,
        at_home=0.45,
        anywhere=0.3,
        uniform=0.25,
        copied=0.05,
        counted=1.0,
        seen_least=-1.8,
        seen_most=0.1,
        novel_least=0.6,
        novel_most=4.6,
    ),
    LevelModel(  # ADDRESS
        novelty=0.35,
        tail=1.0,
        spread=1.0,
        at_home=0.0,
        anywhere=0.0,
        uniform=1.0,
        copied=0.02,
        counted=1.0,
        seen_least=-4.5,
        seen_most=-0.5,
        novel_least=0.2,
        novel_most=3.0,
    ),
    LevelModel(  # KIND
        novelty=0.06,
        tail=0.01,
        spread=1 / 5,
        at_home=0.0,
        anywhere=0.9,
        uniform=0.1,
        copied=0.1,
        counted=0.2,
        seen_least=-0.5,
        seen_most=0.1,
        novel_least=0.5,
        novel_most=5.0,
    ),
    LevelModel(  # SYSTEM
        novelty=0.1,
        tail=0.02,
        spread=1 / 50,
        at_home=0.0,
        anywhere=0.9,
        uniform=0.1,
        copied=0.1,
        counted=0.2,
        seen_least=-0.5,
        seen_most=0.1,
        novel_least=0.4,
        novel_most=2.5,
    ),
    LevelModel(  # BROWSER
        novelty=0.1,
        tail=0.03,
        spread=1 / 100,
        at_home=0.0,
        anywhere=0.9,
        uniform=0.1,
        copied=0.1,
        counted=0.2,
        seen_least=-0.5,
        seen_most=0.1,
        novel_least=0.3,
        novel_most=2.5,
    ),
    LevelModel(  # AGENT
        novelty=0.35,
        tail=0.1,
        spread=1 / 2_000,
        at_home=0.0,
        anywhere=0.9,
        uniform=0.1,
        copied=0.1,
        counted=0.2,
        seen_least=-0.5,
        seen_most=0.0,
        novel_least=0.1,
        novel_most=1.8,
    ),
)
"""By ``Level``."""
PERSONAL_WEIGHT: Final = 3.0
"""How many actions of his own it takes until a user's own restlessness counts as much as everybody's."""
LEARNED_FROM: Final = 30.0
"""How many actions of alike users it takes until what they showed counts as much as what is supposed at the start."""
NEW_FROM: Final = 5.0
"""How many new values it takes until their distribution counts as much as that of the traffic."""
LABELS_FROM: Final = 20.0
"""How many labelled frauds it takes until they count as much as what is supposed of attackers."""
LABELS_MOST: Final = 1.0
"""Nats by which labels move a value at most: a hundred takeovers teach a model those hundred (research on RBA data)."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one action is looked at with; made once for each rating."""

    memory: Memory
    population: Population
    now: Instant
    growth: float
    home: int
    values: tuple[int | None, ...]


def sight(memory: Memory, population: Population, now: Instant, values: tuple[int | None, ...]) -> Sight:
    """Return what the levels of one action are looked at with."""
    return Sight(memory, population, now, growth(now), home_of(memory), values)


def is_blank(seen_with: Sight, level: Level) -> bool:
    """Return whether nothing is remembered of a level, so that nothing can be new there."""
    return depth_of(seen_with.memory.shelves[level], seen_with.growth) == 0


def is_seen(seen_with: Sight, level: Level) -> bool:
    """Return whether the value of a level is remembered."""
    value = seen_with.values[level]
    if value is None:
        return False
    return seen_with.memory.shelves[level].weight(value) >= WEIGHT_FORGOTTEN * seen_with.growth


def seen_nats(seen_with: Sight, level: Level) -> float:
    """Return what a value says that the user showed before, in hundredths of a nat rounded."""
    model, value = MODELS[level], seen_with.values[level]
    shelf = seen_with.memory.shelves[level]
    usual = 0.0 if value is None else shelf.weight(value) / shelf.total()
    legitimate = usual * (1 - novelty(seen_with, level, shelf))
    other = _others(seen_with, level) * (1 - model.copied) + model.copied / max(1, len(shelf.entries))
    return _bounded(model.counted * log(other / legitimate), model.seen_least, model.seen_most)


def novel_nats(seen_with: Sight, level: Level) -> float:
    """Return what a value says that the user never showed; the most for one that is not known."""
    model, value = MODELS[level], seen_with.values[level]
    if value is None:
        return model.novel_most
    shelf = seen_with.memory.shelves[level]
    legitimate = novelty(seen_with, level, shelf) * _as_new(seen_with, level, value)
    other = _others(seen_with, level) * (1 - model.copied)
    nats = log(other / legitimate) + _labelled(seen_with, level, value)
    return _bounded(nats, model.novel_least, model.novel_most)


def novelty(seen_with: Sight, level: Level, shelf: Shelf) -> float:
    """Return how often a user like this one shows a new value at a level.

    His own variety counts, then what users of the same depth and variety did.
    """
    model = MODELS[level]
    different = max(0, len(shelf.entries) + (shelf.candidate is not None) - 1)
    own = (PERSONAL_WEIGHT * model.novelty + different) / (
        PERSONAL_WEIGHT + max(shelf.total() / seen_with.growth, different)
    )
    depth, variety = depth_of(shelf, seen_with.growth), variety_of(shelf, seen_with.growth)
    new, known = seen_with.population.novelty(level, depth, variety, seen_with.now)
    return (LEARNED_FROM * own + new) / (LEARNED_FROM + new + known)


def _as_new(seen_with: Sight, level: Level, value: int) -> float:
    """Return how likely a legitimate user, who shows something new, shows this."""
    if level == Level.ADDRESS:
        return 1.0
    model, population = MODELS[level], seen_with.population
    rare, usual = population.rarity(level, seen_with.now)
    tail = (LEARNED_FROM * model.tail + rare) / (LEARNED_FROM + rare + usual)
    found, total = population.as_new(level, seen_with.home, value, seen_with.now)
    common = _common(seen_with, level, value)
    return tail * model.spread + (1 - tail) * (found + NEW_FROM * common) / (total + NEW_FROM)


def _common(seen_with: Sight, level: Level, value: int) -> float:
    everywhere = seen_with.population.share(level, value)
    return 0.5 * everywhere + 0.5 * seen_with.population.share_at_home(level, seen_with.home, value)


def _others(seen_with: Sight, level: Level) -> float:
    """Return how likely somebody else shows the value."""
    model, value = MODELS[level], seen_with.values[level]
    if level == Level.ADDRESS:
        return 1.0 if not is_seen(seen_with, level) else 0.0
    population = seen_with.population
    likely = model.uniform * model.spread + model.anywhere * population.share(level, value)
    if model.at_home:
        likely += model.at_home * population.share_at_home(level, seen_with.home, value)
    return likely


def _labelled(seen_with: Sight, level: Level, value: int) -> float:
    """Return by how much labels move a value: between -1 and 1 nat."""
    found, total = seen_with.population.frauds(level, value, seen_with.now)
    if total <= 0:
        return 0.0
    likely = _others(seen_with, level)
    moved = log((LABELS_FROM * likely + found) / ((LABELS_FROM + total) * likely))
    return max(-LABELS_MOST, min(moved, LABELS_MOST))


def _bounded(nats: float, least: float, most: float) -> float:
    return round(max(least, min(nats, most)), 2)
