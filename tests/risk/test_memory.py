"""What a user's memory keeps, for how long, and how little of it an intruder can change."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.risk.learned import HOME, STRANGER, a_contribution, a_memory, at_day, contributions, remembered
from watchword.risk.memory import (
    MEMORY_BYTES_MOST,
    NO_MEMORY,
    PROVEN,
    PROVISIONAL,
    Contribution,
    Memory,
    decode_contribution,
    decode_memory,
    learn,
    take_back,
)
from watchword.risk.memory.remembered import PLACES
from watchword.risk.traits import Level

SHARES = (PROVISIONAL, PROVEN - PROVISIONAL, PROVEN)
LESSONS = st.lists(st.tuples(contributions(), st.sampled_from(SHARES)), max_size=40)
Lessons = list[tuple[Contribution, float]]


def taught(lessons: Lessons) -> Memory:
    memory = NO_MEMORY
    for contribution, share in lessons:
        memory = learn(memory, contribution, share)
    return memory


def full_memory() -> Memory:
    """Fill every place of every level, amounts and payees included, and a candidate beside."""
    memory = NO_MEMORY
    for number in range(40):
        for day in (number, number + 1):
            values = tuple(level * 1_000 + number for level in Level)
            amount = {"log_amount": 3.0, "currency": ["USD", "EUR", "JPY"][number % 3], "payee": number}
            memory = learn(memory, a_contribution(day, values, **amount), PROVEN)
    return learn(memory, a_contribution(50, tuple(9_000 + level for level in Level), payee=9_000), PROVEN)


@given(contribution=contributions())
def test_a_contribution_is_small_and_comes_back_as_it_was(contribution: Contribution) -> None:
    encoded = contribution.encode()
    assert len(encoded) < 128
    assert decode_contribution(encoded) == contribution


@settings(max_examples=60)
@given(lessons=LESSONS)
def test_a_memory_is_bounded_and_comes_back_as_it_was(lessons: Lessons) -> None:
    memory = taught(lessons)
    encoded = memory.encode()
    assert len(encoded) <= MEMORY_BYTES_MOST
    assert decode_memory(encoded) == memory


def test_a_memory_with_every_place_taken_is_still_bounded() -> None:
    memory = full_memory()
    assert [len(shelf.entries) for shelf in memory.shelves] == list(PLACES)
    assert all(shelf.candidate is not None for shelf in memory.shelves)
    assert 1_000 < len(memory.encode()) <= MEMORY_BYTES_MOST
    assert decode_memory(memory.encode()) == memory


@pytest.mark.parametrize("encoded", [b"", b"\x02" + bytes(200), bytes(57), full_memory().encode()[:-300]])
def test_other_bytes_are_refused(encoded: bytes) -> None:
    with pytest.raises(ValueError, match=r"memory|spending"):
        decode_memory(encoded)
    with pytest.raises(ValueError, match="no contribution"):
        decode_contribution(encoded)


@settings(max_examples=60)
@given(lessons=LESSONS, last=contributions(), share=st.sampled_from(SHARES))
def test_taking_back_leaves_no_more_than_there_was_before(lessons: Lessons, last: Contribution, share: float) -> None:
    before = taught(lessons)
    now = at_day(401)
    after = take_back(learn(before, last, share), last, share, now)
    assert after.events(now) == pytest.approx(before.events(now), rel=1e-5, abs=1e-5)
    for level in Level:
        value = last.traits.values[level]
        assert after.weight(level, value, now) <= before.weight(level, value, now) + 1e-5


def test_taking_back_undoes_what_was_learned() -> None:
    before, now = a_memory(), at_day(21)
    stranger = a_contribution(20, STRANGER)
    learned = learn(before, stranger, PROVEN)
    assert learned.knows(Level.NETWORK, STRANGER[Level.NETWORK], now)
    after = take_back(learned, stranger, PROVEN, now)
    assert after.shelves == before.shelves
    assert (after.events(now), after.tokens(now)) == pytest.approx((before.events(now), before.tokens(now)))


def test_a_value_gains_no_more_in_a_day_than_one_proven_action_gives() -> None:
    once = remembered([a_contribution(5)])
    often = remembered([a_contribution(5 + hour / 24) for hour in range(20)])
    for level in Level:
        one, many = (memory.weight(level, HOME[level], at_day(6)) for memory in (once, often))
        assert many == pytest.approx(one, rel=0.02)


def test_a_day_that_gives_no_more_leaves_its_values_as_they_are() -> None:
    before = remembered([a_contribution(5)])
    after = learn(before, a_contribution(5.5), PROVISIONAL)
    assert all(kept is shelf for kept, shelf in zip(after.shelves, before.shelves, strict=True))
    assert after.weight_learned > before.weight_learned, "it is an action all the same"
    assert learn(before, a_contribution(6), PROVISIONAL).shelves != before.shelves


def test_what_is_promoted_a_day_later_does_not_open_a_new_day() -> None:
    memory = NO_MEMORY
    for _ in range(10):
        memory = learn(memory, a_contribution(6), PROVISIONAL)
        memory = learn(memory, a_contribution(5), PROVEN - PROVISIONAL)
    assert memory.weight(Level.NETWORK, HOME[Level.NETWORK], at_day(6)) <= 2.0


def test_values_of_one_day_never_push_out_a_known_one() -> None:
    memory = remembered([a_contribution(0)], share=PROVISIONAL)
    for number in range(200):
        values = tuple(level * 1_000 + number for level in Level)
        for _ in range(2):
            memory = learn(memory, a_contribution(3 + number / 400, values), PROVEN)
    assert all(memory.knows(level, HOME[level], at_day(4)) for level in Level)


def test_a_value_of_two_days_takes_the_place_of_the_lightest() -> None:
    memory = remembered(a_contribution(day) for day in range(10))
    for number in range(PLACES[Level.NETWORK] - 1):
        memory = learn(memory, a_contribution(10, (101, 5_000 + number, 1, 401, 501, 601, 701)), PROVISIONAL)
    new = (101, 6_000, 1, 401, 501, 601, 701)
    waiting = learn(memory, a_contribution(11, new), PROVEN)
    confirmed = learn(waiting, a_contribution(12, new), PROVEN)
    assert all(waiting.knows(Level.NETWORK, 5_000 + n, at_day(12)) for n in range(PLACES[Level.NETWORK] - 1))
    assert not all(confirmed.knows(Level.NETWORK, 5_000 + n, at_day(12)) for n in range(PLACES[Level.NETWORK] - 1))
    assert confirmed.knows(Level.NETWORK, 6_000, at_day(12))
    assert confirmed.knows(Level.NETWORK, HOME[Level.NETWORK], at_day(12))


def test_what_was_learned_fades_by_half_in_sixty_days_and_is_forgotten_in_the_end() -> None:
    memory = remembered([a_contribution(0)])
    assert memory.weight(Level.COUNTRY, 101, at_day(60)) == pytest.approx(0.5, rel=1e-3)
    assert memory.events(at_day(120)) == pytest.approx(0.25, rel=1e-3)
    assert memory.knows(Level.COUNTRY, 101, at_day(270))
    assert not memory.knows(Level.COUNTRY, 101, at_day(290))


def test_what_is_not_known_is_never_remembered() -> None:
    memory = remembered([a_contribution(0, (None,) * len(Level))])
    assert memory.events(at_day(0)) == pytest.approx(1.0)
    assert not any(memory.knows(level, None, at_day(0)) for level in Level)
