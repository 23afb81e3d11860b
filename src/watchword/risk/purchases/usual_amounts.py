"""How large the purchases of an application usually are, and how far legitimate users stray from their own usual.

A user's usual is his own mean and spread of the logarithms, shrunk towards those of the application for as long as
little is known of him. How far an amount is above it, in spreads, is compared with how far legitimate purchases of
users as well known were: that histogram is learned from the traffic itself, without labels, and starts from a wide
prior. A thief's amounts are taken to be wide and above the usual.
"""

from bisect import bisect_right
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Final

from watchword.domain.instant import Instant
from watchword.risk.counts import Counts
from watchword.risk.fading import growth
from watchword.risk.memory.contribution import Contribution
from watchword.risk.memory.spending import Amounts, Spending

PSEUDO_PURCHASES: Final = 5.0
"""How many proven purchases of his own weigh as much as what is usual in the application."""
PRIOR_MEAN: Final = log(40.0)
PRIOR_SPREAD: Final = 0.8
"""Where nothing was seen yet: purchases of about 40, three of four between 18 and 100 (a judgement)."""
SPREAD_LEAST: Final = 0.25
"""Nobody's purchases are taken to be more alike than this: a factor of 1.3."""
DEPTHS: Final = (0.2, 1.5, 3.0, 6.0, 12.0, 24.0)
"""Where the depths of a memory begin, in proven purchases."""
ORDINARY_NATS: Final = 0.0
"""An ordinary amount says nothing for the user: a thief may begin small."""
AMOUNT_MOST_NATS: Final = 6.0

_PRIOR_WEIGHT: Final = 20.0
"""Purchases that the wide prior counts for, in each depth."""
_LEGITIMATE_SCALE: Final = 0.8
"""Two-sided exponential around the usual, in spreads: until the traffic shows better, 1 of 90 is beyond 3."""
_THIEF_CENTRE: Final = 2.0
_THIEF_SCALE: Final = 1.5
"""Two-sided exponential around 2 spreads above the usual: a test purchase now and then, most of them well above."""
_BINS_A_SPREAD: Final = 8
_LOWEST: Final = -2
"""In spreads; what is lower is as ordinary as that."""
_HIGHEST: Final = 10
_BINS: Final = (_HIGHEST - _LOWEST) * _BINS_A_SPREAD
_STRAY_MOST: Final = 3.0
"""In spreads: what one purchase adds at most to the spread that is usual."""
_STALE_MS: Final = 600_000
_STALE_SHARE: Final = 0.02
"""A table is made anew after ten minutes, or when so much more was seen."""

_SUMS: Final = b"A"
"""Currency and what is summed: weights, amounts, squared distances from each user's usual."""
_DISTANCES: Final = b"D"
"""Depth and bin: how far above their usual purchases were; a depth without a bin is the sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What amounts are usual: centre and spread of their natural logarithms."""

    centre: float
    spread: float

    def distance(self, log_amount: float) -> float:
        """Return how far an amount is above what is usual, in spreads."""
        return (log_amount - self.centre) / self.spread


class UsualAmounts:
    """What amounts are usual in one application. Not safe for several threads; pure computation."""

    __slots__ = ("_counts", "_learned", "_tables")

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._learned = 0
        self._tables: dict[int, tuple[Instant, int, list[float]]] = {}

    def usual(self, known: Amounts, currency: str, now: Instant) -> Usual:
        """Return what is usual for a user of whom this is known."""
        factor = growth(now)
        mean, variance = self._shared(currency, factor)
        own = known.weight / factor
        weight = own + PSEUDO_PURCHASES
        return Usual(
            centre=(own * known.mean + PSEUDO_PURCHASES * mean) / weight,
            spread=max(SPREAD_LEAST, sqrt((known.squares / factor + PSEUDO_PURCHASES * variance) / weight)),
        )

    def nats(self, known: Amounts, distance: float | None, now: Instant) -> float:
        """Return what a distance above the usual says; never falls with the distance, and None is the most there is."""
        depth = depth_of(known.weight / growth(now))
        made_at, learned, table = self._tables.get(depth, (now, -1, []))
        is_stale = abs(now - made_at) >= _STALE_MS or self._learned > learned * (1 + _STALE_SHARE)
        if learned < 0 or is_stale:
            table = self._table(depth, growth(now))
            self._tables[depth] = now, self._learned, table
        return table[-1] if distance is None else table[_bin(distance)]

    def learn(self, contribution: Contribution, before: Spending, weight: float) -> None:
        """Count an amount, and how far it is from what was usual for its user before."""
        log_amount, currency, at = contribution.log_amount, contribution.currency, contribution.at
        if log_amount is None or currency is None:
            return
        self._learned += 1
        known = before.usual(currency)
        usual = self.usual(known, currency, at)
        distance = usual.distance(log_amount)
        depth = bytes([depth_of(known.weight / growth(at))])
        self._counts.add(_DISTANCES + depth + bytes([_bin(distance)]), weight, at)
        self._counts.add(_DISTANCES + depth, weight, at)
        stray = max(-_STRAY_MOST, min(distance, _STRAY_MOST)) * usual.spread
        code = _SUMS + currency.encode("ascii")
        self._counts.add(code + b"w", weight, at)
        self._counts.add(code + b"x", weight * (usual.centre + stray), at)
        self._counts.add(code + b"v", weight * stray * stray, at)

    def _shared(self, currency: str, factor: float) -> tuple[float, float]:
        """Return mean and variance in the application, from the prior while little was seen."""
        code, raw = _SUMS + currency.encode("ascii"), self._counts.raw
        prior = PSEUDO_PURCHASES * factor
        weight = max(0.0, raw(code + b"w")) + prior
        return (
            (raw(code + b"x") + prior * PRIOR_MEAN) / weight,
            (max(0.0, raw(code + b"v")) + prior * PRIOR_SPREAD**2) / weight,
        )

    def _table(self, depth: int, factor: float) -> list[float]:
        """Return the nats by bin: thieves against legitimate users, never falling."""
        head, raw = _DISTANCES + bytes([depth]), self._counts.raw
        total = max(0.0, raw(head)) / factor + _PRIOR_WEIGHT
        table, most = [], ORDINARY_NATS
        for number in range(_BINS):
            if number >= -_LOWEST * _BINS_A_SPREAD:  # what is below the usual is ordinary, however seldom it is
                seen = max(0.0, raw(head + bytes([number]))) / factor
                legitimate = (seen + _PRIOR_WEIGHT * _LEGITIMATE[number]) / total
                most = max(most, min(log(_THIEF[number] / legitimate), AMOUNT_MOST_NATS))
            table.append(most)
        return table


def depth_of(purchases: float) -> int:
    """Return how well a user's amounts are known, 0 to 6."""
    return bisect_right(DEPTHS, purchases)


def _bin(distance: float) -> int:
    return int(max(0.0, min((distance - _LOWEST) * _BINS_A_SPREAD, _BINS - 1.0)))


def _exponential(centre: float, scale: float) -> tuple[float, ...]:
    """Return the shares of a two-sided exponential distribution by bin."""
    middles = ((number + 0.5) / _BINS_A_SPREAD + _LOWEST for number in range(_BINS))
    heights = [exp(-abs(middle - centre) / scale) for middle in middles]
    return tuple(height / sum(heights) for height in heights)


_LEGITIMATE: Final = _exponential(0.0, _LEGITIMATE_SCALE)
_THIEF: Final = _exponential(_THIEF_CENTRE, _THIEF_SCALE)
