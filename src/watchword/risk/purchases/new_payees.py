"""How often legitimate users pay somebody new: often where everybody is a new payee, seldom where nobody is.

Learned from the traffic itself, without labels, for users who are as well known and as various.
"""

from math import log
from typing import Final

from watchword.domain.instant import Instant
from watchword.risk.counts import Counts
from watchword.risk.fading import growth
from watchword.risk.memory.contribution import Contribution
from watchword.risk.memory.spending import Spending
from watchword.risk.purchases.usual_amounts import depth_of

THIEF_SHARE: Final = 0.9
"""Of a thief's payees that are new for the user: he has his own (a judgement)."""
_PRIOR_NEW: Final = 2.0
_PRIOR_KNOWN: Final = 4.0
"""Before anything is known: a third of the purchases have a new payee, worth six purchases seen."""
NATS_MOST: Final = 2.0
NATS_LEAST: Final = -1.5
_VARIETIES: Final = (2, 4, 8)
"""Where the kinds of users begin, by how many payees are remembered."""
_NEWNESS: Final = b"W"
"""Depth, variety, and whether the payee was new."""


class NewPayees:
    """How often payees are new in one application. Not safe for several threads; pure computation."""

    __slots__ = ("_counts",)

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def nats(self, spending: Spending, payee: int | None, now: Instant) -> float:
        """Return what it says that a payee is new for the user or known; one left out is new, and new is never less.

        The first payee of a user says nothing, for everybody has one, nor does it on the day it came.
        """
        if spending.payees.entries.keys() <= {payee} and not spending.knew_payee(payee, now):
            return 0.0
        new, known = (self._counts.get(_key(spending, now, is_new=is_new), now) for is_new in (True, False))
        share = (new + _PRIOR_NEW) / (new + known + _PRIOR_NEW + _PRIOR_KNOWN)
        as_new = max(0.0, min(log(THIEF_SHARE / share), NATS_MOST))
        if not spending.knew_payee(payee, now):
            return as_new
        return max(NATS_LEAST, min(log((1 - THIEF_SHARE) / (1 - share)), 0.0))

    def learn(self, contribution: Contribution, before: Spending, weight: float) -> None:
        """Count whether a payee was new for his user, once a day."""
        payee, at = contribution.payee, contribution.at
        if payee is None or is_counted_today(before, payee, at):
            return
        is_new = not before.knew_payee(payee, at)
        self._counts.add(_key(before, at, is_new=is_new), weight, at)


def is_counted_today(before: Spending, payee: int, at: Instant) -> bool:
    """Return whether this user paid somebody this day already."""
    return before.has_told(payee, at)


def _key(spending: Spending, now: Instant, *, is_new: bool) -> bytes:
    payees = len(spending.payees.entries)
    variety = sum(payees >= start for start in _VARIETIES)
    depth = depth_of(spending.payees.total() / growth(now))
    return _NEWNESS + bytes([depth, variety, is_new])
