"""The baselines on streams so small that their scores were worked out by hand."""

from math import inf, log

import pytest

from bench.risk.freeman import ADDRESS_WEIGHTS, AGENT_WEIGHTS, Freeman
from bench.risk.plain_models import Dirichlet, ExactAddress, NewDevice
from tests.bench.streams import DESK, at, sign_in


def test_freeman_cannot_rate_a_first_sign_in() -> None:
    assert Freeman().score(sign_in()) == (inf,)


def test_freeman_rates_what_everybody_always_shows_as_ordinary() -> None:
    model = Freeman()
    model.learn(sign_in())
    # One sign-in, one value: globally 1 · (1 − 2/3) at the finest level, and the same within the coarser ones.
    smoothed = 1 / 3
    overall = smoothed * sum(ADDRESS_WEIGHTS)
    local = ADDRESS_WEIGHTS[0] + smoothed * sum(ADDRESS_WEIGHTS[1:])
    overall_agent = smoothed * sum(AGENT_WEIGHTS)
    local_agent = AGENT_WEIGHTS[0] + smoothed * sum(AGENT_WEIGHTS[1:])
    expected = log(overall / local) + log(overall_agent / local_agent) - log(1 * 1 / 1)
    assert model.score(sign_in(1)) == pytest.approx((expected,))


def test_freeman_gives_a_quarter_where_a_user_never_showed_any_level() -> None:
    model = Freeman()
    model.learn(sign_in(user=1))
    model.learn(sign_in(user=2, place=at(country="RO", network=7, address=9), agent=DESK))
    strange = sign_in(1, user=1, place=at(country="RO", network=7, address=9), agent=DESK)
    # Both features at a quarter of the global likelihood, two users with half of the sign-ins each.
    assert model.score(strange) == pytest.approx((2 * log(4) - log(2 * 1 / 2),))


def test_freeman_suspects_a_new_address_in_the_usual_network_less_than_one_elsewhere() -> None:
    model = Freeman()
    for day in range(5):
        model.learn(sign_in(day))
    model.learn(sign_in(5, user=2, place=at(country="RO", network=7, address=9)))
    near, far = sign_in(6, place=at(address=3)), sign_in(6, place=at(country="RO", network=7, address=3))
    assert model.score(sign_in(6)) < model.score(near) < model.score(far)


def test_dirichlet_charges_for_a_new_value_by_history_alone() -> None:
    model = Dirichlet()
    for day in range(5):
        model.learn(sign_in(day))
    known = log(6 / 7) - log((5 + 5 * 6 / 7) / 10)
    new = log(1 / 7) - log((0 + 5 / 7) / 10)
    assert new == pytest.approx(log((5 + 5) / 5))
    assert model.score(sign_in(6)) == pytest.approx((7 * known,))
    assert model.score(sign_in(6, place=at(address=2))) == pytest.approx((6 * known + new,))


@pytest.mark.parametrize("model", [Freeman(), Dirichlet()])
def test_a_wrong_password_teaches_the_baselines_nothing(model: Freeman | Dirichlet) -> None:
    model.learn(sign_in())
    before = model.score(sign_in(2, agent=DESK))
    model.learn(sign_in(1, agent=DESK, is_successful=False))
    assert model.score(sign_in(2, agent=DESK)) == before


def test_the_rule_about_devices_looks_at_token_and_agent() -> None:
    model = NewDevice()
    model.learn(sign_in())
    asked = [sign_in(1), sign_in(1, agent=DESK), sign_in(1, agent=DESK, has_token=True), sign_in(1, user=2)]
    assert [model.score(one) for one in asked] == [(0,), (1,), (0,), (1,)]


def test_the_rule_about_addresses_looks_at_the_user_s_own() -> None:
    model = ExactAddress()
    model.learn(sign_in())
    asked = [sign_in(1, agent=DESK), sign_in(1, place=at(address=2)), sign_in(1, user=2)]
    assert [model.score(one) for one in asked] == [(0,), (1,), (1,)]
