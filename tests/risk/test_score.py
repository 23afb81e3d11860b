"""The plain score: where it stands for ordinary actions, and that its terms explain it."""

from math import exp

import pytest

from tests.risk.samples import NEW, TRUSTED, ordinary, rated
from watchword.risk.signals import Signals, declarations


def test_ordinary_actions_score_low() -> None:
    assert rated(ordinary("sign_in", **TRUSTED)).score < rated(ordinary("sign_in")).score < 0.1


def test_a_new_device_at_a_new_place_is_in_the_middle() -> None:
    assert rated(ordinary("sign_in", place_known=False, **NEW)).score == 0.5


def test_a_stolen_token_scores_high() -> None:
    assert rated(ordinary("sign_in", device_stolen=True, **NEW)).score > 0.9


def test_the_score_is_the_logistic_of_the_sum_of_its_terms() -> None:
    rating = rated(ordinary(place_known=False, user_failures=3, user_disputed=True))
    assert rating.score == round(1 / (1 + exp(-sum(term.nats for term in rating.terms))), 4)


def test_every_term_but_the_baseline_names_a_signal() -> None:
    everything = Signals(
        action_type="purchase",
        device_stolen=True,
        user_disputed=True,
        user_attack_suspected=True,
        user_unproven_same_type=True,
        user_recent_reset=True,
        user_failures=1,
        user_unproven_networks=1,
    )
    named = [term.signal for term in rated(everything).terms]
    assert named[0] == "baseline"
    assert set(named[1:]) <= {declared.name for declared in declarations()}
    assert len(named) == 12


@pytest.mark.parametrize(("failures", "nats"), [(1, 0.2), (10, 2.0), (11, 2.0), (2**31, 2.0)])
def test_failures_count_up_to_ten(failures: int, nats: float) -> None:
    (term,) = [term for term in rated(ordinary(user_failures=failures)).terms if term.signal == "user.failures"]
    assert (term.nats, term.text) == (nats, f"Wrong codes were typed for this user lately ({failures})")


def test_a_place_without_a_country_is_said_to_be_unknown() -> None:
    texts = [term.text for term in rated(Signals()).terms]
    assert "First action of this user from an unknown country" in texts
