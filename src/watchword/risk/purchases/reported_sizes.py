"""Which sizes of purchases were reported as fraud: a band of amounts and the share of its purchases that were.

A larger amount never has a smaller share. So where a size is abused and larger ones are not, they are taken together:
what a few small frauds prove is not held against everything that is larger.
"""

from collections.abc import Callable
from itertools import accumulate
from math import floor, sqrt
from typing import Final, NamedTuple

from watchword.domain.instant import Instant
from watchword.risk.counts import Counts
from watchword.risk.fading import growth
from watchword.risk.memory.contribution import Contribution

USUAL_SHARE: Final = 0.005
"""Of purchases of any size that are reported, until the application's own share is known (a judgement)."""
_USUAL_WEIGHT: Final = 1_000.0
"""Purchases that this counts for against the application's own."""
_PRIOR_WEIGHT: Final = 10.0
"""Purchases in a band that count as usual before any was seen there."""
_DOUBT: Final = 2.0
"""Standard deviations below the share that was seen: a band with two purchases and a report is no finding."""
_UNUSUAL: Final = 4.0
"""So many times the usual share is where a size begins to speak against a purchase."""
_BANDS_A_UNIT: Final = 20
"""A band is 5 % wide."""
_LOWEST: Final = -40
"""The band of 0.14; what is smaller belongs to it."""
_HIGHEST: Final = 280
"""The band of 1.2 million; what is larger belongs to it."""
_STALE_MS: Final = 3_600_000

_SIZES: Final = b"S"
"""Currency, what is counted (``t`` purchases, ``r`` reports) and band; without a band it is the sum."""


class ReportedSizes:
    """The reported sizes of one application. Not safe for several threads; pure computation."""

    __slots__ = ("_counts", "_tables")

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._tables: dict[str, tuple[Instant, float, list[float]]] = {}

    def share(self, log_amount: float | None, currency: str | None, now: Instant) -> float:
        """Return the share of purchases of about this size that are reported, 0.0 to 1.0, where it is unusual.

        0.0 where no more than usual are, or nothing was reported. An amount that is not known has the largest share.
        """
        if currency is None:
            return 0.0
        reports = self._counts.raw(_head(currency, b"r"))
        if reports <= 0:
            return 0.0
        made_at, at_reports, table = self._tables.get(currency, (now, -1.0, []))
        if reports != at_reports or abs(now - made_at) >= _STALE_MS:
            table = self._table(currency, growth(now))
            self._tables[currency] = now, reports, table
        return table[-1] if log_amount is None else table[_band(log_amount) - _LOWEST]

    def learn(self, contribution: Contribution, weight: float) -> None:
        """Count a purchase of its size."""
        self._count(contribution, b"t", weight)

    def report(self, contribution: Contribution) -> None:
        """Count a purchase that turned out to be a fraud."""
        self._count(contribution, b"r", 1.0)

    def _count(self, contribution: Contribution, kind: bytes, weight: float) -> None:
        if contribution.log_amount is None or contribution.currency is None:
            return
        head, band = _head(contribution.currency, kind), _band(contribution.log_amount)
        self._counts.add(head, weight, contribution.at)
        self._counts.add(head + band.to_bytes(2, "big", signed=True), weight, contribution.at)

    def _table(self, currency: str, factor: float) -> list[float]:
        """Return the share by band, never falling."""
        reported, traffic, raw = _head(currency, b"r"), _head(currency, b"t"), self._counts.raw
        usual_weight, prior = _USUAL_WEIGHT * factor, _PRIOR_WEIGHT * factor
        usual = (raw(reported) + usual_weight * USUAL_SHARE) / (raw(traffic) + usual_weight)
        found = [0.0] * (_HIGHEST - _LOWEST + 1)
        for pool in _pooled(raw, reported, traffic):
            weight = pool.purchases + prior
            share = (pool.reports + prior * usual) / weight
            doubt = _DOUBT * sqrt(share * (1 - share) / (weight / factor))
            if pool.reports > 0:
                found[pool.band - _LOWEST] = max(0.0, share - doubt - _UNUSUAL * usual)
        return list(accumulate(found, max))


class _Pool(NamedTuple):
    """Neighbouring bands that are taken together."""

    band: int
    """The lowest of them."""
    reports: float
    purchases: float


def _pooled(raw: Callable[[bytes], float], reported: bytes, traffic: bytes) -> list[_Pool]:
    """Return the bands in which anything was seen, taken together until no larger size is reported less often.

    That is the best fit among shares that never fall (Barlow et al., "Statistical inference under order restrictions",
    1972). Whoever tries out stolen cards with 1 dollar, a hundred times, is thereby held against all the larger
    purchases that nobody reported, instead of speaking against them.
    """
    pools: list[_Pool] = []
    for band in range(_LOWEST, _HIGHEST + 1):
        key = band.to_bytes(2, "big", signed=True)
        reports = raw(reported + key)
        purchases = max(reports, raw(traffic + key))
        if purchases <= 0:
            continue
        pool = _Pool(band, reports, purchases)
        while pools and pools[-1].reports * pool.purchases >= pool.reports * pools[-1].purchases:
            below = pools.pop()
            pool = _Pool(below.band, below.reports + pool.reports, below.purchases + pool.purchases)
        pools.append(pool)
    return pools


def _head(currency: str, kind: bytes) -> bytes:
    return _SIZES + currency.encode("ascii") + kind


def _band(log_amount: float) -> int:
    return max(_LOWEST, min(floor(log_amount * _BANDS_A_UNIT), _HIGHEST))
