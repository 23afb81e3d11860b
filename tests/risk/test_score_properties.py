"""What holds for every rating: its terms make it, and nothing that is riskier ever lowers it (I12)."""

from dataclasses import replace
from math import exp, isfinite
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.risk.learned import HOME, a_memory, at_day, contributions, some_traffic
from tests.risk.samples import NEW, TRUSTED, any_signals, ordinary
from watchword.risk.memory import NO_MEMORY, PROVEN, Memory, learn
from watchword.risk.population import Population
from watchword.risk.score import Evidence, Rating, rate
from watchword.risk.signals import Signals
from watchword.risk.traits import UNKNOWN_TRAITS, Level, Traits

EXAMPLES = settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow], deadline=None)
FLAGS: tuple[dict[str, Any], ...] = (
    {"device_stolen": True},
    {"place_known": False},
    {"network_hosting": True},
    {"network_vpn": True},
    {"network_tor": True},
    {"network_listed": True},
    {"agent_automated": True},
    {"travel_impossible": True},
    {"time_unusual": True},
    {"user_registered": False},
    {"user_unproven_same_type": True},
    {"user_attack_suspected": True},
    {"user_disputed": True},
    {"user_recent_reset": True},
    {"user_changed_hours": 0.0},
    {"contact_age_hours": 0.0},
    {"contact_disposable": True},
    {"contact_stale": True},
    {"contact_phone_type": "voip"},
    {"lane": "open"},
    {"action_high_amount": True, "purchase_high_value": True},
)
COUNTERS = (
    "user_failures",
    "user_unproven_networks",
    "velocity_user",
    "velocity_address",
    "velocity_network",
    "velocity_contact",
    "velocity_users_at_address",
    "velocity_unproven_at_address",
)
NEVER_SEEN = 999_999


@pytest.fixture(scope="module")
def traffic() -> Population:
    return some_traffic()


@st.composite
def situations(draw: st.DrawFn) -> tuple[Signals, Memory, tuple[int | None, ...]]:
    """Give an action of a user who came for a while, from where he was seen or from somewhere else."""
    memory = a_memory(draw(st.integers(0, 30))) if draw(st.booleans()) else NO_MEMORY
    for contribution in draw(st.lists(contributions(), max_size=12)):
        memory = learn(memory, contribution, PROVEN)
    seen = [
        st.sampled_from([*shelf.entries, home, level * 100 + 105]) | st.none()
        for level, shelf, home in zip(Level, memory.shelves, HOME, strict=True)
    ]
    signals = draw(st.just(ordinary("sign_in")) | st.just(ordinary("sign_in", **NEW)) | any_signals())
    return signals, memory, tuple(draw(st.tuples(*seen)))


Situation = tuple[Signals, Memory, tuple[int | None, ...]]
SITUATIONS = situations()


def rated(
    signals: Signals, memory: Memory, values: tuple[int | None, ...], traffic: Population, **spent: Any
) -> Rating:
    return rate(
        signals, Evidence(now=at_day(31), traits=Traits(values=values), memory=memory, population=traffic, **spent)
    )


def changed(values: tuple[int | None, ...], level: Level, value: int | None) -> tuple[int | None, ...]:
    return (*values[:level], value, *values[level + 1 :])


def counting(signals: Signals, counter: str, count: float) -> Signals:
    change: dict[str, Any] = {counter: count}
    return replace(signals, **change)


@EXAMPLES
@given(situation=SITUATIONS)
def test_the_terms_sum_to_the_log_odds_of_the_score(situation: Situation, traffic: Population) -> None:
    rating = rated(*situation, traffic)
    assert all(isfinite(term.nats) and term.text for term in rating.terms)
    assert rating.score == round(1 / (1 + exp(-round(sum(term.nats for term in rating.terms), 2))), 4)
    assert len({term.signal for term in rating.terms}) == len(rating.terms)


@EXAMPLES
@given(situation=SITUATIONS, change=st.sampled_from(FLAGS))
def test_a_flag_never_lowers_the_score(situation: Situation, change: dict[str, Any], traffic: Population) -> None:
    signals, memory, values = situation
    assert rated(replace(signals, **change), memory, values, traffic).score >= rated(*situation, traffic).score


@EXAMPLES
@given(situation=SITUATIONS, counter=st.sampled_from(COUNTERS), more=st.integers(1, 50))
def test_a_count_never_lowers_the_score(situation: Situation, counter: str, more: int, traffic: Population) -> None:
    signals, memory, values = situation
    count = getattr(signals, counter)
    least = count if isfinite(count) else 0
    few, many = (counting(signals, counter, least + step) for step in (0, more))
    assert rated(many, memory, values, traffic).score >= rated(few, memory, values, traffic).score


@EXAMPLES
@given(situation=SITUATIONS, level=st.sampled_from(Level), missing=st.booleans())
def test_what_was_never_seen_or_is_missing_never_lowers_the_score(
    situation: Situation, level: Level, missing: bool, traffic: Population
) -> None:
    signals, memory, values = situation
    if not memory.knows(level, values[level], at_day(31)):
        values = changed(values, level, NEVER_SEEN)
    before = rated(signals, memory, values, traffic)
    after = rated(signals, memory, changed(values, level, None if missing else NEVER_SEEN), traffic)
    assert after.score >= before.score


@EXAMPLES
@given(situation=SITUATIONS)
def test_missing_is_never_safer_than_anything_known(situation: Situation, traffic: Population) -> None:
    signals, memory, values = situation
    after = rated(signals, memory, UNKNOWN_TRAITS.values, traffic)
    assert after.score >= rated(signals, memory, values, traffic).score


