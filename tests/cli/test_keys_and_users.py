"""Keys, secrets and users, changed from the command line while the server runs."""

import json
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Dev
from watchword.cli import main
from watchword_client import ActionRequest, BoundFields, Client, Contact, NotAuthorized


def _answers(capsys: pytest.CaptureFixture[str], dev: Dev, *arguments: str) -> list[dict[str, object]]:
    """Gives the lines of JSON that a command answers with."""
    assert main([*arguments, "--data", str(dev.data), "--json"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    return [json.loads(line) for line in shown.out.splitlines()]


def _client(dev: Dev, key: object) -> Client:
    return Client(base_url=dev.api, secret_key=str(key), timeout_s=30)


def test_a_new_key_works_at_once_and_not_after_it_was_revoked(dev: Dev, capsys: pytest.CaptureFixture[str]) -> None:
    (made,) = _answers(capsys, dev, "keys", "create", "--application", "shop")
    assert made["scopes"] == ["actions", "events", "users"]
    with _client(dev, made["secret_key"]) as client:
        client.users.put("u-key", [Contact(channel_type="email", address="key@example.com")])
        assert main(["keys", "revoke", str(made["id"]), "--application", "shop", "--data", str(dev.data)]) == 0
        with pytest.raises(NotAuthorized):
            client.users.get("u-key")


def test_a_key_may_only_do_what_its_scopes_say(dev: Dev, capsys: pytest.CaptureFixture[str]) -> None:
    (made,) = _answers(capsys, dev, "keys", "create", "--application", "shop", "--scope", "events")
    assert made["scopes"] == ["events"]
    with _client(dev, made["secret_key"]) as client:
        list(client.events.iterate())
        with pytest.raises(NotAuthorized):
            client.users.get("u-key")


def test_keys_are_listed_without_the_keys(dev: Dev, capsys: pytest.CaptureFixture[str]) -> None:
    (made,) = _answers(capsys, dev, "keys", "create", "--application", "shop")
    listed = _answers(capsys, dev, "keys", "list", "--application", "shop")
    assert made["id"] in [key["id"] for key in listed]
    assert str(made["secret_key"]) not in json.dumps(listed)
    assert main(["keys", "list", "--application", "shop", "--data", str(dev.data)]) == 0
    assert str(made["id"]) in capsys.readouterr().out


def test_a_person_sees_a_new_key_once(dev: Dev, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "create", "--application", "shop", "--data", str(dev.data)]) == 0
    assert "\n  wk_test_" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["keys", "revoke", "key_none", "--application", "shop"], "shop has no live key key_none"),
        (["keys", "create", "--application", "shpo"], "shpo: no such application is declared; there are: shop"),
        (["users", "show", "nobody", "--application", "shop"], "shop has registered no user nobody"),
        (["secrets", "create"], "there are keys already"),
    ],
)
def test_what_is_not_there_is_an_error(
    arguments: list[str], problem: str, dev: Dev, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--data", str(dev.data)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: ")
    assert problem in shown.err


def test_settings_that_are_not_there_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["keys", "list", "--application", "shop"]) == 1
    problem, hint = capsys.readouterr().err.splitlines()
    assert problem == "error: watchword.toml: there are no settings here"
    assert hint.startswith("hint: --config names another")


def test_a_store_that_is_not_there_is_an_error_and_is_not_made(
    tmp_path: Path, dev: Dev, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("watchword.toml", "keys.toml"):
        (tmp_path / name).write_text((dev.data / name).read_text())
        (tmp_path / name).chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert main(["keys", "list", "--application", "shop", "--data", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("error: ")
    assert "watchword migrate" in shown.err
    assert not (tmp_path / "watchword.sqlite3").exists()


def test_a_rotated_key_joins_the_old_ones(dev: Dev, capsys: pytest.CaptureFixture[str]) -> None:
    before = _answers(capsys, dev, "secrets", "list")
    (made,) = _answers(capsys, dev, "secrets", "rotate", "sealing")
    after = _answers(capsys, dev, "secrets", "list")
    assert (made["kind"], made["newest"]) == ("sealing", True)
    assert {str(key["id"]) for key in after} == {str(key["id"]) for key in (*before, made)}
    assert [key["id"] for key in after if key["kind"] == "sealing" and key["newest"]] == [made["id"]]
    assert (dev.data / "keys.toml").stat().st_mode & 0o077 == 0


def test_contacts_are_shown_masked(dev: Dev, capsys: pytest.CaptureFixture[str]) -> None:
    dev.client.users.put("u-show", [Contact(channel_type="email", address="grace@example.com", preferred=True)])
    (shown,) = _answers(capsys, dev, "users", "show", "u-show", "--application", "shop")
    assert isinstance(shown["contacts"], list)
    (contact,) = shown["contacts"]
    assert (contact["masked"], contact["preferred"], contact["confirmed_at"]) == ("g•••@e•••.com", True, None)
    assert main(["users", "show", "u-show", "--application", "shop", "--data", str(dev.data)]) == 0
    told = capsys.readouterr().out
    assert "g•••@e•••.com" in told
    assert "preferred, not confirmed" in told
    assert "grace@" not in told


def test_wrong_codes_are_forgotten_once_with_a_reason_in_the_log(dev: Dev, capsys: pytest.CaptureFixture[str]) -> None:
    dev.client.users.put("u-lock", [Contact(channel_type="email", address="lock@example.com")])
    action = dev.client.actions.create(
        ActionRequest(bound=BoundFields(type="sign_in", user_id="u-lock")), on_unavailable="raise"
    )
    assert action.challenge is not None
    assert dev.client.challenges.attempt(action.challenge.id, "000000").outcome == "incorrect"
    command = ["users", "unlock", "u-lock", "--application", "shop", "--reason", "called us, ticket 118"]
    assert _answers(capsys, dev, *command) == [{"user_id": "u-lock", "unlocked": True}]
    assert _answers(capsys, dev, *command) == [{"user_id": "u-lock", "unlocked": False}]
    logged = [str(event.data) for event in dev.client.events.iterate()]
    assert any("ticket 118" in text for text in logged)
