"""The facts about amount and payee that rules see, from the user's memory and the application's purchases."""

from math import exp
from typing import Final

from watchword.domain.instant import Instant
from watchword.risk.memory import Memory
from watchword.risk.population import Population

RATIO_MOST: Final = 1e18
"""Of an amount that is not known, above every other."""


def amount_ratio(
    memory: Memory, population: Population, log_amount: float | None, currency: str | None, now: Instant
) -> float:
    """Return how many times an amount is what this user usually spends in this currency.

    What is usual is the middle of the user's own amounts (the geometric mean), and while little is known of him, of the
    application's. Without an amount or its currency it is 1e18.
    """
    if log_amount is None or currency is None:
        return RATIO_MOST
    usual = population.purchases.amounts.usual(memory.spending.usual(currency), currency, now)
    return min(exp(min(log_amount - usual.centre, 40.0)), RATIO_MOST)


def payee_known(memory: Memory, payee: int | None, now: Instant) -> bool:
    """Return whether this user paid somebody before; False for a payee that is not known."""
    return memory.spending.knows_payee(payee, now)


def payee_reports(population: Population, payee: int | None, now: Instant) -> float:
    """Return how many purchases at a payee were reported as fraud, as they have faded; 0.0 for none and no payee."""
    return population.purchases.payees.reports(payee, now)
