"""Plain facts become hashed values: the same for ever, apart for every application, and none for what is unknown."""

from dataclasses import replace

import pytest

from tests.risk.hashing import Hashing
from tests.risk.samples import NOW, SHOP
from watchword.domain.atlas_facts import NO_AGENT, AgentFacts, AgentType, NetworkFacts
from watchword.domain.contact import Contact, ContactKind, PhoneType
from watchword.domain.ids import ApplicationId, ContactId
from watchword.domain.secret import Secret
from watchword.risk.tracing import RECENT_MOST, Tracer
from watchword.risk.traits import UNKNOWN_TRAITS, WHAT_WITH, WHERE, Level, Traits

OTHER_SHOP = ApplicationId("other")
HOME = NetworkFacts(country="NO", asn=64_496)
ADDRESS = "192.0.2.10"
FIREFOX = AgentFacts(
    type=AgentType.DESKTOP, os="Linux", os_version="6", browser="Firefox", browser_major="140", automated=False
)


@pytest.fixture
def hashing() -> Hashing:
    return Hashing()


@pytest.fixture
def tracer(hashing: Hashing) -> Tracer:
    return Tracer(hashing)


def known(traits: Traits) -> list[Level]:
    """Give the levels that have a value."""
    return [level for level in Level if traits.values[level] is not None]


def test_the_same_facts_have_the_same_values_and_are_hashed_once(tracer: Tracer, hashing: Hashing) -> None:
    first = tracer.traits(SHOP, HOME, ADDRESS, FIREFOX)
    assert len(set(first.values)) == hashing.asked == len(Level)
    assert tracer.traits(SHOP, HOME, ADDRESS, FIREFOX) == first
    assert hashing.asked == len(Level)
    assert Tracer(Hashing()).traits(SHOP, HOME, ADDRESS, FIREFOX) == first


def test_two_applications_share_no_value(tracer: Tracer) -> None:
    ours, theirs = (tracer.traits(shop, HOME, ADDRESS, FIREFOX) for shop in (SHOP, OTHER_SHOP))
    assert not set(ours.values) & set(theirs.values)


def test_a_value_fits_into_64_bits(tracer: Tracer) -> None:
    assert all(0 <= value < 2**64 for value in tracer.traits(SHOP, HOME, ADDRESS, FIREFOX).values if value is not None)


@pytest.mark.parametrize(
    ("change", "levels"),
    [
        ({"type": AgentType.TABLET}, WHAT_WITH),
        ({"os": "Windows"}, WHAT_WITH[1:]),
        ({"browser": "Chrome"}, WHAT_WITH[2:]),
        ({"browser_major": "141"}, WHAT_WITH[3:]),
        ({"os_version": "7"}, WHAT_WITH[3:]),
    ],
)
def test_a_change_of_the_agent_changes_what_lies_below_it(
    tracer: Tracer, change: dict[str, str], levels: tuple[Level, ...]
) -> None:
    before = tracer.traits(SHOP, HOME, ADDRESS, FIREFOX).values
    after = tracer.traits(SHOP, HOME, ADDRESS, replace(FIREFOX, **change)).values  # type: ignore[arg-type]  # text by the name of a field
    assert tuple(level for level in Level if before[level] != after[level]) == levels


def test_a_network_stands_for_itself_in_every_country(tracer: Tracer) -> None:
    home = tracer.traits(SHOP, HOME, ADDRESS, FIREFOX).values
    roaming = tracer.traits(SHOP, replace(HOME, country="SE"), "198.51.100.1", FIREFOX).values
    assert home[Level.NETWORK] == roaming[Level.NETWORK]
    assert home[Level.COUNTRY] != roaming[Level.COUNTRY]


@pytest.mark.parametrize(
    ("agent", "levels"),
    [
        (NO_AGENT, ()),
        (replace(FIREFOX, type=AgentType.UNKNOWN), ()),
        (replace(FIREFOX, os=""), WHAT_WITH[:1]),
        (replace(FIREFOX, browser=""), WHAT_WITH[:2]),
        (replace(FIREFOX, browser_major=""), WHAT_WITH[:3]),
        (replace(FIREFOX, os_version=""), WHAT_WITH),
    ],
)
def test_what_is_not_understood_has_no_value_nor_has_what_lies_below(
    tracer: Tracer, agent: AgentFacts, levels: tuple[Level, ...]
) -> None:
    assert tuple(known(tracer.traits(SHOP, HOME, ADDRESS, agent)))[len(WHERE) :] == levels


def test_without_an_address_nothing_is_known_of_where(tracer: Tracer) -> None:
    assert tracer.traits(SHOP, None, None, NO_AGENT) == UNKNOWN_TRAITS


def test_an_address_that_the_files_do_not_know_is_all_that_is_known(tracer: Tracer) -> None:
    assert known(tracer.traits(SHOP, NetworkFacts(), ADDRESS, NO_AGENT)) == [Level.ADDRESS]


@pytest.mark.parametrize(
    "facts",
    [NetworkFacts(no_data=("asn",)), NetworkFacts(country="NO", no_data=("asn",)), NetworkFacts(country="local")],
)
def test_where_no_file_tells_networks_apart_all_are_one(tracer: Tracer, facts: NetworkFacts) -> None:
    one, other = (tracer.traits(SHOP, facts, address, NO_AGENT).values for address in (ADDRESS, "192.0.2.11"))
    assert one[Level.NETWORK] == other[Level.NETWORK] is not None
    assert one[Level.ADDRESS] != other[Level.ADDRESS]


def test_an_address_counts_under_the_value_it_has_among_the_traits(tracer: Tracer) -> None:
    assert tracer.address(SHOP, ADDRESS) == tracer.traits(SHOP, HOME, ADDRESS, FIREFOX).values[Level.ADDRESS]


def a_contact(contact_id: str, kind: ContactKind, address: str) -> Contact:
    return Contact(id=ContactId(contact_id), kind=kind, address=Secret(address), added_at=NOW, usable_from=NOW)


def test_a_contact_has_the_value_that_its_sends_are_counted_under(tracer: Tracer) -> None:
    plain = tracer.contact(SHOP, a_contact("ctc_1", ContactKind.EMAIL, "ann@example.com"))
    tagged = tracer.contact(SHOP, a_contact("ctc_2", ContactKind.EMAIL, "ann+shop@example.com"))
    assert plain == tagged
    assert plain.phone_type is None
    assert plain.value != tracer.contact(OTHER_SHOP, a_contact("ctc_3", ContactKind.EMAIL, "ann@example.com")).value


def test_a_telephone_says_what_kind_it_is(tracer: Tracer) -> None:
    assert tracer.contact(SHOP, a_contact("ctc_1", ContactKind.PHONE, "+4915112345678")).phone_type is PhoneType.MOBILE


def test_only_so_many_are_kept_and_the_others_found_out_again(tracer: Tracer, hashing: Hashing) -> None:
    first = tracer.payee(SHOP, "0")
    for number in range(1, RECENT_MOST + 1):
        tracer.payee(SHOP, str(number))
    asked = hashing.asked
    assert tracer.payee(SHOP, str(RECENT_MOST)) != first == tracer.payee(SHOP, "0")
    assert hashing.asked == asked + 1
