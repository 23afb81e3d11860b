"""The book's own method as a baseline: its features of customers and terminals, and a logistic regression on them.

Written anew from the words of the Fraud Detection Handbook, chapter 3, "Baseline feature transformation" and "Baseline
fraud detection system". It is trained on the labels of the week that ends seven days before the test.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.risk.transactions.judging import DELAY_DAYS, WEEK_DAYS, Columns, Rows
from bench.risk.transactions.simulation import DAY_S, Traffic

WINDOWS_DAYS: Final = (1, 7, 30)
_FIRST_WEEKDAY: Final = 6
"""2018-04-01 is a Sunday, counted from Monday 0."""
_SATURDAY: Final = 5
_NIGHT_UNTIL_S: Final = 6 * 3_600 + 3_599
"""The book counts the whole of the sixth hour to the night."""
_RIDGE: Final = 1.0
"""The penalty that the common library has by default."""
_STEPS_MOST: Final = 30
_CLOSE_ENOUGH: Final = 1e-6

Numbers = NDArray[np.float64]


def book_scores(table: Columns, features: Numbers, first_test_day: int) -> Numbers:
    """Return the log-odds of a logistic regression trained for the week that begins on a day, for that week only."""
    ends = first_test_day - DELAY_DAYS
    training = np.flatnonzero((table.day >= ends - WEEK_DAYS) & (table.day < ends))
    test = np.flatnonzero((table.day >= first_test_day) & (table.day < first_test_day + WEEK_DAYS))
    centre, spread = features[training].mean(axis=0), features[training].std(axis=0)
    spread[spread == 0] = 1.0
    weights = _fit(_design((features[training] - centre) / spread), table.is_fraud[training].astype(np.float64))
    scores = np.full(len(features), np.nan)
    scores[test] = _design((features[test] - centre) / spread) @ weights
    return scores


def book_features(traffic: Traffic, table: Columns) -> Numbers:
    """Return the fifteen features of every transaction."""
    at_s = np.array(traffic.at_s, dtype=np.int64)
    is_weekend = (table.day + _FIRST_WEEKDAY) % WEEK_DAYS >= _SATURDAY
    features = [table.amount, is_weekend.astype(np.float64), (at_s % DAY_S <= _NIGHT_UNTIL_S).astype(np.float64)]
    customers, terminals = _Grouped(at_s, table.customer), _Grouped(at_s, np.array(traffic.terminals, dtype=np.int64))
    fraud = table.is_fraud.astype(np.float64)
    for days in WINDOWS_DAYS:
        count, amounts = customers.within(days * DAY_S, 0, table.amount)
        features += [count, amounts / np.maximum(count, 1)]
    for days in WINDOWS_DAYS:
        count, frauds = terminals.within((days + DELAY_DAYS) * DAY_S, DELAY_DAYS * DAY_S, fraud)
        features += [count, frauds / np.maximum(count, 1)]
    return np.column_stack(features)


class _Grouped:
    """Transactions by a key, each key in the order of time, to add up what lies in a window before each."""

    __slots__ = ("_at", "_key", "_order", "_place")

    def __init__(self, at_s: Rows, key: Rows) -> None:
        self._order = np.lexsort((at_s, key))
        self._key = key[self._order]
        # One number that grows with the key first and with time second, so that one bisection finds both.
        self._at = at_s[self._order]
        self._place = self._key * _KEY_APART + self._at

    def within(self, from_s: int, until_s: int, values: Numbers) -> tuple[Numbers, Numbers]:
        """Return how many of the key lie between so long ago and so long ago, itself included, and their sum."""
        first_of_key = np.searchsorted(self._key, self._key, side="left")
        begin = np.maximum(np.searchsorted(self._place, self._place - from_s, side="right"), first_of_key)
        end = np.arange(1, len(self._place) + 1)
        if until_s:
            end = np.maximum(np.searchsorted(self._place, self._place - until_s, side="right"), first_of_key)
        sums = np.concatenate([[0.0], np.cumsum(values[self._order])])
        count, total = np.empty(len(values)), np.empty(len(values))
        count[self._order], total[self._order] = end - begin, sums[end] - sums[begin]
        return count, total


_KEY_APART: Final = 10**9
"""Seconds between two keys: more than any window or world is long."""


def _design(scaled: Numbers) -> Numbers:
    return np.column_stack([np.ones(len(scaled)), scaled])


def _fit(design: Numbers, labels: Numbers) -> Numbers:
    """Return the weights of a logistic regression with a ridge penalty, by Newton's method."""
    weights = np.zeros(design.shape[1])
    penalty = np.full(design.shape[1], _RIDGE)
    penalty[0] = 0.0
    for _ in range(_STEPS_MOST):
        share = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (labels - share) - penalty * weights
        curvature = (design * (share * (1 - share))[:, np.newaxis]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, slope)
        weights = weights + step
        if np.abs(step).max() < _CLOSE_ENOUGH:
            break
    return np.asarray(weights)
