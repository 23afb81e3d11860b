"""Terms about amount and payee: against what the user usually does, and against what was reported as fraud.

What is usual speaks for or against the user as any other term does. Reports are another matter: a purchase at a payee
whose purchases are reported again and again is likely to be reported too, however familiar user and device are. So
their odds are added to those of everything else instead of being multiplied; the term is what that makes of the sum.
"""

from collections.abc import Iterator
from math import exp, log, log1p
from typing import Final

from watchword.domain.action import PURCHASE, RiskTerm
from watchword.risk.purchases.payee_standing import UNKNOWN, Standing
from watchword.risk.score.evidence import Evidence
from watchword.risk.signals import Signals
from watchword.risk.spending_facts import amount_ratio

_DIGITS: Final = 2
_HIGH_VALUE_NATS: Final = 1.0
BURST_NATS: Final = 0.7
BURST_MOST_NATS: Final = 2.0
_CLEARLY_MORE: Final = 1.5
"""The ratio from which a sentence speaks of times."""
_WHOLE_FROM: Final = 10.0
"""The ratio from which it leaves out the tenths."""
_TOLD_FROM: Final = 0.01
SELDOM_A_DAY: Final = 0.2
"""Purchases a day that are usual at least: one purchase of somebody who seldom buys is no burst (judgements)."""


def spending_terms(signals: Signals, evidence: Evidence) -> Iterator[RiskTerm]:
    """Yield what amount, payee and pace of a purchase say against what is usual; nothing for other types.

    No term falls with a larger amount, and a purchase without amount or payee has the largest of a user like this. An
    amount that another type names is left to the rules: for a type that need not have one, leaving it out cannot be a
    risk, so naming it must not be one either (I12).
    """
    if signals.high_value:
        text = "The purchase is of high value"
        if not signals.action_high_amount:
            text = "With the purchases since the last proof, this one counts as high value"
        yield RiskTerm(signal="purchase.high_value", nats=_HIGH_VALUE_NATS, text=text)
    if signals.action_type != PURCHASE:
        return
    yield _amount_term(evidence)
    yield _new_payee_term(evidence)
    yield from _burst_terms(signals, evidence)
    yield from _quiet_terms(evidence)


def report_terms(signals: Signals, evidence: Evidence, log_odds: float) -> Iterator[RiskTerm]:
    """Yield what reports of fraud add to the log-odds of everything else; each is at least 0.0.

    The sum never falls when the rest rises, nor when more is reported.
    """
    if signals.action_type != PURCHASE:
        return
    share = evidence.population.purchases.sizes.share(evidence.log_amount, evidence.currency, evidence.now)
    if share > 0:
        nats = _added(log_odds, share / (1 - share))
        log_odds += nats
        text = f"Of purchases of about this size, {_of_hundred(share)} were reported as fraud"
        yield RiskTerm(signal="action.amount", nats=nats, text=text)
    standing = _standing(evidence)
    if standing.share > UNKNOWN.share:
        nats = _added(log_odds, standing.share / (1 - standing.share) - UNKNOWN.share / (1 - UNKNOWN.share))
        yield RiskTerm(signal="payee.reports", nats=nats, text=_reported(standing))


def _amount_term(evidence: Evidence) -> RiskTerm:
    amounts, log_amount, currency = evidence.population.purchases.amounts, evidence.log_amount, evidence.currency
    known = evidence.memory.spending.usual(currency)
    distance = None
    if log_amount is not None and currency is not None:
        distance = amounts.usual(known, currency, evidence.now).distance(log_amount)
    nats = round(amounts.nats(known, distance, evidence.now), _DIGITS)
    return RiskTerm(signal="purchase.amount_ratio", nats=nats, text=_amount_text(evidence, has_own=known.weight > 0))


def _amount_text(evidence: Evidence, *, has_own: bool) -> str:
    if evidence.log_amount is None or evidence.currency is None:
        return "The amount is not known, so it counts as far above what this user usually spends"
    now = evidence.now
    ratio = amount_ratio(evidence.memory, evidence.population, evidence.log_amount, evidence.currency, now)
    usually = (
        "what this user usually spends"
        if has_own
        else "what users here usually spend, while nothing is known of this one"
    )
    if ratio < _CLEARLY_MORE:
        return f"The amount is not above {usually}"
    times = f"{ratio:.1f}" if ratio < _WHOLE_FROM else f"{min(ratio, 1e6):.0f}"
    return f"The amount is {times} times {usually}"


def _new_payee_term(evidence: Evidence) -> RiskTerm:
    spending, payee = evidence.memory.spending, evidence.payee
    nats = round(evidence.population.purchases.new_payees.nats(spending, payee, evidence.now), _DIGITS)
    return RiskTerm(signal="payee.known", nats=nats, text=_new_payee_text(evidence))


def _new_payee_text(evidence: Evidence) -> str:
    spending = evidence.memory.spending
    if spending.knew_payee(evidence.payee, evidence.now):
        return "This user has paid this payee before"
    if spending.knows_payee(evidence.payee, evidence.now):
        return "This user paid this payee only lately, which does not make it familiar yet"
    payees = len(spending.payees.entries)
    others = "no other is known" if not payees else f"{payees} other{' is' if payees == 1 else 's are'} known"
    payee = "an unknown payee" if evidence.payee is None else "this payee"
    return f"First purchase of this user from {payee}; {others}"


def _burst_terms(signals: Signals, evidence: Evidence) -> Iterator[RiskTerm]:
    """Yield a term where the user bought more often within the window than is usual for him."""
    usual = evidence.memory.spending.purchases_a_day(evidence.now)
    count = signals.purchase_count
    nats = round(min(BURST_NATS * log((count + 1) / (2 * max(usual, SELDOM_A_DAY) + 1)), BURST_MOST_NATS), _DIGITS)
    if nats > 0:
        often = f"{usual:.1f} a day" if usual >= SELDOM_A_DAY else "less than one in five days"
        text = f"Purchases within a day before this one: {count}; usual for this user: {often}"
        yield RiskTerm(signal="purchase.count", nats=nats, text=text)


def _quiet_terms(evidence: Evidence) -> Iterator[RiskTerm]:
    """Yield a term where purchases at the payee are known to go unreported."""
    standing = _standing(evidence)
    nats = round(_log_odds(min(standing.share, UNKNOWN.share)) - _log_odds(UNKNOWN.share), _DIGITS)
    if nats < 0:
        yield RiskTerm(signal="payee.reports", nats=nats, text="Purchases at this payee are seldom reported as fraud")


def _standing(evidence: Evidence) -> Standing:
    return evidence.population.purchases.payees.standing(evidence.payee, evidence.now)


def _reported(standing: Standing) -> str:
    times = "once" if round(standing.reports) <= 1 else f"{standing.reports:.0f} times"
    expected = _of_hundred(standing.share)
    return f"Purchases at this payee were reported as fraud {times} lately; {expected} of the next are expected to be"


def _of_hundred(share: float) -> str:
    return f"{share * 100:.0f} of 100" if share >= _TOLD_FROM else "fewer than 1 of 100"


def _added(log_odds: float, odds: float) -> float:
    """Return by how many nats log-odds rise when these odds are added."""
    return round(log1p(odds * exp(-max(log_odds, -30.0))), _DIGITS)


def _log_odds(share: float) -> float:
    return log(share / (1 - share))
