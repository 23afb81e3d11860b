"""Every page of the shop by eye, by finger and by keyboard, in light and dark; and a picture of each to look at."""

from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright

from tests.accessibility.measuring import COLOURS, EVERY_RULE, measure, violations
from tests.demo.served_store import serving_store
from tests.demo.stand_in import StandIn, running_stand_in

pytestmark = pytest.mark.browser
SCREENSHOTS: Final = Path(__file__).parents[2] / "build" / "screenshots" / "store"
ARGUMENTS: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DESK: Final = ViewportSize(width=1280, height=800)
PHONE: Final = ViewportSize(width=375, height=667)
NARROW: Final = ViewportSize(width=320, height=256)
"""A window of 1280 × 1024 at 400 %, and the width that WCAG 1.4.10 asks for."""
OUTLINE_PX: Final = 2
NOT_TEXT: Final = 3.0
"""WCAG 1.4.11: how far the focus has to stand out."""
SIGNED_OUT: Final = {
    "home": "/",
    "sign-in": "/sign-in?then=checkout&said=sign_in_to_buy",
    "register": "/register",
    "basket-empty": "/basket",
}
SIGNED_IN: Final = {
    "shelves": "/",
    "search": "/?q=wool",
    "product": "/products/telescope",
    "basket": "/basket?said=added",
    "delivery": "/checkout/delivery?currency=USD",
    "review": "/checkout?currency=USD",
    "orders": "/orders",
    "order": "/orders",
    "account": "/account",
    "address": "/account/address",
    "contact": "/account/contacts/new?type=phone",
    "requests": "/requests",
    "missing": "/nothing",
}


@pytest.fixture(scope="module")
def watchword() -> Iterator[StandIn]:
    """Run one stand-in for all of these tests."""
    with running_stand_in() as stand_in:
        stand_in.decision = "allow"
        yield stand_in


@pytest.fixture(scope="module")
def store_url(watchword: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve one store for all of these tests."""
    with serving_store(watchword, tmp_path_factory.mktemp("store")) as url:
        yield url


@pytest.fixture(scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """Start Chromium once."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
async def strangers(browser: Browser) -> BrowserContext:
    """A browser in which nobody is signed in."""
    return await browser.new_context(reduced_motion="reduce")


@pytest.fixture(scope="module")
async def customers(browser: Browser, store_url: str) -> BrowserContext:
    """A browser of somebody with an order, and things of two currencies in his basket."""
    context = await browser.new_context(reduced_motion="reduce")
    page = await context.new_page()
    await page.goto(store_url)
    await page.get_by_role("main").get_by_role("button", name="New visitor").click()
    for product in ("teapot", "candle"):
        await page.goto(f"{store_url}/products/{product}")
        await page.get_by_role("button", name="Add to basket").click()
    await page.get_by_role("link", name="Check out").click()
    await page.get_by_role("button", name="Place order").click()
    for product in ("mug", "blanket", "cheese"):
        await page.goto(f"{store_url}/products/{product}")
        await page.get_by_role("button", name="Add to basket").click()
    await page.close()
    return context


@pytest.fixture(scope="module", params=[*SIGNED_OUT, *SIGNED_IN])
async def shown(
    request: pytest.FixtureRequest, store_url: str, strangers: BrowserContext, customers: BrowserContext
) -> AsyncIterator[tuple[str, Page]]:
    """Open one page; pytest runs all tests of this file on it before the next one opens."""
    name: str = request.param
    page = await (strangers if name in SIGNED_OUT else customers).new_page()
    await page.goto(f"{store_url}{(SIGNED_OUT | SIGNED_IN)[name]}")
    if name == "order":
        await page.get_by_role("main").get_by_role("link", name="Order F").first.click()
    yield name, page
    await page.close()


@pytest.fixture
async def page(shown: tuple[str, Page]) -> Page:
    """Give the page as it is on a desk, in light, whatever the test before made of it."""
    await shown[1].set_viewport_size(DESK)
    await shown[1].emulate_media(color_scheme="light", forced_colors="none")
    return shown[1]


@pytest.fixture
async def shop(page: Page) -> AsyncIterator[Page]:
    """Give the page without the panel beside the shop, which is held by tests of its own."""
    await page.evaluate("document.getElementById('pretend').hidden = true")
    yield page
    await page.evaluate("document.getElementById('pretend').hidden = false")


@pytest.mark.picture
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_there_is_a_picture_to_look_at(shown: tuple[str, Page], page: Page, size: ViewportSize) -> None:
    await page.set_viewport_size(size)
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        name = f"{shown[0]}-{'phone' if size == PHONE else 'desk'}-{scheme}.png"
        assert len(await page.screenshot(full_page=True, path=SCREENSHOTS / name)) > 1_000


async def test_axe_finds_nothing_in_light_and_in_dark(page: Page) -> None:
    assert await violations(page, EVERY_RULE) == []
    await page.emulate_media(color_scheme="dark")
    assert await violations(page, COLOURS) == []


async def test_everything_fits_at_four_times_the_size_and_with_the_readers_own_spacing(shop: Page) -> None:
    found = {}
    for viewport in (DESK, NARROW):
        await shop.set_viewport_size(viewport)
        found[viewport["width"], "ours"] = await measure(shop, "cut")
        await measure(shop, "spaced")
        found[viewport["width"], "the reader's"] = await measure(shop, "cut")
        await measure(shop, "unspaced")
    assert {case: what for case, what in found.items() if what} == {}


async def test_every_control_is_large_enough_for_a_finger(shop: Page) -> None:
    await shop.set_viewport_size(PHONE)
    assert await measure(shop, "targets") == []


async def test_with_forced_colours_every_control_has_an_edge_or_a_line(shop: Page) -> None:
    await shop.emulate_media(forced_colors="active")
    assert await measure(shop, "unbounded") == []


async def test_nothing_moves_for_whoever_asked_for_stillness(page: Page) -> None:
    assert await measure(page, "moving") == []


async def test_headings_and_landmarks_are_in_order(page: Page) -> None:
    outline = await measure(page, "outline")
    levels = outline["headings"]
    assert outline["title"].endswith(" · Fernwick General Store")
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert (outline["mains"], outline["duplicates"]) == (1, [])


async def test_the_keyboard_reaches_everything_in_order_and_is_seen_to(shop: Page) -> None:
    count = await measure(shop, "controls")
    stops: list[dict[str, Any]] = []
    for _ in range(count):
        await shop.keyboard.press("Tab")
        # What is focused outside the window is brought in with the next frame.
        await shop.evaluate("new Promise(requestAnimationFrame)")
        stops.append(await measure(shop, "focused") or {"stop": None})
    assert [stop["stop"] for stop in stops] == list(range(count))
    assert [stop for stop in stops if stop["outline_px"] < OUTLINE_PX or stop["contrast"] < NOT_TEXT] == []
    assert [stop for stop in stops if stop["is_covered"] or not stop["is_in_sight"]] == []
