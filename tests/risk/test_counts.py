"""Counters that fade, and that several processes add up to the same numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.risk.learned import START, at_day
from watchword.risk.counts import Counts

KEYS = st.sampled_from([b"a1", b"a2", b"b1"])
ADDITIONS = st.lists(
    st.tuples(st.integers(0, 2), KEYS, st.floats(0.1, 10), st.integers(0, 300)),
    max_size=30,
)


@given(additions=ADDITIONS, flushed=st.sets(st.integers(0, 30)))
def test_what_processes_count_adds_up_however_often_they_write(
    additions: list[tuple[int, bytes, float, int]], flushed: set[int]
) -> None:
    """Three processes write by adding and read what all wrote; one that counted everything alone agrees."""
    alone, processes, stored = Counts(), [Counts() for _ in range(3)], dict[bytes, float]()
    for turn, (number, key, weight, day) in enumerate(additions):
        processes[number].add(key, weight, at_day(day))
        alone.add(key, weight, at_day(day))
        if turn in flushed:
            _flush(processes[number], stored)
    for process in processes:
        _flush(process, stored)
    for process in processes:
        process.absorb(stored)
        for key in (b"a1", b"a2", b"b1"):
            assert process.get(key, at_day(300)) == pytest.approx(alone.get(key, at_day(300)))


def _flush(counts: Counts, stored: dict[bytes, float]) -> None:
    for key, weight in counts.drain().items():
        stored[key] = stored.get(key, 0.0) + weight


def test_a_count_fades_by_half_in_sixty_days() -> None:
    counts = Counts()
    counts.add(b"a", 8.0, START)
    assert counts.get(b"a", at_day(60)) == pytest.approx(4.0)
    assert counts.get(b"a", at_day(180)) == pytest.approx(1.0)


def test_what_was_drained_stays_visible_and_is_drained_once() -> None:
    counts = Counts()
    counts.add(b"a", 1.0, START)
    assert counts.drain().keys() == {b"a"}
    assert counts.get(b"a", START) == pytest.approx(1.0)
    assert counts.drain() == {}


def test_what_the_store_did_not_write_is_drained_again() -> None:
    counts = Counts()
    counts.add(b"a", 1.0, START)
    drained = counts.drain()
    counts.give_back(drained)
    counts.add(b"a", 1.0, START)
    assert counts.get(b"a", START) == pytest.approx(2.0)
    assert counts.drain()[b"a"] == pytest.approx(2 * drained[b"a"])


def test_absorbing_keeps_what_was_counted_since() -> None:
    counts = Counts()
    counts.add(b"a", 1.0, START)
    counts.drain()
    counts.add(b"a", 1.0, START)
    counts.absorb({})
    assert counts.get(b"a", START) == pytest.approx(1.0)


def test_a_count_taken_back_is_never_less_than_nothing() -> None:
    counts = Counts()
    counts.add(b"a", -2.0, START)
    assert (counts.get(b"a", START), counts.raw(b"a")) == (0.0, 0.0)


def test_the_lightest_of_each_table_are_dropped_beyond_its_bound() -> None:
    counts = Counts()
    for number in range(10):
        counts.add(b"a%d" % number, 1.0 + number, START)
    counts.add(b"b", 0.1, START)
    counts.drain()
    assert counts.prune(most=8) == {b"a0", b"a1"}
    assert len(counts) == 9
    assert counts.get(b"a0", START) == 0.0
    assert counts.get(b"b", START) > 0


def test_dropping_keeps_what_was_not_written_yet() -> None:
    counts = Counts()
    for number in range(10):
        counts.add(b"a%d" % number, 1.0, START)
    assert counts.prune(most=1) == frozenset()
    assert len(counts) == 10
