"""Who and what plays in the tour: a customer nobody knows, the store's client, the inbox, and what may happen."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from watchword.cli.tour.messages import Message, MessageReader
from watchword_client import Client

CONFIRMED_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""When the imagined store saw that its customer can be reached: any day in the past will do."""
_AREAS: Final = (202, 206, 212, 303, 312, 404, 415)
"""With 555-01xx behind them, numbers that are set aside for fiction (North American Numbering Plan)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A made-up customer, another one in each tour."""

    user_id: str
    phone: str = field(repr=False)
    email: str = field(repr=False)
    ip: str
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Everybody who takes part."""

    client: Client
    inbox: MessageReader
    customer: Customer


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A step that is about to be played."""

    name: str
    """For scripts."""
    title: str
    told: str
    """What happens, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of the step."""

    facts: tuple[tuple[str, str], ...]
    message: Message | None = None


class Surprise(Exception):
    """Something else happened than the tour promises."""

    def __init__(self, *, expected: str, got: str) -> None:
        super().__init__(f"expected {expected}, got {got}")
        self.expected = expected
        self.got = got


def expect(what: str, *, wanted: object, got: object) -> None:
    """Raise ``Surprise`` unless what came is what was wanted."""
    if wanted != got:
        raise Surprise(expected=f"{what} to be {wanted}", got=str(got))


def invent_customer() -> Customer:
    """Return a customer whose addresses reach nobody (RFC 2606 §3; 555-01xx)."""
    number = secrets.token_hex(4)
    return Customer(
        user_id=f"tour-{number}",
        phone=f"+1{secrets.choice(_AREAS)}55501{secrets.randbelow(100):02d}",
        email=f"tour-{number}@example.com",
        ip="192.168.1.20",
        user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    )
