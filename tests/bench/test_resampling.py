"""The bootstrap over users: weights give what drawn users would, and its intervals are as wide as they should be."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.risk.contest import Scores, Split
from bench.risk.figures import ACHIEVED, CAUGHT_AT, CAUGHT_EVEN, CHALLENGED_AT, measure
from bench.risk.measures import share_from, threshold_at_caught, threshold_at_rate
from bench.risk.resampling import Ranked, interval, user_weights

ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=30)
WEIGHTS = st.lists(st.integers(0, 3), min_size=4, max_size=4).filter(any)


@given(rows=ROWS, weights=WEIGHTS, share=st.sampled_from([0.0, 0.1, 0.5, 0.9, 0.99]))
def test_a_weight_counts_like_so_many_equal_users(
    rows: list[tuple[int, int]], weights: list[int], share: float
) -> None:
    scores, users = np.array([float(score) for score, _ in rows]), np.array([user for _, user in rows])
    counts = np.array(weights)[users]
    repeated = np.repeat(scores, counts)
    if not len(repeated):
        return
    weighed = Ranked(scores, users).weigh(np.array(weights))
    at_rate, at_caught = weighed.threshold_at_rate(share), weighed.threshold_at_caught(max(share, 0.1))
    assert weighed.share_from(at_rate) == pytest.approx(share_from(repeated, threshold_at_rate(repeated, share)))
    assert at_caught == threshold_at_caught(repeated, max(share, 0.1))
    assert weighed.share_from(2.0) == pytest.approx(share_from(repeated, 2.0))


def test_everybody_counts_once_before_anybody_is_drawn() -> None:
    first, *drawn = user_weights(50, 3, seed=1)
    assert first.tolist() == [1] * 50
    assert [weights.sum() for weights in drawn] == [50, 50, 50]
    assert [weights.tolist() for weights in user_weights(50, 3, seed=1)][1:] == [weights.tolist() for weights in drawn]


def test_users_are_drawn_and_not_sign_ins() -> None:
    # 100 users of whom each is challenged always or never: the interval is that of 100 coins, not of 2,000.
    users = np.repeat(np.arange(100), 20)
    scores = (users % 2).astype(float)
    ranked = Ranked(scores, users)
    value, *draws = (ranked.weigh(weights).share_from(1.0) for weights in user_weights(100, 2_000, seed=3))
    found = interval(value, np.array(draws))
    assert found.value == 0.5
    assert (found.low, found.high) == pytest.approx((0.402, 0.598), abs=0.02)


def test_the_draws_differ_with_the_seed() -> None:
    draws = [next(islice(user_weights(20, 1, seed=seed), 1, None)).tolist() for seed in (1, 2)]
    assert draws[0] != draws[1]


def test_models_are_compared_where_they_ask_equally_often() -> None:
    # 100 users validate from 0 to 99 and test twice as high: the carried threshold asks half of them, the even one few.
    users = np.arange(100)
    scores = Scores(
        names=("one",),
        score=np.concatenate([users, 2.0 * users, [185.0, 150.0]]).reshape(-1, 1),
        user=np.concatenate([users, users, [0, 1]]),
        day=np.repeat([10, 20], [100, 102]),
        depth=np.ones(202, dtype=np.int64),
        attack=np.array([""] * 200 + ["naive"] * 2),
    )
    split = Split(rated_from=0, validation_from=5, test_from=15)
    (figures,) = measure({"one": (scores, "one")}, split, draws=5, seed=1).values()
    assert figures.interval(("", ACHIEVED, 0.05)).value == pytest.approx(0.52, abs=0.011)
    assert figures.interval(("naive", CAUGHT_AT, 0.05)).value == 1.0
    assert figures.interval(("naive", CAUGHT_EVEN, 0.05)).value == 0.0
    assert figures.interval(("naive", CHALLENGED_AT, 0.9)).value == pytest.approx(0.25, abs=0.001)
