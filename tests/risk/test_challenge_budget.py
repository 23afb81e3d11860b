"""The threshold that follows legitimate traffic: within bounds, to the share asked for, and hardly moved by few."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.risk.samples import NOW, an_application
from watchword.domain.application import Application
from watchword.domain.instant import DAY_MS, HOUR_MS, Instant, later
from watchword.risk.challenge_budget import (
    DEFAULT_THRESHOLD,
    HIGHEST_THRESHOLD,
    LOWEST_THRESHOLD,
    PERCENT_LEAST,
    PERCENT_MOST,
    Legitimate,
    LegitimateTraffic,
    state_of,
    threshold_of,
)
from watchword.risk.counts import Counts

TWO_PERCENT = replace(an_application(), challenge_budget={"purchase": 2.0})


def an_action(score: float, user: int = 0, at: Instant = NOW, **changes: Any) -> Legitimate:
    plain = Legitimate(
        action_type="purchase",
        user_key=user.to_bytes(8),
        score=score,
        threshold=DEFAULT_THRESHOLD,
        asked_anyway=False,
        account_age_days=30.0,
        at=at,
    )
    return replace(plain, **changes)


def noted(scores: Iterable[float]) -> Counts:
    """Give counts of one action each of as many users."""
    counts = Counts()
    traffic = LegitimateTraffic(counts)
    for user, score in enumerate(scores):
        traffic.note(an_action(score, user))
    return counts


def some_scores(number: int, seed: int = 1) -> Sequence[float]:
    """Give scores as they are spread in ordinary traffic: most of them low, and a tail."""
    chance = Random(seed)
    return [round(chance.betavariate(0.6, 3.0), 4) for _ in range(number)]


def share_at(scores: Sequence[float], threshold: float) -> float:
    return 100 * sum(score >= threshold for score in scores) / len(scores)


def threshold(counts: Counts, application: Application = TWO_PERCENT) -> float:
    return threshold_of(counts, application, "purchase", NOW)


def test_nothing_asked_for_is_the_default() -> None:
    counts = noted(some_scores(5_000))
    assert threshold(counts, an_application()) == DEFAULT_THRESHOLD
    assert threshold_of(counts, TWO_PERCENT, "sign_in", NOW) == DEFAULT_THRESHOLD


@pytest.mark.parametrize(("percent", "enough"), [(2.0, 1_000), (20.0, 200)])
def test_too_few_actions_are_the_default(percent: float, enough: int) -> None:
    application = replace(TWO_PERCENT, challenge_budget={"purchase": percent})
    assert threshold(noted([0.1] * (enough - 1)), application) == DEFAULT_THRESHOLD
    assert threshold(noted([0.1] * (enough + 1)), application) != DEFAULT_THRESHOLD


@pytest.mark.parametrize("percent", [0.5, 2.0, 5.0, 20.0])
def test_steady_traffic_comes_to_the_share_asked_for_and_not_above(percent: float) -> None:
    scores = some_scores(20_000)
    found = threshold(noted(scores), replace(TWO_PERCENT, challenge_budget={"purchase": percent}))
    assert LOWEST_THRESHOLD < found < HIGHEST_THRESHOLD
    assert 0.7 * percent < share_at(scores, found) <= percent
    assert 0.6 * percent < share_at(some_scores(20_000, seed=2), found) < 1.3 * percent


@given(
    scores=st.lists(st.floats(0, 1), max_size=30),
    times=st.integers(1, 200),
    percent=st.floats(PERCENT_LEAST, PERCENT_MOST),
)
def test_the_threshold_stays_within_its_bounds_whatever_the_traffic(
    scores: list[float], times: int, percent: float
) -> None:
    application = replace(TWO_PERCENT, challenge_budget={"purchase": percent})
    everything = [round(score, 4) for score in scores] * times
    found = threshold(noted(everything), application)
    assert LOWEST_THRESHOLD <= found <= HIGHEST_THRESHOLD
    if found not in (DEFAULT_THRESHOLD, HIGHEST_THRESHOLD):
        assert share_at(everything, found) <= percent + 1e-9


def test_the_bounds_hold_where_all_scores_are_alike() -> None:
    assert threshold(noted([0.0] * 2_000)) == LOWEST_THRESHOLD
    assert threshold(noted([1.0] * 2_000)) == HIGHEST_THRESHOLD


def test_few_users_hardly_move_it_however_often_they_come() -> None:
    scores = some_scores(5_000)
    counts = noted(scores)
    before = threshold(counts)
    traffic = LegitimateTraffic(counts)
    for number in range(10_000):
        traffic.note(an_action(0.94, user=10_000 + number % 20))
    assert before <= threshold(counts) < 1.1 * before


def test_what_is_asked_anyway_spends_nothing_and_is_part_of_the_whole() -> None:
    scores = some_scores(4_000)
    counts = noted(scores)
    alone = threshold(counts)
    traffic = LegitimateTraffic(counts)
    for user in range(4_000):
        traffic.note(an_action(0.94, 10_000 + user, asked_anyway=True))
    state = state_of(counts, TWO_PERCENT, "purchase", NOW)
    assert state.threshold == threshold(counts) < alone
    assert 3.0 < share_at(scores, state.threshold) <= 4.0  # two percent of twice as many
    assert state.actions == pytest.approx(8_000)
    assert state.reached_percent == pytest.approx(share_at(scores, DEFAULT_THRESHOLD) / 2)


def test_new_accounts_count_a_tenth() -> None:
    counts = noted(some_scores(5_000))
    before = threshold(counts)
    traffic = LegitimateTraffic(counts)
    for number in range(200):
        traffic.note(an_action(0.94, user=10_000 + number, account_age_days=6.9))
    assert before <= threshold(counts) < 1.2 * before


def test_a_user_counts_once_for_each_day_and_type() -> None:
    counts = Counts()
    traffic = LegitimateTraffic(counts)
    for hours in (0, 1, 2):
        traffic.note(an_action(0.2, at=later(NOW, hours=hours)))
        traffic.note(an_action(0.2, at=later(NOW, hours=hours), action_type="sign_in"))
    for action_type in ("purchase", "sign_in"):
        assert state_of(counts, TWO_PERCENT, action_type, NOW).actions == pytest.approx(1.0)
    traffic.note(an_action(0.2, at=Instant(NOW + DAY_MS)))
    assert state_of(counts, TWO_PERCENT, "purchase", NOW).actions == pytest.approx(2.0, rel=0.02)


def test_fraud_is_taken_back_once_wherever_it_was_noted() -> None:
    counts = noted([0.2] * 1_000)
    here, there = LegitimateTraffic(counts), LegitimateTraffic(Counts())
    there.note(an_action(0.2, user=7))
    for _ in range(3):
        here.take_back(an_action(0.2, user=7))
    assert state_of(counts, TWO_PERCENT, "purchase", NOW).actions == pytest.approx(999.0)


def test_more_taken_back_than_there_was_is_nothing() -> None:
    counts = Counts()
    LegitimateTraffic(counts).take_back(an_action(0.9))
    state = state_of(counts, TWO_PERCENT, "purchase", NOW)
    assert (state.actions, state.reached_percent, state.threshold) == (0.0, None, DEFAULT_THRESHOLD)


def test_processes_merge_what_they_noted() -> None:
    scores = some_scores(4_000)
    together, halves = Counts(), (noted(scores[:2_000]), noted(scores[2_000:]))
    stored: dict[bytes, float] = {}
    for half in halves:
        for key, weight in half.drain().items():
            stored[key] = stored.get(key, 0.0) + weight
    together.absorb(stored)
    assert threshold(together) == threshold(noted(scores))


def test_old_traffic_fades_away_from_new() -> None:
    counts = noted([0.6] * 3_000)
    traffic, half_a_year = LegitimateTraffic(counts), Instant(NOW + 240 * DAY_MS)
    assert threshold(counts) == threshold_of(counts, TWO_PERCENT, "purchase", Instant(NOW + 30 * DAY_MS)) > 0.6
    for user in range(10_000):
        traffic.note(an_action(0.1, user, at=half_a_year))
    assert threshold_of(counts, TWO_PERCENT, "purchase", half_a_year) < 0.2


def test_the_state_says_what_was_reached_and_what_is_missing() -> None:
    counts = Counts()
    traffic = LegitimateTraffic(counts)
    for user in range(100):
        traffic.note(an_action(0.8 if user < 3 else 0.1, user, threshold=0.75))
    state = state_of(counts, TWO_PERCENT, "purchase", NOW)
    assert (state.asked_percent, state.threshold, state.actions_needed) == (2.0, DEFAULT_THRESHOLD, 1_000.0)
    assert state.actions == pytest.approx(100)
    assert state.reached_percent == pytest.approx(3.0)
    unlimited = state_of(counts, an_application(), "purchase", NOW)
    assert (unlimited.asked_percent, unlimited.actions_needed) == (None, 0.0)


def test_what_a_day_is_follows_the_action_and_not_the_hour_of_its_noting() -> None:
    counts = Counts()
    traffic = LegitimateTraffic(counts)
    late = Instant(NOW - NOW % DAY_MS + DAY_MS - HOUR_MS)
    for at in (late, Instant(late + 2 * HOUR_MS), late):
        traffic.note(an_action(0.2, at=at))
    assert state_of(counts, TWO_PERCENT, "purchase", NOW).actions == pytest.approx(3.0, rel=0.02)
