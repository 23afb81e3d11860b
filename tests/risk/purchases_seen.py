"""Shops with purchases for the tests of amounts and payees; numbers stand for keyed hashes."""

from math import log
from typing import Any, Final

from tests.risk.learned import HOME, a_contribution, at_day
from watchword.domain.instant import Instant
from watchword.risk.memory import NO_MEMORY, PROVEN, Contribution, Memory, learn
from watchword.risk.population import Population
from watchword.risk.score import Evidence, Rating, rate
from watchword.risk.score.spending_terms import report_terms, spending_terms
from watchword.risk.signals import Signals

TODAY: Final = 40
SOUND: Final = 1
"""A payee whose purchases nobody reports."""
BAD: Final = 2
"""A payee whose purchases were reported again and again over the last weeks."""
LATELY: Final = 3
"""A payee of whose many purchases a single one was reported."""


def a_purchase(day: float, amount: float | None = 30.0, payee: int | None = SOUND) -> Contribution:
    log_amount, currency = (None, None) if amount is None else (log(amount), "USD")
    return a_contribution(day, HOME, log_amount=log_amount, currency=currency, payee=payee)


def buy(population: Population, memory: Memory, contribution: Contribution) -> Memory:
    """Learn a purchase everywhere, as of an old account, and return the user's memory after it."""
    population.purchases.learn(contribution, memory.spending, 1.0)
    return learn(memory, contribution, PROVEN)


def a_buyer(days: int = TODAY, amount: float = 30.0, population: Population | None = None) -> Memory:
    """Remember a user who bought each day for about the same, at the sound payee."""
    memory = NO_MEMORY
    for day in range(days):
        purchase = a_purchase(day, amount * (0.8, 1.0, 1.25)[day % 3])
        memory = buy(population or Population(), memory, purchase)
    return memory


def a_shop(users: int = 30) -> Population:
    """Learn six weeks in which each payee sold something every day, and what was reported a week later."""
    population = Population()
    memories = dict.fromkeys(range(users), NO_MEMORY)
    late: list[Contribution] = []
    for day in range(TODAY):
        for contribution in [one for one in late if one.at <= at_day(day - 7)]:
            population.purchases.label(contribution, is_fraud=True)
            late.remove(contribution)
        for payee in (SOUND, BAD, LATELY):
            user = (day * 3 + payee) % users
            purchase = a_purchase(day, 20.0 + 10 * (user % 5), payee)
            memories[user] = buy(population, memories[user], purchase)
            if (payee == BAD and day >= 20) or (payee == LATELY and day == 30):
                late.append(purchase)
    return population


def evidence(population: Population, memory: Memory = NO_MEMORY, day: float = TODAY, **spent: Any) -> Evidence:
    """Give what the score looks at for a purchase of 30 dollars at the sound payee, or another."""
    purchase = a_purchase(day, **spent)
    return Evidence(
        now=Instant(purchase.at),
        traits=purchase.traits,
        memory=memory,
        population=population,
        log_amount=purchase.log_amount,
        currency=purchase.currency,
        payee=purchase.payee,
    )


def a_signal(**changes: Any) -> Signals:
    fields: dict[str, Any] = {"action_type": "purchase", "purchase_high_value": False}
    return Signals(**fields | changes)


def rated(of: Evidence, **changes: Any) -> Rating:
    return rate(a_signal(**changes), of)


def nats_of(of: Evidence, log_odds: float = -6.0, **changes: Any) -> float:
    """Return what everything about spending adds to these log-odds."""
    signals = a_signal(**changes)
    nats = sum(term.nats for term in spending_terms(signals, of))
    return nats + sum(term.nats for term in report_terms(signals, of, log_odds + nats))


def sentences(of: Evidence, **changes: Any) -> dict[str, str]:
    """Return the sentences about spending by the signal."""
    signals = a_signal(**changes)
    terms = [*spending_terms(signals, of), *report_terms(signals, of, -6.0)]
    return {term.signal: term.text for term in terms}
