"""The inbox page of ``dev`` and ``demo``: a phone and a mailbox side by side, and the same as JSON.

It shows codes, so it answers only to names of this very computer: a page from elsewhere that points a name of its own
here (DNS rebinding) is turned away, and no other origin may read it.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Final, Protocol
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from watchword.domain import gsm
from watchword.domain.application import LOOPBACK_HOSTS
from watchword.domain.contact import Channel
from watchword.domain.errors import Refusal
from watchword.domain.instant import rfc3339
from watchword.domain.message import InboxEntry
from watchword.web.exchange import request_id_of
from watchword.web.problems import Problem, write_problem

INBOX_PATH: Final = "/dev/inbox"
MISDIRECTED: Final = 421
"""RFC 9110 §15.5.20: this server does not answer for that name."""
SHOWN_AT_MOST: Final = 200
"""Messages on the page; the JSON has all of them."""
_HOST: Final = re.compile(r"(?P<name>\[[^\]]*\]|[^:\[\]]*)(?::[0-9]{1,5})?")
_PIECE: Final = re.compile(r"(?P<link>https?://\S+)|(?P<code>(?<!\d)[0-9]{6,10}(?!\d))")
_FILES: Final = {"inbox.css": "text/css; charset=utf-8", "inbox.js": "text/javascript; charset=utf-8"}
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}

Handler = Callable[[Request], Awaitable[Response]]


class InboxReader(Protocol):
    """Whoever keeps the messages."""

    def entries(self, to: str | None = None) -> Sequence[InboxEntry]:
        """Return the messages of the last day, oldest first; only those to one address where it is given."""
        ...


class PieceKind(StrEnum):
    """What a part of a message's text is shown as."""

    TEXT = "text"
    LINK = "link"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a message's text."""

    kind: PieceKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message as the page shows it."""

    entry: InboxEntry
    pieces: tuple[Piece, ...]
    sent_at: str
    cost: str | None
    """For a text message: how many parts it takes, and in which alphabet."""


def inbox_routes(reader: InboxReader) -> list[Route]:
    """Return the routes of the inbox; the server behind them must listen on loopback only."""
    environment = Environment(
        loader=PackageLoader("watchword.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    folder = files("watchword.pages") / "static"
    contents = {name: (folder / name).read_bytes() for name in _FILES}

    async def page(request: Request) -> Response:
        text = environment.get_template("inbox.html").render(_page_values(reader, request))
        return HTMLResponse(text, headers=_HEADERS)

    async def messages(request: Request) -> Response:
        entries = reader.entries(_asked_for(request))
        return JSONResponse([_as_json(entry) for entry in entries], headers=_HEADERS)

    async def file(request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        return Response(contents[name], media_type=_FILES[name], headers=_HEADERS)

    table: list[tuple[str, Handler]] = [(INBOX_PATH, page), (f"{INBOX_PATH}.json", messages)]
    table += [(f"/dev/{name}", file) for name in _FILES]
    return [Route(path, _for_this_computer(handler), methods=["GET"]) for path, handler in table]


def _for_this_computer(handler: Handler) -> Handler:
    async def answer(request: Request) -> Response:
        return await handler(request) if _is_local(request.headers.getlist("host")) else _misdirected(request)

    return answer


def _is_local(hosts: Sequence[str]) -> bool:
    """Whether a request names this computer, once, with or without a port."""
    found = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    return found is not None and found["name"].lower() in LOOPBACK_HOSTS


def _misdirected(request: Request) -> Response:
    problem = Problem(
        status=MISDIRECTED,
        code=Refusal.code,
        title="Misdirected request",
        detail="The inbox answers to the names localhost, 127.0.0.1 and [::1] only.",
    )
    answer = write_problem(problem, request_id=request_id_of(request.scope), address_base="")
    return Response(answer.body, answer.status, _HEADERS, answer.content_type)


def _asked_for(request: Request) -> str | None:
    """Return the address whose messages are wanted; an empty field of the form means all."""
    return request.query_params.get("to", "").strip() or None


def _page_values(reader: InboxReader, request: Request) -> dict[str, object]:
    to, is_paused = _asked_for(request), "pause" in request.query_params
    newest_first = [_shown(entry) for entry in reversed(reader.entries(to)[-SHOWN_AT_MOST:])]
    asked = {} if to is None else {"to": to}
    other = asked if is_paused else asked | {"pause": "1"}
    return {
        "to": to or "",
        "is_paused": is_paused,
        "other_address": f"{INBOX_PATH}?{urlencode(other)}",
        "phone": [shown for shown in newest_first if shown.entry.channel is not Channel.EMAIL],
        "mailbox": [shown for shown in newest_first if shown.entry.channel is Channel.EMAIL],
    }


def _shown(entry: InboxEntry) -> Shown:
    return Shown(
        entry=entry,
        pieces=tuple(_pieces(entry)),
        sent_at=rfc3339(entry.sent_at),
        cost=_cost(entry.text) if entry.channel is Channel.SMS else None,
    )


def _pieces(entry: InboxEntry) -> list[Piece]:
    """Return a message's text in parts: its links, and in a code message its code, stand alone."""
    pieces: list[Piece] = []
    end = 0
    for found in _PIECE.finditer(entry.text):
        if found["code"] and not entry.is_code:
            continue
        kind = PieceKind.LINK if found["link"] else PieceKind.CODE
        pieces += [Piece(kind=PieceKind.TEXT, text=entry.text[end : found.start()]), Piece(kind=kind, text=found[0])]
        end = found.end()
    return [*pieces, Piece(kind=PieceKind.TEXT, text=entry.text[end:])]


def _cost(text: str) -> str:
    parts = gsm.parts(text)
    return f"{parts} part{'' if parts == 1 else 's'}, {'GSM-7' if gsm.is_gsm(text) else 'UCS-2'}"


def _as_json(entry: InboxEntry) -> dict[str, str | None]:
    return {
        "to": entry.to,
        "channel": entry.channel.value,
        "kind": "code" if entry.is_code else "notice",
        "subject": entry.subject,
        "text": entry.text,
        "sent_at": rfc3339(entry.sent_at),
        "challenge_id": entry.challenge_id,
    }
