"""The tour: it plays the whole way on a real server, and a surprise ends it with what was expected."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Dev
from tests.cli.processes import run, running
from watchword.cli import main

STEPS = [
    "register",
    "sign_in",
    "wrong_code",
    "right_code",
    "known_device",
    "ordinary_purchase",
    "high_value_purchase",
    "approve",
    "changed_amount",
    "redeem",
    "redeem_again",
    "confirmation",
]


def _against(dev: Dev) -> list[str]:
    return ["tour", "--api", dev.api, "--key", dev.key, "--inbox", dev.inbox]


def _lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_plays_the_whole_way_on_a_server_of_its_own(tmp_path: Path) -> None:
    played = run("tour", "--json", cwd=tmp_path)
    assert (played.returncode, played.stderr) == (0, "")
    *steps, summary = _lines(played.stdout)
    assert [step["name"] for step in steps] == STEPS
    assert summary == {"ok": True, "steps": len(STEPS)}
    assert list(tmp_path.iterdir()) == []


def test_shows_the_real_messages(dev: Dev, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*_against(dev), "--json"]) == 0
    *steps, _ = _lines(capsys.readouterr().out)
    messages = {str(step["name"]): step["message"] for step in steps if step["message"]}
    assert list(messages) == ["sign_in", "high_value_purchase", "confirmation"]
    purchase, confirmation = messages["high_value_purchase"], messages["confirmation"]
    assert isinstance(purchase, dict)
    assert isinstance(confirmation, dict)
    assert "1,299.00" in purchase["text"]
    assert "ACME Cameras" in purchase["text"]
    assert (confirmation["kind"], confirmation["channel"]) == ("notice", "email")


def test_tells_a_person_the_same(dev: Dev, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(_against(dev)) == 0
    told = capsys.readouterr().out
    assert (
        told.index("A code is mistyped") < told.index("422 grant_mismatch") < told.index("409 grant_already_redeemed")
    )
    assert "All 12 steps went as promised." in told


def test_shows_no_grant_and_no_key(dev: Dev, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*_against(dev), "--json"]) == 0
    told = capsys.readouterr().out
    assert dev.key not in told
    assert "eyJ" not in told  # how every JWT begins
    assert "wd1" not in told
    assert "wct_" not in told


def test_waits_for_enter_before_each_step(dev: Dev, tmp_path: Path) -> None:
    waited = run(*_against(dev), "--pause", cwd=tmp_path, typed="\n" * len(STEPS))
    assert waited.returncode == 0
    assert waited.stdout.count("Enter goes on") == len(STEPS)
    # With nobody to press Enter, it goes on by itself.
    alone = run(*_against(dev), "--pause", cwd=tmp_path)
    assert (alone.returncode, alone.stdout.count("Enter goes on")) == (0, 1)


def test_a_surprise_ends_it_with_what_was_expected(dev: Dev, tmp_path: Path) -> None:
    settings = (dev.data / "watchword.toml").read_text()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "watchword.toml").write_text(settings.replace('USD = "500.00"', 'USD = "5000.00"'))
    with running("dev", "--port", "0", "--data", "data", cwd=tmp_path) as server:
        ready = server.ready
        target = ("--api", ready["api"], "--key", ready["secret_key"], "--inbox", ready["inbox"])
        played = run("tour", *target, "--json", cwd=tmp_path)
    assert played.returncode == 1
    last = _lines(played.stdout)[-1]
    assert (last["name"], last["ok"]) == ("high_value_purchase", False)
    assert last["expected"] == "the decision to be challenge"
    assert str(last["got"]).startswith("allow")
    expected, got = played.stderr.splitlines()
    assert expected == "error: step 7, A purchase of high value: expected the decision to be challenge"
    assert got.startswith("error: step 7, A purchase of high value: got allow")


def test_a_key_that_is_refused_is_a_surprise(dev: Dev, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = "wk_test_" + "0" * 52
    assert main(["tour", "--api", dev.api, "--key", wrong, "--inbox", dev.inbox]) == 1
    told = capsys.readouterr().err
    assert "error: step 1, The store registers a customer: got 401 unauthorized" in told
    assert wrong not in told


def test_nothing_is_sent_where_there_is_no_inbox(dev: Dev, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tour", "--api", dev.api, "--key", dev.key, "--inbox", f"{dev.api}/nowhere"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"error: {dev.api}/nowhere.json is no inbox that answers")


def test_says_why_its_own_server_did_not_start(tmp_path: Path) -> None:
    played = run("tour", "--json", cwd=tmp_path, settings={"WATCHWORD_SERVER__PROT": "1"})
    assert (played.returncode, played.stdout) == (1, "")
    first, second = played.stderr.splitlines()
    assert first == "error: the server of the tour did not start"
    assert "WATCHWORD_SERVER__PROT" in second
