"""The package: how big it is, what it needs, and that its types name everything that there is."""

import gzip
import json
import re
from typing import Any

import pytest

from tests.house.repository import ROOT
from tests.sdk_js.shop import MODULE

LARGEST_BYTES = 8 * 1024
FOLDER = MODULE.parent
CODE = MODULE.read_text()
TYPES = (FOLDER / "watchword-challenge.d.ts").read_text()
README = (FOLDER / "README.md").read_text()
PAGE = (ROOT / "docs" / "web-component.md").read_text()


def _manifest() -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((FOLDER / "package.json").read_text())
    return manifest


def _interface(name: str) -> set[str]:
    """Return the names of an interface's members."""
    found = re.search(rf"interface {name}\b.*?\{{\n(.*?)^\}}", TYPES, re.MULTILINE | re.DOTALL)
    assert found is not None
    return set(re.findall(r'^  (?:readonly )?"?([\w:]+)"?\??:', found[1], re.MULTILINE))


def _union(name: str) -> set[str]:
    """Return the members of a union of texts."""
    found = re.search(rf"type {name} =(.*?);", TYPES, re.DOTALL)
    assert found is not None
    return set(re.findall(r'"([^"]+)"', found[1]))


def test_it_is_smaller_than_eight_kilobytes() -> None:
    assert len(gzip.compress(MODULE.read_bytes(), 9)) < LARGEST_BYTES


def test_it_is_one_module_that_needs_nothing() -> None:
    assert not re.search(r"^\s*import\b|\bimport\(|\brequire\(", CODE, re.MULTILINE)
    assert not {"dependencies", "peerDependencies", "devDependencies", "scripts"} & set(_manifest())


@pytest.mark.parametrize(
    "word", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("]
)
def test_no_text_can_become_markup_or_code(word: str) -> None:
    assert word not in CODE


def test_no_style_needs_a_hole_in_the_policy_of_the_page() -> None:
    assert not re.search(r"\.style\b|\"style\"|cssText", CODE)


def test_the_manifest_says_what_it_is() -> None:
    manifest = _manifest()
    assert (manifest["name"], manifest["license"], manifest["type"]) == ("@watchword/elements", "Apache-2.0", "module")
    entry = manifest["exports"]["."]
    assert list(entry) == ["types", "default"]
    assert all((FOLDER / path).is_file() for path in [*entry.values(), *manifest["files"], *manifest["sideEffects"]])
    assert {entry["types"][2:], entry["default"][2:]} == set(manifest["files"])
    assert manifest["sideEffects"] == [entry["default"]]


def test_the_licence_is_that_of_the_repository() -> None:
    assert (FOLDER / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_types_name_every_attribute() -> None:
    names = re.search(r"const NAMES = (\[.*?\]);", CODE)
    assert names is not None
    observed = set(json.loads(names[1]))
    assert _interface("WatchwordChallengeAttributes") == observed | {"autofocus", "name"}
    declared = re.search(r"declare class WatchwordChallenge\b.*?\{\n(.*?)^\}", TYPES, re.MULTILINE | re.DOTALL)
    assert declared is not None
    assert all(re.search(rf"^  {name}: string;$", declared[1], re.MULTILINE) for name in observed)


def test_the_types_name_every_event() -> None:
    told = set(re.findall(r'#tell\("(\w+)"', CODE))
    ends = re.search(r"if \((\[.*?\])\.includes\(state\)\) this\.#tell\(state", CODE)
    assert ends is not None
    events = {f"watchword:{name}" for name in told | set(json.loads(ends[1]))}
    assert _interface("WatchwordEvents") == events
    assert len(events) == 6


def test_the_types_name_every_part() -> None:
    parts = set(re.findall(r'\b(?:part|button)\("([\w-]+)"', CODE)) | {"way", "sms", "voice", "whatsapp", "email"}
    assert _union("WatchwordPart") == parts
    assert set(re.findall(r"\[part=([\w-]+)\]", CODE)) <= parts


def test_the_types_name_every_custom_property() -> None:
    assert _union("WatchwordProperty") == set(re.findall(r"(--watchword-[\w-]+):", CODE))


@pytest.mark.parametrize("page", [README, PAGE], ids=["README", "docs"])
def test_the_pages_name_every_attribute_and_event(page: str) -> None:
    named = set(re.findall(r"`([\w:-]+)`", page))
    assert _interface("WatchwordChallengeAttributes") | _interface("WatchwordEvents") <= named


def test_the_page_names_every_part_and_custom_property() -> None:
    named = set(re.findall(r"`([\w-]+)`", PAGE))
    assert _union("WatchwordPart") | _union("WatchwordProperty") <= named
