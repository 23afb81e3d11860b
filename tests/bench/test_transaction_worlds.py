"""The simulated transactions: the same for the same seed, shaped as the book says, with its three kinds of fraud."""

from collections import Counter, defaultdict

import pytest

from bench.risk.transactions.simulation import DAY_S, LARGE_AMOUNT, Scenario, Traffic, World, simulate

SMALL = World(seed=100, customers=500, terminals=1_000, days=60, radius=15.8, terminals_a_day=0.2, customers_a_day=0.3)


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return simulate(SMALL)


def rows_of(traffic: Traffic, kind: Scenario) -> list[int]:
    return [row for row, scenario in enumerate(traffic.scenarios) if scenario == kind]


def test_the_same_world_has_the_same_transactions(traffic: Traffic) -> None:
    assert simulate(SMALL) == traffic
    assert simulate(World(seed=101, customers=50, terminals=100, days=5, radius=20)) != simulate(
        World(seed=102, customers=50, terminals=100, days=5, radius=20)
    )


def test_transactions_come_in_the_order_of_time(traffic: Traffic) -> None:
    assert list(traffic.at_s) == sorted(traffic.at_s)
    assert traffic.at_s[0] > 0
    assert traffic.at_s[-1] < SMALL.days * DAY_S


def test_customers_buy_about_twice_a_day(traffic: Traffic) -> None:
    # Two on average, of which one in thirty falls on another day and is left out.
    assert len(traffic) / SMALL.customers / SMALL.days == pytest.approx(1.94, rel=0.1)


def test_amounts_are_around_the_mean_of_their_customer(traffic: Traffic) -> None:
    amounts = defaultdict(list)
    for row in rows_of(traffic, Scenario.NONE):
        amounts[traffic.customers[row]].append(traffic.amounts[row])
    means = [sum(of_one) / len(of_one) for of_one in amounts.values() if len(of_one) >= 60]
    assert 3 < min(means) < 15
    assert 90 < max(means) < 115
    assert min(traffic.amounts) >= 0


def test_purchases_gather_around_noon(traffic: Traffic) -> None:
    at_noon = sum(abs(at_s % DAY_S - DAY_S / 2) < 20_000 for at_s in traffic.at_s)
    assert at_noon / len(traffic) == pytest.approx(0.70, abs=0.03)  # one standard deviation, of what falls on the day


def test_everybody_buys_at_terminals_within_reach(traffic: Traffic) -> None:
    visited = defaultdict(set)
    for customer, terminal in zip(traffic.customers, traffic.terminals, strict=True):
        visited[customer].add(terminal)
    assert 40 < sum(map(len, visited.values())) / len(visited) < 80  # of about 78 in reach, after 60 days


def test_a_large_amount_is_a_fraud(traffic: Traffic) -> None:
    assert all(traffic.amounts[row] > LARGE_AMOUNT for row in rows_of(traffic, Scenario.LARGE))
    assert all(traffic.amounts[row] <= LARGE_AMOUNT for row in rows_of(traffic, Scenario.NONE))


def test_a_compromised_terminal_is_bad_for_all_its_customers_for_28_days(traffic: Traffic) -> None:
    bad = Counter(traffic.terminals[row] for row in rows_of(traffic, Scenario.TERMINAL))
    assert len(bad) > 6
    spans = defaultdict(list)
    for row in rows_of(traffic, Scenario.TERMINAL):
        spans[traffic.terminals[row]].append(traffic.at_s[row])
    assert max(max(span) - min(span) for span in spans.values()) < 2 * 28 * DAY_S  # twice where it was drawn twice
    assert 10 < sum(bad.values()) / len(bad) < 60


def test_a_compromised_customer_has_a_third_of_his_purchases_at_five_times_the_amount(traffic: Traffic) -> None:
    frauds = rows_of(traffic, Scenario.CUSTOMER)
    stolen, own = defaultdict(list), defaultdict(list)
    for row in frauds:
        stolen[traffic.customers[row]].append(traffic.amounts[row])
    for row in rows_of(traffic, Scenario.NONE):
        own[traffic.customers[row]].append(traffic.amounts[row])
    ratios = [
        (sum(amounts) / len(amounts)) / (sum(own[customer]) / len(own[customer]))
        for customer, amounts in stolen.items()
        if len(amounts) >= 8
    ]
    assert sum(ratios) / len(ratios) == pytest.approx(5, rel=0.2)


def test_a_smaller_world_has_its_share_of_frauds(traffic: Traffic) -> None:
    assert traffic.fraud_share() == pytest.approx(0.0075, abs=0.003)
