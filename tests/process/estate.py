"""Several machines on one PostgreSQL: each a ``watchword serve`` or ``work`` of its own, and one postbox for all."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import httpx2

from tests.adapters.mail_server import Postbox, free_port
from watchword.bootstrap.upkeep import ALL_SCOPES, create_key, create_secrets
from watchword.config.loading import load_settings
from watchword.config.settings import Settings, Situation

ROUNDS_AT_MOST = 2_400
"""Looks at something that must come; each waits at most ``ROUND_S``."""
ROUND_S = 0.05
_NOT_KNOWN = 503
"""What a call is answered of which nobody can say whether it happened."""
COMMAND = (sys.executable, "-P", "-m", "watchword.cli")
_SETTINGS = """\
[server]
port = {port}
page_base = "https://verify.shop.example"

[store]
url = "{url}"

[senders.mail]
kind = "smtp"
host = "127.0.0.1"
port = {mail_port}
security = "none"
from_address = "codes@shop.example"

[applications.shop]
name = "Shop"
mode = "live"

[applications.shop.senders]
email = "mail"
"""


@dataclass
class Machine:
    """A running command, with its ready line and its log."""

    process: "subprocess.Popen[str]"
    ready: dict[str, Any]
    journal: Path

    def members(self) -> set[int]:
        """Return the numbers of its serving processes."""
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {int(number) for number in text.split()}

    def log(self) -> list[dict[str, Any]]:
        """Return what it and its processes logged."""
        return [json.loads(line) for line in self.journal.read_text().splitlines() if line.startswith("{")]

    def wait_for(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until the log has an event so often."""
        for _ in range(ROUNDS_AT_MOST):
            found = [entry for entry in self.log() if entry["event"] == event]
            if len(found) >= count:
                return found
            Event().wait(ROUND_S)
        raise AssertionError(f"no {event}: {self.journal.read_text()[-3000:]}")

    def interrupt(self) -> int:
        """Do what Ctrl-C in a terminal does to everything that was started there; return the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.communicate(timeout=60)
        return self.process.returncode

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        return self.process.returncode


@dataclass
class Estate:
    """The one database, its keys, and a key of the application."""

    folder: Path
    url: str
    postbox: Postbox
    mail_port: int
    key: str = ""
    machines: list[Machine] = field(default_factory=list)

    def furnish(self) -> "Estate":
        """Make the keys, and a key of the application."""
        settings = self.settings()
        create_secrets(settings)
        _, key = create_key(settings, "shop", ALL_SCOPES)
        self.key = key.reveal()
        return self

    def settings(self) -> Settings:
        """Return the settings of a command beside the machines."""
        return load_settings(self._settings(free_port()), situation=Situation.SERVE, environ={})

    def start(self, *arguments: str, **variables: str) -> Machine:
        """Start a command on a port of its own, with variables of its environment, and wait for its ready line."""
        settings, journal = self._settings(free_port()), self.folder / f"{len(self.machines)}.log"
        with journal.open("w") as log:
            process = subprocess.Popen(
                [*COMMAND, *arguments, "--json", "--config", str(settings)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                process_group=0,
                env={**os.environ, **variables},  # noqa: TID251 the child gets ours and what the test adds
            )
        line = process.stdout.readline() if process.stdout else ""
        assert line, journal.read_text()
        self.machines.append(Machine(process=process, ready=json.loads(line), journal=journal))
        return self.machines[-1]

    def code(self, address: str) -> str:
        """Wait for the newest code to an address and return it."""
        for _ in range(ROUNDS_AT_MOST):
            mails = [mail for mail in tuple(self.postbox.mails) if address in str(mail["To"])]
            if mails:
                body = mails[-1].get_body(("plain",))
                found = re.search(r"(?<!\d)[0-9]{6,8}(?!\d)", body.get_content() if body else "")
                assert found is not None
                return found[0]
            Event().wait(ROUND_S)
        raise AssertionError(f"no code came to {address}")

    def close(self) -> None:
        """End what still runs."""
        for machine in self.machines:
            if machine.process.poll() is None:
                machine.end()

    def _settings(self, port: int) -> Path:
        path = self.folder / f"watchword-{port}.toml"
        path.write_text(_SETTINGS.format(port=port, url=self.url, mail_port=self.mail_port))
        return path


@dataclass
class Caller:
    """Somebody with the key of the application, who keeps the connection to each machine."""

    estate: Estate
    client: httpx2.Client
    tries: int = 1
    """How often a call is made that gets no answer, or that of a store that is not there; always with the same key."""

    def call(self, at: Machine, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Make one call; return status and JSON."""
        fields = {"Authorization": f"Bearer {self.estate.key}", "Idempotency-Key": uuid4().hex}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        for left in reversed(range(self.tries)):
            try:
                response = self.client.request(method, f"{at.ready['listening']}{path}", json=body, headers=fields)
            except httpx2.TransportError:
                if left == 0:
                    raise
                continue
            if response.status_code != _NOT_KNOWN or left == 0:
                return response.status_code, response.json() if response.content else None
            Event().wait(ROUND_S)
        raise AssertionError("it was not tried at all")

    def register(self, at: Machine, user: str) -> str:
        """Register a user with a confirmed e-mail address; return the address."""
        address = f"{user}@example.com"
        contact = {"channel_type": "email", "address": address, "confirmed_at": "2026-01-01T00:00:00Z"}
        status, answer = self.call(at, "PUT", f"/v1/users/{user}", {"contacts": [contact]})
        assert status == 201, answer
        return address

    def sign_in(self, at: Machine, user: str, **headers: str) -> dict[str, Any]:
        """Report a sign-in from a new device; return the answer, which is a challenge."""
        status, answer = self.call(at, "POST", "/v1/actions", {"type": "sign_in", "user_id": user}, **headers)
        assert (status, answer["decision"]) == (201, "challenge"), answer
        return dict(answer)

    def attempt(self, at: Machine, challenge_id: str, code: str, **headers: str) -> dict[str, Any]:
        """Make an attempt; return its outcome."""
        status, answer = self.call(at, "POST", f"/v1/challenges/{challenge_id}/attempts", {"code": code}, **headers)
        assert status == 200, answer
        return dict(answer)

    def go_the_whole_way(self, machines: Sequence[Machine], user: str) -> None:
        """Sign in with a code, each call at the next machine."""
        at = [machines[number % len(machines)] for number in range(4)]
        address = self.register(at[0], user)
        challenge = self.sign_in(at[1], user)["challenge"]
        answer = self.attempt(at[2], challenge["id"], self.estate.code(address))
        assert answer["outcome"] == "approved", answer
        redemption = {"grant": answer["grant"], "action": {"type": "sign_in", "user_id": user}}
        status, answer = self.call(at[3], "POST", "/v1/grants/redeem", redemption)
        assert status == 200, answer


