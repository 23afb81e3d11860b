"""The pages and a shop on real sockets of loopback, for tests in a real browser."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.pages.world import World, new_world
from watchword.domain.branding import Branding

LOCAL_RETURNS: Final = ("http://127.0.0.1:*/*", "http://localhost:*/*", "http://[::1]:*/*")
ATTACKER_HOST: Final = "localhost"
"""Another site than 127.0.0.1 in the eyes of a browser, on the same machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Our pages at one origin, and a shop at another one, which an attacker reaches by another name."""

    world: World
    shop: str

    @property
    def return_url(self) -> str:
        """Where challenges lead back to."""
        return f"{self.shop}/continue"

    @property
    def attacker(self) -> str:
        """The same shop as a foreign site."""
        return self.shop.replace("127.0.0.1", ATTACKER_HOST)


@asynccontextmanager
async def open_stage(
    shop_host: str = "127.0.0.1", *, is_framed: bool = False, **application: Any
) -> AsyncIterator[Stage]:
    """Serve both until the test is over; ``application`` is what differs from the usual one.

    ``is_framed`` lets the shop frame our pages under its foreign name.
    """
    ours, shops = _listen("127.0.0.1"), _listen(shop_host)
    if is_framed:
        origin = _address(shops).replace(shop_host, ATTACKER_HOST)
        application["branding"] = replace(application.get("branding", Branding()), frame_origins=(origin,))
    world = await new_world(_address(ours), return_urls=LOCAL_RETURNS, **application)
    stage = Stage(world=world, shop=_address(shops))
    async with _serving([(ours, world.site), (shops, _shop())]):
        yield stage
    await world.close()


def _shop() -> Starlette:
    return Starlette(
        routes=[
            Route("/continue", _continue),
            Route("/done", _done),
            Route("/framing", _framing),
            Route("/forging", _forging),
        ]
    )


async def _continue(request: Request) -> Response:
    """Take the customer back, and on to a page without the query, as shops do."""
    return RedirectResponse(f"/done?{request.url.query}", status_code=303)


async def _done(request: Request) -> Response:
    # Without an icon of its own a browser would ask for one that the shop does not have, and complain.
    return HTMLResponse('<title>The shop</title><link rel="icon" href="data:,"><h1>Back in the shop</h1>')


async def _framing(request: Request) -> Response:
    page = request.query_params["page"]
    frame = f'<iframe src="{page}" width="600" height="1400" allow="otp-credentials"></iframe>'
    return HTMLResponse(f'<title>Framing</title><link rel="icon" href="data:,">{frame}')


async def _forging(request: Request) -> Response:
    action = request.query_params["action"]
    fields = "".join(f'<input name="{name}" value="{value}">' for name, value in request.query_params.items())
    return HTMLResponse(f'<form method="post" action="{action}">{fields}<button>Win</button></form>')


def _listen(host: str) -> socket.socket:
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    opened.bind((host, 0))
    opened.listen()
    opened.setblocking(False)
    return opened


def _address(opened: socket.socket) -> str:
    host, port = opened.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def _serving(sites: Sequence[tuple[socket.socket, ASGIApp]]) -> AsyncIterator[None]:
    servers = [
        uvicorn.Server(uvicorn.Config(site, log_config=None, log_level="error", ws="none", lifespan="off"))
        for _, site in sites
    ]
    tasks = [
        asyncio.create_task(server.serve(sockets=[opened])) for server, (opened, _) in zip(servers, sites, strict=True)
    ]
    try:
        yield
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)
