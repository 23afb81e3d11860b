"""Applications are told everything at least once (I21), whenever the server is killed and whatever answer is lost."""

import json
import random
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import httpx2
import pytest
from standardwebhooks import Webhook

from tests.process.estate import Estate, calling
from tests.process.served import Served
from watchword.domain.webhook import PUBLIC_FIELDS
from watchword.domain.webhook_signature import write_secret

SECRET = write_secret(bytes(range(32)))
TABLE = "WATCHWORD_APPLICATIONS__SHOP__WEBHOOKS__ORDERS__"
ROUNDS_AT_MOST = 800
"""Looks at what must come; each waits at most ``ROUND_S``. The first retry comes after five to six seconds."""
ROUND_S = 0.05


@dataclass
class Listener:
    """A receiver in threads of its own that loses some of its answers, but none twice for one message."""

    seed: int
    loses: float = 0.1
    """Of the answers to messages that come for the first time."""
    bodies: defaultdict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    lost: set[str] = field(default_factory=set)
    port: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Note a message and return whether its answer is lost."""
        Webhook(SECRET).verify(body, dict(headers))
        message_id = headers["webhook-id"]
        with self._lock:
            self.bodies[message_id].append(body)
            if len(self.bodies[message_id]) > 1 or random.Random(f"{self.seed}{message_id}").random() > self.loses:
                return False
            self.lost.add(message_id)
            return True


@contextmanager
def listening(listener: Listener) -> Iterator[Listener]:
    """Listen until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        """Takes one message a connection."""

        def do_POST(self) -> None:
            """Take a message, and answer or break off."""
            body = self.rfile.read(int(self.headers["content-length"]))
            if listener.take({name.lower(): value for name, value in self.headers.items()}, body):
                self.connection.close()
                return
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def handle(self) -> None:
            """Let whoever calls hang up when he likes."""
            with suppress(OSError, ValueError):
                super().handle()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()


def _events(served: Served) -> dict[str, dict[str, Any]]:
    """Return the public events by id."""
    found: dict[str, dict[str, Any]] = {}
    cursor = ""
    while True:
        status, page = served.call("GET", f"/v1/events?limit=100{cursor}")
        assert status == 200
        found |= {event["id"]: event for event in page["data"] if event["type"] in PUBLIC_FIELDS}
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def _go_on(served: Served, name: str, stop: Event) -> None:
    with suppress(httpx2.TransportError):
        for number in range(1_000):
            if stop.is_set():
                return
            served.register(f"{name}-{number}", "+14155550100")
            served.sign_in(f"{name}-{number}")


@pytest.mark.parametrize("seed", range(2))
def test_every_event_is_told_whatever_dies(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with listening(Listener(seed)) as listener:
        url = f"http://127.0.0.1:{listener.port}/hooks"
        served = Served(tmp_path / "data", {f"{TABLE}URL": url, f"{TABLE}SECRET": SECRET}).start()
        served.register("first", "+14155550101")
        _wait_until(lambda: bool(_events(served)))
        for life in range(2):
            stop = Event()
            caller = threading.Thread(target=_go_on, args=(served, f"s{seed}-{life}", stop))
            caller.start()
            stop.wait(chance.uniform(1.2, 2.4))  # the moment of the kill; whatever it meets is right
            served.kill()
            stop.set()
            caller.join()
            served.start()
        events = _events(served)
        _wait_until(lambda: _told_since_the_first(events, listener) == set())
        served.stop()
    assert listener.lost
    for message_id, bodies in listener.bodies.items():
        assert len(set(bodies)) == 1
        told, event = json.loads(bodies[0]), events[message_id]
        assert (told["type"], told["timestamp"], told["data"]) == (event["type"], event["created_at"], event["data"])


def test_workers_of_one_database_share_the_calls(estate: Estate) -> None:
    with listening(Listener(seed=0, loses=0.0)) as listener, calling(estate) as caller:
        variables = {f"{TABLE}URL": f"http://127.0.0.1:{listener.port}/", f"{TABLE}SECRET": SECRET}
        variables[f"{TABLE}ALLOW_PRIVATE"] = "true"
        serving = estate.start("serve", **variables, WATCHWORD_SERVER__WORK="false")
        workers = [estate.start("work", **variables) for _ in range(2)]
        users = iter(f"u-{number}" for number in count())
        _wait_until(lambda: bool(caller.register(serving, next(users)) and listener.bodies))
        begun = len(listener.bodies)
        later = [next(users) for _ in range(20)]
        for user in later:
            caller.register(serving, user)
        _wait_until(lambda: len(listener.bodies) >= begun + len(later))
        for worker in workers:
            worker.end()
    assert {len(bodies) for bodies in listener.bodies.values()} == {1}


def _told_since_the_first(events: Mapping[str, object], listener: Listener) -> set[str]:
    """Return what was not told although something earlier was: an endpoint begins where it was declared."""
    ids = list(events)
    begun = next((number for number, one in enumerate(ids) if one in listener.bodies), len(ids))
    assert begun < 10, "nothing was told at all"
    return set(ids[begun:]) - listener.bodies.keys()


def _wait_until(is_so: Any) -> None:
    for _ in range(ROUNDS_AT_MOST):
        if is_so():
            return
        Event().wait(ROUND_S)
    raise AssertionError("it did not come to that")
