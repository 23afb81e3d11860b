"""``policy apply``, ``log``, ``show`` and ``diff``: what decides, since when, by whom, and what is another in it."""

import json
from pathlib import Path

import pytest

from tests.cli.processes import run
from watchword.cli import main
from watchword.config.first_files import write_default

ASKS = '[[rule]]\nname = "asks"\nthen = "challenge"\ntext = "Asked"\ncustomer_text = "We ask."\n'
DENIES = (
    f'{ASKS}\n[[rule]]\nname = "denies"\nactions = ["sign_in"]\nwhen = "score >= 0.9"\nthen = "deny"\ntext = "Denied"\n'
)
MILDER = DENIES.replace("0.9", "0.95")


@pytest.fixture
def data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Gives a data folder with keys and an empty store, as before the first start."""
    folder = tmp_path / "data"
    folder.mkdir()
    write_default(folder / "watchword.toml")
    for command in (["secrets", "create"], ["migrate"]):
        assert main([*command, "--data", str(folder)]) == 0
    for name, text in (("asks", ASKS), ("denies", DENIES), ("milder", MILDER)):
        (tmp_path / f"{name}.toml").write_text(text)
    capsys.readouterr()
    return folder


def _do(data: Path, *arguments: str) -> int:
    return main(["policy", *arguments, "--data", str(data)])


def _file(data: Path, name: str) -> str:
    return str(data.parent / f"{name}.toml")


def _apply(data: Path, name: str, why: str = "ticket 1") -> None:
    assert _do(data, "apply", _file(data, name), "--why", why, "--by", "ann") == 0


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_an_applied_policy_is_the_one_that_decides(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _do(data, "explain", "action.type=sign_in", "--application", "shop", "--json") == 0
    _apply(data, "denies")
    assert "decides for shop from now on" in capsys.readouterr().out
    assert _do(data, "show") == 0
    assert capsys.readouterr().out == DENIES
    assert _do(data, "explain", "action.type=sign_in", "score=0.9", "--application", "shop", "--json") == 0
    assert _lines(capsys)[0]["decision"] == "deny"
    assert _do(data, "check", "--application", "shop") == 0


def test_what_is_another_is_shown_before_it_is_applied(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _apply(data, "asks")
    capsys.readouterr()
    _apply(data, "denies")
    assert "  + denies (deny): stricter: denies where it matches\nNo decision gets milder." in capsys.readouterr().out
    assert _do(data, "apply", _file(data, "milder"), "--why", "w", "--by", "b", "--json") == 0
    (told,) = _lines(capsys)
    assert (told["applied_by"], told["why"]) == ("b", "w")
    assert isinstance(told["difference"], dict)
    assert told["difference"]["effect"] == "milder"


def test_the_log_says_who_when_and_why_newest_first(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _apply(data, "asks", "first")
    _apply(data, "denies", "second")
    capsys.readouterr()
    assert _do(data, "log", "--json") == 0
    newest, first = _lines(capsys)
    assert (newest["why"], newest["applied_by"], first["why"], first["changes"]) == ("second", "ann", "first", None)
    assert isinstance(newest["changes"], list)
    assert [(one["rule"], one["change"]) for one in newest["changes"]] == [("denies", "added")]
    assert _do(data, "log", "--limit", "1", "--json") == 0
    assert [line["changes"] is None for line in _lines(capsys)] == [False]
    assert _do(data, "log") == 0
    shown = capsys.readouterr().out
    assert "+denies" in shown
    assert "second" in shown


def test_a_version_can_be_gone_back_to(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _apply(data, "asks")
    _apply(data, "denies")
    capsys.readouterr()
    assert _do(data, "log", "--json") == 0
    version = str(_lines(capsys)[1]["version"])
    assert _do(data, "apply", "--version", version[:6], "--why", "too strict", "--by", "bob") == 0
    capsys.readouterr()
    assert _do(data, "show") == 0
    assert capsys.readouterr().out == ASKS
    assert _do(data, "log", "--json") == 0
    assert [line["version"] for line in _lines(capsys)][0::2] == [version, version]


def test_a_policy_that_is_not_right_is_not_applied(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = data.parent / "broken.toml"
    broken.write_text(ASKS.replace("challenge", "chalenge"))
    assert _do(data, "apply", str(broken), "--why", "x") == 1
    assert f"{broken}:3: rule[0].then (asks): is one of" in capsys.readouterr().err
    assert _do(data, "log") == 0
    assert "No policy was applied for shop" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["apply", "--why", "x"], 2, "give a FILE to apply, or --version ID"),
        (["apply", "asks.toml", "--version", "abcd", "--why", "x"], 2, "give a FILE to apply, or --version ID"),
        (["apply", "none.toml", "--why", "x"], 1, "none.toml: cannot be read"),
        (["apply", "--version", "abcdef", "--why", "x"], 1, "abcdef: no such version was applied"),
        (["apply", "asks.toml", "--why", " "], 2, "--why is one line of 1 to 500 characters"),
        (["apply", "asks.toml", "--why", "x", "--by", "a\nb"], 2, "--by is one line of 1 to 100 characters"),
        (["show", "abc"], 1, "abc: no such version was applied"),
        (["diff", "active", "abcdef"], 1, "abcdef: no such version was applied"),
        (["log", "--application", "shp"], 1, "no application shp is declared"),
    ],
)
def test_what_cannot_be_is_told(
    data: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, problem: str
) -> None:
    words = [_file(data, word.removesuffix(".toml")) if word == "asks.toml" else word for word in arguments]
    assert _do(data, *words) == code
    assert problem in capsys.readouterr().err


def test_the_same_again_is_refused(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _apply(data, "asks")
    assert _do(data, "apply", _file(data, "asks"), "--why", "x") == 1
    assert "decides for shop already" in capsys.readouterr().err


def test_three_digits_name_no_version(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _apply(data, "asks")
    capsys.readouterr()
    assert _do(data, "log", "--json") == 0
    assert _do(data, "show", str(_lines(capsys)[0]["version"])[:3]) == 1


def test_any_two_policies_are_compared(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _apply(data, "asks")
    capsys.readouterr()
    assert _do(data, "diff", "active", _file(data, "denies"), "--json") == 0
    (told,) = _lines(capsys)
    assert isinstance(told["changes"], list)
    assert [(one["rule"], one["effect"]) for one in told["changes"]] == [("denies", "stricter")]
    assert main(["policy", "diff", _file(data, "denies"), _file(data, "milder")]) == 0
    shown = capsys.readouterr().out
    assert "~ denies (deny): milder: denies less often\n      when  score >= 0.9\n         →  score >= 0.95" in shown
    assert "No decision gets stricter." in shown
    assert main(["policy", "diff", "default", "default"]) == 0
    assert "The two are the same." in capsys.readouterr().out


def test_the_product_s_policy_is_printed_without_any_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["policy", "show", "default"]) == 0
    (tmp_path / "copy.toml").write_text(capsys.readouterr().out)
    assert main(["policy", "diff", "default", "copy.toml"]) == 0
    assert "The two are the same." in capsys.readouterr().out


def test_a_server_refuses_to_start_with_a_policy_that_it_cannot_load(data: Path) -> None:
    _apply(data, "asks")
    settings = data / "watchword.toml"
    (data.parent / "payout.toml").write_text(
        ASKS.replace("then =", 'actions = ["payout"]\nthen =') + ASKS.replace("asks", "all")
    )
    told = settings.read_text()
    settings.write_text(told.replace("[applications.shop]\n", '[applications.shop]\naction_types = ["payout"]\n'))
    assert _do(data, "apply", str(data.parent / "payout.toml"), "--why", "payouts", "--by", "ann") == 0
    settings.write_text(told)  # the type is declared no more
    refused = run("dev", "--port", "0", "--data", str(data), cwd=data.parent)
    assert refused.returncode == 1
    assert "'payout' is neither built in nor declared" in refused.stderr
    assert "apply one that this release can read" in refused.stderr
