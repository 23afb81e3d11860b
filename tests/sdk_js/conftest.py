"""Gives the tests of the web component a shop of their own and one Chromium for all."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.kit.chromium import open_chromium
from tests.sdk_js.shop import Counter, open_shop


@pytest.fixture(scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """Start Chromium once for each file."""
    async with open_chromium(chromium) as browser:
        yield browser


@pytest.fixture
async def shop(browser: Browser) -> AsyncIterator[Counter]:
    """Open a shop; afterwards its customers leave before it closes, whatever their pages were still asking."""
    async with open_shop() as opened:
        yield opened
        for context in browser.contexts:
            for page in context.pages:
                await page.unroute_all(behavior="ignoreErrors")
            await context.close()
