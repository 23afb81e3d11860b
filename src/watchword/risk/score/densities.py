"""How likely a value is for the user himself and for somebody else, level by level.

The user shows something new at a rate that is learned (``_novelty``), and what he then shows looks like what was new
for others from his country. Somebody else shows what the population shows, or something from anywhere.
"""

from dataclasses import dataclass
from math import log
from typing import Final, NamedTuple

from watchword.domain.instant import Instant
from watchword.risk.fading import growth
from watchword.risk.memory import Memory
from watchword.risk.memory.shelf import WEIGHT_FORGOTTEN, Shelf
from watchword.risk.population import Population, depth_at, different_on, home_of, variety_at
from watchword.risk.score.level_models import MODELS, LevelModel
from watchword.risk.traits import Level

PERSONAL_WEIGHT: Final = 3.0
"""How many actions of his own it takes until a user's own restlessness counts as much as everybody's."""
LEARNED_FROM: Final = 30.0
"""How many actions of alike users it takes until what they showed counts as much as what is supposed at the start."""
NEW_FROM: Final = 5.0
"""How many new values it takes until their distribution counts as much as that of the traffic."""
LABELS_FROM: Final = 20.0
"""How many labelled frauds it takes until they count as much as what is supposed of attackers."""
LABELS_MOST: Final = 1.0
"""Nats by which labels move a value at most: a hundred takeovers teach a model those hundred."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one action is looked at with; made once for each rating."""

    memory: Memory
    population: Population
    growth: float
    """The factor of the present, by which all that was learned is divided."""
    home: int
    values: tuple[int | None, ...]


class Judged(NamedTuple):
    """What one level says."""

    is_blank: bool
    """Nothing is remembered of this level, so nothing can be new there; it says nothing."""
    is_seen: bool
    nats: float
    """Log-odds in nats, rounded to hundredths and bounded."""


_BLANK: Final = Judged(is_blank=True, is_seen=False, nats=0.0)


def sight(memory: Memory, population: Population, now: Instant, values: tuple[int | None, ...]) -> Sight:
    """Return what the levels of one action are looked at with."""
    return Sight(memory, population, growth(now), home_of(memory), values)


def judge(seen_with: Sight, level: Level) -> Judged:
    """Return what the value of a level says; the most for one that is not known."""
    shelf, value, factor = seen_with.memory.shelves[level], seen_with.values[level], seen_with.growth
    total = shelf.total()
    counted = total / factor
    depth = depth_at(counted)
    if depth == 0:
        return _BLANK
    model = MODELS[level]
    if value is None:
        return Judged(False, False, model.novel_most)
    weight = shelf.weight(value)
    novelty = _novelty(seen_with, level, model, shelf, counted, depth)
    if weight >= WEIGHT_FORGOTTEN * factor:
        nats = _seen_nats(seen_with, level, model, shelf, value, weight / total * (1 - novelty))
        return Judged(False, True, nats)
    return Judged(False, False, _novel_nats(seen_with, level, model, value, novelty))


def _seen_nats(seen_with: Sight, level: Level, model: LevelModel, shelf: Shelf, value: int, legitimate: float) -> float:
    strangers = 0.0  # nobody comes to an address by chance
    if level != Level.ADDRESS:
        population = seen_with.population
        at_home = population.share_at_home(level, seen_with.home, value) if model.at_home else 0.0
        strangers = _others(model, population.share(level, value), at_home)
    other = strangers * (1 - model.copied) + model.copied / max(1, len(shelf.entries))
    return _bounded(model.counted * log(other / legitimate), model.seen_least, model.seen_most)


def _novel_nats(seen_with: Sight, level: Level, model: LevelModel, value: int, novelty: float) -> float:
    if level == Level.ADDRESS:
        return _bounded(log((1 - model.copied) / novelty), model.novel_least, model.novel_most)
    population = seen_with.population
    everywhere, at_home = population.share(level, value), population.share_at_home(level, seen_with.home, value)
    likely = _others(model, everywhere, at_home)
    legitimate = novelty * _as_new(seen_with, level, model, value, (everywhere + at_home) / 2)
    nats = log(likely * (1 - model.copied) / legitimate) + _labelled(seen_with, level, value, likely)
    return _bounded(nats, model.novel_least, model.novel_most)


def _novelty(seen_with: Sight, level: Level, model: LevelModel, shelf: Shelf, total: float, depth: int) -> float:
    """Return how often a user like this one shows a new value at a level.

    His own variety counts, then what users of the same depth and variety did.
    """
    different = different_on(shelf)
    own = (PERSONAL_WEIGHT * model.novelty + different) / (PERSONAL_WEIGHT + max(total, different))
    new, known = seen_with.population.novelty(level, depth, variety_at(different, total), seen_with.growth)
    return (LEARNED_FROM * own + new) / (LEARNED_FROM + new + known)


def _as_new(seen_with: Sight, level: Level, model: LevelModel, value: int, common: float) -> float:
    """Return how likely a legitimate user, who shows something new, shows this."""
    population = seen_with.population
    rare, usual = population.rarity(level, seen_with.growth)
    tail = (LEARNED_FROM * model.tail + rare) / (LEARNED_FROM + rare + usual)
    found, total = population.as_new(level, seen_with.home, value, seen_with.growth)
    return tail * model.spread + (1 - tail) * (found + NEW_FROM * common) / (total + NEW_FROM)


def _others(model: LevelModel, everywhere: float, at_home: float) -> float:
    """Return how likely somebody else shows a value with these shares."""
    return model.uniform * model.spread + model.anywhere * everywhere + model.at_home * at_home


def _labelled(seen_with: Sight, level: Level, value: int, likely: float) -> float:
    """Return by how much labels move a value: between -1 and 1 nat."""
    found, total = seen_with.population.frauds(level, value, seen_with.growth)
    if total <= 0:
        return 0.0
    moved = log((LABELS_FROM * likely + found) / ((LABELS_FROM + total) * likely))
    return max(-LABELS_MOST, min(moved, LABELS_MOST))


def _bounded(nats: float, least: float, most: float) -> float:
    if nats < least:
        return least
    return most if nats > most else round(nats, 2)