@EXAMPLES
@given(situation=SITUATIONS)
def test_trusted_known_and_new_devices_rise_in_this_order(situation: Situation, traffic: Population) -> None:
    signals, memory, values = situation
    known = {**TRUSTED, "device_state": "known", "device_trusted": False}
    scores = [rated(replace(signals, **state), memory, values, traffic).score for state in (TRUSTED, known, NEW)]
    assert scores == sorted(scores)


@EXAMPLES
@given(situation=SITUATIONS, log_amount=st.floats(-3, 12), more=st.floats(0, 8))
def test_a_larger_amount_never_lowers_the_score(
    situation: Situation, log_amount: float, more: float, traffic: Population
) -> None:
    signals, memory, values = situation
    purchase = replace(signals, action_type="purchase")
    small, large = (
        rated(purchase, memory, values, traffic, log_amount=amount, currency="USD")
        for amount in (log_amount, log_amount + more)
    )
    assert large.score >= small.score


@EXAMPLES
@given(values=st.tuples(*(st.sampled_from([home, home + 4, None]) for home in HOME)))
@example(values=HOME)
def test_a_new_country_weighs_at_least_as_much_as_a_new_network_in_a_seen_one(
    values: tuple[int | None, ...], traffic: Population
) -> None:
    memory, signals = a_memory(), ordinary("sign_in")
    seen = changed(values, Level.COUNTRY, HOME[Level.COUNTRY])
    for country in (105, NEVER_SEEN, None):
        abroad = changed(values, Level.COUNTRY, country)
        assert rated(signals, memory, abroad, traffic).score >= rated(signals, memory, seen, traffic).score


def test_all_that_is_familiar_takes_away_six_nats_at_most(traffic: Population) -> None:
    rating = rated(ordinary("sign_in", **TRUSTED), a_memory(30), HOME, traffic)
    less = [term.nats for term in rating.terms]
    assert -5.5 <= sum(less) - less[0] < -4.0, "six at most, and a tenth of what is beyond four"
    assert sum(nats for nats in less[1:] if nats < 0) < -7.0, "or there was nothing to limit"
    assert "familiar.most" in [term.signal for term in rating.terms]


def test_a_token_does_not_win_alone_against_a_strange_place(traffic: Population) -> None:
    elsewhere = (NEVER_SEEN, NEVER_SEEN, NEVER_SEEN, *HOME[3:])
    known = rated(ordinary("sign_in", place_known=False), a_memory(30), elsewhere, traffic)
    home = rated(ordinary("sign_in"), a_memory(30), HOME, traffic)
    (strange,) = [term for term in known.terms if term.signal == "device.state"]
    (usual,) = [term for term in home.terms if term.signal == "device.state"]
    assert strange.nats > usual.nats / 2
    assert "counts less" in strange.text


@pytest.mark.parametrize("flag", ["network_hosting", "network_vpn", "network_listed", "network_tor"])
def test_a_list_speaks_of_a_new_network_and_not_of_a_known_one(flag: str, traffic: Population) -> None:
    quiet = ordinary("sign_in", network_asn=64_500)
    named = counting(quiet, flag, True)
    new, known = (101, 8_888, 9, *HOME[3:]), HOME
    assert rated(named, a_memory(), new, traffic).score > rated(quiet, a_memory(), new, traffic).score
    assert rated(named, a_memory(), known, traffic).score == rated(quiet, a_memory(), known, traffic).score
    assert flag.replace("_", ".") in [term.signal for term in rated(named, a_memory(), new, traffic).terms]


def test_a_burst_speaks_from_a_network_that_hardly_any_user_has(traffic: Population) -> None:
    many = ordinary("sign_in", velocity_network=50.0)
    rare = [term.signal for term in rated(many, a_memory(), (101, 8_888, 9, *HOME[3:]), traffic).terms]
    usual = [term.signal for term in rated(many, a_memory(), HOME, traffic).terms]
    assert "velocity.network" in rare
    assert "velocity.network" not in usual


def test_every_level_says_its_sentence_in_plain_names(traffic: Population) -> None:
    signals = ordinary(
        "sign_in", place_country="RO", network_asn=9009, agent_type="desktop", agent_os="Windows", agent_browser="Edge"
    )
    home = [term.text for term in rated(signals, a_memory(), HOME, traffic).terms]
    away = [term.text for term in rated(signals, a_memory(), (105, 205, 305, 405, 505, 605, 705), traffic).terms]
    assert "This user was seen in RO before" in home
    assert "This user was seen in network AS9009 before" in home
    assert any(text.startswith("First sign of this user in RO; fewer than 1 of 1,000") for text in away)
    assert any(text.startswith("First sign of this user with a device of type desktop; ") for text in away)


def test_what_nobody_said_is_never_told_as_a_finding(traffic: Population) -> None:
    everything_left_out = Signals(action_type="sign_in", time_hour=12)
    texts = {
        term.signal: term.text for term in rated(everything_left_out, NO_MEMORY, UNKNOWN_TRAITS.values, traffic).terms
    }
    assert texts["network.tor"] == "The address was not said, which counts like an exit of Tor"
    assert texts["travel.impossible"].startswith("How fast this user would have travelled is not known")
    assert texts["agent.automated"].startswith("No user agent came with it")
    assert texts["contact.disposable"].startswith("The user is not registered")
    assert texts["contact.age_hours"].startswith("The user is not registered")
    assert texts["velocity.network"].endswith("is not known")


def test_a_network_that_no_file_tells_is_not_told_as_one_that_was_recognised(traffic: Population) -> None:
    online, local = (
        [term.text for term in rated(ordinary("sign_in", **place), a_memory(), HOME, traffic).terms]
        for place in ({"place_country": "RO", "network_asn": 0}, {"place_country": "local", "network_asn": 0})
    )
    assert "No file tells the network of this address, so it counts as one seen before" in online
    assert "This user was seen in the local network before" in local
