"""What is observed of where, what with and when: it is known only of what the user's memory holds."""

from dataclasses import replace
from typing import Any

import pytest

from tests.risk.samples import (
    A_PROFILE,
    A_TRAITS,
    A_USER,
    KNOWN_FACTS,
    NEW_DEVICE,
    NOW,
    a_contribution,
    an_action,
    an_application,
)
from watchword.domain.atlas_facts import NetworkFacts
from watchword.domain.contact import Contact, ContactKind, PhoneType
from watchword.domain.ids import ContactId
from watchword.domain.instant import later
from watchword.domain.secret import Secret
from watchword.risk.memory import NO_MEMORY, PROVEN, PROVISIONAL, learn
from watchword.risk.profile import Profile
from watchword.risk.signals import KnownFacts, Signals, observe
from watchword.risk.traits import Level, Traits
from watchword.risk.velocity import Rates


def observed(facts: KnownFacts = KNOWN_FACTS, profile: Profile = A_PROFILE) -> Signals:
    return observe(an_action("sign_in"), profile, facts, an_application())


def with_value(level: Level, value: int | None) -> KnownFacts:
    """Give the facts at home with another value at one level."""
    values = tuple(value if at == level else kept for at, kept in enumerate(A_TRAITS.values))
    return replace(KNOWN_FACTS, traits=Traits(values=values))


KNOWN_BY_LEVEL = {
    Level.NETWORK: "network_known",
    Level.ADDRESS: "network_address_known",
    Level.KIND: "agent_type_known",
    Level.SYSTEM: "agent_os_known",
    Level.BROWSER: "agent_browser_known",
    Level.AGENT: "agent_version_known",
}


@pytest.mark.parametrize(("level", "name"), KNOWN_BY_LEVEL.items())
@pytest.mark.parametrize("value", [99, None])
def test_what_the_memory_holds_is_known_and_nothing_else(level: Level, name: str, value: int | None) -> None:
    assert all(getattr(observed(), known) for known in KNOWN_BY_LEVEL.values())
    changed = observed(with_value(level, value))
    assert {known for known in KNOWN_BY_LEVEL.values() if not getattr(changed, known)} == {name}


def test_a_user_without_a_memory_has_nothing_that_is_known() -> None:
    signals = observed(profile=replace(A_PROFILE, memory=NO_MEMORY))
    assert not any(getattr(signals, known) for known in KNOWN_BY_LEVEL.values())
    assert (signals.user_history, signals.time_unusual) == (0, True)


LISTS = ("network_hosting", "network_vpn", "network_tor", "network_listed")


@pytest.mark.parametrize("name", LISTS)
def test_an_address_is_what_the_lists_say(name: str) -> None:
    facts: dict[str, Any] = {name.removeprefix("network_"): True}
    signals = observed(replace(KNOWN_FACTS, network=NetworkFacts(country="NO", **facts)))
    assert {listed for listed in LISTS if getattr(signals, listed)} == {name}


def test_an_address_that_is_left_out_is_on_every_list() -> None:
    signals = observed(replace(KNOWN_FACTS, network=None))
    assert all(getattr(signals, listed) for listed in LISTS)
    assert (signals.place_country, signals.place_known, signals.network_asn) == ("", False, 0)


def test_the_agent_is_named() -> None:
    signals = observed()
    assert (signals.agent_type, signals.agent_os, signals.agent_browser) == ("desktop", "Linux", "Firefox")
    assert (signals.agent_automated, observed(KnownFacts()).agent_automated) == (False, True)


@pytest.mark.parametrize(
    ("country", "km", "hours", "speed", "impossible"),
    [
        ("NO", None, 1, 0.0, False),
        ("SE", 400.0, 1, 400.0, False),
        ("SE", 1_000.0, 1, 1_000.0, False),
        ("BR", 10_000.0, 9, 1_111.1, True),
        ("BR", None, 900, 1e18, True),
        (None, None, 900, 1e18, True),
        ("SE", 1.0, 0, 3_600.0, True),
    ],
    ids=str,
)
def test_nobody_travels_faster_than_an_airliner(
    country: str | None, km: float | None, hours: int, speed: float, impossible: bool
) -> None:
    profile = replace(A_PROFILE, last_country_at=later(NOW, hours=-hours))
    signals = observed(replace(KNOWN_FACTS, network=NetworkFacts(country=country), travelled_km=km), profile)
    assert (signals.travel_speed, signals.travel_impossible) == (speed, impossible)


def test_whoever_was_seen_nowhere_did_not_travel() -> None:
    nowhere = replace(A_PROFILE, last_country=None, last_country_at=None)
    assert observed(profile=nowhere).travel_speed == 0.0
    assert observed(replace(KNOWN_FACTS, network=None), nowhere).travel_impossible, "without an address nobody knows"


@pytest.mark.parametrize(("hours", "unusual"), [(0, False), (2, False), (6, True), (12, True), (-6, True)])
def test_an_hour_is_usual_when_the_user_is_often_seen_around_it(hours: int, unusual: bool) -> None:
    signals = observed(profile=replace(A_PROFILE, now=later(NOW, hours=hours)))
    assert signals.time_unusual is unusual


