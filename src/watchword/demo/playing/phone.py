"""The customer's phone beside the store: his own messages in the local inbox, and what the demo planted among them.

A real store knows nothing of its customers' messages. The demo reads the inbox that stands in for their phones.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

import httpx2
from starlette.requests import Request

from watchword.demo.ledger import Ledger, now_s
from watchword.demo.playing.backstage import backstage_of
from watchword.demo.playing.desks import Desk, addresses_of, desk_of
from watchword.demo.shop import Shop, shop_of

BRAND: Final = "Fernwick"
"""What Watchword's messages call the store."""
SHOWN_AT_MOST: Final = 40
"""Messages on the phone, the newest; the inbox has all of them."""
_PIECE: Final = re.compile(r"(?P<link>https?://[^\s<>]+)|(?P<code>(?<![0-9.#])[0-9]{6,10}(?![0-9]))")
_BOUND_LINE: Final = re.compile(r"\n+(?P<line>@\S+ #[0-9]{4,12})\s*$")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


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
class PhoneMessage:
    """A message as the phone shows it."""

    id: str
    """Names the message on the page; the same each time it is shown."""
    channel: str
    """``sms``, ``voice`` or ``email``."""
    sender: str
    to: str
    subject: str | None
    pieces: tuple[Piece, ...] = field(repr=False)
    code: str | None = field(repr=False)
    bound_line: str | None = field(repr=False)
    """The last line of a text message, which tells the phone on which site it may offer the code."""
    sent_at: datetime
    challenge_id: str | None
    is_planted: bool = False
    """Put here by the demo, and sent by nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """What lies beside the shop."""

    is_there: bool
    """Whether the desk has an owner whose messages these are."""
    is_reached: bool
    """Whether the inbox could be read."""
    addresses: tuple[str, ...]
    messages: tuple[PhoneMessage, ...]
    """The newest first."""


def no_phone() -> Phone:
    """Return what is shown to somebody who is no customer yet."""
    return Phone(is_there=False, is_reached=True, addresses=(), messages=())


async def read_phone(request: Request) -> Phone:
    """Return the phone on the desk of a request."""
    shop, desk = shop_of(request), desk_of(request)
    if desk.owner_id is None:
        return no_phone()
    addresses, since = addresses_of(shop.ledger, desk), _owned_since(shop.ledger, desk)
    try:
        found = [message for to in addresses for message in await _read_inbox(request, shop, to)]
        is_reached = True
    except (httpx2.HTTPError, ValueError, KeyError, TypeError):
        # Whatever the inbox answers, the store goes on: nothing is decided by what stands on the phone.
        found, is_reached = [], False
    genuine = [message for message in found if message.sent_at >= since]
    together = sorted([*genuine, *_planted(shop.ledger, desk)], key=_shown_at, reverse=True)
    return Phone(is_there=True, is_reached=is_reached, addresses=addresses, messages=tuple(together[:SHOWN_AT_MOST]))


def plant(ledger: Ledger, desk: Desk, *, channel: str, sender: str, text: str) -> None:
    """Put a message on the phone that nobody sent; the same text once."""
    ledger.write("DELETE FROM planted WHERE desk_id = :id AND text = :text", id=desk.id, text=text)
    ledger.write(
        "INSERT INTO planted VALUES (:id, :desk_id, :channel, :sender, :text, :planted_at)",
        id=f"p{secrets.token_hex(8)}",
        desk_id=desk.id,
        channel=channel,
        sender=sender,
        text=text,
        planted_at=now_s(),
    )


def take_planted(ledger: Ledger, desk: Desk, message_id: str) -> bool:
    """Take a planted message away; false if there is none of this name."""
    return bool(ledger.write("DELETE FROM planted WHERE desk_id = :desk AND id = :id", desk=desk.id, id=message_id))


def pieces_of(text: str, *, is_code: bool) -> tuple[Piece, ...]:
    """Return a message's text in parts: links into this demo, and in a code message its code, stand alone."""
    pieces: list[Piece] = []
    end, has_code = 0, False
    for found in _PIECE.finditer(text):
        kind = _kind(found, is_code=is_code and not has_code)
        if kind is PieceKind.TEXT:
            continue
        has_code = has_code or kind is PieceKind.CODE
        pieces += [Piece(kind=PieceKind.TEXT, text=text[end : found.start()]), Piece(kind=kind, text=found[0])]
        end = found.end()
    pieces.append(Piece(kind=PieceKind.TEXT, text=text[end:]))
    return tuple(piece for piece in pieces if piece.text)


def _kind(found: re.Match[str], *, is_code: bool) -> PieceKind:
    if found["link"]:
        # Only what leads back into the demo becomes a link; anything else stays text.
        return PieceKind.LINK if urlsplit(found["link"]).hostname in _LOOPBACK else PieceKind.TEXT
    return PieceKind.CODE if is_code else PieceKind.TEXT


async def _read_inbox(request: Request, shop: Shop, to: str) -> Sequence[PhoneMessage]:
    if shop.inbox_url is None:
        return ()
    answer = await backstage_of(request).http.get(f"{shop.inbox_url}.json", params={"to": to})
    answer.raise_for_status()
    return [_message(entry) for entry in answer.json()]


def _message(entry: dict[str, str | None]) -> PhoneMessage:
    text, sent_at, to = str(entry["text"]), str(entry["sent_at"]), str(entry["to"])
    is_code = entry["kind"] == "code"
    bound = _BOUND_LINE.search(text)
    pieces = pieces_of(text if bound is None else text[: bound.start()], is_code=is_code)
    return PhoneMessage(
        id=f"m{hashlib.sha256(repr((to, sent_at, text)).encode()).hexdigest()[:16]}",
        channel=str(entry["channel"]),
        sender=BRAND,
        to=to,
        subject=entry["subject"],
        pieces=pieces,
        code=next((piece.text for piece in pieces if piece.kind is PieceKind.CODE), None),
        bound_line=None if bound is None else bound["line"],
        sent_at=datetime.fromisoformat(sent_at),
        challenge_id=entry["challenge_id"],
    )


def _planted(ledger: Ledger, desk: Desk) -> list[PhoneMessage]:
    return [
        PhoneMessage(
            id=row["id"],
            channel=row["channel"],
            sender=row["sender"],
            to="",
            subject=None,
            pieces=pieces_of(row["text"], is_code=False),
            code=None,
            bound_line=None,
            sent_at=datetime.fromtimestamp(row["planted_at"], UTC),
            challenge_id=None,
            is_planted=True,
        )
        for row in ledger.rows("SELECT * FROM planted WHERE desk_id = :id", id=desk.id)
    ]


def _shown_at(message: PhoneMessage) -> datetime:
    # The caller calls about a code that takes a moment to come.
    return message.sent_at + timedelta(seconds=2) if message.is_planted else message.sent_at


def _owned_since(ledger: Ledger, desk: Desk) -> datetime:
    """Return when the owner registered: made-up numbers come again, and older messages were for somebody else."""
    row = ledger.row("SELECT created_at FROM customers WHERE id = :id", id=desk.owner_id)
    return datetime.fromtimestamp(0 if row is None else row["created_at"], UTC)
