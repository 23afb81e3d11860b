"""The circuit of a sender: when it is passed by, who tries it again, and how many messages it is busy with."""

from collections.abc import Sequence

import pytest

from watchword.domain.circuit import (
    FAILURES_IN_A_ROW,
    PROBE_AFTER_MS,
    SAMPLE_LEAST,
    WINDOW_MS,
    Circuit,
    Circuits,
)
from watchword.domain.instant import Instant

NOON = Instant(1_800_000_000_000)


def _take(circuit: Circuit, outcomes: Sequence[bool | None], *, at: int = NOON) -> None:
    for worked in outcomes:
        circuit.begin(Instant(at))
        circuit.end(Instant(at), worked=worked)


def _opened() -> Circuit:
    circuit = Circuit()
    _take(circuit, [False] * FAILURES_IN_A_ROW)
    return circuit


def test_a_new_sender_is_trusted() -> None:
    assert not Circuits().of("new").is_open(NOON)


def test_a_row_of_failures_opens_it_and_one_less_does_not() -> None:
    circuit = Circuit()
    _take(circuit, [False] * (FAILURES_IN_A_ROW - 1))
    assert not circuit.is_open(NOON)
    _take(circuit, [False])
    assert circuit.is_open(NOON)


def test_a_success_in_between_begins_a_new_row() -> None:
    circuit = Circuit()
    _take(circuit, [False] * (FAILURES_IN_A_ROW - 1) + [True, False])
    assert not circuit.is_open(NOON)


def test_more_than_half_of_enough_messages_open_it_without_a_row() -> None:
    circuit = Circuit()
    _take(circuit, [True, False] * (SAMPLE_LEAST // 2))
    assert not circuit.is_open(NOON)
    _take(circuit, [False])
    assert circuit.is_open(NOON)


@pytest.mark.parametrize(("passed_ms", "is_open"), [(WINDOW_MS - 1, True), (WINDOW_MS, False)])
def test_what_is_older_than_a_minute_says_nothing(*, passed_ms: int, is_open: bool) -> None:
    circuit, then = Circuit(), Instant(NOON + passed_ms)
    _take(circuit, [True, False, False, False, False])
    _take(circuit, [True, False, True, False, True, False], at=then)
    assert circuit.is_open(then) is is_open


def test_what_was_refused_for_good_says_nothing_of_the_sender() -> None:
    circuit = Circuit()
    _take(circuit, [None] * 50)
    assert not circuit.is_open(NOON)


def test_after_a_while_one_message_tries_and_the_others_pass_by() -> None:
    circuit = _opened()
    assert circuit.is_open(Instant(NOON + PROBE_AFTER_MS - 1))
    then = Instant(NOON + PROBE_AFTER_MS)
    assert not circuit.is_open(then)
    circuit.begin(then)
    assert circuit.is_open(then)


@pytest.mark.parametrize(("worked", "is_open"), [(True, False), (False, True)])
def test_the_one_that_tries_closes_or_opens_it(*, worked: bool, is_open: bool) -> None:
    circuit, then = _opened(), Instant(NOON + PROBE_AFTER_MS)
    _take(circuit, [worked], at=then)
    assert circuit.is_open(then) is is_open
    assert not circuit.is_open(Instant(then + PROBE_AFTER_MS))


def test_a_try_that_says_nothing_lets_the_next_one_try() -> None:
    circuit, then = _opened(), Instant(NOON + PROBE_AFTER_MS)
    _take(circuit, [None], at=then)
    assert not circuit.is_open(then)


def test_a_closed_one_forgets_what_opened_it() -> None:
    circuit, then = _opened(), Instant(NOON + PROBE_AFTER_MS)
    _take(circuit, [True, False], at=then)
    assert not circuit.is_open(then)


def test_a_clock_that_is_set_back_passes_by_no_sender_until_it_has_made_up_for_it() -> None:
    circuit, long_ago = _opened(), Instant(NOON - 3_600_000)
    assert circuit.is_open(Instant(NOON - 1_000))
    assert not circuit.is_open(long_ago)
    _take(circuit, [True], at=long_ago)
    circuit = Circuit()
    _take(circuit, [False, True] * (SAMPLE_LEAST // 2))
    _take(circuit, [False, False], at=long_ago)
    assert not circuit.is_open(long_ago)


def test_every_sender_has_its_own() -> None:
    circuits = Circuits()
    _take(circuits.of("first"), [False] * FAILURES_IN_A_ROW)
    assert (circuits.of("first").is_open(NOON), circuits.of("second").is_open(NOON)) == (True, False)
