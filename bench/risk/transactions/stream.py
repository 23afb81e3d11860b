"""Plays simulated transactions through the product's own code, in the order of their time: rate first, then learn.

``rate``, the user's memory of spending, and the population's knowledge of purchases are those of the server; what the
store and the flow add is played here in a few lines: an allowed purchase teaches a quarter at once and the rest when
nobody disputed it for a day. Frauds are reported seven days later and no sooner; then what the purchase taught its
customer is taken back. Nothing is trained beforehand.

A card payment has no browser and no address. So everybody pays from one known device and place, of which all memories
know the same: what is measured is the purchase part of the score, on top of a sum that is the same for everybody.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.risk.transactions.simulation import DAY_S, FIRST_DAY_MS, Scenario, Traffic
from watchword.domain.action import PURCHASE
from watchword.domain.instant import DAY_MS, HOUR_MS, Instant
from watchword.risk.memory import NO_MEMORY, PROVEN, PROVISIONAL, Contribution, Memory, learn
from watchword.risk.memory.spending import NOTHING_SPENT, Spending, learn_spending, take_back_spending
from watchword.risk.population import Population
from watchword.risk.score import Evidence, Rating, rate
from watchword.risk.signals import Signals
from watchword.risk.traits import Traits

CURRENCY: Final = "EUR"
REPORT_DELAY_DAYS: Final = 7
"""As in the book: every fraud is reported seven days after it."""
_LEAST_AMOUNT: Final = 0.01

_AT_HOME: Final = Traits(values=(1, 2, 3, 4, 5, 6, 7))

Numbers = NDArray[np.float64]


class Shop:
    """The product as one application sees it: what its users spend, and its population."""

    __slots__ = ("_bought", "_due", "_familiar", "_spending", "population")

    def __init__(self) -> None:
        self.population = Population()
        self._familiar = _familiar()
        self._spending: dict[int, Spending] = {}
        self._due: dict[int, deque[Contribution]] = {}
        self._bought: dict[int, deque[Instant]] = {}

    def rate(self, customer: int, contribution: Contribution) -> Rating:
        """Return what the product would say."""
        now = contribution.at
        return rate(
            self._signals(customer, now),
            Evidence(
                now=now,
                traits=contribution.traits,
                memory=replace(self._familiar, spending=self.spending(customer, now)),
                population=self.population,
                log_amount=contribution.log_amount,
                currency=contribution.currency,
                payee=contribution.payee,
            ),
        )

    def learn(self, customer: int, contribution: Contribution) -> None:
        """Learn from a purchase that was allowed."""
        before = self.spending(customer, contribution.at)
        self.population.purchases.learn(contribution, before, 1.0)
        self._spending[customer] = learn_spending(before, contribution, PROVISIONAL)
        self._due.setdefault(customer, deque()).append(contribution)
        self._bought.setdefault(customer, deque()).append(contribution.at)

    def report(self, customer: int, contribution: Contribution, now: Instant) -> None:
        """Take a purchase back that turned out to be a fraud; it was learned in full long ago."""
        left = take_back_spending(self.spending(customer, now), contribution, PROVEN, now)
        self._spending[customer] = left
        self.population.purchases.learn(contribution, left, -1.0)
        self.population.purchases.label(contribution, is_fraud=True)

    def spending(self, customer: int, now: Instant) -> Spending:
        """Return what is remembered by now: with all that nobody disputed for a day."""
        spending, due = self._spending.get(customer, NOTHING_SPENT), self._due.get(customer)
        while due and now - due[0].at >= DAY_MS:
            spending = self._spending[customer] = learn_spending(spending, due.popleft(), PROVEN - PROVISIONAL)
        return spending

    def _signals(self, customer: int, now: Instant) -> Signals:
        bought = self._bought.get(customer, deque())
        while bought and now - bought[0] > DAY_MS:
            bought.popleft()
        return Signals(
            action_type=PURCHASE,
            action_has_amount=True,
            action_high_amount=False,
            purchase_high_value=False,
            purchase_count=len(bought),
            device_state="known",
            device_known=True,
            device_age_hours=24.0 * 365,
            place_country="BE",
            place_known=True,
            network_known=True,
            network_address_known=True,
            network_hosting=False,
            network_vpn=False,
            network_tor=False,
            network_listed=False,
            agent_type="mobile",
            agent_type_known=True,
            agent_os_known=True,
            agent_browser_known=True,
            agent_version_known=True,
            agent_automated=False,
            travel_speed=0.0,
            travel_impossible=False,
            time_hour=now % DAY_MS // HOUR_MS,
            time_unusual=False,
            user_registered=True,
            user_age_hours=24.0 * 365,
            user_changed_hours=1e9,
            user_idle_hours=(now - bought[-1]) / HOUR_MS if bought else 24.0,
            contact_age_hours=24.0 * 365,
            contact_disposable=False,
            contact_stale=False,
            velocity_user=0.0,
            velocity_address=0.0,
            velocity_network=0.0,
            velocity_contact=0.0,
            velocity_users_at_address=0.0,
            velocity_unproven_at_address=0.0,
        )


def play(
    traffic: Traffic, *, from_day: int, until_day: int, progress: Callable[[int], None] = lambda _: None
) -> Numbers:
    """Return the log-odds of the transactions from a day on until another; of all others, not a number.

    Everything before ``until_day`` is learned. ``progress`` is told each day that has passed.
    """
    shop, scores = Shop(), np.full(len(traffic), np.nan)
    reported: deque[int] = deque()
    first_rated_s, end_s, day = from_day * DAY_S, until_day * DAY_S, 0
    for row, at_s in enumerate(traffic.at_s):
        if at_s >= end_s:
            break
        if at_s >= (day + 1) * DAY_S:
            day = at_s // DAY_S
            progress(day)
        while reported and at_s - traffic.at_s[reported[0]] > REPORT_DELAY_DAYS * DAY_S:
            late = reported.popleft()
            shop.report(traffic.customers[late], contribution_of(traffic, late), _instant(at_s))
        customer, contribution = traffic.customers[row], contribution_of(traffic, row)
        if at_s >= first_rated_s:
            # The sum of the terms; the product rounds it for people only when it makes a score of it.
            scores[row] = sum(term.nats for term in shop.rate(customer, contribution).terms)
        shop.learn(customer, contribution)
        if traffic.scenarios[row] != Scenario.NONE:
            reported.append(row)
    return scores


def _familiar() -> Memory:
    """Return the memory of somebody who was seen at all hours of the last months; it has no purchases."""
    memory = NO_MEMORY
    for hour in range(-90 * 24, 0, 7):
        at = _instant(hour * 3_600)
        visit = Contribution(at=at, traits=_AT_HOME, hour_of_week=at // HOUR_MS % 168, had_token=True)
        memory = learn(memory, visit, PROVEN)
    return memory


def contribution_of(traffic: Traffic, row: int) -> Contribution:
    """Return what a transaction would teach; the terminal is the payee."""
    at = _instant(traffic.at_s[row])
    return Contribution(
        at=at,
        traits=_AT_HOME,
        hour_of_week=at // HOUR_MS % 168,
        had_token=True,
        log_amount=log(max(traffic.amounts[row], _LEAST_AMOUNT)),
        currency=CURRENCY,
        payee=traffic.terminals[row] + 1,
    )


def _instant(at_s: int) -> Instant:
    return Instant(FIRST_DAY_MS + at_s * 1_000)
