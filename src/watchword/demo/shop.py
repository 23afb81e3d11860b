"""What every part of the store works with, made once by ``storefront`` and handed on with the request."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from jinja2 import Environment
from starlette.requests import Request

from watchword.demo.ledger import Ledger
from watchword.demo.playing.pretending import TokenShelf
from watchword_client import AsyncClient
from watchword_client.passwords import AsyncPasswordHashes, AsyncPasswordJudge


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The store: its file, its way to Watchword, its own address, and its templates."""

    ledger: Ledger
    watchword: AsyncClient
    passwords: AsyncPasswordHashes
    judge: AsyncPasswordJudge
    templates: Environment
    base_url: str
    """Where customers find the store, without a slash at the end."""
    api_url: str
    """Where Watchword's pages for customers are, without a slash at the end."""
    inbox_url: str | None
    settings_note: str
    tokens: TokenShelf
    fresh_passwords: dict[str, str] = field(repr=False)
    """Passwords that the store made up for visitors, by customer id; in memory only, to be shown to them."""

    @property
    def return_url(self) -> str:
        """The address that Watchword's page sends customers back to."""
        return f"{self.base_url}/watchword/return"

    @property
    def is_https(self) -> bool:
        """Whether cookies can be kept to this host and to https."""
        return urlsplit(self.base_url).scheme == "https"


def shop_of(request: Request) -> Shop:
    """Return the store that a request is for."""
    shop = request.app.state.shop
    if not isinstance(shop, Shop):
        raise TypeError("the application was not made by create_store")
    return shop
