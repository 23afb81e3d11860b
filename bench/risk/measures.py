"""Figures of merit: thresholds, challenge rates, recalls, and how sure they are. It knows nothing of contestants."""

from collections.abc import Callable
from math import comb
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

RATES: Final = (0.001, 0.005, 0.01, 0.02, 0.05)
"""Challenge rates at which recall is reported."""
CAUGHT: Final = (0.90, 0.98, 0.99, 0.995)
"""Shares of attackers caught at which challenge rates are reported."""


def threshold_at_rate(legitimate: Numbers, rate: float) -> float:
    """Return the lowest score from which to challenge so that at most this share of the legitimate is challenged."""
    ordered = np.sort(legitimate)[::-1]
    allowed = int(rate * len(ordered) + 1e-9)
    if allowed >= len(ordered):
        return float("-inf")
    # Above the first that must not be challenged: a tie is challenged as a whole or not at all.
    return float(np.nextafter(ordered[allowed], np.inf))


def threshold_at_caught(attackers: Numbers, caught: float) -> float:
    """Return the highest score from which to challenge so that at least this share of the attackers is."""
    ordered = np.sort(attackers)[::-1]
    return float(ordered[max(0, int(np.ceil(caught * len(ordered) - 1e-9)) - 1)])


def share_from(scores: Numbers, threshold: float) -> float:
    """Return the share that reaches the threshold; not a number without scores."""
    return float(np.mean(scores >= threshold)) if len(scores) else float("nan")


def challenged_at_caught(legitimate: Numbers, attackers: Numbers, caught: float) -> float:
    """Return the share of the legitimate that is challenged where this share of the attackers is."""
    return share_from(legitimate, threshold_at_caught(attackers, caught))


def area_under_curve(legitimate: Numbers, attackers: Numbers) -> float:
    """Return how often an attacker has the higher score, ties counting half."""
    ordered = np.sort(legitimate)
    below = np.searchsorted(ordered, attackers, side="left")
    upto = np.searchsorted(ordered, attackers, side="right")
    return float(np.mean(below + upto) / 2 / len(ordered))


def exact_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % interval of Clopper and Pearson for a share that was counted."""
    low = 0.0 if successes == 0 else _solve(lambda share: 1 - _at_most(successes - 1, trials, share), 0.025)
    high = 1.0 if successes == trials else _solve(lambda share: -_at_most(successes, trials, share), -0.025)
    return low, high


def _solve(rising: Callable[[float], float], value: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < value else (low, middle)
    return low


def _at_most(successes: int, trials: int, share: float) -> float:
    """Return how likely so many or fewer are."""
    return sum(comb(trials, count) * share**count * (1 - share) ** (trials - count) for count in range(successes + 1))
