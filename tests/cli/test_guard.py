"""``watchword guard``: what is closed and why, what was spent, and opening it again with a reason."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.toll_booth import COUNTRY, PREFIX, PRICE, toll
from watchword.adapters.rows.guard_store import RowGuardStore
from watchword.bootstrap.key_source import open_keys
from watchword.bootstrap.store_opening import open_store
from watchword.cli import main
from watchword.config.first_files import write_default
from watchword.config.loading import load_settings
from watchword.config.settings import Settings, Situation
from watchword.domain.ids import ApplicationId, ContactId, DeliveryId
from watchword.domain.instant import Instant

GUARDS = """
[applications.shop.guards]
mode = "enforce"
currency = "EUR"
daily_cap = "2.50"
"""


@pytest.fixture(params=["sqlite", "postgres"])
def data(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Gives a folder with settings, keys and a migrated store."""
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "watchword.toml"
    write_default(path)
    settings = path.read_text() + GUARDS
    if request.param == "postgres":
        settings = settings.replace("sqlite:///watchword.sqlite3", request.getfixturevalue("empty_postgres"))
    path.write_text(settings)
    for command in ("secrets create", "migrate"):
        assert main([*command.split(), "--data", str(folder)]) == 0
    capsys.readouterr()
    return folder


def _do(data: Path, work: Callable[[RowGuardStore, Settings], Awaitable[None]]) -> None:
    """Do something at the store of guards, as a worker does."""

    async def opened() -> None:
        settings = load_settings(data / "watchword.toml", situation=Situation.DEV, environ={})
        store = await open_store(settings, open_keys(settings.keys, create=False))
        try:
            await work(RowGuardStore(store.runner), settings)
        finally:
            await store.close()

    asyncio.run(opened())


async def _pump(booth: RowGuardStore, settings: Settings) -> None:
    guards = settings.applications[0].application.guards
    assert await booth.closed() == []
    for number in range(25):
        asked = toll(number, application_id=ApplicationId("shop"), guards=guards, first_seen_at=2**45)
        await booth.admit(asked)
    elsewhere = {
        "application_id": ApplicationId("shop"),
        "prefix": "+49160999",
        "proven_since": Instant(1),
        "guards": guards,
    }
    for number in range(100, 106):
        await booth.admit(
            toll(number, delivery_id=DeliveryId(f"dlv_{number}"), contact_id=ContactId(f"ctc_{number}"), **elsewhere)
        )


def _say(capsys: pytest.CaptureFixture[str], data: Path, *words: str) -> str:
    assert main([*words, "--application", "shop", "--data", str(data)]) == 0
    return capsys.readouterr().out


def _told(capsys: pytest.CaptureFixture[str], data: Path, *words: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(_say(capsys, data, *words, "--json"))
    return told


def test_a_person_sees_why_something_is_closed_and_opens_it(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Nothing is closed for shop." in _say(capsys, data, "guard", "list")
    _do(data, _pump)
    shown = _say(capsys, data, "guard", "list")
    assert f"sms to {PREFIX}… is closed until" in shown
    assert "0 of 20 new contacts entered their code" in shown
    assert f"watchword guard release {PREFIX} --application shop --reason" in shown
    assert "the daily cap of 2.50 EUR for DE is reached" in shown
    assert "Opened" in _say(capsys, data, "guard", "release", PREFIX, "--reason", "our concert")
    assert "was not closed" in _say(capsys, data, "guard", "release", PREFIX, "--reason", "our concert")
    assert "Opened" in _say(capsys, data, "guard", "release", COUNTRY, "--reason", "our concert")
    shown = _say(capsys, data, "guard", "list")
    assert "is closed until" not in shown
    assert f"Before: sms to {PREFIX}… from" in shown
    assert "5.00 EUR" in shown


def test_a_script_reads_the_figures(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _do(data, _pump)
    told = _told(capsys, data, "guard", "list")
    assert (told["mode"], told["currency"], told["before"]) == ("enforce", "EUR", [])
    closed = {one["place"]: one for one in told["closed"]}
    assert (closed[PREFIX]["guard"], closed[PREFIX]["channel"]) == ("prefix_closed", "sms")
    assert (closed[PREFIX]["sent"], closed[PREFIX]["completed"], closed[PREFIX]["times"]) == (20, 0, 1)
    assert (closed[COUNTRY]["guard"], closed[COUNTRY]["channel"]) == ("spending_cap", None)
    assert told["spent_today"] == [
        {
            "country": COUNTRY,
            "spent": "2.50 EUR",
            "cap": "2.50 EUR",
            "kept_for_proven": "0.50 EUR",
            "messages": 25,
            "refused": 6,
        }
    ]
    assert PRICE * 20 == 2_000_000
    assert _told(capsys, data, "guard", "release", PREFIX, "--reason", "x") == {"place": PREFIX, "released": 1}
    assert [one["place"] for one in _told(capsys, data, "guard", "list")["before"]] == [PREFIX]


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("guard", "release", PREFIX, "--application", "shop", "--reason", "  "), 2, "the reason is empty"),
        (("guard", "release", "Germany", "--application", "shop", "--reason", "x"), 1, "neither a range of numbers"),
        (("guard", "list", "--application", "other"), 1, "no application other is declared"),
    ],
)
def test_what_cannot_be_is_said(
    data: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, problem: str
) -> None:
    assert main([*words, "--data", str(data)]) == code
    assert problem in capsys.readouterr().err
