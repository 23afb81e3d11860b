#!/usr/bin/env python3
"""A store in one file: its page takes the code in the web component, and this back end asks, claims and redeems.

``python store.py`` starts it, with a Watchword of its own whose inbox shows every message. With WATCHWORD_URL and
WATCHWORD_KEY it uses yours, which must list this store's origin in the application's ``origins``.
"""

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from watchword_client import (
    ActionRequest,
    BoundFields,
    Circumstances,
    Client,
    Contact,
    Decision,
    Money,
    WatchwordError,
)

HERE: Final = Path(__file__).resolve().parent
FILES: Final = {
    "/": (HERE / "index.html", "text/html; charset=utf-8"),
    "/store.css": (HERE / "store.css", "text/css"),
    "/watchword.js": (HERE / "watchword.js", "text/javascript"),
    "/watchword-challenge.js": (HERE.parent / "watchword-challenge.js", "text/javascript"),
}
CUSTOMER: Final = "u-1"
ORDER: Final = BoundFields(
    type="purchase", user_id=CUSTOMER, amount=Money(value="1299.00", currency="USD"), payee="The camera store"
)


class Store:
    """The store's own state: which session is proving what. A real store keeps it in its session or its database."""

    def __init__(self, watchword: Client, base: str) -> None:
        self.watchword = watchword
        self.base = base
        self.waiting: dict[str, str] = {}
        """The challenge by session."""
        self.device_tokens: dict[str, str] = {}
        """A real store keeps it in a ``__Host-`` cookie of its own: HttpOnly, Secure, for 180 days."""

    def buy(self, session: str, agent: str) -> dict[str, str]:
        """Ask whether the order may go ahead."""
        circumstances = Circumstances(
            session_id=session, device_token=self.device_tokens.get(session), user_agent=agent, ip="192.0.2.7"
        )
        answer = self.watchword.actions.create(
            ActionRequest(bound=ORDER, circumstances=circumstances), on_unavailable="deny"
        )
        if answer.decision == Decision.ALLOW and answer.grant is not None:
            return self._place(session, answer.grant)
        challenge = answer.challenge if answer.decision == Decision.CHALLENGE else None
        if challenge is not None and challenge.token is not None:
            # The page gets the challenge's id and token: they open this one challenge, and never a grant.
            self.waiting[session] = challenge.id
            return {"outcome": "challenge", "challenge": challenge.id, "token": challenge.token, "base": self.base}
        return {"outcome": "refused"}

    def finish(self, session: str) -> dict[str, str]:
        """Claim what an approval earned. Nothing that the page says counts here: only what Watchword answers."""
        challenge_id = self.waiting.pop(session, None)
        if challenge_id is None:
            return {"outcome": "refused"}
        claim = self.watchword.challenges.claim(challenge_id, session_id=session)
        if claim.device is not None and claim.device.token is not None:
            self.device_tokens[session] = claim.device.token
        return {"outcome": "refused"} if claim.grant is None else self._place(session, claim.grant)

    def _place(self, session: str, grant: str) -> dict[str, str]:
        """Redeem the grant with the same fields that it was asked for; only then is the order placed."""
        self.watchword.grants.redeem(grant, ORDER, session_id=session)
        return {"outcome": "placed"}


class Counter(ThreadingHTTPServer):
    """The store behind its address."""

    store: Store


class Page(BaseHTTPRequestHandler):
    """Answers the store's page and its two calls."""

    server: Counter

    def do_GET(self) -> None:
        """Answer one of the store's files."""
        file, kind = FILES.get(self.path, (None, ""))
        if file is None:
            self.send_error(404)
            return
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
            f"connect-src 'self' {self.server.store.base}; base-uri 'none'; frame-ancestors 'none'; "
            "require-trusted-types-for 'script'"
        )
        headers = {"Content-Security-Policy": policy}
        if self._session() is None:
            headers["Set-Cookie"] = f"session={secrets.token_urlsafe(16)}; HttpOnly; SameSite=Lax; Path=/"
        self._answer(200, kind, file.read_bytes(), headers)

    def do_POST(self) -> None:
        """Answer a call of the store's own page."""
        session = self._session()
        if session is None or self.headers.get("Content-Type") != "application/json":
            self.send_error(403)
            return
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        store = self.server.store
        try:
            match self.path:
                case "/buy":
                    answer = store.buy(session, self.headers.get("User-Agent", ""))
                case "/finish":
                    answer = store.finish(session)
                case _:
                    self.send_error(404)
                    return
        except WatchwordError as error:
            print(f"not placed: {error}", file=sys.stderr)
            answer = {"outcome": "refused"}
        self._answer(200, "application/json", json.dumps(answer).encode(), {"Cache-Control": "no-store"})

    def log_message(self, *_: object) -> None:
        """Write no line for each request."""

    def _session(self) -> str | None:
        found = SimpleCookie(self.headers.get("Cookie", "")).get("session")
        return None if found is None else found.value

    def _answer(self, status: int, kind: str, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def own_watchword(origin: str) -> Iterator[tuple[str, str, str]]:
    """Run ``watchword dev`` beside the store; give its address, a key, and the address of its inbox."""
    with tempfile.TemporaryDirectory() as data:
        process = subprocess.Popen(
            [sys.executable, "-m", "watchword.cli", "dev", "--json", "--port", "0", "--data", data],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "WATCHWORD_APPLICATIONS__SHOP__ORIGINS": json.dumps([origin])},
        )
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise SystemExit("Watchword did not start; see above")
            said = json.loads(line)
            yield said["api"], said["secret_key"], said["inbox"]
        finally:
            process.terminate()
            process.wait(timeout=30)


def serve(counter: Counter, base: str, key: str, inbox: str | None) -> None:
    """Register the one customer there is, and serve the store until Ctrl-C or SIGTERM."""
    with Client(base_url=base, secret_key=key, timeout_s=10) as watchword:
        long_ago = datetime(2026, 1, 2, tzinfo=UTC)
        phone = Contact(channel_type="phone", address="+12025550142", confirmed_at=long_ago)
        watchword.users.put(CUSTOMER, [phone], locale="en")
        counter.store = Store(watchword, base)
        addresses = {"store": f"http://127.0.0.1:{counter.server_port}/", "inbox": inbox}
        print(json.dumps(addresses), flush=True)
        counter.serve_forever()


def stop(*_: object) -> None:
    """End like Ctrl-C does, so that the Watchword of the store's own ends with it."""
    raise KeyboardInterrupt


def main() -> None:
    """Start the store, and a Watchword of its own where none is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8010, help="port of the store; 0 takes any free one")
    counter = Counter(("127.0.0.1", parser.parse_args().port), Page)
    base, key = os.environ.get("WATCHWORD_URL"), os.environ.get("WATCHWORD_KEY")
    signal.signal(signal.SIGTERM, stop)
    try:
        if base and key:
            serve(counter, base, key, None)
        else:
            with own_watchword(f"http://127.0.0.1:{counter.server_port}") as (own_base, own_key, inbox):
                serve(counter, own_base, own_key, inbox)
    except KeyboardInterrupt:
        print("closed", file=sys.stderr)


if __name__ == "__main__":
    main()
