"""What processes tell each other: it counts as if it had come to oneself, whatever it was, and is bounded."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.risk.samples import NOW
from tests.risk.test_velocity import HERE, UNPLACED
from watchword.domain.budget import Lane
from watchword.domain.instant import DAY_MS, Instant, later
from watchword.risk.challenge_budget import Legitimate
from watchword.risk.hearsay import NOTES_MOST, Hearsay, Kind, Note, read_words, write_words
from watchword.risk.population import ADDRESS_DAY_MOST
from watchword.risk.traffic import Traffic
from watchword.risk.velocity import Sighting

LATER = later(NOW, seconds=2)
NUMBERS = st.integers(min_value=0, max_value=2**64 - 1)
NOTES = st.tuples(st.sampled_from(Kind), st.integers(0, 2**62).map(Instant), st.lists(NUMBERS, max_size=40).map(tuple))


def pass_on(speaker: Traffic, *listeners: Traffic) -> None:
    """Let the listeners hear what the speaker has to tell."""
    assert speaker.hearsay is not None
    words = write_words(speaker.hearsay.drain())
    for listener in listeners:
        listener.hear(read_words(words))


@given(st.lists(NOTES, max_size=20))
def test_words_say_what_was_noted(notes: list[Note]) -> None:
    assert list(read_words(write_words(notes))) == notes


def test_kinds_of_a_later_release_and_words_cut_short_are_skipped() -> None:
    known: Note = (Kind.ASKED, NOW, (7,))
    words = write_words([known])
    assert list(read_words(bytes([200]) + words[1:] + words + words[:-1])) == [known]


@pytest.mark.parametrize(
    "seen",
    [HERE, UNPLACED, replace(HERE, lane=Lane.OWN), replace(HERE, network=0), replace(HERE, network=None, contacts=())],
    ids=["open lane", "no address", "own lane", "network unknown", "no contacts"],
)
def test_an_action_of_another_process_counts_like_an_own_one(seen: Sighting) -> None:
    alone, here, there = Traffic(), Traffic(Hearsay()), Traffic(Hearsay())
    for traffic in (alone, there):
        traffic.velocity.count(seen, NOW)
    pass_on(there, here)
    for follower in (HERE, replace(HERE, lane=Lane.OWN), replace(HERE, network=0)):
        assert here.velocity.count(follower, LATER) == alone.velocity.count(follower, LATER)


def test_an_attacker_who_is_spread_over_processes_is_as_busy_as_with_one() -> None:
    alone, processes = Traffic(), [Traffic(Hearsay()) for _ in range(4)]
    for number in range(40):
        victim = replace(HERE, user=100 + number, contacts=(number,))
        alone.velocity.count(victim, NOW)
        processes[number % 4].velocity.count(victim, NOW)
    told = [write_words(one.hearsay.drain()) for one in processes if one.hearsay is not None]
    for place, process in enumerate(processes):
        for speaker, words in enumerate(told):
            if speaker != place:
                process.hear(read_words(words))
    expected = alone.velocity.count(HERE, LATER)
    assert [process.velocity.count(HERE, LATER) for process in processes] == [expected] * 4


def test_what_was_heard_is_not_told_again() -> None:
    here, there = Traffic(Hearsay()), Traffic(Hearsay())
    there.velocity.count(HERE, NOW)
    there.velocity.asked(10, NOW)
    pass_on(there, here)
    assert here.hearsay is not None
    assert here.hearsay.drain() == []


def test_an_approval_at_another_process_takes_the_challenge_back() -> None:
    here, there = Traffic(Hearsay()), Traffic(Hearsay())
    here.velocity.asked(10, NOW)
    pass_on(here, there)
    assert there.velocity.count(HERE, NOW).unproven_at_address == 1.0
    there.velocity.proved(10, NOW, LATER)
    pass_on(there, here)
    assert here.velocity.count(HERE, LATER).unproven_at_address == 0.0


def test_a_user_counts_once_a_day_for_the_challenge_budget_whichever_process_he_comes_to() -> None:
    here, there = Traffic(Hearsay()), Traffic(Hearsay())
    action = Legitimate(
        action_type="purchase",
        user_key=b"\x80" + bytes(7),
        score=0.9,
        threshold=0.7,
        asked_anyway=False,
        account_age_days=100.0,
        at=NOW,
    )
    here.legitimate.note(action)
    pass_on(here, there)
    there.legitimate.note(action)
    assert len(there.population.counts) == 0
    there.legitimate.note(replace(action, action_type="sign_in"))
    there.legitimate.note(replace(action, user_key=bytes(8)))
    there.legitimate.note(replace(action, at=Instant(NOW + DAY_MS)))
    assert there.population.counts.drain(), "another type, another user and another day count"


def test_an_address_teaches_so_often_a_day_whichever_process_it_comes_to() -> None:
    here, there = Traffic(Hearsay()), Traffic(Hearsay())
    taught = [here.population._is_too_busy(10, NOW) for _ in range(ADDRESS_DAY_MOST)]
    pass_on(here, there)
    assert not any(taught)
    assert there.population._is_too_busy(10, NOW)
    assert not there.population._is_too_busy(11, NOW)


def test_no_more_is_kept_than_can_be_told() -> None:
    hearsay = Hearsay()
    for number in range(NOTES_MOST + 5):
        hearsay.note(Kind.ASKED, NOW, number)
    notes = hearsay.drain()
    assert len(notes) == NOTES_MOST
    hearsay.note(Kind.ASKED, NOW, 0)
    hearsay.give_back(notes)
    assert hearsay.drain() == notes, "the oldest stay"


def test_where_there_is_one_process_nothing_is_kept_to_be_told() -> None:
    traffic = Traffic()
    traffic.velocity.count(HERE, NOW)
    assert traffic.hearsay is None
