"""Playing transactions: nothing is known before its time, and what was learned tells frauds from the rest."""

from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from bench.risk.resampling import Interval
from bench.risk.transactions.judging import AREA, PRECISION, area_under_curve, columns
from bench.risk.transactions.section import transactions_charts, transactions_section, why_missed
from bench.risk.transactions.simulation import Scenario, Traffic, World, simulate
from bench.risk.transactions.stream import Numbers, play
from bench.risk.transactions.trial import Plan, run

SMALL = World(seed=7, customers=60, terminals=120, days=60, radius=45, terminals_a_day=0.1, customers_a_day=0.2)


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return simulate(SMALL)


@pytest.fixture(scope="module")
def scores(traffic: Traffic) -> Numbers:
    return play(traffic, from_day=30, until_day=60)


def test_only_the_days_asked_for_are_rated(traffic: Traffic, scores: Numbers) -> None:
    rated = ~np.isnan(scores)
    assert rated.tolist() == (columns(traffic).day >= 30).tolist()


def test_stolen_purchases_are_told_from_the_customers_own(traffic: Traffic, scores: Numbers) -> None:
    table = columns(traffic)
    chosen = (table.day >= 30) & np.isin(table.scenario, [Scenario.NONE, Scenario.CUSTOMER])
    assert area_under_curve(table.is_fraud[chosen], scores[chosen]) > 0.9


def test_labels_of_the_last_week_change_no_score(traffic: Traffic, scores: Numbers) -> None:
    table = columns(traffic)
    hidden = traffic.scenarios[:]
    for row in np.flatnonzero(table.day >= 52):
        hidden[int(row)] = Scenario.NONE
    without = play(replace(traffic, scenarios=hidden), from_day=30, until_day=60)
    until_then = table.day < 59
    np.testing.assert_array_equal(without[until_then], scores[until_then])


def test_what_comes_later_changes_no_score(traffic: Traffic, scores: Numbers) -> None:
    np.testing.assert_array_equal(
        play(traffic, from_day=30, until_day=40)[columns(traffic).day < 40], scores[columns(traffic).day < 40]
    )


def test_the_part_of_the_page_says_that_it_is_synthetic() -> None:
    world = World(seed=2, customers=90, terminals=90, days=136, radius=60, terminals_a_day=0.1, customers_a_day=0.3)
    trial = run(Plan(worlds=(world,), weeks=1, draws=5), Console(quiet=True))
    text = transactions_section(trial)
    assert "Every figure of this part is synthetic" in text
    assert "| Watchword |" in text
    (chart,) = transactions_charts(trial).values()
    assert chart.startswith("<svg")


def test_what_is_missing_is_laid_to_the_worlds_only_as_far_as_the_books_own_method_loses_there() -> None:
    ahead, behind = Interval(value=0.01, low=-0.01, high=0.02), Interval(value=-0.015, low=-0.036, high=-0.005)
    excused = said(why_missed(AREA, reached=0.866, book=0.858, ahead=ahead, ceiling=0.869))
    assert "short by .004" in excused
    assert "harder by .013, which is no less than what is missing" in excused
    assert "hardly to be had here" in excused
    assert "Watchword's own" not in excused
    assert "is ahead" not in excused
    own = said(why_missed(PRECISION, reached=0.581, book=0.596, ahead=behind, ceiling=0.739))
    assert "harder by .010, and the rest of what is missing is Watchword's own" in own
    assert "that method is ahead by .015. " in own
    assert "more could be had" in own
    alone = said(why_missed(AREA, reached=0.8, book=0.9, ahead=replace(behind, high=0.001), ceiling=0.95))
    assert "no harder, so what is missing is Watchword's own" in alone
    assert "which may be chance" in alone


def said(text: str) -> str:
    return " ".join(text.split())
