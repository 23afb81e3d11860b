"""``atlas check``, ``look`` and ``build``: what the files hold, what they say of an address, and new ones of them."""

import json
from pathlib import Path

import pytest

from watchword.cli import main

SETTINGS = """\
[server]
page_base = "https://verify.shop.example"

[atlas]
country_files = ["own.csv"]
asn_files = ["asn.csv"]
listed_networks = ["shipped", "ours.txt"]

[senders.mail]
kind = "smtp"
host = "mail.example"
from_address = "no-reply@shop.example"

[applications.shop]
name = "Shop"
mode = "live"
issuer = "https://verify.shop.example/shop"
senders.email = "mail"
"""


@pytest.fixture
def settings(tmp_path: Path) -> str:
    (tmp_path / "own.csv").write_text("network,country\n192.0.2.0/24,US\n")
    (tmp_path / "asn.csv").write_text("192.0.2.0/24,64500,Example Transit\n")
    (tmp_path / "ours.txt").write_text("198.51.100.0/24\n")
    path = tmp_path / "watchword.toml"
    path.write_text(SETTINGS)
    return str(path)


def _lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert main([*arguments, "--json"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    return [json.loads(line) for line in shown.out.splitlines()]


def test_every_file_is_told_with_its_age_and_licence(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = _lines(capsys, "atlas", "check", "--config", settings)
    assert [(file["fact"], Path(str(file["file"])).name) for file in told] == [
        ("country", "own.csv"),
        ("asn", "asn.csv"),
        ("hosting", "shipped: x4bnet.atlas"),
        ("vpn", "shipped: x4bnet.atlas"),
        ("listed", "shipped: bad_asn.atlas"),
        ("listed", "ours.txt"),
        ("disposable", "shipped: disposable_domains.atlas"),
        ("tor", "None"),
    ]
    assert (told[0]["age_days"], told[0]["stale"]) == (0, False)
    assert told[4]["dated"] == "2026-03-18T00:00:00Z"
    assert str(told[4]["credit"]).startswith("brianhama/bad-asn-list: MIT")
    assert main(["atlas", "check", "--config", settings]) == 0
    shown = capsys.readouterr().out
    assert "X4BNet/lists_vpn" in shown
    assert "No data for: tor." in shown


def test_an_address_is_looked_up(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    (told,) = _lines(capsys, "atlas", "look", "192.0.2.7", "--config", settings)
    assert told == {
        "address": "192.0.2.7",
        "country": "US",
        "asn": 64500,
        "asn_name": "Example Transit",
        "hosting": False,
        "vpn": False,
        "tor": False,
        "listed": False,
        "no_data": ["tor"],
    }
    assert main(["atlas", "look", "198.51.100.9", "--config", settings]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["country", "not", "known"],
        ["asn", "not", "known"],
        ["hosting", "no"],
        ["vpn", "no"],
        ["tor", "no", "data"],
        ["listed", "yes"],
    ]


def test_what_is_no_address_is_not_understood(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["atlas", "look", "verify.shop.example", "--config", settings]) == 2
    assert "error: verify.shop.example is no address" in capsys.readouterr().err


def test_a_wrong_line_is_told_at_its_place(settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ours.txt").write_text("198.51.100.0/24\nhome\n")
    assert main(["atlas", "check", "--config", settings]) == 1
    assert "ours.txt:2: 'home' does not appear to be" in capsys.readouterr().err


def test_a_compact_file_is_built_and_used(settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "combined.tsv"
    table.write_text("203.0.113.0\t203.0.113.255\t64501\tDE\tEXAMPLE\n")
    out = str(tmp_path / "places.atlas")
    words = ("--source", "Example", "--licence", "PDDL 1.0", "--dated", "2026-11-20")
    files = ("--country", str(table), "--asn", str(table))
    told = _lines(capsys, "atlas", "build", "--out", out, *files, *words)
    assert [(file["fact"], file["holds"], file["credit"], file["dated"]) for file in told] == [
        ("country", "1 range", "Example: PDDL 1.0", "2026-11-20T00:00:00Z"),
        ("asn", "1 range", "Example: PDDL 1.0", "2026-11-20T00:00:00Z"),
    ]
    changed = SETTINGS.replace('"own.csv"', '"own.csv", "places.atlas"').replace('"asn.csv"', '"places.atlas"')
    (tmp_path / "watchword.toml").write_text(changed)
    (found,) = _lines(capsys, "atlas", "look", "203.0.113.7", "--config", settings)
    assert (found["country"], found["asn"], found["asn_name"]) == ("DE", 64501, "EXAMPLE")


def test_equal_lists_become_equal_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = tmp_path / "as.csv"
    listed.write_text('ASN,Entity\n64500,"Example, Inc."\n"64501"\n')
    day = ("--dated", "2026-03-18", "--json")
    assert main(["atlas", "build", "--out", str(tmp_path / "a.atlas"), "--listed", str(listed), *day]) == 0
    assert main(["atlas", "build", "--out", str(tmp_path / "b.atlas"), "--listed", str(listed), *day]) == 0
    assert (tmp_path / "a.atlas").read_bytes() == (tmp_path / "b.atlas").read_bytes()
    assert '"2 AS numbers"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "say what to build it of"),
        (("--vpn", "missing.txt", "--dated", "2026-01-01"), "missing.txt: the list cannot be read"),
        (("--vpn", "missing.txt"), "No such file or directory: missing.txt"),
        (("--vpn", "x", "--dated", "yesterday"), "'yesterday' does not match the format"),
    ],
)
def test_a_build_that_cannot_be_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], problem: str
) -> None:
    assert main(["atlas", "build", "--out", str(tmp_path / "x.atlas"), *arguments]) != 0
    assert problem in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
