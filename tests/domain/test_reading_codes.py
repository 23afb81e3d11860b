"""What people type and paste is read as the code they mean, and nothing else is (I20)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.domain.code import LONGEST_INPUT, make_code, read_code


@pytest.mark.parametrize(
    "typed",
    [
        "123456",
        " 123 456 ",
        "123-456",
        "123\u2011456",
        "123\u00a0456",
        "G-123456",
        "１２３４５６",
        "١٢٣٤٥٦",
        "१२३ ४५६",
        "12\u200b3456",
        "123456 is your Example Shop code.\n\n@shop.example #123456",
        "Your code: 123456. Call 12345 for help, or 1234567.",
    ],
)
def test_reads_the_one_code_that_is_meant(typed: str) -> None:
    code = read_code(typed, 6)
    assert code is not None
    assert code.reveal() == "123456"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "12345",
        "1234567",
        "²²²²²²",
        "1e5000",
        "12.34.56",
        "123  456",
        "123456 or 654321",
        "one two three",
        "123456" + " " * LONGEST_INPUT,
    ],
)
def test_refuses_to_guess_what_is_meant(typed: str) -> None:
    assert read_code(typed, 6) is None


def test_prefers_a_whole_run_to_joined_ones() -> None:
    code = read_code("12 3456 and 987654", 6)
    assert code is not None
    assert code.reveal() == "987654"


@given(st.integers(min_value=0, max_value=10**6 - 1))
def test_reading_a_code_is_idempotent(number: int) -> None:
    once = read_code(f"{number:06d}", 6)
    assert once is not None
    assert read_code(once.reveal(), 6) == once


@given(st.text(max_size=60), st.integers(min_value=6, max_value=10))
def test_whatever_is_read_has_the_length_and_only_ascii_digits(typed: str, length: int) -> None:
    code = read_code(typed, length)
    assert code is None or (len(code.reveal()) == length and set(code.reveal()) <= set("0123456789"))


def test_keeps_leading_zeros() -> None:
    assert make_code(8, lambda _: 7).reveal() == "00000007"


def test_draws_from_the_whole_range() -> None:
    asked: list[int] = []

    def draw(limit: int) -> int:
        asked.append(limit)
        return 0

    make_code(6, draw)
    assert asked == [1_000_000]
