"""Configures pytest for the whole suite: the event loop, Hypothesis, and the tests that need a browser."""

import os
import shutil
from collections.abc import Iterator, Sequence

import hypothesis
import pytest

from tests.kit import postgres
from tests.kit.postgres import PostgresServer
from tests.kit.postgres_databases import PostgresDatabases

CHROMIUM_COMMANDS = ("chromium", "chromium-browser", "google-chrome")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Lets the simulation live longer and more often than CI has time for, and races be run again and again."""
    parser.addoption("--simulation-steps", default="150", help="steps of each simulated life")
    parser.addoption("--simulation-seeds", default="6", help="how many simulated lives there are")
    parser.addoption("--race-repeats", default="3", help="how often each race of processes is run")
    parser.addoption("--crash-starts", default="300", help="starts that are made by processes which are killed")


def pytest_configure() -> None:
    """Makes property tests give the same verdict on a slow machine as on a fast one."""
    hypothesis.settings.register_profile(
        "watchword", deadline=None, print_blob=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("watchword")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Skips the tests in a browser where there is none; under CI=true they run, and so fail."""
    if _chromium_path() is not None or os.environ.get("CI") == "true":  # noqa: TID251 the suite has no settings
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Runs asynchronous tests and fixtures of every scope on asyncio, the only loop that the server supports."""
    return "asyncio"


@pytest.fixture(scope="session")
def chromium() -> str:
    """Gives the path of the system's Chromium, for Playwright's ``executable_path``."""
    path = _chromium_path()
    if path is None:
        pytest.fail("no Chromium found: install it, or run without CI=true to skip the tests in a browser")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Gives a running PostgreSQL of this test process, started when the first test asks for it."""
    missing = postgres.why_not()
    if missing is not None:
        if os.environ.get("CI") == "true":  # noqa: TID251 the suite has no settings
            pytest.fail(missing)
        pytest.skip(missing)
    server = postgres.make_server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: PostgresServer) -> PostgresDatabases:
    """Gives what makes databases on that server."""
    return PostgresDatabases(postgres_server)


@pytest.fixture
def empty_postgres(postgres_databases: PostgresDatabases) -> Iterator[str]:
    """Gives the address of a database without any table."""
    with postgres_databases.empty() as url:
        yield url


@pytest.fixture
def postgres_database(postgres_databases: PostgresDatabases) -> Iterator[str]:
    """Gives the address of an empty database at the newest version; its clock is the machine's."""
    with postgres_databases.migrated() as url:
        yield url


def _chromium_path() -> str | None:
    return next(filter(None, map(shutil.which, CHROMIUM_COMMANDS)), None)
