"""The rules of guards: which numbers get nothing, when a range is closed and for how long, how money is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.domain.closures import COMPLETED_MOST, Closure, Closures, Completion
from watchword.domain.contact import Channel, Contact, ContactKind, PhoneType
from watchword.domain.guards import (
    LONGEST_CLOSURE_MS,
    MICROS,
    Counted,
    Destination,
    Guard,
    Guards,
    Tariff,
    closed_until,
    closes,
    destination_of,
    is_country,
    is_paid,
    proven_since,
    shut_for_good,
    was_proven,
)
from watchword.domain.ids import ApplicationId, ContactId
from watchword.domain.instant import DAY_MS, HOUR_MS, Instant
from watchword.domain.secret import Secret

NOW = Instant(1_800_000_000_000)
SHOP = ApplicationId("shop")


def a_phone(address: str, *, last_proven_at: Instant | None = None, confirmed_at: Instant | None = None) -> Contact:
    return Contact(
        id=ContactId("ctc_1"),
        kind=ContactKind.PHONE,
        address=Secret(address),
        added_at=NOW,
        usable_from=NOW,
        confirmed_at=confirmed_at,
        last_proven_at=last_proven_at,
    )


def test_only_channels_to_telephones_cost_money() -> None:
    assert [channel for channel in Channel if not is_paid(channel)] == [Channel.EMAIL]


@pytest.mark.parametrize(
    ("address", "shut"),
    [
        ("+4915112345678", set()),
        ("+14155550123", set()),
        ("+493012345678", {Channel.SMS}),
        ("+19005550123", {Channel.SMS, Channel.VOICE}),
        ("+18005550123", {Channel.SMS, Channel.VOICE}),
        ("+447001234567", {Channel.SMS, Channel.VOICE}),
        ("+881612345678", {Channel.SMS, Channel.VOICE}),
        ("+882161234567", {Channel.SMS, Channel.VOICE}),
    ],
)
def test_the_type_of_a_number_says_what_never_goes_there(address: str, shut: set[Channel]) -> None:
    found = destination_of(a_phone(address))
    both = (Channel.SMS, Channel.VOICE)
    assert {one for one in both if shut_for_good(Guards(), one, found) is not None} == shut


def test_a_number_without_its_last_four_digits_is_its_range() -> None:
    assert destination_of(a_phone("+4915112345678")).prefix == "+491511234"


def test_no_reason_holds_a_number() -> None:
    for address in ("+493012345678", "+19005550123", "+881612345678"):
        shut = shut_for_good(Guards(), Channel.SMS, destination_of(a_phone(address)))
        assert shut is not None
        assert address[-6:] not in shut.text


def test_a_list_of_countries_holds_for_its_channel_alone() -> None:
    guards = Guards(tariffs={"sms": Tariff(price=1, countries=frozenset({"DE"}))})
    abroad = Destination(type=PhoneType.MOBILE, country="FR", prefix="+33612345")
    shut = shut_for_good(guards, Channel.SMS, abroad)
    assert shut is not None
    assert (shut.guard, shut.free_at) == (Guard.COUNTRY, None)
    assert shut_for_good(guards, Channel.VOICE, abroad) is None


@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 100), st.integers(0, 100))
def test_a_range_is_closed_below_the_share_and_from_the_number_on(
    sent: int, completed: int, needed: int, percent: int
) -> None:
    completed = min(sent, completed)
    guards = Guards(prefix_sends=needed, prefix_completed_percent=percent)
    counted = Counted(sent=sent, completed=completed)
    enough = sent >= needed
    assert closes(counted, guards, is_trial=False) == (enough and completed / max(1, sent) < percent / 100)
    assert not closes(counted, guards, is_trial=False) or closes(counted, guards, is_trial=True)


@given(st.integers(0, 1_000), st.integers(1, 1_440))
def test_a_closure_never_gets_shorter_and_never_longer_than_a_day(times: int, minutes: int) -> None:
    guards = Guards(closure_min=minutes)
    first, next_one = (closed_until(NOW, guards, times=n) - NOW for n in (times, times + 1))
    assert 0 < first <= next_one <= LONGEST_CLOSURE_MS
    assert next_one == min(LONGEST_CLOSURE_MS, 2 * first)


@pytest.mark.parametrize(
    ("proven_at", "proven"),
    [
        (None, False),
        (Instant(NOW + 1), True),
        (NOW, False),
        (Instant(NOW - 29 * DAY_MS), False),
        (Instant(NOW - 30 * DAY_MS), True),
    ],
)
def test_a_contact_is_proven_by_a_code_or_by_a_word_that_is_a_month_old(
    proven_at: Instant | None, proven: bool
) -> None:
    assert was_proven(a_phone("+4915112345678", last_proven_at=proven_at)) is proven


@pytest.mark.parametrize(
    ("proven_at", "confirmed_at", "since"),
    [
        (None, NOW, None),
        (Instant(NOW + 3 * DAY_MS), None, Instant(NOW + 3 * DAY_MS)),
        (Instant(NOW + 3 * DAY_MS), Instant(NOW + DAY_MS), Instant(NOW + DAY_MS)),
        # What an application says of the time before it registered a contact is no proof of ours.
        (Instant(NOW + 3 * DAY_MS), Instant(NOW - DAY_MS), NOW),
        (Instant(NOW - 40 * DAY_MS), Instant(NOW - 40 * DAY_MS), Instant(NOW - 40 * DAY_MS)),
    ],
)
def test_a_contact_counts_as_proven_since_its_first_proof(
    proven_at: Instant | None, confirmed_at: Instant | None, since: Instant | None
) -> None:
    contact = a_phone("+4915112345678", last_proven_at=proven_at, confirmed_at=confirmed_at)
    assert proven_since(contact) == since


@given(st.integers(0, 10**12), st.integers(0, 90))
def test_what_is_kept_for_proven_contacts_is_its_share_and_never_more(allowed: int, percent: int) -> None:
    kept = allowed - Guards(kept_for_proven_percent=percent).rest(allowed)
    assert kept * 100 - 100 < allowed * percent <= kept * 100


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (100 * MICROS, "100.00 EUR"),
        (4_150, "0.00415 EUR"),
        (0, "0.00 EUR"),
        (79_000, "0.079 EUR"),
        (10_000, "0.01 EUR"),
    ],
)
def test_money_is_written_as_it_is(micros: int, text: str) -> None:
    assert Guards(currency="EUR").money(micros) == text


def test_countries_are_those_that_have_numbers() -> None:
    assert [one for one in ("DE", "US", "UK", "ZZ", "001", "de", "") if is_country(one)] == ["DE", "US"]


def a_closure(place: str, *, channel: Channel | None = Channel.SMS, closed_at: Instant = NOW) -> Closure:
    return Closure(
        application_id=SHOP,
        guard=Guard.SPENDING if channel is None else Guard.PREFIX,
        channel=channel,
        place=place,
        closed_at=closed_at,
        closed_until=Instant(closed_at + HOUR_MS),
        times=1,
        counted=Counted(sent=20, completed=0),
    )


def test_only_what_was_not_known_is_news() -> None:
    closures, first, second = Closures(), a_closure("+491511234"), a_closure("DE", channel=None)
    assert closures.replace([first]) == (first,)
    assert closures.replace([first, second]) == (second,)
    assert closures.replace([]) == ()
    again = a_closure("+491511234", closed_at=Instant(NOW + DAY_MS))
    assert closures.replace([again]) == (again,)


def test_a_closure_that_nobody_renews_ends_by_itself() -> None:
    closures = Closures()
    closures.replace([a_closure("+491511234"), a_closure("DE", channel=None)])
    assert closures.of_prefix(SHOP, Channel.SMS, "+491511234", NOW) is not None
    assert closures.of_prefix(SHOP, Channel.VOICE, "+491511234", NOW) is None
    assert closures.of_prefix(ApplicationId("other"), Channel.SMS, "+491511234", NOW) is None
    assert closures.of_country(SHOP, "DE", NOW) is not None
    assert closures.of_country(SHOP, "DE", Instant(NOW + HOUR_MS)) is None


def test_completions_wait_to_be_written_and_are_bounded() -> None:
    closures = Closures()
    for number in range(COMPLETED_MOST + 5):
        closures.complete(Completion(application_id=SHOP, channel=Channel.SMS, contact_id=ContactId(f"ctc_{number}")))
    taken = closures.take_completed()
    assert (len(taken), taken[0].contact_id) == (COMPLETED_MOST, "ctc_5")
    assert closures.take_completed() == ()
