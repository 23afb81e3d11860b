"""The commands of an operator whose store is on PostgreSQL."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.cli.processes import run, running
from tests.kit.postgres import PASSWORD, ROLE_WITH_PASSWORD, PostgresServer
from watchword.adapters.postgres.postgres_schema import newest_version

SETTINGS = """\
[server]
page_base = "https://verify.shop.example"

[store]
url = "{url}"

[senders.mail]
kind = "smtp"
host = "mail.shop.example"
from_address = "no-reply@shop.example"

[applications.shop]
name = "Example Shop"
mode = "live"
return_urls = ["https://shop.example/watchword/return"]

[applications.shop.senders]
email = "mail"

[applications.shop.high_value]
USD = "500.00"
"""


def _write(folder: Path, url: str) -> None:
    (folder / "watchword.toml").write_text(SETTINGS.format(url=url))


def _answer(folder: Path, *arguments: str) -> object:
    """Gives the JSON that a command prints."""
    done = run(*arguments, "--json", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def _refusal(folder: Path, *arguments: str, **settings: str) -> str:
    done = run(*arguments, cwd=folder, settings=settings)
    assert done.returncode == 1
    assert PASSWORD not in done.stderr
    return done.stderr


def test_an_installation_is_made_and_looked_after(tmp_path: Path, empty_postgres: str) -> None:
    _write(tmp_path, empty_postgres)
    assert run("secrets", "create", cwd=tmp_path).returncode == 0
    assert "run: watchword migrate" in _refusal(tmp_path, "keys", "list", "--application", "shop")
    assert _answer(tmp_path, "migrate") == {"version": newest_version()}
    made = _answer(tmp_path, "keys", "create", "--application", "shop")
    listed = _answer(tmp_path, "keys", "list", "--application", "shop")
    assert isinstance(made, dict)
    assert isinstance(listed, dict)
    assert listed["id"] == made["id"]
    assert "has registered no user" in _refusal(tmp_path, "users", "show", "u-1", "--application", "shop")


def test_works_without_serving(tmp_path: Path, postgres_database: str) -> None:
    _write(tmp_path, postgres_database)
    assert run("secrets", "create", cwd=tmp_path).returncode == 0
    with running("work", cwd=tmp_path) as worker:
        assert worker.ready == {"working": True}
        assert worker.stop(signal.SIGTERM)[0] == 0


def test_an_option_that_postgresql_does_not_know_is_named(tmp_path: Path) -> None:
    _write(tmp_path, "postgresql://watchword@127.0.0.1:1/shop?sslmodee=require")
    assert "store.url: PostgreSQL knows no option sslmodee" in _refusal(tmp_path, "migrate")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://watchword:canary%zz@127.0.0.1:1/shop",
        "postgresql://watchword:canary@127.0.0.1:1/shop",
        "postgresql://watchword:can/canary@127.0.0.1:1/shop",
    ],
)
@pytest.mark.parametrize("command", ["migrate", "serve"])
def test_a_password_in_an_address_is_never_shown(tmp_path: Path, url: str, command: str) -> None:
    _write(tmp_path, "postgresql://watchword@127.0.0.1:1/shop")
    assert run("secrets", "create", cwd=tmp_path).returncode == 0
    assert "canary" not in _refusal(tmp_path, command, WATCHWORD_STORE__URL=url)


def test_a_wrong_password_is_said_and_not_shown(tmp_path: Path, postgres_server: PostgresServer) -> None:
    url = postgres_server.url("postgres", ROLE_WITH_PASSWORD)
    _write(tmp_path, url)
    assert "no password supplied" in _refusal(tmp_path, "migrate")
    wrong = _refusal(tmp_path, "migrate", WATCHWORD_STORE__PASSWORD=f"{PASSWORD}!")
    assert f'password authentication failed for user "{ROLE_WITH_PASSWORD}"' in wrong
    right = _refusal(tmp_path, "migrate", WATCHWORD_STORE__PASSWORD=PASSWORD)
    assert "permission denied for schema public" in right


@pytest.mark.parametrize("command", [["migrate"], ["keys", "list", "--application", "shop"]])
def test_a_server_that_is_not_there_is_said(tmp_path: Path, command: list[str]) -> None:
    _write(tmp_path, "postgresql://watchword@127.0.0.1:1/shop")
    assert run("secrets", "create", cwd=tmp_path).returncode == 0
    said = _refusal(tmp_path, *command)
    assert "shop on 127.0.0.1:1: " in said
    assert os.strerror(111) in said