@contextmanager
def calling(estate: Estate, *, tries: int = 1) -> Iterator[Caller]:
    """Give a caller."""
    with httpx2.Client(timeout=20) as client:
        yield Caller(estate=estate, client=client, tries=tries)


@dataclass
class Rush:
    """Callers who go the whole way again and again, each time for another user."""

    estate: Estate
    machines: Sequence[Machine]
    tries: int
    stop: Event = field(default_factory=Event)
    arrived: list[str] = field(default_factory=list)
    """The users who went the whole way."""
    failures: list[BaseException] = field(default_factory=list)

    def run(self, name: str) -> None:
        """Go until told to stop, or until something fails."""
        with calling(self.estate, tries=self.tries) as caller:
            for number in count():
                if self.stop.is_set() or self.failures:
                    return
                user = f"{name}-{number}"
                try:
                    caller.go_the_whole_way(self.machines, user)
                except (AssertionError, httpx2.HTTPError) as error:
                    self.failures.append(error)
                self.arrived.append(user)

    def wait_for_more(self, more: int) -> None:
        """Wait until so many more users have arrived, or something failed."""
        wanted = len(self.arrived) + more
        for _ in range(ROUNDS_AT_MOST):
            if len(self.arrived) >= wanted or self.failures:
                return
            Event().wait(ROUND_S)
        raise AssertionError(f"{len(self.arrived)} of {wanted} arrived")


@contextmanager
def rushing(estate: Estate, *machines: Machine, tries: int = 1) -> Iterator[Rush]:
    """Give callers at work; whoever is under way at the end goes to the end."""
    rush = Rush(estate=estate, machines=machines, tries=tries)
    with ThreadPoolExecutor() as pool:
        for name in ("ann", "bob"):
            pool.submit(rush.run, name)
        try:
            rush.wait_for_more(4)
            yield rush
        finally:
            rush.stop.set()
