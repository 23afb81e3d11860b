"""Whether purchases at a payee are going to be reported: a payee is sound, or bad for a while.

Reports come late, about a week after the purchase, and a payee is bad from a day on and not for ever: a shop whose
terminal somebody tampered with, an account that collects for a fraud until it is closed. So what counts is not how many
reports there were but whether purchases are reported again and again, and what has gone unreported since. That is a
chain of two states over the last six weeks, in steps of two days (Rabiner, "A tutorial on hidden Markov models", 1989):
each step a sound payee may turn bad and a bad one sound, and reported and unreported purchases speak for one or the
other. How long payees stay bad is learned from the reports themselves.
"""

from dataclasses import dataclass
from math import exp, log
from struct import Struct
from typing import Final

from watchword.domain.instant import DAY_MS, Instant
from watchword.risk.counts import Counts
from watchword.risk.fading import HALF_LIFE_DAYS, growth
from watchword.risk.memory.contribution import Contribution
from watchword.risk.memory.spending import Spending
from watchword.risk.purchases.new_payees import is_counted_today

STEP_DAYS: Final = 2
STEPS: Final = 21
"""Six weeks; what was before says nothing any more."""
PATIENCE_DAYS: Final = 7
"""After so long a purchase that nobody reported counts as one that will not be: most reports come within a week
(Fraud Detection Handbook, chapter 3, on the feedback delay)."""
TURNS_BAD_A_DAY: Final = 1 / 5_000
TURNS_SOUND_A_DAY: Final = 1 / 28
"""Until more is learned, about a month."""
REPORTED_IF_BAD: Final = 0.7
REPORTED_IF_SOUND: Final = 0.004
"""Shares of purchases that are reported; there are frauds at sound payees too (judgements)."""
REPORTED_SOON: Final = 0.25
"""Share of the reports that has come after a day or so. Held against the traffic of days that are not settled yet: at a
payee with thousands of purchases a day there are a few reports every day (a judgement)."""

_STEP_MS: Final = STEP_DAYS * DAY_MS
_BAD_FROM: Final = 0.5
"""Where a bad spell begins."""
_SOUND_BELOW: Final = 0.2
"""Where it has ended."""
_LAPSE_PRIOR: Final = 20.0
"""Purchases that the chain's own expectation counts for against what was learned of spells of an age."""
_SPELL_STEPS: Final = 2
"""Ages of spells are told apart by four days."""
_TURN_BAD: Final = 1 - exp(-TURNS_BAD_A_DAY * STEP_DAYS)
_TURN_SOUND: Final = 1 - exp(-TURNS_SOUND_A_DAY * STEP_DAYS)
_START: Final = TURNS_BAD_A_DAY / (TURNS_BAD_A_DAY + TURNS_SOUND_A_DAY)
_REPORTED_NATS: Final = log(REPORTED_IF_BAD / REPORTED_IF_SOUND)
_UNREPORTED_NATS: Final = log((1 - REPORTED_IF_BAD) / (1 - REPORTED_IF_SOUND))
_NOT_YET_NATS: Final = log((1 - REPORTED_IF_BAD * REPORTED_SOON) / (1 - REPORTED_IF_SOUND * REPORTED_SOON))
_STEP_MOST_NATS: Final = 20.0
"""What a step says at most, for or against: enough to turn every standing, and small enough to be written as odds."""
_LEAST: Final = 1e-6
_MOST: Final = 1 - 1e-4
_STEP_GROWTH: Final = 2.0 ** (STEP_DAYS / HALF_LIFE_DAYS)
"""How much more what is learned a step later weighs."""
_DAY_SHARE: Final = log(2) / HALF_LIFE_DAYS
"""What of a faded sum is a day's."""

