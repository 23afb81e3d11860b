"""A user's own view under attack in a real browser: scanners, foreign forms and frames change nothing."""

from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, Page, expect

from tests.pages.stage import Stage, open_stage
from tests.pages.world import ONE_CAMERA, USER
from watchword.flow.check import check
from watchword.flow.link import ViewPage, make_view_link
from watchword.flow.overview import list_own_requests
from watchword.flow.register import read_user
from watchword.flow.remember import list_devices

pytestmark = pytest.mark.browser
ADDRESSES: Final = "() => [...document.querySelectorAll('a[href], form')].map((one) => one.href || one.action)"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with open_stage() as stage:
        yield stage


async def _link(stage: Stage) -> str:
    """Return a link to a view with a trusted device, a request that waits, and two contacts."""
    world = stage.world
    proven = await world.start(type="sign_in", return_url=stage.return_url)
    await check(world.ports, world.application, proven.id, await world.code(), trust_device=True)
    await world.start(**{**ONE_CAMERA, "return_url": stage.return_url})
    page = ViewPage.DEVICES
    return (await make_view_link(world.ports, world.application, USER, page, return_url=stage.return_url)).url.reveal()


async def _account(stage: Stage) -> tuple[object, ...]:
    """Return everything that could be changed in the view."""
    ports, application = stage.world.ports, stage.world.application
    return (
        await list_devices(ports, application, USER),
        (await read_user(ports, application, USER)).contacts,
        (await list_own_requests(ports, application, USER, limit=9)).requests,
    )


async def _mark(page: Page, link: str) -> str:
    await page.goto(f"{link}/devices")
    return str(await page.locator("input[name=csrf]").first.get_attribute("value"))


async def test_a_scanner_with_scripts_that_opens_every_address_changes_nothing(stage: Stage, browser: Browser) -> None:
    link = await _link(stage)
    before = await _account(stage)
    page = await browser.new_page()
    told: set[str] = set()
    page.on("request", lambda request: told.add(request.headers.get("referer", "")))
    seen: set[str] = set()
    for one in ViewPage:
        await page.goto(f"{link}/{one}")
        seen |= set(await page.evaluate(ADDRESSES))
    assert len([address for address in seen if "/devices/dev_" in address]) == 3
    for address in sorted(seen):
        await page.goto(address)
    assert await _account(stage) == before
    assert told == {""}, "no page tells another where its reader came from"


async def test_a_form_on_a_foreign_site_changes_nothing(stage: Stage, browser: Browser) -> None:
    link = await _link(stage)
    before = await _account(stage)
    page = await browser.new_page()
    mark = await _mark(page, link)
    await page.goto(f"{stage.attacker}/forging?action={quote(f'{link}/devices/forget')}&csrf={mark}")
    await page.get_by_role("button").click()
    await expect(page).to_have_title("Error: This form is too old")
    assert await _account(stage) == before


async def test_no_frame_shows_the_view(stage: Stage, browser: Browser) -> None:
    link = await _link(stage)
    page = await browser.new_page()
    async with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        await page.goto(f"{stage.shop}/framing?page={quote(f'{link}/devices')}")
    assert await page.frames[1].locator("form").count() == 0
