"""The installation: both locks are complete, agree with each other, and hold a hash for everything."""

import re
import tomllib
from typing import Any

import pytest

from tests.house.repository import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?P<rest>.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
PROJECTS = ("pyproject.toml", "sdk/python/pyproject.toml")


def _pins(lock: str) -> dict[str, str]:
    return {found["name"]: found["version"] for found in PIN.finditer((ROOT / lock).read_text())}


def _project(path: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / path).read_text())


def _named(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-") for requirement in requirements}


def _running() -> set[str]:
    projects = [_project(path) for path in PROJECTS]
    needed = [requirement for project in projects for requirement in project["project"]["dependencies"]]
    extra = [*projects[0]["project"]["optional-dependencies"]["demo"], *projects[0]["dependency-groups"]["build"]]
    return _named(needed + extra)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    found = list(PIN.finditer((ROOT / lock).read_text()))
    assert len(found) > len(_running())
    assert [pin["name"] for pin in found if "--hash=sha256:" not in pin["rest"]] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_holds_everything_that_running_needs(lock: str) -> None:
    assert _running() - set(_pins(lock)) == set()


def test_the_lock_for_development_holds_everything_that_working_needs() -> None:
    assert _named(_project("pyproject.toml")["dependency-groups"]["dev"]) - set(_pins("requirements-dev.lock")) == set()


def test_the_lock_for_development_holds_what_every_sender_needs() -> None:
    extras = _project("pyproject.toml")["project"]["optional-dependencies"].values()
    assert (
        _named([requirement for extra in extras for requirement in extra]) - set(_pins("requirements-dev.lock"))
        == set()
    )


def test_what_is_tested_is_what_runs() -> None:
    running, development = _pins("requirements.lock"), _pins("requirements-dev.lock")
    assert {name: version for name, version in running.items() if development.get(name) != version} == {}


def test_the_build_backend_of_each_project_is_locked() -> None:
    needed = [requirement for path in PROJECTS for requirement in _project(path)["build-system"]["requires"]]
    assert _named(needed) - set(_pins("requirements.lock")) == set()


def test_the_check_of_a_submission_can_be_started() -> None:
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
