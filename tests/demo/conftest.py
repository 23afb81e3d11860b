"""What the tests of the demo store share: a stand-in for Watchword, the store, and a browser in front of it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from tests.demo.customer_browser import STORE_URL, CustomerBrowser
from tests.demo.stand_in import StandIn, running_stand_in
from watchword.demo import create_store
from watchword_client.passwords import AsyncPasswordHashes, HashParameters


@pytest.fixture
def watchword() -> Iterator[StandIn]:
    """Run a stand-in for Watchword."""
    with running_stand_in() as stand_in:
        yield stand_in


@pytest.fixture
async def store(watchword: StandIn, tmp_path: Path) -> AsyncIterator[Starlette]:
    """Open the store, with its life around it."""
    store = create_store(
        api_url=watchword.url,
        secret_key="wk_test_secret",
        base_url=STORE_URL,
        data_dir=tmp_path / "store",
        inbox_url="http://127.0.0.1:9/dev/inbox",
        settings_note="The limits of this demo are relaxed.",
    )
    # The work of the real settings is measured in tenths of a second, and these tests sign in a hundred times.
    light = AsyncPasswordHashes(parameters=HashParameters(memory_kib=7_168, passes=5, lanes=1))
    store.state.shop = replace(store.state.shop, passwords=light)
    async with store.router.lifespan_context(store):
        yield store


@pytest.fixture
async def browser(store: Starlette) -> AsyncIterator[CustomerBrowser]:
    """Open a browser."""
    async with new_browser(store) as http:
        yield CustomerBrowser(http=http)


def new_browser(store: Starlette) -> httpx2.AsyncClient:
    """Return one more browser, with cookies of its own."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=store), base_url=STORE_URL)


async def sign_in_visitor(browser: CustomerBrowser, watchword: StandIn) -> None:
    """Become a new visitor and pass the challenge of the first sign-in."""
    await browser.open("/")
    await browser.send("/visitors")
    await browser.open("/watchword/return", **watchword.end("approved"))
    assert browser.path == "/account"
