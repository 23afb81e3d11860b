"""Gives the tests of the web component a shop of their own and one Chromium for all."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.sdk_js.shop import Counter, open_shop

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_MS = 20_000


@pytest.fixture(scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """Start Chromium once; a loaded machine may take its time."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def shop(browser: Browser) -> AsyncIterator[Counter]:
    """Open a shop; afterwards its customers leave before it closes, whatever their pages were still asking."""
    async with open_shop() as opened:
        yield opened
        for context in browser.contexts:
            for page in context.pages:
                await page.unroute_all(behavior="ignoreErrors")
            await context.close()
