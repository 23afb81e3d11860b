"""Plays every scene once for each file of tests, in one browser; the tests of a file look at the same page in turn."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Page

from tests.accessibility.scenes import SCENES, Scene
from tests.accessibility.visitor import DESK, Visitor, new_window
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


@pytest.fixture(scope="module")
async def window(browser: Browser) -> Page:
    """Open the one window that every scene is played in: a new one for each would cost more than its measurements."""
    return await (await new_window(browser)).new_page()


@pytest.fixture(scope="module", params=SCENES, ids=lambda scene: scene.name)
async def played(request: pytest.FixtureRequest, window: Page) -> AsyncIterator[Played]:
    """Play one scene; pytest runs all tests of the file on it before the next one begins.

    Nothing of the scene before is left: its cookies go, and every stage has an origin of its own.
    """
    scene: Scene = request.param
    async with open_stage(**scene.application) as stage:
        await window.context.clear_cookies()
        await as_on_a_desk(window)
        visitor = await Visitor.sit_down(window, stage)
        await scene.play(visitor)
        yield Played(scene=scene, visitor=visitor)
        # The stage closes only after the last request that a script of its pages may make.
        await window.goto("about:blank")


@pytest.fixture
async def page(played: Played) -> Page:
    """Give the scene's page as it is on a desk, in light, whatever the test before made of it."""
    await as_on_a_desk(played.page)
    return played.page


async def as_on_a_desk(page: Page) -> None:
    """Take back what a test made of the window."""
    await page.set_viewport_size(DESK)
    await page.emulate_media(color_scheme="light", forced_colors="none")
