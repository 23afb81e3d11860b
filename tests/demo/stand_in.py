"""Watchword as the demo store sees it: answers of the API's documentation, with just enough memory to be strict.

It redeems a grant once and for the identical fields only, so that a store that mixes them up is caught. The real
server is tried together with the store elsewhere.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

from typing_extensions import override

Json: TypeAlias = dict[str, Any]
BOUND = ("type", "user_id", "amount", "payee", "details")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error to answer with."""

    status: int
    code: str
    retry_after: int | None = None


@dataclass(slots=True, kw_only=True)
class StandIn:
    """The stand-in and what happened to it."""

    url: str
    decision: str | None = None
    """What is decided from now on; ``None``: challenge everything but purchases."""
    refusal: Refusal | None = None
    """What every call is answered from now on."""
    advice: list[Json] = field(default_factory=list)
    reasons: list[Json] = field(default_factory=list)
    retry_after: int | None = None
    assurance: str = "sim_control"
    """What every redemption says was proven."""
    device_token: str | None = None
    """The value that the next answer sets."""
    users: dict[str, list[Json]] = field(default_factory=dict)
    locales: dict[str, str | None] = field(default_factory=dict)
    """The language that each user was last registered with."""
    actions: list[Json] = field(default_factory=list)
    challenges: dict[str, Json] = field(default_factory=dict)
    grants: dict[str, Json] = field(default_factory=dict)
    redeemed: list[Json] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    kept: dict[str, tuple[int, Json]] = field(default_factory=dict)
    """Answers by idempotency key."""
    turn: Lock = field(default_factory=Lock)

    def end(self, state: str) -> Json:
        """End the newest challenge; return what its browser is sent back with."""
        challenge = list(self.challenges.values())[-1]
        challenge["state"] = state
        if state == "approved" and challenge["action"] is not None:
            challenge["grant"] = self._grant(challenge["action"])
        return {"watchword_challenge": challenge["id"], "state": challenge["origin"]["state"]}

    def answer(self, method: str, path: str, body: Json, key: str | None) -> tuple[int, Json]:
        """Answer one call; the same key gets the same answer."""
        with self.turn:
            if key is None or self.refusal is not None:
                return self._answer(method, path, body)
            if key not in self.kept:
                self.kept[key] = self._answer(method, path, body)
            return self.kept[key]

    def _answer(self, method: str, path: str, body: Json) -> tuple[int, Json]:
        if self.refusal is not None:
            return self._refuse(self.refusal)
        for pattern, handle in (
            (r"PUT /v1/users/([^/]+)", self._put_user),
            (r"GET /v1/users/([^/]+)", self._get_user),
            (r"POST /v1/users/([^/]+)/contacts/([^/]+)/confirmation", self._confirm),
            (r"GET /v1/users/([^/]+)/(devices|requests)", self._list),
            (r"DELETE /v1/users/([^/]+)/(devices.*)", self._delete),
            (r"POST /v1/users/([^/]+)/view_links", self._link_view),
            (r"POST /v1/actions", self._decide),
            (r"POST /v1/challenges/([^/]+)/claim", self._claim),
            (r"POST /v1/grants/redeem", self._redeem),
        ):
            found = re.fullmatch(pattern, f"{method} {path}")
            if found is not None:
                return handle(body, *found.groups())
        return self._refuse(Refusal(status=404, code="not_found"))

    def _put_user(self, body: Json, user_id: str) -> tuple[int, Json]:
        self.locales[user_id] = body.get("locale")
        named = [contact["address"] for contact in body["contacts"]]
        is_change = [contact["address"] for contact in self.users.get(user_id, [])] != named
        if user_id in self.users and is_change and not self._spend(body.get("grant"), None):
            return self._refuse(Refusal(status=422, code="grant_mismatch"))
        known = {contact["address"]: contact for contact in self.users.get(user_id, [])}
        self.users[user_id] = [
            known.get(contact["address"]) or contact | {"id": f"ctc_{abs(hash((user_id, contact['address'])))}"}
            for contact in body["contacts"]
        ]
        return 200, self._user(user_id)

    def _get_user(self, body: Json, user_id: str) -> tuple[int, Json]:
        del body
        return 200, self._user(user_id)

    def _confirm(self, body: Json, user_id: str, contact_id: str) -> tuple[int, Json]:
        del user_id, contact_id
        return 201, self._open_challenge(body, None)

    def _list(self, body: Json, user_id: str, what: str) -> tuple[int, Json]:
        del body, user_id
        devices = [{"id": "dev_1", "state": "trusted", "last_proven_at": "2026-11-20T10:00:00Z"}]
        requests = [
            {
                "action_id": "act_1",
                "challenge_id": "chl_1",
                "reference": "7K2M9QXD",
                "type": "purchase",
                "amount": {"value": "1299.00", "currency": "USD"},
                "payee": "Fernwick General Store",
                "state": "denied",
                "can_be_denied": False,
                "can_be_disputed": False,
                "created_at": "2026-11-20T10:00:00Z",
            }
        ]
        return 200, {"data": devices if what == "devices" else requests, "next_cursor": None}

    def _delete(self, body: Json, user_id: str, what: str) -> tuple[int, Json]:
        del body, user_id
        self.deleted.append(what)
        return 204, {}

    def _link_view(self, body: Json, user_id: str) -> tuple[int, Json]:
        address = f"{self.url}/me/{user_id}/{body['page']}?return_url={body['return_url']}"
        return 201, {"url": address, "expires_at": "2026-11-20T10:10:00Z"}

    def _decide(self, body: Json) -> tuple[int, Json]:
        self.actions.append(body)
        decision = self.decision or ("allow" if body["type"] == "purchase" else "challenge")
        answer = {
            "id": f"act_{len(self.actions)}",
            "decision": decision,
            "reasons": self.reasons,
            "risk": {"score": 0.1, "terms": []},
            "challenge": self._open_challenge(body, body) if decision == "challenge" else None,
            "device": {"id": "dev_1", "state": "new", "token": self.device_token},
            "advice": self.advice,
            "grant": self._grant(body) if decision == "allow" else None,
            "retry_after": self.retry_after,
        }
        return 201, answer

    def _claim(self, body: Json, challenge_id: str) -> tuple[int, Json]:
        challenge = self.challenges[challenge_id]
        if body.get("session_id") != challenge["origin"].get("session_id"):
            return self._refuse(Refusal(status=422, code="session_mismatch"))
        device = {"id": "dev_1", "state": "known", "token": self.device_token}
        return 200, {"state": challenge["state"], "grant": challenge.get("grant"), "device": device}

    def _redeem(self, body: Json) -> tuple[int, Json]:
        kept = self.grants.get(body["grant"])
        if kept is None or kept["session_id"] != body.get("session_id"):
            return self._refuse(Refusal(status=422, code="grant_invalid"))
        if not self._spend(body["grant"], body["action"]):
            return self._refuse(Refusal(status=409, code="grant_already_redeemed"))
        redeemed_at = "2026-11-20T10:00:00Z"
        redemption = {"id": "rdm_1", "action_id": "act_1", "challenge_id": None, "assurance": self.assurance}
        return 200, redemption | {"redeemed_at": redeemed_at}

    def _spend(self, grant: str | None, bound: Mapping[str, object] | None) -> bool:
        kept = self.grants.get(grant or "")
        if kept is None or kept["spent"] or (bound is not None and kept["bound"] != bound):
            return False
        kept["spent"] = True
        self.redeemed.append(kept["bound"])
        return True

    def _grant(self, action: Json) -> str:
        name = f"grant-{len(self.grants)}"
        bound = {key: action[key] for key in BOUND if action.get(key) is not None}
        self.grants[name] = {"bound": bound, "session_id": action.get("session_id"), "spent": False}
        return name

    def _open_challenge(self, origin: Json, action: Json | None) -> Json:
        number = len(self.challenges) + 1
        self.challenges[f"chl_{number}"] = {
            "id": f"chl_{number}",
            "state": "pending",
            "origin": origin,
            "action": action,
        }
        return {
            "id": f"chl_{number}",
            "state": "pending",
            "token": f"wct_{number}",
            "url": f"{self.url}/c/wct_{number}",
            "reference": "7K2M9QXD",
            "contacts": [],
            "sent_to": None,
            "delivery": None,
            "code_length": 6,
            "attempts_left": 5,
            "expires_at": "2026-11-20T10:10:00Z",
            "resend_at": None,
        }

    def _user(self, user_id: str) -> Json:
        contacts = [
            {
                "id": contact["id"],
                "channel_type": contact["channel_type"],
                "masked": "•••",
                "confirmed_at": contact["confirmed_at"],
                "usable": True,
                "preferred": False,
            }
            for contact in self.users[user_id]
        ]
        return {"id": user_id, "locale": "en", "contacts": contacts}

    def _refuse(self, refusal: Refusal) -> tuple[int, Json]:
        body = {"title": "No", "status": refusal.status, "code": refusal.code, "retry_after": refusal.retry_after}
        return refusal.status, body


@contextmanager
def running_stand_in() -> Iterator[StandIn]:
    """Run the stand-in on a free port of loopback."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    stand_in = StandIn(url=f"http://127.0.0.1:{http.server_address[1]}")
    http.RequestHandlerClass = _handler_for(stand_in)
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stand_in
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def _handler_for(stand_in: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One packet for head and body; else each answer waits for the delayed acknowledgement of the first.
        wbufsize = -1

        def answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            path, key = unquote(urlsplit(self.path).path), self.headers.get("idempotency-key")
            status, answer = stand_in.answer(self.command, path, body, key)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 the names that http.server looks for

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Keep the output of the tests readable."""

    return Handler
