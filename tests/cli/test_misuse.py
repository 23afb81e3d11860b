"""What is not understood is said in one line with a hint, as exit code 2, and nothing is tried."""

from pathlib import Path

import pytest

from watchword.cli import main
from watchword.config.first_files import write_demo


def _told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err
    return shown.err.splitlines()


@pytest.mark.parametrize(
    ("arguments", "problem", "hint"),
    [
        (["vershion"], "No such command 'vershion'. Did you mean 'version'?", "watchword --help"),
        (["dev", "--prot", "1"], "No such option: --prot", "watchword dev --help"),
        (["dev", "--port", "lots"], "'--port': Input should be a valid integer", "watchword dev --help"),
        (["dev", "--port", "70000"], "less than or equal to 65535", "watchword dev --help"),
        (["keys", "create"], "Missing option '--application'", "watchword keys create --help"),
        (["keys", "create", "--application", "shop", "--scope", "all"], "'--scope': 'all' is", "keys create --help"),
        (["secrets", "rotate", "index"], "'index'", "watchword secrets rotate --help"),
        (["users", "unlock", "u", "--application", "shop"], "Missing option '--reason'", "users unlock --help"),
        (["dev", "--host", "0.0.0.0"], "0.0.0.0 could be reached from other machines", "127.0.0.1"),
        (["demo", "--host", "example.com"], "example.com could be reached", "127.0.0.1"),
        (["tour", "--api", "http://127.0.0.1:1"], "--api, --key and --inbox belong together", "watchword dev prints"),
        (["tour", "--pause", "--json"], "--pause waits for a person", "one of the two"),
        (["migrate", "--config", "a.toml", "--data", "b"], "--config and --data", "one of the two"),
        (["policy", "explain"], "say what the action is", "sign_in"),
        (["policy", "explain", "purchase"], "purchase is no fact", "device.known=true"),
        (["policy", "explain", "action.type=purchase", "device.tall=true"], "no signal device.tall", "policy.md"),
        (["policy", "explain", "action.type=purchase", "device.known=1"], "of type bool", "policy.md"),
        (["policy", "explain", "action.type=purchase", "details.items=1.5"], "details.items", "whole numbers"),
    ],
)  # fmt: skip
def test_says_what_is_wrong_and_what_to_do(
    arguments: list[str],
    problem: str,
    hint: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    first, second = _told(capsys)
    assert first.startswith("error: ")
    assert problem in first
    assert second.startswith("hint: ")
    assert hint in second
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_live_key_for_the_tour(capsys: pytest.CaptureFixture[str]) -> None:
    here = "http://127.0.0.1:1"
    assert main(["tour", "--api", here, "--key", "wk_live_abc", "--inbox", f"{here}/dev/inbox"]) == 2
    assert "test keys only" in _told(capsys)[0]


def test_refuses_an_empty_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["users", "unlock", "u-1", "--application", "shop", "--reason", "  "]) == 2
    assert "the reason is empty" in _told(capsys)[0]


def test_the_settings_of_dev_are_refused_with_the_way_to_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_demo(tmp_path / "watchword.toml")
    command = ["policy", "budget", "--config", str(tmp_path / "watchword.toml")]
    assert main(command) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "server.page_base: is missing" in said
    assert f"hint: dev and demo start with these settings: for their data folder say --data {tmp_path}" in said
    (tmp_path / "watchword.toml").write_text("[server]\nport = -1\n")
    assert main(command) == 1
    assert "--data" not in capsys.readouterr().err, "no hint that would not help"
