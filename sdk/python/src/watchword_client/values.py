"""What a store tells Watchword: the values that go into requests, and how each is written as JSON.

Knows nothing of HTTP. Every class is immutable; a field that is ``None`` is left out of the request.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias

Detail: TypeAlias = str | int | bool
Json: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An exact amount, such as ``Money(value="1299.00", currency="USD")``; a float is refused."""

    value: Decimal | str
    """At least zero, with at most the currency's minor units."""
    currency: str
    """An active ISO 4217 code in capitals."""

    def __post_init__(self) -> None:
        if not isinstance(self.value, Decimal | str):
            raise TypeError("an amount is a Decimal or a text such as '1299.00', never a float")

    def to_json(self) -> Json:
        """Return the amount as the API writes it."""
        value = self.value if isinstance(self.value, str) else format(self.value, "f")
        return {"value": value, "currency": self.currency}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A phone number or an e-mail address of a user, as the store registers it."""

    channel_type: str
    """``phone`` or ``email``."""
    address: str = field(repr=False)
    """E.164 for a phone."""
    confirmed_at: datetime | None = None
    """When the store last saw proof that the user reaches it; believed at the first registration only."""
    preferred: bool = False

    def to_json(self) -> Json:
        """Return the contact as the API writes it."""
        confirmed_at = None if self.confirmed_at is None else write_time(self.confirmed_at)
        return {
            "channel_type": self.channel_type,
            "address": self.address,
            "confirmed_at": confirmed_at,
            "preferred": self.preferred,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundFields:
    """The part of an action that a grant is bound to: redeeming needs exactly these again."""

    type: str
    user_id: str
    amount: Money | None = None
    payee: str | None = None
    details: Mapping[str, Detail] = field(default_factory=dict)

    def to_json(self) -> Json:
        """Return the fields as the API writes them; absent ones are left out."""
        return _without_none(
            type=self.type,
            user_id=self.user_id,
            amount=None if self.amount is None else self.amount.to_json(),
            payee=self.payee,
            details=dict(self.details) or None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Where an action comes from and where its page returns to; whatever is left out counts as new, never as safe."""

    session_id: str | None = None
    """The store's own session. If given, claiming and redeeming need the same one."""
    device_token: str | None = field(default=None, repr=False)
    """The value of the device cookie, as the browser sent it."""
    ip: str | None = None
    """The customer's address as the store sees it, an IPv4 or IPv6 literal."""
    user_agent: str | None = None
    return_url: str | None = None
    """Where the hosted page goes at every end; one that the application declares."""
    state: str | None = None
    """Given back to ``return_url`` unchanged, at most 512 characters."""

    def to_json(self) -> Json:
        """Return the fields as the API writes them; absent ones are left out."""
        return _without_none(
            session_id=self.session_id,
            device_token=self.device_token,
            ip=self.ip,
            user_agent=self.user_agent,
            return_url=self.return_url,
            state=self.state,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRequest:
    """What a user is trying to do, and what is known about where it comes from."""

    bound: BoundFields
    circumstances: Circumstances = field(default_factory=Circumstances)
    locale: str | None = None
    summary: str | None = None
    """Shown on the page only, marked as the application's words."""
    send: bool | None = None
    """Whether the first code is sent at once; the server's default is yes."""
    conceal: bool | None = None
    """Whether known and unknown users answer alike; the server's default is yes for ``password_reset`` only."""

    def to_json(self) -> Json:
        """Return the action as the API writes it."""
        own = _without_none(locale=self.locale, summary=self.summary, send=self.send, conceal=self.conceal)
        return self.bound.to_json() | self.circumstances.to_json() | own


def write_time(moment: datetime) -> str:
    """Return an RFC 3339 time in UTC; a time without a zone is refused, because it could mean anything."""
    if moment.tzinfo is None:
        raise ValueError("a time needs a time zone, such as datetime.now(UTC)")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _without_none(**fields: object) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
