"""How sure a figure is: the cluster bootstrap over users, for many figures of several contestants at once.

A user is drawn with all that is his: his sign-ins and the attackers who stood in for him. Every contestant is measured
on the same draws, so that differences between two of them are paired.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

DRAWS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure with the middle 95 % of its draws."""

    value: float
    low: float
    high: float


def interval(value: float, draws: Numbers) -> Interval:
    """Return the percentile interval of 95 %."""
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    return Interval(value=value, low=float(low), high=float(high))


def user_weights(users: int, draws: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield how often each of the users is drawn, draw by draw; the first time everybody once."""
    yield np.ones(users, dtype=np.int64)
    generator = np.random.default_rng(seed)
    for _ in range(draws):
        yield np.bincount(generator.integers(0, users, users), minlength=users)


class Ranked:
    """Scores in falling order, ready to be weighed again and again."""

    __slots__ = ("_falling", "_users", "scores")

    def __init__(self, scores: Numbers, users: NDArray[np.int64]) -> None:
        order = np.argsort(-scores, kind="stable")
        self.scores = scores[order]
        self._falling = -self.scores
        self._users = users[order]

    def weigh(self, weights: NDArray[np.int64]) -> "Weighed":
        """Return them with each user counted so often."""
        return Weighed(scores=self.scores, falling=self._falling, sums=np.cumsum(weights[self._users]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Scores in falling order, with the weight of all down to each. A tie is challenged as a whole or not at all."""

    scores: Numbers
    falling: Numbers
    """The scores with the other sign."""
    sums: NDArray[np.int64]

    def share_from(self, threshold: float) -> float:
        """Return the share that reaches the threshold; not a number without any weight."""
        if not len(self.sums) or not self.sums[-1]:
            return float("nan")
        reached = int(np.searchsorted(self.falling, -threshold, side="right"))
        return float(self.sums[reached - 1] / self.sums[-1]) if reached else 0.0

    def threshold_at_rate(self, rate: float) -> float:
        """Return the lowest score from which at most this share is challenged."""
        first_spared = int(np.searchsorted(self.sums, rate * self.sums[-1] * (1 + 1e-9), side="right"))
        return float(np.nextafter(self.scores[first_spared], np.inf)) if first_spared < len(self.sums) else -np.inf

    def threshold_at_caught(self, caught: float) -> float:
        """Return the highest score from which at least this share is challenged."""
        return float(self.scores[int(np.searchsorted(self.sums, caught * self.sums[-1] * (1 - 1e-9), side="left"))])
