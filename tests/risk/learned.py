"""Contributions, memories and traffic for the tests of what is learned; values stand for keyed hashes."""

from collections.abc import Iterable
from typing import Any, Final

from hypothesis import strategies as st

from watchword.domain.instant import DAY_MS, HOUR_MS, Instant
from watchword.risk.memory import NO_MEMORY, PROVEN, PROVISIONAL, Contribution, Memory, learn
from watchword.risk.population import Population
from watchword.risk.traits import Level, Traits

START: Final = Instant(1_780_012_800_000)
"""A midnight in 2026, UTC."""
HOME: Final = (101, 201, 301, 401, 501, 601, 701)
"""A user at home, with his usual device."""
ABROAD: Final = (102, 202, 302, 401, 501, 601, 701)
"""The same device somewhere else."""
STRANGER: Final = (103, 203, 303, 403, 503, 603, 703)
"""Nothing of the user's."""


def at_day(day: float) -> Instant:
    return Instant(START + round(day * DAY_MS))


def a_contribution(day: float = 0.0, values: tuple[int | None, ...] = HOME, **changes: Any) -> Contribution:
    at = at_day(day)
    fields: dict[str, Any] = {
        "at": at,
        "traits": Traits(values=values),
        "hour_of_week": (at // HOUR_MS + 72) % 168,
        "had_token": True,
    }
    return Contribution(**fields | changes)


def remembered(contributions: Iterable[Contribution], *, share: float = PROVEN, memory: Memory = NO_MEMORY) -> Memory:
    for contribution in contributions:
        memory = learn(memory, contribution, share)
    return memory


def a_memory(days: int = 20, values: tuple[int | None, ...] = HOME) -> Memory:
    """Remember a user who came once a day, the last time on the day before ``at_day(days)``."""
    return remembered(a_contribution(day, values) for day in range(days))


def some_traffic(users: int = 60, days: int = 20) -> Population:
    """Learn users who come every few days; a sixth of them changes network now and then, most have the same device."""
    population = Population()
    for user in range(users):
        memory = NO_MEMORY
        for day in range(user % 4, days, 4):
            network = 201 + user % 5 if (user + day) % 6 else 211 + day % 7
            values = (101, network, 10_000 + user, 401 + user % 2, 501 + user % 3, 601 + user % 5, 701 + user % 9)
            contribution = a_contribution(day, values)
            population.learn(contribution, memory, share=PROVISIONAL, account_age_days=100.0)
            memory = learn(memory, contribution, PROVEN)
    return population


def values_of_levels() -> st.SearchStrategy[tuple[int | None, ...]]:
    """Give values out of few, so that some repeat, and some that are not known."""
    return st.tuples(*(st.none() | st.integers(level * 100 + 101, level * 100 + 112) for level in range(len(Level))))


@st.composite
def contributions(draw: st.DrawFn) -> Contribution:
    has_amount = draw(st.booleans())
    return a_contribution(
        draw(st.integers(0, 400)) + draw(st.integers(0, 23)) / 24,
        draw(values_of_levels()),
        hour_of_week=draw(st.integers(0, 167)),
        had_token=draw(st.booleans()),
        log_amount=draw(st.floats(-5, 20)) if has_amount else None,
        currency=draw(st.sampled_from(["USD", "EUR", "JPY"])) if has_amount else None,
        payee=draw(st.none() | st.integers(0, 2**64 - 1)),
    )
