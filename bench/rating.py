"""Measures what one rating costs, for a user whose memory is full, and whether it grows with the number of users.

Run it with ``python -m bench.rating``. A population of a thousand users and one of a million are learned from the same
recipe; the model bounds what it keeps of either. Nothing is left out: terms, sentences, purchases.
"""

import statistics
import time
from dataclasses import replace
from random import Random
from typing import Final

from rich.progress import track

from watchword.domain.action import PURCHASE, SIGN_IN
from watchword.domain.instant import DAY_MS, Instant
from watchword.risk.counts import ENTRIES_MOST
from watchword.risk.memory import NO_MEMORY, PROVEN, Contribution, Memory, decode_memory, learn
from watchword.risk.population import Population
from watchword.risk.score import Evidence, rate
from watchword.risk.signals import Signals
from watchword.risk.traits import Traits

START: Final = Instant(1_780_012_800_000)
USERS: Final = (1_000, 1_000_000)
RATINGS: Final = 4_000
FULL_DAYS: Final = 80
ORDINARY: Final = Signals(
    action_high_amount=False,
    purchase_high_value=False,
    device_state="known",
    device_known=True,
    place_country="NO",
    place_known=True,
    network_asn=2119,
    network_hosting=False,
    network_vpn=False,
    network_tor=False,
    network_listed=False,
    agent_type="desktop",
    agent_os="Windows",
    agent_browser="Firefox",
    agent_automated=False,
    travel_impossible=False,
    user_registered=True,
    user_changed_hours=1e9,
    contact_age_hours=1e4,
    contact_disposable=False,
    contact_stale=False,
    velocity_address=1.0,
    velocity_network=5.0,
    velocity_users_at_address=1.0,
    velocity_unproven_at_address=0.0,
)
"""What holds of most actions; flags and counters only add to what a rating costs."""
BETWEEN_MS: Final = 100
"""Between two ratings: what is made anew every few minutes is made anew here as seldom as on a busy server."""
PRUNED_AFTER: Final = 200_000
"""Contributions between two prunings, as a server prunes now and then."""


def a_contribution(draw: Random, day: int) -> Contribution:
    """Draw where and what with: few values are common and many are rare, as in real traffic."""
    country = 1 + int(draw.paretovariate(1.0)) % 200
    network = country * 100_000 + int(draw.paretovariate(0.8)) % 20_000
    address = draw.getrandbits(63)
    kind = draw.randrange(1, 4)
    system, browser, agent = (kind * 10**power + int(draw.paretovariate(0.9)) % 10**power for power in (2, 4, 6))
    return Contribution(
        at=Instant(START + day * DAY_MS + draw.randrange(DAY_MS)),
        traits=Traits(values=(country, network, address, kind, system, browser, agent)),
        hour_of_week=draw.randrange(168),
        had_token=draw.random() < 0.8,
        log_amount=draw.gauss(3.5, 1.0),
        currency="USD",
        payee=draw.randrange(1, 500),
    )


def full_memory(draw: Random) -> Memory:
    """Remember a user who showed everything twice, so that every place is taken."""
    memory = NO_MEMORY
    for day in range(FULL_DAYS):
        contribution = a_contribution(draw, day)
        memory = learn(learn(memory, contribution, PROVEN), contribution, PROVEN)
    return decode_memory(memory.encode())


def a_population(draw: Random, users: int) -> Population:
    """Let this many users come once each, on top of their first time."""
    population = Population()
    for user in track(range(users), description=f"{users:,} users", transient=True):
        before = learn(NO_MEMORY, a_contribution(draw, user % 30), PROVEN) if user % 4 == 0 else NO_MEMORY
        population.learn(a_contribution(draw, 30 + user % 30), before, share=PROVEN, account_age_days=100.0)
        if user % PRUNED_AFTER == PRUNED_AFTER - 1:
            population.counts.drain()
            population.counts.prune(ENTRIES_MOST)
    return population


def measure(draw: Random, population: Population, memory: Memory, action_type: str) -> list[float]:
    """Return the time of each rating in microseconds; some values are known to the memory, and some are not."""
    known = [tuple(shelf.entries) for shelf in memory.shelves]
    times: list[float] = []
    signals = replace(ORDINARY, action_type=action_type)
    for number in range(RATINGS):
        now = Instant(START + FULL_DAYS * DAY_MS + number * BETWEEN_MS)
        drawn = a_contribution(draw, FULL_DAYS)
        values = tuple(
            draw.choice(seen) if draw.random() < 0.9 else value  # most of what a user shows he showed before
            for seen, value in zip(known, drawn.traits.values, strict=True)
        )
        evidence = Evidence(now=now, traits=Traits(values=values), memory=memory, population=population)
        if action_type == PURCHASE:
            evidence = replace(evidence, log_amount=drawn.log_amount, currency=drawn.currency, payee=drawn.payee)
        start = time.perf_counter_ns()
        rate(signals, evidence)
        times.append((time.perf_counter_ns() - start) / 1_000)
    return times


def main() -> None:
    """Print the median and the 99th percentile, by action and by number of users."""
    for users in USERS:
        draw = Random(users)
        memory = full_memory(draw)
        population = a_population(draw, users)
        for action_type in (SIGN_IN, PURCHASE):
            times = measure(draw, population, memory, action_type)
            median, late = statistics.median(times), statistics.quantiles(times, n=100)[98]
            size = f"{len(memory.encode())} bytes of memory, {len(population.counts):,} counts"
            print(f"{users:>9,} users, {action_type:>8}: median {median:.0f} µs, 99 % {late:.0f} µs; {size}")


if __name__ == "__main__":
    main()
