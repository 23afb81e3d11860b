"""Heeds what owners say of requests: after a "this wasn't me" the store signs the customer out everywhere.

Watchword takes back what it gave: grants, trust, devices. Who is signed in is the store's own matter, so it reads the
feed of events. Whoever comes before that is written down by somebody is not signed out; a second is the most.
"""

from typing import Final

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from watchword.demo.ledger import Ledger, now_s
from watchword.demo.playing.backstage import Backstage
from watchword.demo.playing.desks import Mark, desks_of, keep_mark
from watchword.demo.shop import Shop
from watchword_client import WatchwordError

_DISPUTED: Final = "action.disputed"
_PAGE: Final = 100
"""Events that are read at once."""


class DisputeHeeder:
    """Ends the visits of customers who disputed something, before a request is answered."""

    def __init__(self, app: ASGIApp, shop: Shop) -> None:
        self._app = app
        self._shop = shop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and not scope["path"].startswith("/static/"):
            await _heed(self._shop, _backstage(scope["app"]))
        await self._app(scope, receive, send)


async def _heed(shop: Shop, backstage: Backstage) -> None:
    if backstage.heeded_at_s == now_s() or not _has_visits(shop.ledger):
        return
    backstage.heeded_at_s = now_s()
    try:
        async for page in shop.watchword.events.pages(cursor=_cursor(shop.ledger), limit=_PAGE):
            for event in page.data:
                if event.type == _DISPUTED:
                    await _end_visits(shop, str(event.data["action_id"]))
                _keep_cursor(shop.ledger, event.cursor)
    except WatchwordError:
        # The next request asks again. Nothing is allowed by it meanwhile: every action is decided by Watchword.
        return


async def _end_visits(shop: Shop, action_id: str) -> None:
    action = await shop.watchword.actions.get(action_id)
    shop.ledger.write("DELETE FROM visits WHERE customer_id = :id", id=action.user_id)
    for desk_id in desks_of(shop.ledger, action.user_id):
        keep_mark(shop.ledger, desk_id, Mark.DISPUTED)


def _has_visits(ledger: Ledger) -> bool:
    return ledger.row("SELECT 1 FROM visits WHERE customer_id IS NOT NULL LIMIT 1") is not None


def _cursor(ledger: Ledger) -> str | None:
    row = ledger.row("SELECT value FROM settings WHERE name = 'events_cursor'")
    return None if row is None else str(row["value"])


def _keep_cursor(ledger: Ledger, cursor: str) -> None:
    ledger.write("INSERT OR REPLACE INTO settings VALUES ('events_cursor', :cursor)", cursor=cursor)


def _backstage(store: Starlette) -> Backstage:
    backstage = store.state.backstage
    if not isinstance(backstage, Backstage):
        raise TypeError("the application was not made by create_store")
    return backstage
