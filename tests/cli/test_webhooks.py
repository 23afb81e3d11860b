"""``webhooks``: how an application's own servers stand, and sending again what they missed."""

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TypeVar

import pytest
from standardwebhooks import Webhook

from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.rows.webhook_store import RowWebhookStore
from watchword.bootstrap.key_source import open_keys
from watchword.bootstrap.upkeep import with_store
from watchword.cli import main
from watchword.config.first_files import write_default
from watchword.config.loading import load_settings
from watchword.config.settings import Settings, Situation
from watchword.domain.event import EventType
from watchword.domain.ids import ApplicationId
from watchword.domain.webhook import CallResult
from watchword.domain.webhook_signature import read_secret, write_secret
from watchword.ports.webhooks import ClaimedMessage, EndpointKey

SECRET = write_secret(bytes(range(32)))
KEY = EndpointKey(application_id=ApplicationId("shop"), name="orders")
NOTED = frozenset({EventType.POLICY_APPLIED})
"""Not public, and so easy to make: whoever applies a policy makes one."""
FAILED = CallResult(status=500, error=None, took_ms=7)
Result = TypeVar("Result")
POLICY = '[[rule]]\nname = "asks"\nthen = "challenge"\ntext = "Asked"\ncustomer_text = "We ask."\n'


@pytest.fixture
def data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Gives a data folder whose application declares one endpoint, as before the first start."""
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "watchword.toml"
    write_default(path)
    (folder / "secret").write_text(SECRET)
    table = '[applications.shop.webhooks.orders]\nurl = "http://127.0.0.1:9/hooks"\nsecret_file = "secret"\n'
    path.write_text(f"{path.read_text()}\n{table}")
    for command in (["secrets", "create"], ["migrate"]):
        assert main([*command, "--data", str(folder)]) == 0
    capsys.readouterr()
    return folder


def _settings(data: Path) -> Settings:
    return load_settings(data / "watchword.toml", situation=Situation.DEV, environ={})


def _with_hooks(data: Path, work: Callable[[RowWebhookStore], Awaitable[Result]]) -> Result:
    settings = _settings(data)
    keys = open_keys(settings.keys, create=False)

    def opened(store: RowStore) -> Awaitable[Result]:
        return work(RowWebhookStore(store.runner))

    return with_store(settings, keys, opened)


def _happen(data: Path, count: int = 1) -> None:
    """Let something happen that the endpoint is told of."""
    policy = data.parent / "policy.toml"
    for _ in range(count):
        policy.write_text(POLICY)
        assert main(["policy", "apply", str(policy), "--why", "a", "--by", "b", "--data", str(data)]) == 0


async def _claim_all(hooks: RowWebhookStore) -> list[ClaimedMessage]:
    while await hooks.queue_messages(KEY, NOTED, limit=100):
        pass
    return list(await hooks.claim_messages({KEY: 100}, lease_s=60))


def _fail(data: Path) -> str:
    """Let a worker meet the endpoint, something happen, and its message be given up; return the message's id."""

    async def begin(hooks: RowWebhookStore) -> None:
        await hooks.queue_messages(KEY, NOTED, limit=100)

    async def give_up(hooks: RowWebhookStore) -> str:
        (claimed,) = await _claim_all(hooks)
        await hooks.finish_call(claimed, FAILED, retry_after_ms=None)
        return claimed.id

    _with_hooks(data, begin)
    _happen(data)
    return _with_hooks(data, give_up)


def _do(data: Path, command: str, *arguments: str) -> int:
    return main(["webhooks", command, *arguments, "--application", "shop", "--data", str(data)])


