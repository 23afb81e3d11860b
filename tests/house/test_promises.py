"""The promises: every number that code, tests and pages name is explained, and the tests that show it exist."""

import re

import pytest

from tests.house.repository import ROOT, shown, texts

PAGE = ROOT / "docs" / "promises.md"
ROW = re.compile(r"^\| (?P<number>[BI]\d+) \| (?P<words>[^|]+) \| ?(?P<tests>[^|]*)\|$", re.MULTILINE)
NUMBER = re.compile(r"\b[BI][1-9][0-9]?\b")
# Where numbers are named; elsewhere (a style sheet, a lock, a test of hashes) the same letters mean something else.
NAMING = (".py", ".md", ".toml")
NOT_YET: set[str] = set()
ROWS = {row["number"]: row for row in ROW.finditer(PAGE.read_text())}


def _named() -> dict[str, str]:
    naming = {path: text for path, text in texts().items() if path.suffix in NAMING}
    return {number: shown(path) for path, text in naming.items() for number in NUMBER.findall(text)}


def test_every_promise_has_a_row() -> None:
    assert list(ROWS) == [f"B{number}" for number in range(1, 19)] + [f"I{number}" for number in range(1, 22)]


def test_every_number_that_is_named_is_a_promise() -> None:
    named = _named()
    assert len(named) >= len(ROWS)
    assert {number: path for number, path in named.items() if number not in ROWS} == {}


@pytest.mark.parametrize("number", ROWS)
def test_a_promise_is_shown_by_tests_that_exist(number: str) -> None:
    paths = re.findall(r"`([^`]+)`", ROWS[number]["tests"])
    assert bool(paths) != (number in NOT_YET)
    assert [path for path in paths if not (ROOT / path).is_file()] == []
