"""``dev`` and ``demo`` as processes: ready in one line, the same after a restart, and refused with words."""

import base64
import json
import signal
from pathlib import Path

import httpx2
import pytest

from tests.cli.conftest import Dev
from tests.cli.processes import greeting, run, running, taken_port
from watchword.cli import main
from watchword_client import ActionRequest, BoundFields, Client, Contact


def test_says_in_one_line_where_it_answers(dev: Dev) -> None:
    assert set(dev.server.ready) == {"api", "secret_key", "inbox", "store"}
    assert dev.key.startswith("wk_test_")
    assert dev.server.ready["store"] is None
    assert httpx2.get(f"{dev.api}/readyz").status_code == 200
    assert httpx2.get(dev.inbox).status_code == 200
    assert httpx2.get(f"{dev.inbox}.json", params={"to": "nobody@example.com"}).json() == []


def test_keeps_what_it_needs_in_its_folder_readable_by_its_owner_only(dev: Dev) -> None:
    assert {"watchword.toml", "keys.toml"} <= {path.name for path in dev.data.iterdir()}
    assert dev.data.stat().st_mode & 0o077 == 0
    secret = [path for path in dev.data.iterdir() if path.name != "watchword.toml"]
    assert [path.name for path in secret if path.stat().st_mode & 0o077] == []


def test_goes_on_with_the_same_keys_after_a_restart(tmp_path: Path) -> None:
    first, last = (_what_outlives_a_restart(tmp_path) for _ in range(2))
    assert first == last


def _what_outlives_a_restart(folder: Path) -> tuple[object, ...]:
    with running("dev", "--port", "0", "--data", "data", cwd=folder) as server:
        key = server.ready["secret_key"]
        with Client(base_url=server.ready["api"], secret_key=key, timeout_s=30) as client:
            user = client.users.put("ada", [Contact(channel_type="email", address="ada@example.com")])
            contact_ids = [contact.id for contact in user.contacts]
            found = key, client.jwks(), contact_ids, _issuer_of_a_grant(client, server.ready["inbox"])
    return found


def _issuer_of_a_grant(client: Client, inbox: str) -> object:
    """Signs in with the code of the inbox, and gives ``iss`` of the grant."""
    bound = BoundFields(type="sign_in", user_id="ada")
    challenge = client.actions.create(ActionRequest(bound=bound), on_unavailable="raise").challenge
    assert challenge is not None
    code = _code_of(challenge.id, inbox)
    grant = client.challenges.attempt(challenge.id, code).grant
    assert grant is not None
    claims = grant.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["iss"]


def _code_of(challenge_id: str, inbox: str) -> str:
    """Asks until the message is there; the process that delivers it is another one."""
    while True:
        for message in httpx2.get(f"{inbox}.json").json():
            if message["challenge_id"] == challenge_id:
                return "".join(filter(str.isdigit, message["text"].split()[0]))


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT], [signal.SIGINT, signal.SIGTERM]], ids=str)
def test_stopping_is_no_failure(signals: list[signal.Signals], tmp_path: Path) -> None:
    with running("dev", "--port", "0", "--data", "data", cwd=tmp_path) as server:
        code, said, aside = server.stop(*signals)
    assert (code, said) == (0, "")
    assert "Traceback" not in aside
    # What SQLite keeps beside the file while it is open is gone: the store was put down in order.
    assert not (tmp_path / "data" / "watchword.sqlite3-wal").exists()


def test_shows_a_person_what_to_do_next(tmp_path: Path) -> None:
    end = "goes on where this one ends.\n"
    told = greeting("dev", "--port", "0", "--data", "data", cwd=tmp_path, end=end)
    key = (tmp_path / "data" / "secret_key").read_text().strip()
    assert "Watchword is ready" in told
    assert f"-H 'Authorization: Bearer {key}'" in told
    assert "watchword tour --api http://127.0.0.1:" in told
    told = greeting("demo", "--port", "0", "--data", "demo", cwd=tmp_path, end=end)
    assert told.index("Store") < told.index("Inbox") < told.index("API")


def test_the_demo_opens_its_store(tmp_path: Path) -> None:
    with running("demo", "--port", "0", "--data", "data", cwd=tmp_path) as server:
        answer = httpx2.get(server.ready["store"], follow_redirects=True)
        assert answer.status_code == 200
        assert "60 messages an hour" in answer.text
        assert server.ready["api"] != server.ready["store"]


def test_refuses_a_port_that_is_taken(tmp_path: Path) -> None:
    with taken_port() as taken:
        port = taken.getsockname()[1]
        refused = run("dev", "--json", "--port", str(port), "--data", "data", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"error: port {port} on 127.0.0.1 is taken")
    assert "Traceback" not in refused.stderr


def test_takes_the_port_of_its_settings(dev: Dev, tmp_path: Path) -> None:
    settings = (dev.data / "watchword.toml").read_text()
    assert "port = 8000" in settings
    with taken_port() as taken:
        port = taken.getsockname()[1]
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "watchword.toml").write_text(settings.replace("port = 8000", f"port = {port}"))
        refused = run("dev", "--json", "--data", "data", cwd=tmp_path)
    assert refused.stderr.startswith(f"error: port {port} on 127.0.0.1 is taken")


def test_refuses_a_second_start_on_the_same_folder(dev: Dev) -> None:
    refused = run("dev", "--json", "--port", "0", "--data", str(dev.data), cwd=dev.data)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: ")
    assert "another Watchword" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("data", ["file", "file/data"])
def test_refuses_a_folder_that_cannot_be_made(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["dev", "--json", "--port", "0", "--data", str(tmp_path / data)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"error: {tmp_path / data}: cannot be made or used as a folder: ")


@pytest.mark.parametrize(
    "name",
    ["watchword.toml", "keys.toml", "secret_key", "watchword.sqlite3", "inbox.sqlite3"],
)
def test_refuses_a_folder_in_which_a_file_cannot_be_written(name: str, tmp_path: Path) -> None:
    (tmp_path / "data" / name).mkdir(parents=True)
    refused = run("dev", "--json", "--port", "0", "--data", "data", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: ")
    assert name in refused.stderr
    assert "Traceback" not in refused.stderr


def test_refuses_a_database_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "watchword.sqlite3").write_text("this is no database " * 100)
    refused = run("dev", "--json", "--port", "0", "--data", "data", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: ")
    assert "Traceback" not in refused.stderr


def test_shows_every_problem_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "watchword.toml").write_text(
        '[server]\nprot = 1\n[applications.shop]\nname = "Shop"\nmode = "tset"\n[applications.shop.senders]\n'
        'email = "inbox"\n'
    )
    refused = run("dev", "--json", "--port", "0", "--data", "data", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    lines = refused.stderr.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["data/watchword.toml:2", "data/watchword.toml:5"]


def test_shows_every_problem_of_the_policy(dev: Dev, tmp_path: Path) -> None:
    settings = (dev.data / "watchword.toml").read_text()
    assert "# policy =" in settings
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "watchword.toml").write_text(settings.replace("# policy =", "policy ="))
    (tmp_path / "data" / "policy.toml").write_text(
        '[[rule]]\nname = "only"\nthen = "allow"\nwhen = "tru"\ntext = "x"\n'
    )
    refused = run("dev", "--json", "--port", "0", "--data", "data", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "error: data/policy.toml:4: " in refused.stderr
    assert "Traceback" not in refused.stderr
