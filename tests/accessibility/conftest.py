"""Plays every scene once for each file of tests, in one browser; the tests of a file look at the same page in turn."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Page

from tests.accessibility.scenes import SCENES, Scene
from tests.accessibility.visitor import DESK, Visitor
from tests.kit.chromium import open_chromium
from tests.pages.stage import open_stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A scene, and the browser that shows it."""

    scene: Scene
    visitor: Visitor

    @property
    def page(self) -> Page:
        return self.visitor.page


@pytest.fixture(scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """Start Chromium once for each file."""
    async with open_chromium(chromium) as browser:
        yield browser


@pytest.fixture(scope="module", params=SCENES, ids=lambda scene: scene.name)
async def played(request: pytest.FixtureRequest, browser: Browser) -> AsyncIterator[Played]:
    """Play one scene; pytest runs all tests of the file on it before the next one begins."""
    scene: Scene = request.param
    async with open_stage(**scene.application) as stage:
        visitor = await Visitor.arrive(browser, stage)
        await scene.play(visitor)
        yield Played(scene=scene, visitor=visitor)
        await visitor.context.close()


@pytest.fixture
async def page(played: Played) -> Page:
    """Give the scene's page as it is on a desk, in light, whatever the test before made of it."""
    await played.page.set_viewport_size(DESK)
    await played.page.emulate_media(color_scheme="light", forced_colors="none")
    return played.page
