"""Thresholds, rates and exact intervals, against values counted by hand or published."""

import numpy as np
import pytest

from bench.risk.measures import (
    area_under_curve,
    challenged_at_caught,
    exact_interval,
    share_from,
    threshold_at_caught,
    threshold_at_rate,
)

TEN = np.arange(10.0)


def test_the_threshold_for_a_rate_challenges_no_more_than_that() -> None:
    assert [share_from(TEN, threshold_at_rate(TEN, rate)) for rate in (0.0, 0.1, 0.25, 0.5, 1.0)] == [
        0,
        0.1,
        0.2,
        0.5,
        1,
    ]


def test_a_tie_is_challenged_as_a_whole_or_not_at_all() -> None:
    tied = np.array([3.0, 2.0, 2.0, 2.0, 1.0])
    assert share_from(tied, threshold_at_rate(tied, 0.5)) == 0.2
    assert share_from(tied, threshold_at_rate(tied, 0.8)) == 0.8


def test_the_threshold_for_a_share_of_attackers_catches_at_least_that() -> None:
    assert [threshold_at_caught(TEN, caught) for caught in (0.9, 0.95, 1.0)] == [1.0, 0.0, 0.0]


def test_what_cannot_be_told_apart_costs_everybody() -> None:
    assert challenged_at_caught(np.zeros(5), np.zeros(5), 0.9) == 1.0
    assert challenged_at_caught(np.zeros(5), np.ones(5), 0.9) == 0.0


def test_an_infinite_score_can_be_ranked() -> None:
    assert challenged_at_caught(np.array([0.0, np.inf]), np.array([np.inf]), 0.9) == 0.5


def test_the_area_counts_ties_half() -> None:
    assert area_under_curve(np.array([1.0, 2.0]), np.array([2.0, 3.0])) == 0.875
    assert area_under_curve(np.zeros(3), np.zeros(4)) == 0.5


@pytest.mark.parametrize(
    ("successes", "low", "high"), [(4, 0.03, 0.25), (15, 0.24, 0.57), (16, 0.26, 0.59), (25, 0.49, 0.80)]
)
def test_the_exact_interval_is_that_of_published_counts_out_of_38(successes: int, low: float, high: float) -> None:
    found = exact_interval(successes, 38)
    assert (round(found[0], 2), round(found[1], 2)) == (low, high)


def test_the_exact_interval_of_nothing_and_of_all_ends_there() -> None:
    assert exact_interval(0, 10) == pytest.approx((0.0, 0.3085), abs=1e-4)
    assert exact_interval(10, 10) == pytest.approx((0.6915, 1.0), abs=1e-4)