def _answers(capsys: pytest.CaptureFixture[str], data: Path, command: str, *arguments: str) -> list[dict[str, object]]:
    capsys.readouterr()
    assert _do(data, command, *arguments, "--json") == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_an_endpoint_that_no_worker_has_met_is_listed_too(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _answers(capsys, data, "list") == [{"endpoint": "orders", "declared": True, "met": False}]
    assert _do(data, "list") == 0
    assert "not met by a worker yet" in capsys.readouterr().out


def test_an_endpoint_that_is_declared_no_more_is_still_listed(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _fail(data)
    path = data / "watchword.toml"
    path.write_text(path.read_text().partition("[applications.shop.webhooks.orders]")[0])
    (listed,) = _answers(capsys, data, "list")
    assert (listed["endpoint"], listed["declared"], listed["given_up"]) == ("orders", False, 1)
    assert _do(data, "list") == 0
    assert "declared no more" in capsys.readouterr().out


def test_what_was_given_up_is_seen_and_sent_again(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message_id = _fail(data)
    (listed,) = _answers(capsys, data, "list")
    assert (listed["waiting"], listed["given_up"]) == (0, 1)
    (attempt,) = _answers(capsys, data, "attempts", "orders")
    assert (attempt["message_id"], attempt["status"], attempt["took_ms"]) == (message_id, 500, 7)
    (message,) = _answers(capsys, data, "messages", "orders", "--state", "dead")
    assert (message["id"], message["type"], message["failures"]) == (message_id, "policy.applied", 1)
    assert _answers(capsys, data, "replay", "orders", "--dead") == [{"messages": 1}]
    (listed,) = _answers(capsys, data, "list")
    assert (listed["waiting"], listed["given_up"]) == (1, 0)


def test_a_person_sees_the_same_as_a_script(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message_id = _fail(data)
    for command in (("list",), ("attempts", "orders"), ("messages", "orders")):
        assert _do(data, *command) == 0
    shown = capsys.readouterr().out
    assert "500 at 20" in shown
    assert shown.count(message_id) == 2
    assert "http://127.0.0.1:9" not in shown
    (row,) = [line.split() for line in shown.splitlines() if line.startswith(message_id)]
    assert row[1:4] == ["policy.applied", "dead", "1"], "in a pipe a row is one line"


def test_in_a_narrow_terminal_a_row_goes_on_in_the_next_line_and_no_id_is_broken(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = _fail(data)
    capsys.readouterr()
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    assert (_do(data, "messages", "orders"), _do(data, "attempts", "orders")) == (0, 0)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, shown)) <= 80
    headings, going_on, row, rest = shown[:4]
    assert headings.split()[:3] == ["message", "type", "state"]
    assert row.split()[:3] == [message_id, "policy.applied", "dead"]
    assert all(line.startswith("  ") for line in (going_on, rest))
    assert going_on.split()[-4:] == ["happened", "at", "due", "at"]
    assert headings.index("state") == row.index("dead")
    assert sum(message_id in line for line in shown[4:]) == 1


def test_since_when_an_endpoint_fails_is_listed(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _fail(data)
    (listed,) = _answers(capsys, data, "list")
    assert str(listed["failing_since"]).startswith("20")
    assert _do(data, "list") == 0
    assert "failing since 20" in capsys.readouterr().out


def test_one_message_is_sent_again(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message_id = _fail(data)
    assert _do(data, "replay", "orders", "--message", message_id) == 0
    assert capsys.readouterr().out.endswith("1 message will be sent again.\n")
    assert _do(data, "replay", "orders", "--message", "evt_unknown") == 1
    assert "orders has no message evt_unknown" in capsys.readouterr().err


def test_a_span_is_sent_again_only_for_the_types_that_are_wanted(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _fail(data)
    assert _answers(capsys, data, "replay", "orders", "--since", "2020-01-01T00:00:00Z") == [{"messages": 0}]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--dead", "--message", "evt_a"),
        ("--dead", "--since", "2020-01-01T00:00:00Z"),
        ("--dead", "--until", "2020-01-01T00:00:00Z"),
    ],
)
def test_what_to_send_again_has_to_be_said_in_one_way(
    data: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert _do(data, "replay", "orders", *arguments) == 2
    assert "what is to be sent again?" in capsys.readouterr().err


def test_a_time_that_is_none_is_refused(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _do(data, "replay", "orders", "--since", "yesterday") == 2
    assert "yesterday is no time" in capsys.readouterr().err


def test_an_endpoint_is_disabled_with_a_reason_and_enabled_again(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _fail(data)
    assert _answers(capsys, data, "disable", "orders", "--reason", "moves") == [
        {"endpoint": "orders", "disabled": True}
    ]
    (listed,) = _answers(capsys, data, "list")
    assert listed["disabled_reason"] == "moves"
    assert _answers(capsys, data, "enable", "orders") == [{"endpoint": "orders", "enabled": True}]
    assert _answers(capsys, data, "enable", "orders") == [{"endpoint": "orders", "enabled": False}]
    assert _do(data, "disable", "orders", "--reason", " ") == 2


@pytest.mark.parametrize("command", ["messages", "attempts", "enable", "send-test"])
def test_an_endpoint_that_is_not_declared_is_named_with_those_that_are(
    data: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert _do(data, command, "ordres") == 1
    assert "error: ordres: shop declares no such webhook; there are: orders" in capsys.readouterr().err


def test_a_new_secret_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["webhooks", "new-secret"]) == 0
    first = capsys.readouterr().out.strip()
    assert main(["webhooks", "new-secret", "--json"]) == 0
    second = json.loads(capsys.readouterr().out)["secret"]
    found = read_secret(first)
    assert found is not None
    assert len(found.key) == 32
    assert first != second


class _Handler(BaseHTTPRequestHandler):
    """Takes a message if it verifies."""

    def do_POST(self) -> None:
        """Verify and answer."""
        body = self.rfile.read(int(self.headers["content-length"]))
        told = Webhook(SECRET).verify(body, dict(self.headers.items()))
        self.send_response(204 if told["type"] == "webhook.test" else 400)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_a_test_message_is_sent_at_once_and_its_outcome_told(
    data: Path, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path = data / "watchword.toml"
    path.write_text(path.read_text().replace("127.0.0.1:9/", f"127.0.0.1:{port}/"))
    (told,) = _answers(capsys, data, "send-test", "orders")
    assert (told["status"], told["error"]) == (204, None)
    assert _do(data, "send-test", "orders") == 0
    assert capsys.readouterr().out.startswith("orders took it: 204 in ")


def test_a_test_message_that_is_not_taken_fails(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _do(data, "send-test", "orders") == 1
    assert "error: orders did not take it: not_connected" in capsys.readouterr().err
