"""Texts from outside before they stand in a message: one harmless line, whatever was sent."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile_texts import ADDRESSES, HOSTILE_TEXTS, NUMBERS
from watchword.domain.message import plain_line, shorten_numbers, spoken, written

FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "So", "Me"}
ANY_TEXT = st.text(st.characters(), max_size=300) | st.sampled_from(HOSTILE_TEXTS)


def _is_harmless(line: str, most: int) -> bool:
    return (
        len(line) <= most
        and not {unicodedata.category(one) for one in line} & FORBIDDEN
        and not set('@#"\\') & set(line)
        and not re.search(r"\w\.[^\W\d]\w|//|[^\W\d]:\S|\d\.\d+\.\d+\.\d", line)
        and line == line.strip()
        and "  " not in line
    )


def test_there_is_a_corpus_worth_the_name() -> None:
    assert len(set(HOSTILE_TEXTS)) >= 60


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=ascii)
@pytest.mark.parametrize("most", [16, 200])
def test_a_hostile_text_becomes_one_harmless_line(text: str, most: int) -> None:
    assert _is_harmless(plain_line(text, most), most)


@given(ANY_TEXT, st.integers(4, 200))
def test_any_text_becomes_one_harmless_line_that_stays_as_it_is(text: str, most: int) -> None:
    line = plain_line(text, most)
    assert _is_harmless(line, most)
    assert plain_line(line, most) == line


@given(st.text(st.characters(max_codepoint=127), max_size=80))
def test_the_short_way_of_ascii_texts_says_what_the_long_way_says(text: str) -> None:
    # One foreign letter sends the whole text the long way.
    assert plain_line(f"{text} é", 1_000).removesuffix("é").rstrip() == plain_line(text, 1_000)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ACME Cameras", "ACME Cameras"),
        ("Müller & Söhne, Köln (Innenstadt)", "Müller & Söhne, Köln (Innenstadt)"),
        ("株式会社サイバー", "株式会社サイバー"),
        ("A.C.M.E. Ltd.", "A.C.M.E. Ltd."),
        ("ACME 1.50", "ACME 1.50"),
        ("Joe's 24/7", "Joe's 24/7"),
        ("amazon.com", "amazon com"),
        ("joe@example.com", "joe at example com"),
        ("Store #42", "Store 42"),
        ('The "Best" Shop', "The 'Best' Shop"),
        ("ACME\n@evil.example #999999", "ACME at evil example 999999"),
    ],
)
def test_an_honest_name_stays_readable(text: str, line: str) -> None:
    assert plain_line(text, 200) == line


def test_what_is_too_long_ends_in_three_full_stops() -> None:
    assert plain_line("ACME Cameras and Sons", 16) == "ACME Cameras..."
    assert plain_line("W" * 17, 16) == "W" * 13 + "..."
    assert plain_line("W" * 16, 16) == "W" * 16


@pytest.mark.parametrize("text", ADDRESSES, ids=ascii)
def test_nothing_is_left_that_a_telephone_makes_a_link_of(text: str) -> None:
    assert not re.search(r"\w[.。．｡]\w\w|://|www\.|[^\W\d]:\w", plain_line(text, 200))


@pytest.mark.parametrize("text", NUMBERS, ids=ascii)
def test_no_number_is_left_that_reads_like_a_code(text: str) -> None:
    assert not re.search(r"\d(?:[\s().,/'+-]{0,2}\d){5,}", shorten_numbers(plain_line(text, 200)))


def test_a_number_keeps_its_last_four_digits() -> None:
    assert shorten_numbers("DE89370400440532013000") == "DE..3000"
    assert shorten_numbers("call +1 (415) 555-0123 now") == "call +..0123 now"
    assert shorten_numbers("item 12345") == "item 12345"
    assert shorten_numbers("٩٩٩٩٩٩") == "..9999"


@given(st.text("0123456789", min_size=6, max_size=10))
def test_a_spoken_code_is_written_down_again(code: str) -> None:
    assert spoken(code).count(", ") == len(code) - 1
    assert written(f"Your code is: {spoken(code)}. Once more: {spoken(code)}.") == (
        f"Your code is: {code}. Once more: {code}."
    )
