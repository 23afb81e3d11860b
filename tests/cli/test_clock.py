"""The command for an operator whose store was written while a clock was ahead."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.cli.processes import run
from tests.cli.test_postgres_commands import SETTINGS
from watchword.domain.instant import DAY_MS

_KEYS = ("keys", "list", "--application", "shop")
Advance = Callable[[], None]


@pytest.fixture(params=["sqlite", "postgres"])
def advance(request: pytest.FixtureRequest, tmp_path: Path) -> Advance:
    """Gives an installation in the folder, and a way to have its store written two days ahead of time."""
    url = "sqlite:///shop.sqlite3" if request.param == "sqlite" else request.getfixturevalue("postgres_database")
    (tmp_path / "watchword.toml").write_text(SETTINGS.format(url=url))
    for command in (("secrets", "create"), ("migrate",)):
        assert run(*command, cwd=tmp_path).returncode == 0

    def on_postgres() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SELECT setval('watchword_highest', watchword_clock() + %s)", (2 * DAY_MS,))

    def on_sqlite() -> None:
        with closing(sqlite3.connect(tmp_path / "shop.sqlite3")) as connection, connection:
            connection.execute(
                "UPDATE clock SET highest = CAST(strftime('%s', 'now') AS INTEGER) * 1000 + ?", (2 * DAY_MS,)
            )

    return on_sqlite if request.param == "sqlite" else on_postgres


def test_a_store_that_was_written_ahead_of_time_is_refused_until_it_is_set_back(
    tmp_path: Path, advance: Advance
) -> None:
    advance()
    refused = run(*_KEYS, cwd=tmp_path)
    assert refused.returncode == 1
    assert "ahead of this machine's clock" in refused.stderr
    assert "watchword clock --set-back" in refused.stderr
    assert "which is still to come" in run("clock", cwd=tmp_path).stdout
    told = json.loads(run("clock", "--set-back", "--json", cwd=tmp_path).stdout)
    assert told["set_back"] is True
    assert told["highest"] > told["clock"]
    assert "nothing is ahead" in run("clock", "--set-back", cwd=tmp_path).stdout
    assert run(*_KEYS, cwd=tmp_path).returncode == 0
