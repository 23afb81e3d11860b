"""Starts the system's Chromium once for many tests, the same way everywhere."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Browser, async_playwright, expect

PATIENCE_MS: Final = 20_000
"""A loaded machine may take its time; reached only where what is waited for never comes."""
_ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@asynccontextmanager
async def open_chromium(path: str, *more: str) -> AsyncIterator[Browser]:
    """Start Chromium, with ``more`` arguments than usual."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*_ARGUMENTS, *more])
        yield browser
        await browser.close()
