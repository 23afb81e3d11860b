"""One browser's visit to the store: its cookie, who is signed in, where it pretends to be, and its form token.

The cookie holds a random key. A row is written when there is something to remember, so that looking changes nothing.
"""

import hmac
import secrets
from dataclasses import dataclass, field, replace
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchword.demo.buying.basket import drop_basket, move_basket
from watchword.demo.buying.postal import choose_delivery
from watchword.demo.customers import Customer, find_customer
from watchword.demo.ledger import Ledger, now_s
from watchword.demo.playing.pretending import places
from watchword.demo.shop import Shop, shop_of

VISIT_S: Final = 12 * 60 * 60
"""How long a visit lasts: one day at a desk. A demo asks for nothing longer."""
DEVICE_S: Final = 400 * 24 * 60 * 60
"""How long the browser keeps the device cookie: the longest that browsers allow (RFC 6265bis, section 5.5)."""
_KEY_BYTES: Final = 32
_KEY_CHARACTERS: Final = 43
"""What ``secrets.token_urlsafe`` makes of that many bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What the store knows of one browser."""

    key: str = field(repr=False)
    """The value of the cookie."""
    id: str
    """Its name towards Watchword (``session_id``) and in the ledger; tells nothing about the key."""
    form_token: str = field(repr=False)
    """Stands in every form, so that no other site can send one."""
    customer_id: str | None
    place: str


@dataclass(slots=True)
class Parting:
    """What the answer to the present request will set in the browser."""

    visit: Visit
    device_token: str | None = field(default=None, repr=False)
    """A new value for the device cookie; empty to remove it; ``None`` to leave it alone."""


def visit_of(request: Request) -> Visit:
    """Return the visit that a request belongs to."""
    return _parting(request).visit


def customer_of(request: Request) -> Customer | None:
    """Return who is signed in."""
    customer_id = visit_of(request).customer_id
    return None if customer_id is None else find_customer(shop_of(request).ledger, customer_id)


def begin_signed_in_visit(request: Request, customer_id: str) -> None:
    """Sign a customer in: under a new key, so that a key planted before is worth nothing. The basket comes along."""
    shop, old = shop_of(request), visit_of(request)
    new = replace(_new_visit(shop.ledger), customer_id=customer_id, place=old.place)
    with shop.ledger.transaction():
        _forget(shop.ledger, old)
        _keep(shop.ledger, new)
        move_basket(shop.ledger, old.id, new.id)
        choose_delivery(shop.ledger, old.id, None)
    shop.tokens.move(old.id, new.id)
    _parting(request).visit = new


def end_visit(request: Request) -> None:
    """Sign out; the basket is forgotten with the visit."""
    shop, old = shop_of(request), visit_of(request)
    with shop.ledger.transaction():
        _forget(shop.ledger, old)
        drop_basket(shop.ledger, old.id)
        choose_delivery(shop.ledger, old.id, None)
    _parting(request).visit = replace(_new_visit(shop.ledger), place=old.place)


def leave_visit(request: Request) -> None:
    """Let this browser have another visit, with nobody signed in; the one it leaves goes on without it."""
    _parting(request).visit = replace(_new_visit(shop_of(request).ledger), place=visit_of(request).place)


def resume_visit(request: Request, key: str) -> None:
    """Let this browser have the visit of a key again, as far as it still lasts."""
    _parting(request).visit = _find_visit(shop_of(request).ledger, key)


def end_other_visits(request: Request, customer_id: str) -> None:
    """Sign a customer out everywhere but here."""
    shop_of(request).ledger.write(
        "DELETE FROM visits WHERE customer_id = :customer_id AND id != :id",
        customer_id=customer_id,
        id=visit_of(request).id,
    )


def move_to(request: Request, place: str) -> None:
    """Pretend to be somewhere else from now on."""
    visit = replace(visit_of(request), place=place)
    _keep(shop_of(request).ledger, visit)
    _parting(request).visit = visit


def set_device_token(request: Request, token: str | None) -> None:
    """Let the answer set the device cookie; ``None`` leaves it alone, an empty text removes it."""
    _parting(request).device_token = token
    if token:
        shop_of(request).tokens.keep(visit_of(request).id, token)


def device_token_of(request: Request) -> str | None:
    """Return the device cookie as the browser sent it."""
    return request.cookies.get(_cookie_name(shop_of(request), "device")) or None


class VisitKeeper:
    """Finds the visit of each request by its cookie, and sets cookies with the answer."""

    def __init__(self, app: ASGIApp, shop: Shop) -> None:
        self._app = app
        self._shop = shop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        key = HTTPConnection(scope).cookies.get(_cookie_name(self._shop, "store"), "")
        parting = Parting(visit=_find_visit(self._shop.ledger, key))
        scope.setdefault("state", {})["parting"] = parting

        async def send_with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if parting.visit.key != key:
                    headers.append("set-cookie", _cookie(self._shop, "store", parting.visit.key, VISIT_S))
                if parting.device_token is not None:
                    lasting_s = DEVICE_S if parting.device_token else 0
                    headers.append("set-cookie", _cookie(self._shop, "device", parting.device_token, lasting_s))
            await send(message)

        await self._app(scope, receive, send_with_cookies)


def is_form_token(request: Request, token: str) -> bool:
    """Say whether a form was one of ours, made for this visit."""
    return hmac.compare_digest(token.encode(), visit_of(request).form_token.encode())


def _parting(request: Request) -> Parting:
    parting = request.state.parting
    if not isinstance(parting, Parting):
        raise TypeError("the request did not come through VisitKeeper")
    return parting


def _find_visit(ledger: Ledger, key: str) -> Visit:
    # Only a key of our form is taken on; a foreign one would be a fixed one.
    if len(key) != _KEY_CHARACTERS or not key.isascii():
        return _new_visit(ledger)
    visit = _named(ledger, key)
    row = ledger.row("SELECT * FROM visits WHERE id = :id AND expires_at > :now", id=visit.id, now=now_s())
    return visit if row is None else replace(visit, customer_id=row["customer_id"], place=row["place"])


def _new_visit(ledger: Ledger) -> Visit:
    return _named(ledger, secrets.token_urlsafe(_KEY_BYTES))


def _named(ledger: Ledger, key: str) -> Visit:
    return Visit(
        key=key,
        id=ledger.sign("visit", key)[:32],
        form_token=ledger.sign("form", key),
        customer_id=None,
        place=places()[0].id,
    )


def _keep(ledger: Ledger, visit: Visit) -> None:
    ledger.write("DELETE FROM visits WHERE expires_at <= :now", now=now_s())
    ledger.write(
        "INSERT OR REPLACE INTO visits VALUES (:id, :customer_id, :place, :expires_at)",
        id=visit.id,
        customer_id=visit.customer_id,
        place=visit.place,
        expires_at=now_s() + VISIT_S,
    )


def _forget(ledger: Ledger, visit: Visit) -> None:
    ledger.write("DELETE FROM visits WHERE id = :id", id=visit.id)


def _cookie_name(shop: Shop, purpose: str) -> str:
    # The prefix keeps other hosts and plain http from setting it; browsers take it on https only.
    return f"{'__Host-' if shop.is_https else ''}watchword-{purpose}"


def _cookie(shop: Shop, purpose: str, value: str, lasting_s: int) -> str:
    secure = "; Secure" if shop.is_https else ""
    return f"{_cookie_name(shop, purpose)}={value}; Path=/; Max-Age={lasting_s}; HttpOnly; SameSite=Lax{secure}"
