"""Several machines on one PostgreSQL: each a ``watchword serve`` or ``work`` of its own, and one postbox for all."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import httpx2

from tests.adapters.mail_server import Postbox, free_port
from watchword.bootstrap.upkeep import ALL_SCOPES, create_key, create_secrets
from watchword.config.loading import load_settings
from watchword.config.settings import Situation

ROUNDS_AT_MOST = 600
"""Looks at something that must come; each waits at most ``ROUND_S``."""
ROUND_S = 0.05
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
        settings = load_settings(self._settings(free_port()), situation=Situation.SERVE, environ={})
        create_secrets(settings)
        _, key = create_key(settings, "shop", ALL_SCOPES)
        self.key = key.reveal()
        return self

    def start(self, *arguments: str) -> Machine:
        """Start a command on a port of its own and wait for its ready line."""
        settings, journal = self._settings(free_port()), self.folder / f"{len(self.machines)}.log"
        with journal.open("w") as log:
            process = subprocess.Popen(
                [*COMMAND, *arguments, "--json", "--config", str(settings)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
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

    def call(self, at: Machine, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Make one call; return status and JSON."""
        fields = {"Authorization": f"Bearer {self.estate.key}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        response = self.client.request(method, f"{at.ready['listening']}{path}", json=body, headers=fields)
        return response.status_code, response.json() if response.content else None

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
def calling(estate: Estate) -> Iterator[Caller]:
    """Give a caller."""
    with httpx2.Client(timeout=20) as client:
        yield Caller(estate=estate, client=client)
