"""The desk of one visitor: whose phone lies on it, whom he plays right now, and what he did that nothing else tells.

One person at one desk plays the customer and the thief in the same browser. The visit changes with every part, the desk
stays. Its cookie holds a random key; a row is written when there is something to remember.
"""

import secrets
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from starlette.requests import Request

from watchword.demo.customers import Customer, find_customer
from watchword.demo.ledger import Ledger, now_s
from watchword.demo.playing.backstage import backstage_of
from watchword.demo.shop import shop_of

DESK_S: Final = 30 * 24 * 60 * 60
"""How long a desk is kept after its last use: a demo that is opened again next week goes on."""
_KEY_BYTES: Final = 32
_KEY_CHARACTERS: Final = 43
"""What ``secrets.token_urlsafe`` makes of that many bytes."""
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS desks (
    id TEXT PRIMARY KEY,
    owner_id TEXT,
    role TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS desk_marks (desk_id TEXT NOT NULL, mark TEXT NOT NULL, PRIMARY KEY (desk_id, mark)) STRICT;
CREATE TABLE IF NOT EXISTS desk_addresses (
    desk_id TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (desk_id, address)
) STRICT;
CREATE TABLE IF NOT EXISTS planted (
    id TEXT PRIMARY KEY,
    desk_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    planted_at INTEGER NOT NULL
) STRICT;
"""


class Role(StrEnum):
    """Whom the visitor plays."""

    MYSELF = "myself"
    THIEF = "thief"
    """Somebody else, in another browser, who is after the customer's account."""


class Mark(StrEnum):
    """What a visitor did that neither the store nor Watchword remembers otherwise."""

    FOUND_FAKE = "found_fake"
    PHISHED = "phished"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What is known of one desk."""

    key: str = field(repr=False)
    """The value of the cookie."""
    id: str
    owner_id: str | None = None
    """The customer whose phone lies here."""
    role: Role = Role.MYSELF


def make_desk_tables(ledger: Ledger) -> None:
    """Make the tables of desks in the store's file, where they are missing."""
    for statement in _TABLES.strip().removesuffix(";").split(";"):
        ledger.write(statement)


def find_desk(ledger: Ledger, key: str) -> Desk:
    """Return the desk of a cookie; an unused one, under a new key, where the cookie is none of ours."""
    if len(key) != _KEY_CHARACTERS or not key.isascii():
        key = secrets.token_urlsafe(_KEY_BYTES)
    desk = Desk(key=key, id=ledger.sign("desk", key)[:32])
    row = ledger.row("SELECT * FROM desks WHERE id = :id AND expires_at > :now", id=desk.id, now=now_s())
    return desk if row is None else replace(desk, owner_id=row["owner_id"], role=Role(row["role"]))


def desk_of(request: Request) -> Desk:
    """Return the desk that a request comes from."""
    desk = request.state.desk
    if not isinstance(desk, Desk):
        raise TypeError("the request did not come through DeskKeeper")
    return desk


def owner_of(request: Request) -> Customer | None:
    """Return the customer whose phone lies on the desk."""
    owner_id = desk_of(request).owner_id
    return None if owner_id is None else find_customer(shop_of(request).ledger, owner_id)


def settle_in(request: Request, customer_id: str) -> None:
    """Let the phone on the desk be this customer's from now on, and let the visitor play him."""
    old = desk_of(request)
    if old.owner_id != customer_id:
        ledger = shop_of(request).ledger
        backstage_of(request).forget(old.id)
        with ledger.transaction():
            for table in ("desk_marks", "desk_addresses", "planted"):
                ledger.write(f"DELETE FROM {table} WHERE desk_id = :id", id=old.id)  # noqa: S608 the names stand above
    play(request, replace(old, owner_id=customer_id, role=Role.MYSELF))


def play(request: Request, desk: Desk) -> None:
    """Keep a desk as it is from now on."""
    ledger = shop_of(request).ledger
    request.state.desk = desk
    ledger.write("DELETE FROM desks WHERE expires_at <= :now", now=now_s())
    ledger.write(
        "INSERT OR REPLACE INTO desks VALUES (:id, :owner_id, :role, :expires_at)",
        id=desk.id,
        owner_id=desk.owner_id,
        role=desk.role,
        expires_at=now_s() + DESK_S,
    )


def keep_mark(ledger: Ledger, desk_id: str, mark: Mark) -> None:
    """Remember that the visitor did something."""
    ledger.write("INSERT OR IGNORE INTO desk_marks VALUES (:id, :mark)", id=desk_id, mark=mark)


def marks_of(ledger: Ledger, desk_id: str) -> frozenset[Mark]:
    """Return what the visitor did."""
    return frozenset(
        Mark(row["mark"]) for row in ledger.rows("SELECT mark FROM desk_marks WHERE desk_id = :id", id=desk_id)
    )


def desks_of(ledger: Ledger, customer_id: str) -> list[str]:
    """Return the desks on which this customer's phone lies."""
    return [row["id"] for row in ledger.rows("SELECT id FROM desks WHERE owner_id = :id", id=customer_id)]


def keep_addresses(ledger: Ledger, desk: Desk) -> None:
    """Remember every address that the owner has, so that what is sent to one that he gives up is seen too."""
    customer = None if desk.owner_id is None else find_customer(ledger, desk.owner_id)
    for address in () if customer is None else customer.addresses:
        ledger.write("INSERT OR IGNORE INTO desk_addresses VALUES (:id, :address)", id=desk.id, address=address.address)


def addresses_of(ledger: Ledger, desk: Desk) -> tuple[str, ...]:
    """Return every address whose messages are seen on this desk."""
    found = ledger.rows("SELECT address FROM desk_addresses WHERE desk_id = :id ORDER BY rowid", id=desk.id)
    return tuple(row["address"] for row in found)
