"""The commands of an operator on PostgreSQL: they say what they say on a file, while any number of processes serve."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_policy_versions import ASKS
from watchword.adapters.inbox import InboxFile
from watchword.adapters.system import SystemClock
from watchword.bootstrap.house import build
from watchword.bootstrap.key_source import open_keys
from watchword.cli import main
from watchword.config.first_files import write_default
from watchword.config.loading import load_settings
from watchword.config.settings import Settings, Situation
from watchword.domain.contact import ContactKind
from watchword.domain.ids import UserId
from watchword.domain.instant import Instant
from watchword.flow.assess import assess
from watchword.flow.gather import Report
from watchword.flow.register import ContactEntry, put_user


@pytest.fixture
def data(tmp_path: Path, empty_postgres: str, capsys: pytest.CaptureFixture[str]) -> Path:
    """Gives a folder whose settings name a database that was migrated by the command."""
    folder = tmp_path / "data"
    folder.mkdir()
    write_default(folder / "watchword.toml")
    settings = (folder / "watchword.toml").read_text()
    assert "sqlite:///watchword.sqlite3" in settings
    (folder / "watchword.toml").write_text(settings.replace("sqlite:///watchword.sqlite3", empty_postgres))
    assert main(["users", "show", "ann", "--application", "shop", "--data", str(folder)]) == 1, "there are no keys yet"
    for command in ("secrets create", "migrate"):
        assert main([*command.split(), "--data", str(folder)]) == 0
    capsys.readouterr()
    return folder


async def _let_somebody_sign_in(settings: Settings, inbox: InboxFile) -> str:
    house = await build(settings, open_keys(settings.keys, create=False), inbox=inbox)
    try:
        application, user = next(iter(house.ports.applications.values())), UserId("ann")
        mail = ContactEntry(
            kind=ContactKind.EMAIL, address="ann@example.com", confirmed_at=Instant(0), preferred=False, pointer=""
        )
        await put_user(house.ports, application, user, (mail,), locale=None, grant=None)
        reported = await assess(house.ports, application, Report(type="sign_in", user_id=user, details={}))
        return reported.action.id
    finally:
        await house.close()


def test_every_command_that_looks_into_the_store(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def say(*words: str) -> list[dict[str, Any]]:
        assert main([*words, "--data", str(data), "--json"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    settings = load_settings(data / "watchword.toml", situation=Situation.DEV, environ={})
    inbox = InboxFile(data / "inbox.sqlite3", SystemClock())
    action_id = asyncio.run(_let_somebody_sign_in(settings, inbox))
    inbox.close()
    policy = data / "asks.toml"
    policy.write_text(ASKS)
    shop = ("--application", "shop")

    (made,) = say("keys", "create", *shop)
    assert [key["id"] for key in say("keys", "list", *shop)] == [made["id"]]
    say("keys", "revoke", made["id"], *shop)
    assert say("keys", "list", *shop)[0]["revoked_at"] is not None

    (user,) = say("users", "show", "ann", *shop)
    assert user["contacts"][0]["masked"].startswith("a•••")
    assert say("users", "unlock", "ann", *shop, "--reason", "ticket 1") == [{"user_id": "ann", "unlocked": False}]

    (explained,) = say("policy", "explain", action_id)
    assert explained["decision"] == "challenge"
    assert say("policy", "log", *shop) == []
    say("policy", "apply", str(policy), "--why", "ticket 1", *shop)
    (applied,) = say("policy", "log", *shop)
    assert applied["why"] == "ticket 1"
    assert len(say("policy", "budget")) >= 2
    (replayed,) = say("policy", "replay", "--policy", str(policy), "--since", "1d")
    assert replayed["actions"] == 1


def test_a_database_that_is_not_there_is_told_in_words(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = data / "watchword.toml"
    settings.write_text(settings.read_text().replace("/test_", "/nowhere_"))
    assert main(["keys", "list", "--application", "shop", "--data", str(data)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "does not exist" in said
