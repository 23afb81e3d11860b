"""What an app reads from the SMS that Android hands it, and which messages Android hands over at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.domain.app_bound import AppBound, app_hash_problem, is_retrievable, parse_app_bound
from watchword.domain.origin_bound import parse_origin_bound
from watchword.domain.secret import Secret

APP = "FA+9qCX9VSu"
HASHES = st.from_regex(r"[A-Za-z0-9+/]{11}", fullmatch=True).filter(lambda text: app_hash_problem(text) is None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"012345 is your code.\n{APP}", "012345"),
        (f"Your code: 01234567\n\n{APP}", "01234567"),
        (f"In 10 minutes: 0123456789 or 999999\n{APP}", "0123456789"),
    ],
)
def test_reads_the_app_and_the_first_code(text: str, code: str) -> None:
    assert parse_app_bound(text) == AppBound(app_hash=APP, code=Secret(code))


@pytest.mark.parametrize(
    "text",
    [
        "",
        APP,
        f"012345 {APP}",
        f"012345\n{APP}\n",
        f"012345\n {APP}",
        f"012345\n{APP} ",
        f"012345\n{APP}\r",
        f"012345\n{APP[:-1]}",
        f"01234\n{APP}",
        f"01234567890\n{APP}",
        f"no code\n{APP}",
        "012345\n@shop.example #012345",
        "012345\nFA123456VSu",
    ],
)
def test_reads_nothing_where_the_form_is_another(text: str) -> None:
    assert parse_app_bound(text) is None


@given(before=st.text(max_size=100).filter(lambda text: not any("0" <= one <= "9" for one in text)), app=HASHES)
def test_what_is_written_is_read_again_and_never_for_a_site(before: str, app: str) -> None:
    text = f"{before}012345 is your code\n{app}"
    assert parse_app_bound(text) == AppBound(app_hash=app, code=Secret("012345"))
    assert parse_origin_bound(text) is None


def test_the_code_is_not_shown_by_accident() -> None:
    assert "012345" not in repr(parse_app_bound(f"012345\n{APP}"))


@pytest.mark.parametrize(
    ("text", "is_short"),
    [
        ("a" * 140, True),
        ("a" * 141, False),
        ("é" * 70, True),  # one unit each on the air, two bytes as UTF-8
        ("é" * 71, False),
        ("ж" * 70, True),
        ("ж" + "a" * 69, True),
        ("ж" + "a" * 70, False),  # 72 bytes as UTF-8, 142 on the air
        ("是" * 46, True),
        ("是" * 47, False),
    ],
)
def test_short_enough_means_by_every_way_of_counting(text: str, is_short: bool) -> None:
    assert is_retrievable(text) == is_short
