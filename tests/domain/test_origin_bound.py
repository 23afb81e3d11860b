"""The algorithm by which a browser reads host and code from an SMS: the draft's own examples, and every failure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.domain.origin_bound import OriginBound, parse_origin_bound, write_origin_bound
from watchword.domain.secret import Secret


def bound(host: str, code: str, embedded_host: str | None = None) -> OriginBound:
    return OriginBound(host=host, code=Secret(code), embedded_host=embedded_host)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("747723 is your ExampleCo code.\n\n@example.com #747723", bound("example.com", "747723")),
        ("@example.com #747723", bound("example.com", "747723")),
        ("x\r\n@example.com #747723", bound("example.com", "747723")),
        ("x\r@example.com #747723", bound("example.com", "747723")),
        ("@example.com #747723 %shop.example", bound("example.com", "747723", "shop.example")),
        ("@example.com #747723 %shop.example $future", bound("example.com", "747723", "shop.example")),
        ("@example.com #747723 trailing text", bound("example.com", "747723")),
        ("@example.com #747723\ttrailing", bound("example.com", "747723")),
        ("@example.com #747723 ", bound("example.com", "747723")),
        ("@first.example #111111\n@second.example #222222", bound("second.example", "222222")),
    ],
)
def test_reads_host_and_code_from_the_last_line(text: str, found: OriginBound) -> None:
    assert parse_origin_bound(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "@ #747723",
        "@example.com",
        "@example.com ",
        "@example.com #",
        "@example.com # 747723",
        "@example.com  #747723",
        "@example.com\t#747723",
        "@example.com code #747723",
        "something @example.com #747723",
        "#747723 %shop.example @example.com",
        " @example.com #747723",
        "@example.com #747723\n",
        "@example.com #747723\nbye",
    ],
)
def test_reads_nothing_where_the_last_line_has_another_form(text: str) -> None:
    assert parse_origin_bound(text) is None


@given(
    st.text(max_size=200),
    st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,60}[a-z0-9])?(:[0-9]{2,5})?", fullmatch=True),
    st.text("0123456789", min_size=6, max_size=10),
)
def test_what_is_written_is_read_again_whatever_stands_before_it(before: str, host: str, code: str) -> None:
    text = f"{before}\n{write_origin_bound(host, Secret(code))}"
    assert parse_origin_bound(text) == bound(host, code)


def test_the_code_is_not_shown_by_accident() -> None:
    assert "747723" not in repr(parse_origin_bound("@example.com #747723"))