_PAYEES: Final = b"P"
"""What is counted (``t`` users and days, ``r`` reports) and payee."""
_STEPS: Final = b"Y"
"""The same, by payee and step; traffic only once there was a report."""
_SPELLS: Final = b"L"
"""The same, by age of the bad spell."""
_PAYEE_KEY: Final = Struct("<ccQ")
_SPELL_KEY: Final = Struct("<ccB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is expected of purchases at a payee."""

    share: float
    """Of the next purchases that will be reported, between 0 and 1."""
    reports: float
    """Purchases reported as fraud, as they have faded until now."""


def _share_of(bad: float) -> float:
    return bad * REPORTED_IF_BAD + (1 - bad) * REPORTED_IF_SOUND


UNKNOWN: Final = Standing(share=_share_of(_START), reports=0.0)
"""Of a payee nobody has paid yet, or whom the action does not name: no other without a report stands worse."""


class PayeeStandings:
    """The standing of the payees of one application. Not safe for several threads; pure computation."""

    __slots__ = ("_asked", "_counts")

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._asked: tuple[int, Instant, Standing] | None = None

    def standing(self, payee: int | None, now: Instant) -> Standing:
        """Return what is expected of purchases at a payee."""
        if payee is None:
            return UNKNOWN
        # Two terms of one action ask for it.
        if self._asked is None or self._asked[:2] != (payee, now):
            self._asked = payee, now, self._find(payee, now)
        return self._asked[2]

    def _find(self, payee: int, now: Instant) -> Standing:
        reports = self.reports(payee, now)
        if reports <= 0:
            return Standing(share=_share_of(self._unreported(payee, now)), reports=0.0)
        steps, settled = self._steps(payee, now), _settled_steps(now)
        then, age = _judge(steps[:settled], drift=STEPS - settled)
        bad, _ = _judge(steps, drift=0)
        share = _share_of(bad)
        if age:
            expected = _share_of(then)
            learned = self._learned_share(age, expected, now)
            share = 1 / (1 + exp(-(_log_odds(share) + _log_odds(learned) - _log_odds(expected))))
        return Standing(share=share, reports=reports)

    def reports(self, payee: int | None, now: Instant) -> float:
        """Return how many purchases at a payee were reported as fraud, as they have faded until now."""
        return 0.0 if payee is None else self._counts.get(_PAYEE_KEY.pack(_PAYEES, b"r", payee), now)

    def learn(self, contribution: Contribution, before: Spending, weight: float) -> None:
        """Count a purchase at a payee, once for each user and day."""
        payee, at = contribution.payee, contribution.at
        if payee is None or is_counted_today(before, payee, at):
            return
        self._asked = None
        self._counts.add(_PAYEE_KEY.pack(_PAYEES, b"t", payee), weight, at)
        if self._counts.raw(_PAYEE_KEY.pack(_PAYEES, b"r", payee)) > 0:
            self._counts.add(_PAYEE_KEY.pack(_STEPS, b"t", payee) + _step_bytes(at // _STEP_MS), weight, at)
            self._count_spell(b"t", payee, at, weight)

    def report(self, contribution: Contribution) -> None:
        """Count a purchase that turned out to be a fraud."""
        payee, at = contribution.payee, contribution.at
        if payee is None:
            return
        self._asked = None
        self._count_spell(b"r", payee, at, 1.0)
        self._counts.add(_PAYEE_KEY.pack(_PAYEES, b"r", payee), 1.0, at)
        self._counts.add(_PAYEE_KEY.pack(_STEPS, b"r", payee) + _step_bytes(at // _STEP_MS), 1.0, at)

    def _count_spell(self, kind: bytes, payee: int, at: Instant, weight: float) -> None:
        """Count a purchase by the age of the bad spell, as far as it was settled at the time of the purchase."""
        settled = _settled_steps(at)
        _, age = _judge(self._steps(payee, at)[:settled], drift=STEPS - settled)
        if age:
            self._counts.add(_SPELL_KEY.pack(_SPELLS, kind, age), weight, at)

    def _learned_share(self, age: int, expected: float, now: Instant) -> float:
        """Return the share of purchases reported in spells of this age, from what is expected while few were seen."""
        reports = self._counts.get(_SPELL_KEY.pack(_SPELLS, b"r", age), now)
        seen = max(reports, self._counts.get(_SPELL_KEY.pack(_SPELLS, b"t", age), now))
        return (reports + _LAPSE_PRIOR * expected) / (seen + _LAPSE_PRIOR)

    def _purchases_a_step(self, payee: int, now: Instant) -> float:
        return self._counts.get(_PAYEE_KEY.pack(_PAYEES, b"t", payee), now) * _DAY_SHARE * STEP_DAYS

    def _unreported(self, payee: int, now: Instant) -> float:
        """Return the probability that a payee without any report is bad: since his last purchase that could tell."""
        often = self._purchases_a_step(payee, now) / STEP_DAYS
        if often <= 0:
            return _START
        return min(TURNS_BAD_A_DAY * (PATIENCE_DAYS + 1 / often), _START)

    def _steps(self, payee: int, now: Instant) -> list[float]:
        """Return what the steps of the last six weeks say against a payee, in nats, the oldest first.

        Traffic is counted by steps only since the first report arrived; before, the usual traffic stands for it.
        """
        usual, last, raw = self._purchases_a_step(payee, now), now // _STEP_MS, self._counts.raw
        settled_until = (now - PATIENCE_DAYS * DAY_MS) / _STEP_MS
        reported, bought = (_PAYEE_KEY.pack(_STEPS, kind, payee) for kind in (b"r", b"t"))
        first = last - STEPS + 1
        factor = growth(Instant(first * _STEP_MS + _STEP_MS // 2))
        steps, is_counted = [], False
        for number in range(first, last + 1):
            step = _step_bytes(number)
            reports, counted = raw(reported + step) / factor, raw(bought + step) / factor
            factor *= _STEP_GROWTH
            traffic = counted if is_counted else max(counted, usual)
            is_counted = is_counted or counted > 0
            steps.append(_said(reports, max(0.0, traffic - reports), settled_until - number))
        return steps


def _said(reports: float, unreported: float, settled: float) -> float:
    """Return what a step says; ``settled`` is how much of it is so old that most reports have come, if above 0.

    A step that is not settled never speaks for a payee.
    """
    if settled <= 0:
        return max(0.0, min(reports * _REPORTED_NATS + unreported * _NOT_YET_NATS, _STEP_MOST_NATS)) if reports else 0.0
    return min(reports * _REPORTED_NATS + unreported * _UNREPORTED_NATS * min(settled, 1.0), _STEP_MOST_NATS)


def _judge(steps: list[float], *, drift: int) -> tuple[float, int]:
    """Return the probability that a payee is bad after these steps and ``drift`` more, and the age of the bad spell.

    The age is in units of four days, from 1; 0 where there is no spell.
    """
    bad, since = _START, -1
    for number, nats in enumerate(steps):
        bad += (1 - bad) * _TURN_BAD - bad * _TURN_SOUND
        if nats:
            odds = bad / (1 - bad) * exp(max(-_STEP_MOST_NATS, nats))
            bad = max(_LEAST, min(odds / (1 + odds), _MOST))
        if bad > _BAD_FROM and since < 0:
            since = number
        elif bad < _SOUND_BELOW:
            since = -1
    for _ in range(drift):
        bad += (1 - bad) * _TURN_BAD - bad * _TURN_SOUND
    age = 0 if since < 0 else 1 + (len(steps) + drift - 1 - since) // _SPELL_STEPS
    return bad, age


def _settled_steps(now: Instant) -> int:
    """Return how many of the last steps are so old that most reports have come."""
    return STEPS - (now // _STEP_MS - (now - PATIENCE_DAYS * DAY_MS) // _STEP_MS)


def _step_bytes(number: int) -> bytes:
    return (number % 65_536).to_bytes(2, "little")


def _log_odds(share: float) -> float:
    return log(share / (1 - share))
