"""Learning from an action and taking it back."""

from watchword.domain.instant import DAY_MS, Instant
from watchword.risk.fading import growth
from watchword.risk.memory.contribution import Contribution
from watchword.risk.memory.remembered import HOUR_BINS, PLACES, Memory
from watchword.risk.memory.shelf import WEIGHT_FORGOTTEN, Shelf, single
from watchword.risk.memory.spending import Spending, learn_spending, take_back_spending


def day_of(at: Instant) -> int:
    """Return the day as an entry keeps it."""
    return at // DAY_MS % 65_536


def learn(memory: Memory, contribution: Contribution, share: float) -> Memory:
    """Return the memory after an action, of which ``share`` counts: ``PROVISIONAL``, ``PROVEN`` or their difference.

    Never called for an action that failed, was denied or abandoned. However many actions a day has, a value gains no
    more in it than one proven action gives.
    """
    factor, day = growth(contribution.at), day_of(contribution.at)
    shelves = list(memory.shelves)
    for level, value in enumerate(contribution.traits.values):
        if value is not None:
            shelves[level] = shelves[level].learn(value, share, day=day, growth=factor, places=PLACES[level])
    spending = learn_spending(memory.spending, contribution, share)
    return _counted(memory, contribution, share * factor, tuple(shelves), spending)


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
    spending = take_back_spending(memory.spending, contribution, share, now)
    return _counted(memory, contribution, -share * factor, shelves, spending)


def _counted(
    memory: Memory, contribution: Contribution, weight: float, shelves: tuple[Shelf, ...], spending: Spending
) -> Memory:
    """Return a memory with these shelves and this spending, and this weight more, or less, in its sums."""
    hour_bin = contribution.hour_of_week % 24 * HOUR_BINS // 24
    hours = list(memory.hours)
    hours[hour_bin] = _added(hours[hour_bin], weight)
    return Memory(
        shelves=shelves,
        weight_learned=_added(memory.weight_learned, weight),
        weight_with_token=_added(memory.weight_with_token, weight * contribution.had_token),
        hours=tuple(hours),
        spending=spending,
    )


def _added(have: float, weight: float) -> float:
    return single(max(0.0, have + weight))
