"""Gives the tests of the pages a world of their own."""

from collections.abc import AsyncIterator

import pytest

from tests.pages.world import World, new_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = await new_world()
    yield world
    await world.close()
