"""Points in time are written and read as RFC 3339, with an offset."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.domain.instant import Instant, read_rfc3339, rfc3339


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-22T10:00:00Z", 1_795_341_600_000),
        ("2026-11-22t10:00:00.5z", 1_795_341_600_500),
        ("2026-11-22T12:00:00+02:00", 1_795_341_600_000),
        ("2026-11-22T10:00:00.123456789Z", 1_795_341_600_123),
    ],
)
def test_reads_a_time_in_any_zone(text: str, milliseconds: int) -> None:
    assert read_rfc3339(text) == milliseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-22",
        "2026-11-22T10:00:00",
        "2026-11-22T10:00Z",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-22T24:00:01Z",
        "2026-11-22T10:00:60Z",
        "2026-11-22T10:00:00+25:00",
        "2026-W47-7T10:00:00Z",
        "1969-12-31T23:59:59Z",
        "1969-12-31T23:59:59.5Z",
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-23:00",
        "2026-11-22T10:00:00Z\n",
        "٢٠٢٦-11-22T10:00:00Z",
    ],
)
def test_refuses_everything_else(text: str) -> None:
    assert read_rfc3339(text) is None


@given(st.integers(0, 4_102_444_800_000))
def test_reads_back_what_answers_say(milliseconds: int) -> None:
    assert read_rfc3339(rfc3339(Instant(milliseconds))) == milliseconds


@given(st.from_regex(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})", fullmatch=True))
def test_never_fails_on_what_looks_like_a_time(text: str) -> None:
    moment = read_rfc3339(text)
    assert moment is None or moment >= 0
