"""The attackers: each takes the place of one real sign-in, and borrows only what he may."""

from collections import Counter
from random import Random

import pytest

from bench.risk.ambush import split_donors
from bench.risk.attackers import (
    ATTACKERS,
    BORROWED,
    FIRST_TIME_ATTACKERS,
    INSIDER,
    NAIVE,
    RESIDENTIAL,
    STOLEN_TOKEN,
    TAKEOVER,
    TAKEOVER_ABROAD,
    TARGETED,
    VPN,
)
from bench.risk.contest import SPLIT
from bench.risk.donors import Donors, from_new_addresses
from bench.risk.happenings import DAY_MS, Happening
from bench.risk.live_attacks import BURST, POISONER, WEEKS, with_live_attacks
from bench.risk.material import Made, Material
from bench.risk.traffic import make_traffic
from tests.bench.streams import at, sign_in

EACH = 120


@pytest.fixture(scope="module")
def material() -> Material:
    return Made(seed=3, users=2_500, each=EACH).material()


@pytest.fixture(scope="module")
def attempts(material: Material) -> list[tuple[Happening, Happening]]:
    """Every attacker with the sign-in he replaces."""
    return [(attack, material.happenings[index]) for index, some in material.attacks.items() for attack in some]


def _of(attempts: list[tuple[Happening, Happening]], attack: str) -> list[tuple[Happening, Happening]]:
    return [pair for pair in attempts if pair[0].attack == attack]


def test_each_attacker_takes_the_place_of_one_real_sign_in_of_the_test_time(
    material: Material, attempts: list[tuple[Happening, Happening]]
) -> None:
    first = material.happenings[0].at + SPLIT.test_from * DAY_MS
    assert all(real.is_legitimate and real.at >= first for _, real in attempts)
    assert all(attack.is_successful for attack, _ in attempts)
    assert all((attack.at, attack.user) == (real.at, real.user) for attack, real in attempts)
    replaced = Counter((attack.attack, real.at, real.user) for attack, real in attempts)
    assert max(replaced.values()) == 1


def test_the_stream_itself_keeps_every_real_sign_in(material: Material) -> None:
    traffic = make_traffic(3, users=round(2_500 / 0.6))
    stream, _ = split_donors(traffic.happenings, 0.4, Random(3))
    assert material.happenings == stream


def test_there_are_as_many_of_every_kind(attempts: list[tuple[Happening, Happening]]) -> None:
    counts = Counter(attack.attack for attack, _ in attempts)
    assert len(counts) == len(ATTACKERS)
    assert all(count >= 0.9 * EACH for count in counts.values())
    assert len(FIRST_TIME_ATTACKERS) == sum(count > EACH for count in counts.values())


def test_who_lends_is_not_in_the_stream(material: Material) -> None:
    traffic = make_traffic(3, users=round(2_500 / 0.6))
    stream, lent = split_donors(traffic.happenings, 0.4, Random(3))
    assert {one.user for one in stream} & {one.user for one in lent} == set()
    assert len(stream) + len(lent) == len(traffic.happenings)
    assert len(material.donors) == len(list(from_new_addresses(lent)))


def test_whom_to_keep_never_lends() -> None:
    happenings = [sign_in(user=user) for user in range(10)]
    stream, lent = split_donors(happenings, 0.5, Random(1), keep={0, 1, 2, 3, 4})
    assert {one.user for one in stream} >= {0, 1, 2, 3, 4}
    assert lent


def test_only_sign_ins_from_an_address_new_for_their_user_are_lent() -> None:
    stream = [
        sign_in(0),
        sign_in(1),
        sign_in(2, place=at(address=2)),
        sign_in(3, place=at(address=2)),
        sign_in(4, place=at(address=3), is_successful=False),
        sign_in(5, place=at(address=4), attack="guess", is_successful=False),
    ]
    assert list(from_new_addresses(stream)) == [stream[2]]


def test_with_nobody_to_borrow_from_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="nobody to borrow from"):
        Donors([sign_in(0), sign_in(1)], infrastructure=())


