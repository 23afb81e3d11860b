"""A small HTTP server on loopback that gives the answers of the API's documentation and remembers what it was asked."""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TypeAlias

from typing_extensions import override

Json: TypeAlias = dict[str, object]

CHALLENGE: Json = {
    "id": "chl_1",
    "state": "pending",
    "token": "wct_secret",
    "url": "https://verify.shop.example/c/wct_secret",
    "reference": "7K2M9QXD",
    "contacts": [{"id": "ctc_1", "channels": ["sms", "voice"], "masked": "•••• 23"}],
    "sent_to": {"contact_id": "ctc_1", "channel": "sms", "masked": "•••• 23"},
    "delivery": {"status": "queued", "updated_at": "2026-11-20T10:00:00Z", "going_on": False},
    "code_length": 6,
    "attempts_left": 5,
    "expires_at": "2026-11-20T10:10:00Z",
    "resend_at": "2026-11-20T10:00:30Z",
}
DEVICE: Json = {"id": "dev_1", "state": "new", "token": "wd1secret"}
ACTION: Json = {
    "id": "act_1",
    "decision": "challenge",
    "reasons": [{"rule": "high-value-purchase", "text": "The amount is above 500.00 USD"}],
    "risk": {"score": 0.83, "terms": [{"signal": "country", "nats": 3.1, "text": "New country for this user"}]},
    "challenge": CHALLENGE,
    "device": {"id": "dev_1", "state": "new", "token": None},
    "advice": [{"code": "contact_stale", "contact_id": "ctc_1"}],
    "grant": None,
    "retry_after": None,
}
ALLOWED: Json = ACTION | {"decision": "allow", "challenge": None, "grant": "grant.of.test"}
DENIED: Json = ACTION | {"decision": "deny", "challenge": None, "retry_after": 600}
CONTACT: Json = {
    "id": "ctc_1",
    "channel_type": "email",
    "masked": "j•••@e•••.com",
    "state": "confirmed",
    "added_at": "2026-01-02T03:04:05Z",
    "confirmed_at": "2026-01-02T03:04:05Z",
    "last_proven_at": None,
    "usable": True,
    "usable_from": "2026-01-02T03:04:05Z",
    "leaves_at": None,
    "preferred": False,
}
USER: Json = {"id": "u-42", "locale": "en", "contacts": [CONTACT]}
OUTCOME: Json = {
    "outcome": "approved",
    "attempts_left": 5,
    "retry_after": None,
    "grant": "grant.of.test",
    "device": DEVICE,
}
CLAIM: Json = {"state": "approved", "grant": "grant.of.test", "device": DEVICE}
REDEMPTION: Json = {
    "id": "rdm_1",
    "action_id": "act_1",
    "challenge_id": None,
    "assurance": "none",
    "redeemed_at": "2026-11-20T10:00:00Z",
}
KNOWN_DEVICE: Json = {
    "id": "dev_1",
    "name": "Kitchen tablet",
    "state": "known",
    "first_seen_at": "2026-11-20T10:00:00Z",
    "last_seen_at": "2026-11-20T10:00:00Z",
    "last_proven_at": "2026-11-20T10:00:00Z",
    "trusted_at": None,
}
DISPUTE: Json = {"action_id": "act_1", "outcome": "disputed"}
VIEW_LINK: Json = {"url": "https://verify.shop.example/me/wvl_secret", "expires_at": "2026-11-20T10:10:00Z"}
REQUEST: Json = {
    "action_id": "act_1",
    "challenge_id": "chl_1",
    "amount": {"value": "1299.00", "currency": "USD"},
    "reference": "7K2M9QXD",
    "type": "purchase",
    "state": "pending",
    "sent_to": {"contact_id": "ctc_1", "channel": "sms", "masked": "•••• 23", "status": "delivered"},
    "can_be_denied": True,
    "can_be_disputed": False,
    "created_at": "2026-11-20T10:00:00Z",
    "expires_at": "2026-11-20T10:10:00Z",
    "ended_at": None,
    "disputed_at": None,
}
REFUSED: Json = REQUEST | {
    "challenge_id": None,
    "reference": None,
    "state": "refused",
    "sent_to": None,
    "can_be_denied": False,
    "expires_at": None,
    "ended_at": "2026-11-20T10:00:00Z",
}
EVENT: Json = {
    "id": "evt_1",
    "type": "grant.redeemed",
    "created_at": "2026-11-20T10:00:00Z",
    "data": {"action_id": "act_1"},
    "cursor": "one",
}
RECORDED: Json = ACTION | {
    "type": "purchase",
    "user_id": "u-42",
    "session_id": "s-9",
    "amount": {"value": "1299.00", "currency": "USD"},
    "payee": "ACME Cameras",
    "details": {"items": 1, "new_shipping_address": True},
    "created_at": "2026-11-20T10:00:00Z",
    "label": None,
    "disputed_at": None,
}


def page(*items: Json, next_cursor: str | None = None) -> Json:
    """Return a page of a list."""
    return {"data": list(items), "next_cursor": next_cursor}


def problem(status: int, code: str, **further: object) -> "Canned":
    """Return an error answer as the API gives it."""
    body = {"type": "about:blank", "title": "No", "status": status, "code": code, "request_id": "req_1"} | further
    return Canned(status=status, body=body, headers={"content-type": "application/problem+json"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Canned:
    """One answer; ``body`` as text is sent as it is."""

    status: int = 200
    body: Mapping[str, object] | str = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """No answer: the connection is closed after the request was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """No answer until the test ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request that arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """Return the body, decoded."""
        return json.loads(self.body)


@dataclass(slots=True, kw_only=True)
class CannedServer:
    """The server as a test sees it: where it is, what it will answer next, what it received."""

    url: str
    answers: deque[Canned | Dropped | Held] = field(default_factory=deque)
    received: list[Received] = field(default_factory=list)
    release: Event = field(default_factory=Event)

    def will_answer(self, *answers: Canned | Dropped | Held) -> None:
        """Give these answers, in this order, to the next requests."""
        self.answers.extend(answers)


@contextmanager
def canned_server() -> Iterator[CannedServer]:
    """Run the server on a free port of loopback."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server = CannedServer(url=f"http://127.0.0.1:{http.server_address[1]}")
    http.RequestHandlerClass = _handler_for(server)
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        http.shutdown()
        thread.join()
        http.server_close()


def _handler_for(server: CannedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One packet for head and body; else each answer waits for the delayed acknowledgement of the first.
        wbufsize = -1

        def answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = Received(method=self.command, path=self.path, headers=headers, body=self.rfile.read(length))
            server.received.append(received)
            answer = server.answers.popleft()
            if isinstance(answer, Held):
                server.release.wait(timeout=30)
            if isinstance(answer, Canned):
                self.write(answer)
            else:
                self.close_connection = True

        def write(self, answer: Canned) -> None:
            body = answer.body.encode() if isinstance(answer.body, str) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in ({"content-length": str(len(body))} | dict(answer.headers)).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the names that http.server looks for

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Keep the output of the tests readable."""

    return Handler