def test_an_hour_becomes_usual_with_the_second_proven_action() -> None:
    once = learn(NO_MEMORY, a_contribution(later(NOW, days=-1)), PROVEN)
    assert observed(profile=replace(A_PROFILE, memory=once)).time_unusual
    twice = learn(learn(once, a_contribution(later(NOW, days=-2)), PROVEN), a_contribution(NOW), PROVISIONAL)
    assert not observed(profile=replace(A_PROFILE, memory=twice)).time_unusual


def test_times_are_told_in_hours() -> None:
    profile = replace(
        A_PROFILE,
        registered_at=later(NOW, days=-2),
        last_seen_at=later(NOW, hours=-1.5),
        changed_at=later(NOW, hours=-3),
    )
    signals = observed(profile=profile)
    assert (signals.user_age_hours, signals.user_idle_hours, signals.user_changed_hours) == (48.0, 1.5, 3.0)
    assert (signals.device_age_hours, observed(NEW_DEVICE).device_age_hours) == (720.0, 0.0)


def test_what_never_was_is_the_risky_answer_or_the_ordinary_one() -> None:
    fresh = observed(profile=replace(A_PROFILE, last_seen_at=None, changed_at=None))
    assert (fresh.user_idle_hours, fresh.user_changed_hours) == (1e18, 1e9)
    nobody = replace(A_PROFILE, user=None, registered_at=None, last_seen_at=None, changed_at=None)
    assert (observed(profile=nobody).user_age_hours, observed(profile=nobody).user_changed_hours) == (0.0, 0.0)


def test_a_clock_that_went_back_makes_no_negative_hours() -> None:
    assert observed(profile=replace(A_PROFILE, last_seen_at=later(NOW, hours=1))).user_idle_hours == 0.0


def a_user_with(*added_hours_ago: float) -> Profile:
    contacts = tuple(
        Contact(
            id=ContactId(f"ctc_{number}"),
            kind=ContactKind.EMAIL,
            address=Secret("ann@example.com"),
            added_at=later(NOW, hours=-hours),
            usable_from=NOW,
        )
        for number, hours in enumerate(added_hours_ago)
    )
    return replace(A_PROFILE, user=replace(A_USER, contacts=contacts))


def test_the_newest_contact_counts() -> None:
    assert observed(profile=a_user_with(500, 3, 40)).contact_age_hours == 3.0
    assert observed(profile=a_user_with()).contact_age_hours == 0.0


@pytest.mark.parametrize(
    ("types", "told"),
    [
        ((), ""),
        ((PhoneType.MOBILE,), "mobile"),
        ((PhoneType.MOBILE, PhoneType.VOIP), "voip"),
        ((PhoneType.FIXED, PhoneType.PREMIUM, PhoneType.VOIP), "premium"),
        ((PhoneType.FIXED_OR_MOBILE, PhoneType.MOBILE), "fixed_or_mobile"),
    ],
)
def test_of_several_telephones_the_riskiest_is_told(types: tuple[PhoneType, ...], told: str) -> None:
    assert observed(replace(KNOWN_FACTS, phone_types=types)).contact_phone_type == told


def test_throw_away_mail_is_told_and_of_nobody_it_is_taken_for_granted() -> None:
    assert not observed().contact_disposable
    assert observed(replace(KNOWN_FACTS, mail_is_disposable=True)).contact_disposable
    assert observed(profile=replace(A_PROFILE, user=None)).contact_disposable


def test_contacts_are_stale_when_none_was_proven_for_a_year_and_those_of_nobody_are() -> None:
    year = 365 * 24.0
    assert observed(profile=a_user_with(year, 2 * year)).contact_stale
    assert not observed(profile=a_user_with(year - 1, 2 * year)).contact_stale
    assert observed(profile=a_user_with()).contact_stale
    assert observed(profile=replace(A_PROFILE, user=None)).contact_stale


def test_what_happened_of_late_is_passed_on() -> None:
    rates = Rates(user=1.0, address=2.0, network=3.0, contact=4.0, users_at_address=5.0, unproven_at_address=6.0)
    signals = observed(replace(KNOWN_FACTS, rates=rates))
    assert (signals.velocity_user, signals.velocity_address, signals.velocity_network) == (1.0, 2.0, 3.0)
    assert (signals.velocity_contact, signals.velocity_users_at_address) == (4.0, 5.0)
    assert signals.velocity_unproven_at_address == 6.0


def test_without_an_address_its_counts_are_without_limit() -> None:
    rates = Rates(user=1.0, address=None, network=None, contact=0.0, users_at_address=None, unproven_at_address=None)
    signals = observed(replace(KNOWN_FACTS, network=None, rates=rates))
    assert {signals.velocity_address, signals.velocity_network, signals.velocity_users_at_address} == {1e18}
    assert signals.velocity_unproven_at_address == 1e18


def test_networks_that_cannot_be_told_apart_are_not_counted() -> None:
    rates = replace(KNOWN_FACTS.rates, network=None)
    assert observed(replace(KNOWN_FACTS, rates=rates)).velocity_network == 0.0
