"""The shape of the modules: how long, how named, and that each says what it is."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.house.repository import ROOT, shown, sources, with_suffix

SOURCE_LINES_AT_MOST = 400
TEST_LINES_AT_MOST = 500
# A page loads one module, so that is what there is of it.
ONE_MODULE_LINES_AT_MOST = {"sdk/js/watchword-challenge.js": 600}
# A name for whatever fits nowhere else says nothing about what is inside.
NAMES_WITHOUT_MEANING = {"utils", "util", "helpers", "helper", "common", "base", "manager", "service", "misc"}
# Python gives these their meaning, so each package may have one.
NAMES_OF_PYTHON = {"__init__", "__main__"}


def _line_count(path: Path) -> int:
    return path.read_text().count("\n")


def test_no_source_file_is_too_long_to_read_at_once() -> None:
    shipped = with_suffix(".py", ".js", ".css", ".html")
    own = [path for path in shipped if not path.is_relative_to(ROOT / "tests")]
    allowed = {path: ONE_MODULE_LINES_AT_MOST.get(shown(path), SOURCE_LINES_AT_MOST) for path in own}
    too_long = {shown(path): _line_count(path) for path, most in allowed.items() if _line_count(path) > most}
    assert too_long == {}


def test_no_test_file_is_too_long_to_read_at_once() -> None:
    tests = [path for path in with_suffix(".py") if path.is_relative_to(ROOT / "tests")]
    too_long = {shown(path): _line_count(path) for path in tests if _line_count(path) > TEST_LINES_AT_MOST}
    assert too_long == {}


def test_no_module_or_folder_has_a_name_without_meaning() -> None:
    named = {path: {path.stem, *path.relative_to(ROOT).parts} for path in with_suffix(".py")}
    assert [shown(path) for path, words in named.items() if words & NAMES_WITHOUT_MEANING] == []


@pytest.mark.parametrize("package", ["src/watchword", "sdk/python/src/watchword_client"])
def test_no_two_modules_share_a_file_name(package: str) -> None:
    owners = defaultdict(list)
    for path in sources():
        if path.is_relative_to(ROOT / package) and path.stem not in NAMES_OF_PYTHON:
            owners[path.stem].append(shown(path))
    assert {name: paths for name, paths in owners.items() if len(paths) > 1} == {}


def test_every_module_says_what_it_is() -> None:
    silent = [shown(path) for path in with_suffix(".py") if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_every_exception_from_a_check_gives_its_code_and_its_reason() -> None:
    marker = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma: no cover)\b.*")
    with_reason = re.compile(
        r"# (?:noqa: [A-Z0-9]+(?:, ?[A-Z0-9]+)*|type: ignore\[[\w, -]+\]  #|pragma: no cover) \S+ \S+"
    )
    bare = [
        f"{shown(path)}:{number}"
        for path in with_suffix(".py")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if (found := marker.search(line)) and not with_reason.match(found.group())
    ]
    assert bare == []
