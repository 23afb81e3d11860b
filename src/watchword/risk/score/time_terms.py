"""The term of the hour: weak, because habits are wide and whoever attacks may know them."""

from collections.abc import Iterator
from math import log
from typing import Final

from watchword.domain.action import RiskTerm
from watchword.domain.instant import DAY_MS
from watchword.risk.fading import growth
from watchword.risk.memory import HOUR_BINS
from watchword.risk.score.evidence import Evidence

COUNTED: Final = 0.5
"""How much of the ratio counts."""
HABIT_FROM: Final = 4.0
"""How many proven actions it takes until a user's hours count as much as hours evenly spread."""
USUAL_LEAST: Final = -0.3
UNUSUAL_MOST: Final = 0.5


def time_terms(evidence: Evidence) -> Iterator[RiskTerm]:
    """Yield what the hour of the day says, against the hours at which this user was seen."""
    hours = evidence.memory.hours
    total = sum(hours) / growth(evidence.now)
    if total <= 0:
        return
    at = evidence.now % DAY_MS * HOUR_BINS // DAY_MS
    near = (hours[at] + (hours[at - 1] + hours[(at + 1) % HOUR_BINS]) / 2) / 2 / growth(evidence.now)
    share = (near + HABIT_FROM / HOUR_BINS) / (total + HABIT_FROM)
    nats = COUNTED * log(1 / HOUR_BINS / share)
    word = "an unusual" if nats > 0 else "a usual"
    yield RiskTerm(
        signal="time.unusual",
        nats=round(max(USUAL_LEAST, min(nats, UNUSUAL_MOST)), 2),
        text=f"This is {word} hour for this user",
    )
