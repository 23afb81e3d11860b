"""Learning from an action and taking it back."""

from dataclasses import replace

from watchword.domain.instant import DAY_MS, Instant
from watchword.risk.fading import growth
from watchword.risk.memory.contribution import Contribution
from watchword.risk.memory.remembered import HOUR_BINS, PLACES, Memory
from watchword.risk.memory.shelf import WEIGHT_FORGOTTEN, single
from watchword.risk.memory.spending import learn_spending, take_back_spending


def day_of(at: Instant) -> int:
    """Return the day as an entry keeps it."""
    return at // DAY_MS % 65_536


def learn(memory: Memory, contribution: Contribution, share: float) -> Memory:
    """Return the memory after an action, of which ``share`` counts: ``PROVISIONAL``, ``PROVEN`` or their difference.

    Never called for an action that failed, was denied or abandoned. However many actions a day has, a value gains no
    more in it than one proven action gives.
    """
    factor, day = growth(contribution.at), day_of(contribution.at)
    shelves = tuple(
        shelf if value is None else shelf.learn(value, share, day=day, growth=factor, places=places)
        for shelf, value, places in zip(memory.shelves, contribution.traits.values, PLACES, strict=True)
    )
    return replace(
        _counted(memory, contribution, share * factor),
        shelves=shelves,
        spending=learn_spending(memory.spending, contribution, share),
    )


def take_back(memory: Memory, contribution: Contribution, share: float, now: Instant) -> Memory:
    """Return the memory without what a contribution taught.

    Where the limit of a day had kept a value from gaining all of it, more is forgotten than was learned: that asks
    more and never less.
    """
    factor, day = growth(contribution.at), day_of(contribution.at)
    floor = WEIGHT_FORGOTTEN * growth(now)
    shelves = tuple(
        shelf if value is None else shelf.take_back(value, share, day=day, growth=factor, floor=floor)
        for shelf, value in zip(memory.shelves, contribution.traits.values, strict=True)
    )
    return replace(
        _counted(memory, contribution, -share * factor),
        shelves=shelves,
        spending=take_back_spending(memory.spending, contribution, share, now),
    )


def _counted(memory: Memory, contribution: Contribution, weight: float) -> Memory:
    """Return the memory with this weight more, or less, in its sums."""
    hour_bin = contribution.hour_of_week % 24 * HOUR_BINS // 24
    hours = tuple(_added(have, weight) if position == hour_bin else have for position, have in enumerate(memory.hours))
    return replace(
        memory,
        weight_learned=_added(memory.weight_learned, weight),
        weight_with_token=_added(memory.weight_with_token, weight * contribution.had_token),
        hours=hours,
    )


def _added(have: float, weight: float) -> float:
    return single(max(0.0, have + weight))
