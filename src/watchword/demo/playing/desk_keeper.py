"""Finds the desk of each request by its cookie, and looks at phone and tour before a page is made."""

from dataclasses import dataclass
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchword.demo.playing.backstage import backstage_of
from watchword.demo.playing.desks import DESK_S, Desk, Role, desk_of, find_desk, keep_addresses, settle_in
from watchword.demo.playing.guided_tour import notice_done
from watchword.demo.playing.phone import Phone, no_phone, read_phone
from watchword.demo.shop import Shop
from watchword.demo.visits import visit_of

RETURN_PATH: Final = "/watchword/return"
"""The one address that changes something although it is only opened: there customers come back from the code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What stands beside the shop, as it is now."""

    phone: Phone
    done: frozenset[str]
    """The steps of the tour that are done."""


def scene_of(request: Request) -> Scene:
    """Return what stands beside the shop; nothing where nobody looked."""
    scene = getattr(request.state, "scene", None)
    return scene if isinstance(scene, Scene) else Scene(phone=no_phone(), done=frozenset())


class DeskKeeper:
    """Hands every request its desk, and sets the desk's cookie with the answer."""

    def __init__(self, app: ASGIApp, shop: Shop) -> None:
        self._app = app
        self._shop = shop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        key = request.cookies.get(_cookie_name(self._shop), "")
        request.state.desk = find_desk(self._shop.ledger, key)
        request.state.scene = await _look(request)

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._follow(request)
                desk = desk_of(request)
                # Whoever only looks around gets no cookie for it.
                if desk.key != key and desk.owner_id is not None:
                    MutableHeaders(scope=message).append("set-cookie", _cookie(self._shop, desk))
            await send(message)

        await self._app(scope, receive, send_with_cookie)

    def _follow(self, request: Request) -> None:
        """Let the phone be that of whoever signed in as himself, with every address that he has now."""
        if request.method != "POST" and request.url.path != RETURN_PATH:
            return
        backstage_of(request).asked_at_s.take(desk_of(request).id)
        customer_id, desk = visit_of(request).customer_id, desk_of(request)
        if customer_id is not None and desk.role is Role.MYSELF and desk.owner_id != customer_id:
            settle_in(request, customer_id)
        keep_addresses(self._shop.ledger, desk_of(request))


async def _look(request: Request) -> Scene:
    phone = await read_phone(request)
    return Scene(phone=phone, done=await notice_done(request, phone))


def _cookie_name(shop: Shop) -> str:
    # The prefix keeps other hosts and plain http from setting it; browsers take it on https only.
    return f"{'__Host-' if shop.is_https else ''}watchword-desk"


def _cookie(shop: Shop, desk: Desk) -> str:
    secure = "; Secure" if shop.is_https else ""
    return f"{_cookie_name(shop)}={desk.key}; Path=/; Max-Age={DESK_S}; HttpOnly; SameSite=Lax{secure}"
