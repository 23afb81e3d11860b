"""Simulates card transactions with three kinds of fraud, as the Fraud Detection Handbook describes them.

Written anew from the words of the book, chapter 3, "Transaction data simulator" (Le Borgne, Siblini, Lebichot,
Bontempi: "Reproducible Machine Learning for Credit Card Fraud Detection", 2022). The random numbers are others than the
book's, so a seed gives a world of the same kind and not the same world. Everything here is SYNTHETIC.
"""

from array import array
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from math import exp
from random import Random
from typing import Final

DAY_S: Final = 86_400
FIRST_DAY: Final = "2018-04-01"
FIRST_DAY_MS: Final = 1_522_540_800_000
"""The midnight on which the book's simulation begins, UTC."""

GRID: Final = 100.0
RADIUS: Final = 5.0
MEAN_AMOUNT: Final = (5.0, 100.0)
PURCHASES_A_DAY: Final = (0.0, 4.0)
NOON_SPREAD_S: Final = 20_000.0
LARGE_AMOUNT: Final = 220.0
TERMINALS_A_DAY: Final = 2
TERMINAL_DAYS: Final = 28
CUSTOMERS_A_DAY: Final = 3
CUSTOMER_DAYS: Final = 14
STOLEN_SHARE: Final = 3
"""One of so many purchases of a compromised customer is the thief's."""
STOLEN_FACTOR: Final = 5.0


class Scenario(IntEnum):
    """Why a transaction is a fraud; one that is of two kinds has the later."""

    NONE = 0
    LARGE = 1
    TERMINAL = 2
    CUSTOMER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How much is simulated; the book's size without arguments.

    A smaller world keeps the number of frauds in proportion: whoever halves the customers and the terminals halves what
    is compromised each day, and keeps the reach so that as many terminals are near.
    """

    seed: int
    customers: int = 5_000
    terminals: int = 10_000
    days: int = 183
    radius: float = RADIUS
    terminals_a_day: float = TERMINALS_A_DAY
    """Compromised each day; 0.4 is two in five days."""
    customers_a_day: float = CUSTOMERS_A_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """All transactions in the order of their time, a column each."""

    at_s: "array[int]"
    """Seconds since the midnight of the first day."""
    customers: "array[int]"
    terminals: "array[int]"
    amounts: "array[float]"
    scenarios: "array[int]"

    def __len__(self) -> int:
        """Return how many transactions there are."""
        return len(self.at_s)

    def fraud_share(self) -> float:
        """Return the share of transactions that are frauds."""
        return sum(scenario != Scenario.NONE for scenario in self.scenarios) / len(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Customer:
    mean_amount: float
    purchases_a_day: float
    terminals: list[int]
    """Those within reach; whoever has none buys nothing."""


def simulate(world: World) -> Traffic:
    """Return the transactions of a world; the same world gives the same transactions."""
    traffic = _in_order(_buy(world, _customers(world)))
    choice = Random(f"{world.seed} frauds")
    for number, amount in enumerate(traffic.amounts):
        if amount > LARGE_AMOUNT:
            traffic.scenarios[number] = Scenario.LARGE
    _compromise_terminals(traffic, world, choice)
    _compromise_customers(traffic, world, choice)
    return traffic


def _customers(world: World) -> list[_Customer]:
    draw = Random(f"{world.seed} profiles")
    near = _reach([(draw.uniform(0, GRID), draw.uniform(0, GRID)) for _ in range(world.terminals)], world.radius)
    return [
        _Customer(
            terminals=near(draw.uniform(0, GRID), draw.uniform(0, GRID)),
            mean_amount=draw.uniform(*MEAN_AMOUNT),
            purchases_a_day=draw.uniform(*PURCHASES_A_DAY),
        )
        for _ in range(world.customers)
    ]


def _reach(places: list[tuple[float, float]], radius: float) -> Callable[[float, float], list[int]]:
    """Return what finds the terminals around a place, by squares as wide as the reach so that it does not take long."""
    squares: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for terminal, (x, y) in enumerate(places):
        squares[int(x // radius), int(y // radius)].append(terminal)

    def near(x: float, y: float) -> list[int]:
        across, down = int(x // radius), int(y // radius)
        around = [(across + i, down + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        found = [terminal for square in around for terminal in squares.get(square, ())]
        return sorted(t for t in found if (places[t][0] - x) ** 2 + (places[t][1] - y) ** 2 < radius**2)

    return near


def _buy(world: World, customers: list[_Customer]) -> list[tuple[int, int, int, float]]:
    draw = Random(f"{world.seed} transactions")
    bought: list[tuple[int, int, int, float]] = []
    for number, customer in enumerate(customers):
        for day in range(world.days if customer.terminals else 0):
            for _ in range(_poisson(draw, customer.purchases_a_day)):
                second = int(draw.gauss(DAY_S / 2, NOON_SPREAD_S))
                if 0 < second < DAY_S:  # what falls on another day is left out, as in the book
                    amount = _amount(draw, customer.mean_amount)
                    bought.append((day * DAY_S + second, number, draw.choice(customer.terminals), amount))
    return bought


def _poisson(draw: Random, mean: float) -> int:
    """Return a number with the Poisson distribution: how many factors until the product is below e^-mean (Knuth)."""
    count, product, floor = 0, draw.random(), exp(-mean)
    while product > floor:
        count, product = count + 1, product * draw.random()
    return count


def _amount(draw: Random, mean: float) -> float:
    amount = draw.gauss(mean, mean / 2)
    return round(amount if amount >= 0 else draw.uniform(0, 2 * mean), 2)


def _in_order(bought: list[tuple[int, int, int, float]]) -> Traffic:
    bought.sort()
    return Traffic(
        at_s=array("l", [row[0] for row in bought]),
        customers=array("l", [row[1] for row in bought]),
        terminals=array("l", [row[2] for row in bought]),
        amounts=array("d", [row[3] for row in bought]),
        scenarios=array("b", bytes(len(bought))),
    )


def _compromise_terminals(traffic: Traffic, world: World, choice: Random) -> None:
    rows = _rows_of(traffic.terminals)
    for day in range(world.days):
        for terminal in choice.sample(range(world.terminals), _drawn(world.terminals_a_day, day)):
            for row in _within(rows[terminal], traffic, day, TERMINAL_DAYS):
                traffic.scenarios[row] = Scenario.TERMINAL


def _compromise_customers(traffic: Traffic, world: World, choice: Random) -> None:
    rows = _rows_of(traffic.customers)
    for day in range(world.days):
        for customer in choice.sample(range(world.customers), _drawn(world.customers_a_day, day)):
            during = _within(rows[customer], traffic, day, CUSTOMER_DAYS)
            for row in choice.sample(during, len(during) // STOLEN_SHARE):
                traffic.amounts[row] = round(traffic.amounts[row] * STOLEN_FACTOR, 2)
                traffic.scenarios[row] = Scenario.CUSTOMER


def _drawn(a_day: float, day: int) -> int:
    """Return how many are drawn on a day, so that it comes to the right number in the long run."""
    return int((day + 1) * a_day + 1e-9) - int(day * a_day + 1e-9)


def _rows_of(column: "array[int]") -> defaultdict[int, list[int]]:
    rows: defaultdict[int, list[int]] = defaultdict(list)
    for row, value in enumerate(column):
        rows[value].append(row)
    return rows


def _within(rows: list[int], traffic: Traffic, day: int, days: int) -> list[int]:
    return [row for row in rows if day * DAY_S <= traffic.at_s[row] < (day + days) * DAY_S]