def test_what_is_borrowed_is_of_the_days_of_the_attack(material: Material) -> None:
    moment = material.happenings[len(material.happenings) // 2].at
    drawn = [material.donors.anybody(moment, Random(seed)) for seed in range(50)]
    assert max(abs(one.at - moment) for one in drawn) <= 12 * DAY_MS


def test_nobody_but_the_thief_of_a_cookie_has_a_token(attempts: list[tuple[Happening, Happening]]) -> None:
    assert {attack.attack for attack, _ in attempts if attack.has_token} == {STOLEN_TOKEN}
    assert all(attack.has_token for attack, _ in _of(attempts, STOLEN_TOKEN))


def test_the_residential_proxy_is_at_a_home_with_an_agent_of_the_victim(
    material: Material, attempts: list[tuple[Happening, Happening]]
) -> None:
    shown: dict[int, set[str]] = {}
    for one in material.happenings:
        shown.setdefault(one.user, set()).add(one.agent.text)
    for attack, _ in _of(attempts, RESIDENTIAL):
        assert not material.donors.is_infrastructure(attack)
        assert attack.agent.text in shown[attack.user]


def test_the_targeted_attacker_is_in_a_network_of_the_victim_at_a_new_address(
    material: Material, attempts: list[tuple[Happening, Happening]]
) -> None:
    networks: dict[int, set[int]] = {}
    for one in material.happenings:
        networks.setdefault(one.user, set()).add(one.place.network)
    assert all(attack.place.network in networks[attack.user] for attack, _ in _of(attempts, TARGETED))


def test_the_insider_sits_where_the_victim_was_last(
    material: Material, attempts: list[tuple[Happening, Happening]]
) -> None:
    addresses: dict[int, set[int]] = {}
    for one in material.happenings:
        addresses.setdefault(one.user, set()).add(one.place.address)
    assert all(attack.place.address in addresses[attack.user] for attack, _ in _of(attempts, INSIDER))


def test_the_vpn_attacker_comes_from_the_country_of_the_victim_more_than_the_naive_one(
    attempts: list[tuple[Happening, Happening]],
) -> None:
    def same(attack: str) -> float:
        pairs = _of(attempts, attack)
        return sum(one.place.country == real.place.country for one, real in pairs) / len(pairs)

    assert same(VPN) > 0.9
    assert same(NAIVE) < 0.4


def test_takeovers_have_the_published_marginals() -> None:
    attempts = [
        (attack, material.happenings[index])
        for material in [Made(seed=4, users=4_000, each=900).material()]
        for index, some in material.attacks.items()
        for attack in some
    ]
    abroad = [attack for attack, _ in _of(attempts, TAKEOVER_ABROAD)]
    assert sum(one.place.country == "RO" for one in abroad) / len(abroad) == pytest.approx(0.56, abs=0.05)
    takeovers = _of(attempts, TAKEOVER)
    at_home = sum(one.place.country == real.place.country for one, real in takeovers) / len(takeovers)
    assert at_home == pytest.approx(0.27, abs=0.1)
    assert len(_of(attempts, BORROWED)) > 900


def test_the_poisoner_guesses_first_and_comes_back_every_week(material: Material) -> None:
    stream = with_live_attacks(material.happenings, material.donors, Random(1), poisoners=3)
    mine: dict[int, list[Happening]] = {}
    for one in stream:
        if one.attack.startswith(POISONER):
            mine.setdefault(one.user, []).append(one)
    assert len(mine) == 3
    for deeds in mine.values():
        assert [one.is_successful for one in deeds] == [False] * 4 + [True] * WEEKS
        assert len({(one.place, one.agent) for one in deeds}) == 1
    assert [one for one in stream if not one.attack.startswith((POISONER, BURST))] == list(material.happenings)


def test_a_burst_comes_from_few_addresses_within_half_an_hour(material: Material) -> None:
    stream = with_live_attacks(material.happenings, material.donors, Random(1), poisoners=0)
    burst = [one for one in stream if one.attack == BURST]
    assert len({one.place.address for one in burst}) <= 24
    assert len({one.at // (2 * 3_600_000) for one in burst}) <= 12
    assert 0.02 < sum(one.is_successful for one in burst) / len(burst) < 0.09
