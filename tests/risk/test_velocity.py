"""What happened of late: it is counted before it is added to, fades, is bounded, and forgives what was proven."""

from dataclasses import replace
from math import exp

from hypothesis import given
from hypothesis import strategies as st

from tests.risk.samples import NOW
from watchword.domain.budget import Lane
from watchword.domain.instant import Instant, later
from watchword.risk.velocity import ADDRESSES_MOST, ENTRIES_MOST, USERS_MOST, Rates, Sighting, Velocity

HERE = Sighting(user=1, address=10, network=20, contacts=(30, 31), lane=Lane.OPEN)
NOTHING_YET = Rates(user=0.0, address=0.0, network=0.0, contact=0.0, users_at_address=0.0, unproven_at_address=0.0)
UNPLACED = replace(HERE, address=None, network=None)


def test_the_first_action_is_alone() -> None:
    assert Velocity().count(HERE, NOW) == NOTHING_YET


def test_an_action_is_not_counted_for_itself_but_for_the_next() -> None:
    velocity = Velocity()
    velocity.count(HERE, NOW)
    again = velocity.count(HERE, NOW)
    assert (again.user, again.address, again.network, again.contact) == (1.0, 1.0, 1.0, 1.0)
    assert velocity.count(HERE, NOW).user == 2.0


def test_what_is_not_named_is_not_counted() -> None:
    velocity = Velocity()
    rates = velocity.count(replace(UNPLACED, contacts=()), NOW)
    assert (rates.address, rates.network, rates.users_at_address, rates.unproven_at_address) == (None,) * 4
    assert rates.contact == 0.0
    assert velocity.count(HERE, NOW).address == 0.0


def test_another_user_of_the_same_contact_is_seen() -> None:
    velocity = Velocity()
    velocity.count(replace(HERE, contacts=(31,)), NOW)
    stranger = replace(HERE, user=2, address=11, network=21, contacts=(31, 32))
    assert velocity.count(stranger, NOW) == replace(NOTHING_YET, contact=1.0)


def test_a_contact_that_a_user_lists_twice_counts_once() -> None:
    velocity = Velocity()
    velocity.count(replace(HERE, contacts=(30, 30)), NOW)
    assert velocity.count(HERE, NOW).contact == 1.0


def test_strangers_who_keep_asking_do_not_count_in_the_own_lane() -> None:
    velocity, own = Velocity(), replace(HERE, lane=Lane.OWN)
    for _ in range(3):
        velocity.count(HERE, NOW)
    velocity.count(own, NOW)
    mine = velocity.count(own, NOW)
    assert (mine.user, mine.contact, mine.address) == (1.0, 1.0, 4.0)
    theirs = velocity.count(HERE, NOW)
    assert (theirs.user, theirs.contact) == (5.0, 5.0), "what came in the own lane counts in the open one too"


def test_other_users_at_an_address_are_counted_once_each() -> None:
    velocity = Velocity()
    for user in (1, 2, 2, 2, 3):
        velocity.count(replace(HERE, user=user), NOW)
    assert velocity.count(replace(HERE, user=4), NOW).users_at_address == 3.0
    assert velocity.count(replace(HERE, user=2), NOW).users_at_address == 3.0


def test_a_count_fades_within_hours() -> None:
    velocity = Velocity()
    velocity.count(HERE, NOW)
    rates = velocity.count(replace(HERE, user=2), later(NOW, hours=1))
    assert rates.address == rates.users_at_address == round(exp(-1), 2)
    assert velocity.count(replace(HERE, user=3), later(NOW, hours=12)).address == 0.0


def test_a_challenge_stays_counted_for_about_a_day() -> None:
    velocity = Velocity()
    velocity.asked(10, NOW)
    assert velocity.count(HERE, NOW).unproven_at_address == 1.0
    assert velocity.count(HERE, later(NOW, hours=24)).unproven_at_address == round(exp(-1), 2)


def test_an_approval_takes_its_challenge_back_and_no_other() -> None:
    velocity, asked_again = Velocity(), later(NOW, hours=2)
    velocity.asked(10, NOW)
    velocity.asked(10, asked_again)
    velocity.proved(10, asked_again, later(asked_again, seconds=90))
    assert velocity.count(HERE, later(NOW, hours=24)).unproven_at_address == round(exp(-1), 2)


def test_an_approval_of_a_challenge_that_another_process_opened_leaves_nothing_behind() -> None:
    velocity = Velocity()
    velocity.proved(10, NOW, NOW)
    velocity.asked(None, NOW)
    velocity.proved(None, NOW, NOW)
    velocity.asked(10, NOW)
    assert velocity.count(HERE, NOW).unproven_at_address == 1.0


def test_the_least_recently_touched_goes_where_there_is_no_room() -> None:
    velocity = Velocity()
    velocity.count(replace(UNPLACED, user=-1), NOW)
    velocity.count(replace(UNPLACED, user=-2), NOW)
    velocity.count(replace(UNPLACED, user=-1), NOW)
    for user in range(ENTRIES_MOST - 1):
        velocity.count(replace(UNPLACED, user=user, contacts=()), NOW)
    assert velocity.count(replace(UNPLACED, user=-1), NOW).user == 2.0
    assert velocity.count(replace(UNPLACED, user=-2), NOW).user == 0.0


def test_users_at_addresses_are_bounded_both_ways() -> None:
    velocity = Velocity()
    for user in range(USERS_MOST + 10):
        velocity.count(replace(HERE, user=user), NOW)
    assert velocity.count(replace(HERE, user=-1), NOW).users_at_address == USERS_MOST
    for address in range(100, 100 + ADDRESSES_MOST):
        velocity.count(replace(HERE, address=address), NOW)
    assert velocity.count(HERE, NOW).users_at_address == 0.0


@given(moments=st.lists(st.integers(NOW, NOW + 86_400_000), max_size=30))
def test_no_number_is_ever_negative_or_above_what_was_counted(moments: list[int]) -> None:
    velocity = Velocity()
    for number, at in enumerate(moments):
        rates = velocity.count(HERE, Instant(at))
        velocity.asked(10, Instant(at))
        assert 0 <= rates.user <= number
        assert rates.unproven_at_address == 0.0
        velocity.proved(10, Instant(at), Instant(at))
