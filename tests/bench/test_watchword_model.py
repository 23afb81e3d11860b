"""The product's model in the measurement: played as the product plays it, and counting as the product counts."""

from random import Random

import pytest

from bench.risk.happenings import HOUR_MS
from bench.risk.recent_past import RecentPast
from bench.risk.watchword_model import WATCHWORD, WatchwordModel, contribution_of
from tests.bench.streams import DESK, START, at, sign_in
from watchword.domain.budget import Lane
from watchword.domain.instant import Instant
from watchword.risk.traits import Level
from watchword.risk.velocity import Sighting, Velocity

STRANGE = at(country="RO", network=7, address=9)


def _taught(days: int = 10) -> WatchwordModel:
    model = WatchwordModel()
    for user in (1, 2, 3):
        for day in range(days):
            model.learn(sign_in(day + user / 10, user=user))
    return model


def test_the_score_is_the_sum_of_the_terms() -> None:
    model, happening = _taught(), sign_in(20, place=STRANGE)
    rating = model.rating(happening)
    assert model.score(happening) == pytest.approx((sum(term.nats for term in rating.terms),))
    assert rating.score > model.rating(sign_in(20)).score


def test_four_wrong_passwords_do_not_make_a_place_familiar() -> None:
    model, attacker = _taught(), sign_in(20, place=STRANGE, agent=DESK)
    before = model.rating(attacker)
    for guess in range(4):
        model.learn(sign_in(20 - 1 - guess / 100, place=STRANGE, agent=DESK, is_successful=False))
    assert model.rating(attacker) == before


def test_rating_leaves_no_trace() -> None:
    model, attacker = _taught(), sign_in(20, place=STRANGE, agent=DESK)
    first = model.rating(attacker)
    for _ in range(5):
        assert model.rating(attacker) == first
    assert model.rating(sign_in(20)) == _taught().rating(sign_in(20))


def test_what_nobody_disputes_for_a_day_counts_more() -> None:
    model = _taught(days=2)
    model.learn(sign_in(5, place=STRANGE))
    soon = model.rating(sign_in(5.9, place=STRANGE)).score
    later = model.rating(sign_in(6.1, place=STRANGE)).score
    assert later < soon


def test_values_are_hashed_along_their_chains() -> None:
    one, other = contribution_of(sign_in()), contribution_of(sign_in(place=at(address=2), agent=DESK))
    same = [level for level in Level if one.traits.values[level] == other.traits.values[level]]
    assert same == [Level.COUNTRY, Level.NETWORK]


def test_taken_apart_it_still_says_the_same_first() -> None:
    whole, apart = WatchwordModel(), WatchwordModel(is_taken_apart=True)
    for day in range(5):
        whole.learn(sign_in(day))
        apart.learn(sign_in(day))
    asked = sign_in(6, place=STRANGE)
    assert apart.names[0] == WATCHWORD
    assert len(apart.score(asked)) == len(apart.names)
    assert apart.score(asked)[:1] == whole.score(asked)
    # Of a place that no list names it says the same without lists; without the places it says less.
    assert apart.score(asked)[1] == apart.score(asked)[0] > apart.score(asked)[2]


def test_without_lists_it_is_as_if_no_list_named_the_place() -> None:
    apart = WatchwordModel(is_taken_apart=True)
    for day in range(5):
        apart.learn(sign_in(day))
    named = at(country="RO", network=7, address=9, is_hosting=True, is_vpn=True)
    assert apart.score(sign_in(6, place=named))[1] == apart.score(sign_in(6, place=STRANGE))[0]
    assert apart.score(sign_in(6, place=named))[0] > apart.score(sign_in(6, place=STRANGE))[0]


def test_the_past_says_what_the_velocity_of_the_product_counts() -> None:
    chance, past, velocity = Random(1), RecentPast(), Velocity()
    moment = START
    for _ in range(400):
        moment = Instant(moment + chance.randrange(HOUR_MS // 4))
        happening = sign_in(
            user=chance.randrange(6),
            at=moment,
            place=at(address=chance.randrange(4), network=chance.randrange(2)),
            has_token=chance.random() < 0.5,
        )
        seen = Sighting(
            user=happening.user,
            address=happening.place.address,
            network=happening.place.network,
            contacts=(),
            lane=Lane.OWN if happening.has_token else Lane.OPEN,
        )
        said, counted = past.rates(happening), velocity.count(seen, moment)
        past.count(happening)
        assert (said.user, said.address, said.network, said.users_at_address) == pytest.approx(
            (counted.user, counted.address, counted.network, counted.users_at_address), abs=0.02
        )
