"""Puts the store together: its file, its client, its routes, and what stands in front of them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Lifespan

from watchword.demo.account import account_routes
from watchword.demo.buying.checkout import checkout_routes
from watchword.demo.buying.filling import filling_routes
from watchword.demo.buying.order_pages import order_routes
from watchword.demo.buying.shopping import shopping_routes
from watchword.demo.disputes import DisputeHeeder
from watchword.demo.doorkeeper import Doorkeeper, allowed_form_targets
from watchword.demo.endings import show_error, show_refusal
from watchword.demo.ledger import Ledger
from watchword.demo.playing.attacks import attack_routes
from watchword.demo.playing.backstage import Backstage, new_backstage
from watchword.demo.playing.desk_keeper import DeskKeeper
from watchword.demo.playing.desks import make_desk_tables
from watchword.demo.playing.phone_pages import phone_routes
from watchword.demo.playing.pretending import TokenShelf
from watchword.demo.playing.welcoming import welcoming_routes
from watchword.demo.reaching import reaching_routes
from watchword.demo.resetting import resetting_routes
from watchword.demo.returning import returning_routes
from watchword.demo.safety import safety_routes
from watchword.demo.shop import Shop
from watchword.demo.signing import signing_routes
from watchword.demo.templating import load_assets, load_templates
from watchword.demo.visits import VisitKeeper
from watchword_client import AsyncClient, WatchwordError
from watchword_client.passwords import AsyncPasswordHashes, AsyncPasswordJudge

_MEDIA_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def create_store(
    *, api_url: str, secret_key: str, base_url: str, data_dir: Path, inbox_url: str | None, settings_note: str
) -> Starlette:
    """Return the store as an application to be served at ``base_url``.

    ``api_url`` is where Watchword answers, with its pages for customers; ``base_url`` + ``/watchword/return`` has to
    be one of the application's return addresses. ``data_dir`` gets the store's file. ``settings_note`` is one
    sentence for every page about limits that are relaxed here. Both addresses go without a path.
    """
    shop = Shop(
        ledger=Ledger(data_dir),
        watchword=AsyncClient(base_url=api_url, secret_key=secret_key),
        passwords=AsyncPasswordHashes(),
        judge=AsyncPasswordJudge(),
        templates=load_templates(),
        base_url=_origin(base_url),
        api_url=api_url.rstrip("/"),
        inbox_url=inbox_url,
        settings_note=settings_note,
        tokens=TokenShelf(),
        fresh_passwords={},
    )
    make_desk_tables(shop.ledger)
    backstage = new_backstage()
    store = Starlette(
        routes=_routes(),
        middleware=[
            Middleware(Doorkeeper, base_url=shop.base_url, form_targets=allowed_form_targets(shop.api_url)),
            Middleware(DisputeHeeder, shop=shop),
            Middleware(VisitKeeper, shop=shop),
            Middleware(DeskKeeper, shop=shop),
        ],
        exception_handlers={WatchwordError: show_refusal, HTTPException: show_error},
        lifespan=_closing(shop, backstage),
    )
    store.state.shop = shop
    store.state.backstage = backstage
    return store


def _routes() -> list[BaseRoute]:
    return [
        *shopping_routes(),
        *filling_routes(),
        *checkout_routes(),
        *order_routes(),
        *signing_routes(),
        *resetting_routes(),
        *account_routes(),
        *reaching_routes(),
        *safety_routes(),
        *returning_routes(),
        *attack_routes(),
        *phone_routes(),
        *welcoming_routes(),
        *(Route(f"/static/{name}", _asset(name, body), methods=["GET"]) for name, body in load_assets().items()),
    ]


def _asset(name: str, body: bytes) -> Callable[[Request], Awaitable[Response]]:
    media_type = _MEDIA_TYPES[Path(name).suffix]

    async def show_asset(request: Request) -> Response:
        del request
        return Response(body, media_type=media_type, headers={"cache-control": "max-age=300"})

    return show_asset


def _closing(shop: Shop, backstage: Backstage) -> Lifespan[Starlette]:
    @asynccontextmanager
    async def lifespan(store: Starlette) -> AsyncIterator[None]:
        del store
        yield
        await backstage.http.aclose()
        await shop.watchword.close()
        shop.ledger.close()

    return lifespan


def _origin(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path not in {"", "/"}:
        raise ValueError("base_url is an http or https address without a path")
    return f"{parts.scheme}://{parts.netloc}"
