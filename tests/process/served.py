"""A real ``watchword dev`` in a process of its own, and a caller that speaks plain HTTP to it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import httpx2

ROUNDS_AT_MOST = 400
"""Looks at something that must come; each waits at most ``ROUND_S``."""
ROUND_S = 0.05


@dataclass
class Served:
    """A running server on a data folder; ``kill`` is ``kill -9``."""

    data: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None
    api: str = ""
    key: str = ""
    address: dict[str, Any] = field(default_factory=dict)

    def start(self) -> "Served":
        """Start, wait for the line that says it is ready, and take the addresses from it."""
        log = (self.data.parent / "server.log").open("a")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "watchword.cli", "dev", "--json", "--port", "0", "--data", str(self.data)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **self.environment},  # noqa: TID251 the child gets ours and what the test adds
        )
        log.close()
        line = self.process.stdout.readline() if self.process.stdout else ""
        assert line, self.log()
        self.address = json.loads(line)
        self.api, self.key = self.address["api"], self.address["secret_key"]
        return self

    def kill(self) -> None:
        """End it at once, with nothing finished and nothing said."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to stop, wait, and return its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(number)
        code = self.process.wait(timeout=30)
        if self.process.stdout:
            self.process.stdout.close()
        self.process = None
        return code

    def log(self) -> str:
        """Return everything that it wrote to standard error so far, over all its lives."""
        return (self.data.parent / "server.log").read_text()

    def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Make one call with the secret key; return status and JSON."""
        response = httpx2.request(
            method,
            f"{self.api}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.key}"} | {k.replace("_", "-"): v for k, v in headers.items()},
            timeout=20,
        )
        return response.status_code, response.json() if response.content else None

    def inbox(self, to: str) -> list[dict[str, Any]]:
        """Return the messages to one address."""
        return list(httpx2.get(f"{self.api}/dev/inbox.json", params={"to": to}, timeout=20).json())

    def message(self, to: str, *, challenge_id: str | None = None, kind: str = "code") -> str:
        """Wait for a message and return its text; the newest one if there are several."""
        for _ in range(ROUNDS_AT_MOST):
            found = [one for one in self.inbox(to) if one["kind"] == kind]
            found = [one for one in found if challenge_id is None or one["challenge_id"] == challenge_id]
            if found:
                return str(found[-1]["text"])
            Event().wait(ROUND_S)
        raise AssertionError(f"no {kind} arrived; the server says: {self.log()[-2000:]}")

    def register(self, user: str, phone: str) -> str:
        """Register a user with a confirmed phone and e-mail address; return the e-mail address."""
        mail = f"{user}@example.com"
        contacts = [
            {"channel_type": "phone", "address": phone, "confirmed_at": "2026-01-01T00:00:00Z"},
            {"channel_type": "email", "address": mail, "confirmed_at": "2026-01-01T00:00:00Z"},
        ]
        status, answer = self.call("PUT", f"/v1/users/{user}", {"contacts": contacts})
        assert status == 201, answer
        return mail

    def sign_in(self, user: str, **more: object) -> dict[str, Any]:
        """Report a sign-in from a new device; return the answer, which is a challenge."""
        status, answer = self.call("POST", "/v1/actions", {"type": "sign_in", "user_id": user, **more})
        assert (status, answer["decision"]) == (201, "challenge"), answer
        return dict(answer)

    def attempt(self, challenge_id: str, code: str, **headers: str) -> dict[str, Any]:
        """Make an attempt and return its outcome."""
        status, answer = self.call("POST", f"/v1/challenges/{challenge_id}/attempts", {"code": code}, **headers)
        assert status == 200, answer
        return dict(answer)


def code_in(text: str) -> str:
    """Return the code of a message."""
    found = re.search(r"[0-9]{6,10}", text)
    assert found is not None
    return found[0]


def other_than(code: str) -> str:
    """Return a wrong code of the same length."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"
