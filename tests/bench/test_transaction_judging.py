"""The figures of the book: against values worked out by hand, and the rule of who is left out."""

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.risk.transactions.book_model import book_features, book_scores
from bench.risk.transactions.judging import (
    Columns,
    area_under_curve,
    average_precision,
    card_precision,
    columns,
    judge,
    resampled,
    rows_of_week,
)
from bench.risk.transactions.simulation import World, simulate


def flags(*values: int) -> NDArray[np.bool_]:
    return np.array(values, dtype=bool)


def numbers(*values: float) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


def test_the_area_is_how_often_a_fraud_is_above() -> None:
    assert area_under_curve(flags(1, 0, 0, 1), numbers(4, 3, 2, 1)) == 0.5
    assert area_under_curve(flags(1, 0), numbers(1, 1)) == 0.5
    assert area_under_curve(flags(1, 1, 0), numbers(3, 2, 1)) == 1


def test_average_precision_steps_at_each_fraud() -> None:
    # Frauds at the ranks 1 and 3: (1/1 + 2/3) / 2.
    assert average_precision(flags(1, 0, 1, 0), numbers(4, 3, 2, 1)) == pytest.approx((1 + 2 / 3) / 2)


def test_average_precision_takes_a_tie_as_one_step() -> None:
    assert average_precision(flags(1, 0, 0, 0), numbers(1, 1, 1, 1)) == 0.25


def test_a_detected_card_counts_once() -> None:
    day, customer = np.array([0, 0, 1, 1]), np.array([1, 2, 1, 2])
    assert card_precision(day, customer, flags(1, 0, 1, 0), numbers(9, 1, 9, 1)) == pytest.approx((0.01 + 0) / 2)


def test_a_card_is_as_risky_as_its_riskiest_purchase() -> None:
    day, customer = np.zeros(300, dtype=np.int64), np.arange(300) // 2
    scores = np.arange(300, dtype=np.float64)
    fraud = np.zeros(300, dtype=bool)
    fraud[298] = fraud[0] = True  # the riskiest card, by its other purchase, and the least risky
    assert card_precision(day, customer, fraud, scores) == 0.01


def test_customers_who_are_known_as_compromised_are_left_out() -> None:
    days = np.array([20, 27, 28, 29, 34, 34, 35, 40], dtype=np.int64)
    customer = np.array([1, 2, 3, 4, 1, 2, 3, 4], dtype=np.int64)
    fraud = np.array([1, 0, 1, 1, 0, 0, 0, 1], dtype=np.int64)
    table = Columns(day=days, customer=customer, amount=np.ones(8), scenario=fraud)
    # Tested from day 34: customer 1 was compromised in the training week (20 to 26); 3 became known on day 36, and 4 on
    # day 37, so the purchase of 4 on day 40 is left out.
    assert rows_of_week(table, 34).tolist() == [5, 6]


def test_the_books_method_learns_a_world_that_can_be_learned() -> None:
    world = World(seed=3, customers=400, terminals=800, days=70, radius=17.7, terminals_a_day=0.2, customers_a_day=0.3)
    traffic = simulate(world)
    table = columns(traffic)
    features = book_features(traffic, table)
    assert features.shape == (len(traffic), 15)
    rows = rows_of_week(table, 56)
    assert judge(table, book_scores(table, features, 56), rows).area > 0.7


def test_the_features_count_what_lies_in_their_windows() -> None:
    world = World(seed=5, customers=30, terminals=30, days=50, radius=40, terminals_a_day=0.2, customers_a_day=0.2)
    traffic = simulate(world)
    table, at_s = columns(traffic), np.array(traffic.at_s)
    features, row = book_features(traffic, table), len(traffic) - 7
    day_s, terminal = 86_400, np.array(traffic.terminals)
    same = (table.customer == table.customer[row]) & (at_s <= at_s[row]) & (at_s > at_s[row] - 7 * day_s)
    assert features[row, 5] == same.sum()
    assert features[row, 6] == pytest.approx(table.amount[same].mean())
    before = (terminal == terminal[row]) & (at_s <= at_s[row] - 7 * day_s) & (at_s > at_s[row] - 37 * day_s)
    assert features[row, 13] == before.sum()
    assert features[row, 14] == pytest.approx(table.is_fraud[before].mean())


def test_drawing_customers_again_varies_around_the_measured_figure() -> None:
    traffic = simulate(World(seed=4, customers=300, terminals=300, days=40, radius=30, customers_a_day=0.5))
    table = columns(traffic)
    rows = rows_of_week(table, 30)
    scores = table.amount
    measured = judge(table, scores, rows)
    drawn = [merit.area for merit in resampled(table, scores, rows, 40, seed=1)]
    assert min(drawn) < measured.area < max(drawn)
    assert drawn == [merit.area for merit in resampled(table, scores, rows, 40, seed=1)]
