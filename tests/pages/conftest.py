"""Gives the tests of the pages a world of their own, and those in a real browser one Chromium for each file."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.kit.chromium import open_chromium
from tests.pages.world import World, new_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = await new_world()
    yield world
    await world.close()


@pytest.fixture(scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """Start Chromium once for each file."""
    async with open_chromium(chromium) as browser:
        yield browser
