"""The score of a user about whom nothing was learned: what holds and what was counted, each with its term."""

import pytest

from tests.risk.samples import NEW, TRUSTED, ordinary, rated
from watchword.risk.score import UNRATED
from watchword.risk.signals import Signals, declarations


def test_ordinary_actions_score_low() -> None:
    assert rated(ordinary("sign_in")).score < 0.05
    assert rated(ordinary("sign_in", **TRUSTED)).score <= rated(ordinary("sign_in")).score


def test_a_new_device_at_a_new_place_is_in_the_middle() -> None:
    score = rated(ordinary("sign_in", place_known=False, **NEW)).score
    assert rated(ordinary("sign_in")).score + 0.1 < score < 0.7


def test_a_stolen_token_scores_high() -> None:
    assert rated(ordinary("sign_in", device_stolen=True, **NEW)).score >= 0.7


def test_what_nobody_rated_scores_highest() -> None:
    assert UNRATED.score == 1.0


def test_every_term_but_the_first_names_a_signal_or_says_how_the_familiar_counts() -> None:
    named = [term.signal for term in rated(Signals(action_type="purchase", device_stolen=True)).terms]
    assert named[0] == "baseline"
    assert set(named[1:]) <= {declared.name for declared in declarations()} | {"familiar.place", "familiar.most"}
    assert len(set(named)) == len(named) > 10


@pytest.mark.parametrize(("failures", "nats"), [(1, 0.62), (2, 0.99), (10, 2.16), (15, 2.5), (2**31, 2.5)])
def test_each_failure_adds_less_than_the_one_before(failures: int, nats: float) -> None:
    (term,) = [term for term in rated(ordinary(user_failures=failures)).terms if term.signal == "user.failures"]
    assert (term.nats, term.text) == (nats, f"Wrong codes were typed for this user lately: {failures}")


def test_a_place_without_a_country_is_said_to_be_unknown() -> None:
    texts = [term.text for term in rated(Signals()).terms]
    assert "First action of this user from an unknown country" in texts
