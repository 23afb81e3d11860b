"""A shop with the web component on its own page, and our API at another origin: both on real sockets of loopback.

The shop's page is as strict as a page can be: no inline script or style, trusted types, and no other host than ours.
"""

import asyncio
import html
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import uvicorn
from playwright.async_api import Browser, BrowserContext, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from tests.api.world import SHOP, World, create_world
from tests.kit.default_policy import default_policy

MODULE: Final = Path(__file__).resolve().parents[2] / "sdk" / "js" / "watchword-challenge.js"
PURCHASE: Final[Mapping[str, Any]] = {
    "amount": {"value": "1299.00", "currency": "USD"},
    "payee": "ACME Cameras",
    "details": {"items": 1},
}
LISTENER: Final = """
globalThis.told = [];
for (const name of ["approved", "denied", "cancelled", "ended", "error", "sent"])
  document.addEventListener(`watchword:${name}`, (event) => told.push([name, event.detail, event.composed]));
"""
PAGE: Final = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Checkout</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/shop.css">
<script src="/listener.js"></script><script type="module" src="/watchword-challenge.js"></script></head>
<body><main><h1>Checkout</h1>
<form action="/order" id="order"><watchword-challenge {attributes}>{inside}</watchword-challenge>
<button id="buy">Place the order</button></form></main></body></html>
"""
STYLE: Final = """
:root { color-scheme: light dark; background: Canvas; color: CanvasText; }
body { margin: 0; padding: 1rem; font-family: sans-serif; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """The shop's page with our component, and what its visitors are asked."""

    world: World
    api: str
    shop: str

    async def ask(self, action_type: str = "purchase", user_id: str = "u-42", **fields: Any) -> dict[str, Any]:
        """Report an action that is challenged; return the challenge."""
        bound = PURCHASE if action_type == "purchase" else {}
        action = await self.world.act(action_type, user_id, **{**bound, **fields})
        challenge: dict[str, Any] = action["challenge"]
        return challenge

    def page(self, challenge: Mapping[str, Any], *, inside: str = "", lang: str = "en", **attributes: str) -> str:
        """Return the address of the page for a challenge."""
        given = {"challenge": challenge["id"], "token": challenge["token"], "base": self.api, **attributes}
        return f"{self.shop}/?{urlencode({'inside': inside, 'lang': lang, **given})}"

    async def state(self, challenge: Mapping[str, Any]) -> dict[str, Any]:
        """Return the challenge as it is now."""
        answer: dict[str, Any] = (await self.world.get(f"/v1/challenges/{challenge['id']}")).json()
        return answer


@dataclass(slots=True, kw_only=True)
class Customer:
    """A person with one browser in front of the page; whatever the browser complains about is kept."""

    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    """What our component asked of the API: method and path behind the challenge."""

    @classmethod
    async def arrive(cls, browser: Browser, address: str, **context: Any) -> "Customer":
        """Open an address in a new browser."""
        opened = await browser.new_context(**context)
        customer = cls(context=opened, page=await opened.new_page())
        page = customer.page
        page.on("console", lambda message: customer.complaints.append(message.text))
        page.on("pageerror", lambda error: customer.complaints.append(str(error)))
        page.on("request", lambda request: customer._note(request.method, request.url))
        await page.goto(address)
        return customer

    def _note(self, method: str, url: str) -> None:
        _, found, rest = url.partition("/v1/challenges/")
        if found:
            self.calls.append(f"{method} {rest.partition('?')[0].partition('/')[2]}".strip())

    async def enter(self, text: str) -> None:
        """Type a code and press Enter."""
        await self.page.get_by_role("textbox").fill(text)
        await self.page.keyboard.press("Enter")

    async def paste(self, text: str) -> None:
        """Paste into the field, as from a clipboard."""
        script = """([input, text]) => {
          const data = new DataTransfer();
          data.setData("text", text);
          const how = {clipboardData: data, bubbles: true, composed: true, cancelable: true};
          const event = new ClipboardEvent("paste", how);
          if (input.dispatchEvent(event)) input.setRangeText(text, input.selectionStart, input.selectionEnd, "end");
        }"""
        field_ = await self.page.get_by_role("textbox").element_handle()
        await self.page.evaluate(script, [field_, text])

    async def told(self) -> list[list[Any]]:
        """Return the events that the page has heard: name, detail, and whether it crossed the shadow."""
        heard: list[list[Any]] = await self.page.evaluate("globalThis.told")
        return heard

    async def names(self) -> list[str]:
        """Return the names of these events."""
        return [name for name, _, _ in await self.told()]


@asynccontextmanager
async def open_shop() -> AsyncIterator[Counter]:
    """Serve both until the test is over."""
    ours, shops = _listen(), _listen()
    world = await create_world(default_policy())
    counter = Counter(world=world, api=_address(ours), shop=_address(shops).replace("127.0.0.1", "localhost"))
    applications = world.ports.applications
    assert isinstance(applications, dict)
    applications[SHOP] = replace(applications[SHOP], name="Example Shop", origins=(counter.shop,))
    await world.register()
    servers = [
        uvicorn.Server(uvicorn.Config(site, log_config=None, log_level="error", ws="none", lifespan="off"))
        for site in (world.site, _shop(counter.api))
    ]
    tasks = [
        asyncio.create_task(server.serve(sockets=[opened]))
        for server, opened in zip(servers, (ours, shops), strict=True)
    ]
    try:
        yield counter
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)
        await world.ports.store.close()  # type: ignore[attr-defined]  # the port has no end, the store behind it does


def _shop(api: str) -> Starlette:
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self' {api}; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    )

    async def page(request: Request) -> Response:
        given = dict(request.query_params)
        inside, lang = given.pop("inside"), given.pop("lang")
        attributes = " ".join(f'{name}="{html.escape(value)}"' for name, value in given.items())
        text = PAGE.format(attributes=attributes, inside=inside, lang=lang)
        return HTMLResponse(text, headers={"Content-Security-Policy": policy})

    async def module(request: Request) -> Response:
        return FileResponse(MODULE, media_type="text/javascript")

    async def listener(request: Request) -> Response:
        return Response(LISTENER, media_type="text/javascript")

    async def style(request: Request) -> Response:
        return Response(STYLE, media_type="text/css")

    return Starlette(
        routes=[
            Route("/", page),
            Route("/order", page),
            Route("/watchword-challenge.js", module),
            Route("/listener.js", listener),
            Route("/shop.css", style),
        ]
    )


def _listen() -> socket.socket:
    opened = socket.socket()
    opened.bind(("127.0.0.1", 0))
    opened.listen()
    opened.setblocking(False)
    return opened


def _address(opened: socket.socket) -> str:
    return f"http://127.0.0.1:{opened.getsockname()[1]}"
