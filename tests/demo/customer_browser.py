"""A browser without JavaScript: keeps cookies, opens pages, sends their forms, follows the store's redirects."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Final

import httpx2

from watchword.demo.buying.catalogue import find_product

STORE_URL: Final = "http://127.0.0.1:8099"
SOMEWHERE: Final = {
    "name": "Ada Byron",
    "street": "1 Harbour Lane",
    "town": "Wickford",
    "postcode": "02852",
    "country": "United States",
}
"""A postal address, by the fields of its form."""
_FORM: Final = re.compile(r'<form method="post" action="(?P<action>[^"]+)"[^>]*>(?P<inside>.*?)</form>', re.DOTALL)
_FIELD: Final = re.compile(r'<input type="hidden" name="(?P<name>\w+)"[^>]* value="(?P<value>[^"]*)"')


@dataclass(slots=True, kw_only=True)
class CustomerBrowser:
    """One browser with one page open."""

    http: httpx2.AsyncClient
    page: httpx2.Response | None = None

    async def open(self, path: str, **query: str) -> str:
        """Open an address; return the text of the page where that ends."""
        self.page = await self._follow(await self.http.get(path, params=query or None))
        return self.text

    async def send(self, action: str, **typed: str) -> str:
        """Send a form of the open page; return the text of the page where that ends."""
        self.page = await self._follow(await self.http.post(action, data=self._hidden_fields(action) | typed))
        return self.text

    async def buy(self, product: str, pieces: str = "1") -> str:
        """Put something into the basket and check out; return the text of the page where that ends."""
        await self.open(f"/products/{product}")
        await self.send("/basket", pieces=pieces)
        if self.status != 200:
            return self.text
        await self.review(product)
        if self.path == "/checkout/delivery":
            await self.send(self.path, **SOMEWHERE)
        return await self.send("/checkout")

    async def review(self, product: str) -> str:
        """Open the last look at an order that holds a product."""
        chosen = find_product(product)
        return await self.open("/checkout", currency="USD" if chosen is None else chosen.currency)

    @property
    def text(self) -> str:
        """The page as one reads it, without its tags."""
        if self.page is None:
            raise AssertionError("no page is open")
        main = re.search(r"<main.*?</main>", self.page.text, re.DOTALL)
        return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main[0] if main else self.page.text)))

    @property
    def path(self) -> str:
        """The path of the open page."""
        if self.page is None:
            raise AssertionError("no page is open")
        return self.page.url.path

    @property
    def status(self) -> int:
        """The status of the open page."""
        if self.page is None:
            raise AssertionError("no page is open")
        return self.page.status_code

    @property
    def location(self) -> str | None:
        """Where the open page leads outside the store."""
        return None if self.page is None else self.page.headers.get("location")

    def _hidden_fields(self, action: str) -> dict[str, str]:
        if self.page is None:
            raise AssertionError("no page is open")
        for form in _FORM.finditer(self.page.text):
            if form["action"] == action:
                return {field["name"]: unescape(field["value"]) for field in _FIELD.finditer(form["inside"])}
        raise AssertionError(f"the page has no form for {action}")

    async def _follow(self, answer: httpx2.Response) -> httpx2.Response:
        while answer.is_redirect and answer.headers["location"].startswith("/"):
            answer = await self.http.get(answer.headers["location"])
        return answer
