"""``messages preview`` and ``messages lint``: what customers read, and what the text messages cost."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.hostile_texts import HOSTILE_TEXTS
from watchword.cli import main
from watchword.config.first_files import write_default
from watchword.domain.origin_bound import parse_origin_bound


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_default(tmp_path / "watchword.toml")
    return tmp_path


def _rename(data: Path, name: str) -> None:
    file = data / "watchword.toml"
    before = next(line for line in file.read_text().splitlines() if line.startswith("name = "))
    file.write_text(file.read_text().replace(before, f'name = "{name}"'))


def _do(data: Path, *arguments: str) -> int:
    return main(["messages", arguments[0], "--application", "shop", *arguments[1:], "--data", str(data)])


def _preview(data: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert _do(data, "preview", *arguments, "--json") == 0
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    return shown


def test_a_preview_is_the_message_that_a_customer_gets(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = _preview(data, capsys, "amount=1299.00 USD", "payee=ACME")
    assert 'to approve 1,299.00 USD to "ACME".' in shown["text"]
    assert (shown["alphabet"], shown["parts"]) == ("GSM-7", 2)
    assert shown["text"].startswith("012345 ")


def test_a_preview_speaks_the_language_and_takes_the_channel_that_is_asked_for(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Passwort zurücksetzen" in str(
        _preview(data, capsys, "--locale", "de", "--channel", "email", "type=password_reset")
    )
    assert "Press 1" in _preview(data, capsys, "--channel", "voice")["prompt"]
    assert _preview(data, capsys, "--channel", "whatsapp")["variables"]["1"] == "012345"
    assert "phone number" in _preview(data, capsys, "type=account_update", "field=phone")["text"]
    assert "://" in _preview(data, capsys, "--notice", "device_stolen")["text"]


@pytest.mark.parametrize("payee", HOSTILE_TEXTS[:20])
def test_a_hostile_name_is_shown_as_it_would_be_read(
    payee: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bound = parse_origin_bound(_preview(data, capsys, f"payee={payee}")["text"])
    assert bound is not None
    assert (bound.host, bound.code.reveal()) == ("127.0.0.1", "012345")


@pytest.mark.parametrize(
    ("fact", "problem"),
    [
        ("amount=12", "currency is an active ISO 4217 code"),
        ("amount=12.345 USD", "amount=12.345 USD"),
        ("color=red", "does not say what is approved"),
        ("purchase", "does not say what is approved"),
    ],
)
def test_a_fact_that_says_nothing_is_refused(
    fact: str, problem: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _do(data, "preview", fact) == 2
    assert problem in capsys.readouterr().err


def test_an_account_has_no_other_parts_than_these(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _do(data, "preview", "type=account_update", "field=shoes") == 2
    assert "there are: email, phone, password, address" in capsys.readouterr().err


def test_no_notice_goes_by_whatsapp(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _do(data, "preview", "--channel", "whatsapp", "--notice", "confirmation") == 1
    assert "WhatsApp carries codes only" in capsys.readouterr().err


def test_every_language_is_looked_at_and_an_ordinary_name_is_fine(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _do(data, "lint", "--price", "0.05") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:13]] == [
        "en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "ar", "hi", "zh-Hans",
    ]  # fmt: skip
    assert lines[1].split() == ["en", "GSM-7", "2", "2", "0.10"]
    assert lines[10].split()[1] == "UCS-2"


def test_a_name_that_no_cheap_alphabet_has_is_named(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _rename(data, "Бренд")
    _do(data, "lint")
    assert "(Б д е н р)" in capsys.readouterr().out


def test_a_message_that_costs_too_much_is_named_and_fails(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = data / "watchword.toml"
    host = "verification.of.customers.and.their.purchases.of-every-kind.example-shop-international.example"
    file.write_text(file.read_text().replace("[server]", f'[server]\npage_base = "https://{host}"'))
    assert _do(data, "lint") == 1
    assert "parts" in capsys.readouterr().err


def test_no_language_costs_too_much_on_an_ordinary_host(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = data / "watchword.toml"
    file.write_text(file.read_text().replace("[server]", '[server]\npage_base = "https://verify.shop.example"'))
    _rename(data, "Example Shop")
    assert _do(data, "lint") == 0
    assert capsys.readouterr().err == ""


def test_the_linter_speaks_to_scripts(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _do(data, "lint", "--json") == 0
    linted = json.loads(capsys.readouterr().out)
    assert {one["language"] for one in linted} >= {"en", "ar", "zh-Hans"}
    assert all(one["problem"] is None and one["parts"] >= 1 for one in linted)


@pytest.mark.parametrize("price", ["", "free", "-1", "NaN", "Infinity", "1001"])
def test_what_is_no_price_is_refused(price: str, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _do(data, "lint", "--price", price) == 2
    assert "is no price" in capsys.readouterr().err


def test_a_language_that_nobody_speaks_here_is_refused_with_those_that_are(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (
        ("preview", "--locale", "xx"),
        ("preview", "--locale", "zh-Hant"),
        ("send-test", "--locale", "klingon", "--channel", "sms", "--to", "+14155550123"),
    ):
        assert _do(data, *arguments) == 2
        said = capsys.readouterr().err
        assert f"--locale {arguments[2]} is no language" in said
        assert "en, de, fr" in said
    assert "Passwort" in str(_preview(data, capsys, "--locale", "de-AT", "--channel", "email", "type=password_reset"))
