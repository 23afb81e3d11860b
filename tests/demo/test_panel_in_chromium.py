"""What stands beside the shop, and the pages of what goes wrong, in a real browser with the real Watchword behind."""

import re
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright, expect

from tests.accessibility.measuring import COLOURS, EVERY_RULE, measure, violations
from tests.demo.real_demo import RealDemo, running_demo

pytestmark = pytest.mark.browser
SCREENSHOTS: Final = Path(__file__).parents[2] / "build" / "screenshots" / "play"
ARGUMENTS: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DESK: Final = ViewportSize(width=1280, height=800)
PHONE: Final = ViewportSize(width=375, height=667)
NARROW: Final = ViewportSize(width=320, height=256)
"""A window of 1280 × 1024 at 400 %, and the width that WCAG 1.4.10 asks for."""
PATIENCE_MS: Final = 30_000
ARRIVED: Final = 2
"""Messages on the phone of whoever has just arrived: his code, and a little later its confirmation."""
PAGES: Final = {
    "home": "/",
    "tour": "/tour",
    "try": "/try",
    "phone": "/phone",
    "copy": "/phisher",
    "stolen-password": "/attacks/stolen-password",
    "copied-cookie": "/attacks/copied-cookie",
    "phisher": "/attacks/phisher",
    "fake-message": "/attacks/fake-message",
    "caller": "/attacks/caller",
    "guessing": "/attacks/guessing",
    "unreachable": "/attacks/unreachable",
    "hurry": "/attacks/hurry",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDemo]:
    """Run one demo for all of these tests."""
    with running_demo(tmp_path_factory.mktemp("demo") / "data") as running:
        yield running


@pytest.fixture(scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """Start Chromium once."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


async def _arrive(context: BrowserContext, demo: RealDemo) -> Page:
    """Become a visitor, and enter the first code as the phone shows it."""
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    await page.goto(demo.store)
    await page.get_by_role("main").get_by_role("button", name="New visitor").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are a customer now")
    code = await page.locator("#phone .code-digits").first.inner_text()
    await page.get_by_role("link", name="Go to the code page").click()
    await page.locator("#code").fill(code)
    await page.locator("#code").press("Enter")
    await page.wait_for_url(f"{demo.store}/account**")
    return page


@pytest.fixture(scope="module")
async def played(browser: Browser, demo: RealDemo) -> AsyncIterator[BrowserContext]:
    """Play what fills the pages: messages of every kind on the phone, and attackers at work."""
    context = await browser.new_context(reduced_motion="reduce", viewport=DESK)
    page = await _arrive(context, demo)
    for attack, button in {
        "fake-message": "Send the fake",
        "caller": "Let it ring",
        "guessing": "Let him sign in",
        "copied-cookie": "Copy the cookie now",
        "hurry": "Order it 4 times",
    }.items():
        await page.goto(f"{demo.store}/attacks/{attack}")
        await page.get_by_role("main").get_by_role("button", name=button).click()
        await page.wait_for_load_state()
    await page.goto(f"{demo.store}/attacks/guessing")
    await page.get_by_role("button", name="Guess once").click()
    await page.wait_for_load_state()
    await page.close()
    yield context
    await context.close()


@pytest.fixture(scope="module", params=[*PAGES])
async def shown(
    request: pytest.FixtureRequest, demo: RealDemo, played: BrowserContext
) -> AsyncIterator[tuple[str, Page]]:
    """Open one page; pytest runs all tests of this file on it before the next one opens."""
    page = await played.new_page()
    # Stillness for the measurements: what the script brings in by itself has tests of its own.
    await page.route("**/phone/live*", lambda route: route.abort())
    await page.goto(f"{demo.store}{PAGES[request.param]}")
    yield request.param, page
    await page.close()


@pytest.fixture
async def page(shown: tuple[str, Page]) -> Page:
    """Give the page as it is on a desk, in light, whatever the test before made of it."""
    await shown[1].set_viewport_size(DESK)
    await shown[1].emulate_media(color_scheme="light", forced_colors="none")
    return shown[1]


@pytest.fixture
async def parts(page: Page) -> Page:
    """Give the page without the shop around it, which has tests of its own, and with nothing that floats or scrolls.

    The panel scrolls by itself beside the shop, and on a phone a link to it floats over the page by design.
    """
    await page.evaluate(
        """() => {
        for (const one of document.querySelectorAll("header, footer, .to-phone")) one.hidden = true;
        for (const one of document.querySelectorAll("[hidden]")) one.style.setProperty("display", "none", "important");
        const panel = document.getElementById("pretend");
        if (panel) panel.style.overflow = panel.style.height = "unset";
        }"""
    )
    return page


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


async def test_everything_fits_at_four_times_the_size_and_with_the_readers_own_spacing(parts: Page) -> None:
    found = {}
    for viewport in (DESK, NARROW):
        await parts.set_viewport_size(viewport)
        found[viewport["width"], "ours"] = await measure(parts, "cut")
        await measure(parts, "spaced")
        found[viewport["width"], "the reader's"] = await measure(parts, "cut")
        await measure(parts, "unspaced")
    assert {case: what for case, what in found.items() if what} == {}


async def test_every_control_is_large_enough_for_a_finger(parts: Page) -> None:
    await parts.set_viewport_size(PHONE)
    assert await measure(parts, "targets") == []


async def test_with_forced_colours_every_control_has_an_edge_or_a_line(parts: Page) -> None:
    await parts.emulate_media(forced_colors="active")
    assert await measure(parts, "unbounded") == []


async def test_nothing_moves_for_whoever_asked_for_stillness(page: Page) -> None:
    assert await measure(page, "moving") == []


async def test_headings_and_landmarks_are_in_order(page: Page) -> None:
    outline = await measure(page, "outline")
    levels = outline["headings"]
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert (outline["mains"], outline["duplicates"]) == (1, [])


async def test_messages_come_and_steps_are_ticked_while_a_page_stays_open(browser: Browser, demo: RealDemo) -> None:
    context = await browser.new_context(viewport=DESK)
    page = await _arrive(context, demo)
    watching = await context.new_page()
    await watching.goto(f"{demo.store}/try")
    await expect(watching.locator("#tour-count")).to_have_text("2 of 12")
    await expect(watching.locator("[data-message]")).to_have_count(ARRIVED)

    await page.goto(f"{demo.store}/attacks/fake-message")
    await page.get_by_role("button", name="Send the fake").click()
    await expect(watching.locator("[data-message]")).to_have_count(ARRIVED + 1)
    await expect(watching.get_by_role("complementary").get_by_role("status")).to_have_text(
        re.compile("new message", re.IGNORECASE)
    )
    await page.get_by_role("complementary").get_by_role("button", name="Report as fake").click()
    await expect(watching.locator("#tour-count")).to_have_text("3 of 12")
    await context.close()


async def test_the_focus_and_an_open_mail_outlive_a_new_message(browser: Browser, demo: RealDemo) -> None:
    context = await browser.new_context(viewport=DESK)
    page = await _arrive(context, demo)
    await page.goto(f"{demo.store}/try")
    mail = page.locator("#phone details").first
    await mail.locator("summary").click()
    focused = await page.evaluate("document.activeElement.closest('[id]').id")
    await expect(page.locator("[data-message]")).to_have_count(ARRIVED)

    other = await context.new_page()
    await other.goto(f"{demo.store}/attacks/fake-message")
    await other.get_by_role("button", name="Send the fake").click()
    await page.bring_to_front()
    await expect(page.locator("[data-message]")).to_have_count(ARRIVED + 1)
    assert await page.evaluate("document.activeElement.closest('[id]').id") == focused
    assert await page.evaluate("document.activeElement.tagName") == "SUMMARY"
    await expect(page.locator(f"#{focused}")).to_have_attribute("open", "")
    await context.close()


async def test_a_code_is_copied_with_one_press(browser: Browser, demo: RealDemo) -> None:
    context = await browser.new_context(viewport=DESK, permissions=["clipboard-read", "clipboard-write"])
    page = await _arrive(context, demo)
    code = await page.locator("#phone .code-digits").first.inner_text()
    await page.get_by_role("button", name=f"Copy {code}").click()
    await expect(page.get_by_role("button", name=f"Copied {code}")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == code
    await context.close()


async def test_the_phone_opens_in_a_window_of_its_own_and_stays_fresh(browser: Browser, demo: RealDemo) -> None:
    context = await browser.new_context(viewport=DESK)
    page = await context.new_page()
    await page.goto(demo.store)
    await page.get_by_role("main").get_by_role("button", name="New visitor").click()
    async with context.expect_page() as opening:
        await page.get_by_role("link", name="Open my phone").click()
    phone = await opening.value
    await expect(phone.locator(".code-digits")).to_have_count(1)
    assert page.url == f"{demo.store}/welcome"
    await page.get_by_role("link", name="Go to the code page").click()
    await page.get_by_role("button", name=re.compile("^E-mail")).click()
    await expect(phone.locator(".code-digits")).to_have_count(2)
    await context.close()


async def test_it_asks_for_nothing_while_nobody_looks(browser: Browser, demo: RealDemo) -> None:
    context = await browser.new_context(viewport=DESK)
    page = await _arrive(context, demo)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange'))"
    )
    asked.clear()
    await page.wait_for_timeout(3_000)  # longer than it waits between two looks
    assert asked == []
    await page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    await page.wait_for_timeout(500)
    assert len(asked) == 1
    await context.close()


async def test_a_purchase_is_approved_on_a_phone_without_a_script(browser: Browser, demo: RealDemo) -> None:
    context = await browser.new_context(
        viewport=PHONE, has_touch=True, is_mobile=True, java_script_enabled=False, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    await page.goto(demo.store)
    await page.get_by_role("main").get_by_role("button", name="New visitor").tap()
    async with context.expect_page() as opening:
        await page.get_by_role("link", name="Open my phone").tap()
    phone = await opening.value
    # A press on it would do nothing here.
    await expect(phone.locator("[data-copy]").first).to_be_hidden()
    await page.get_by_role("link", name="Go to the code page").tap()
    await page.locator("#code").fill(await phone.locator(".code-digits").first.inner_text())
    await page.locator("#code").press("Enter")
    await page.wait_for_url(f"{demo.store}/account**")

    await page.goto(f"{demo.store}/products/telescope")
    await page.get_by_role("button", name="Add to basket").tap()
    await page.get_by_role("link", name="Check out").tap()
    await page.get_by_role("button", name="Place order").tap()
    await expect(page.locator("#code")).to_be_visible()
    reference = re.search(r"\b(?=\w*[A-Z])[0-9A-Z]{8}\b", await page.locator("body").inner_text())
    assert reference is not None
    for _ in range(20):
        await phone.get_by_role("link", name="Refresh").tap()
        await phone.wait_for_load_state()
        if reference[0] in await phone.locator(".messages").inner_text():
            break
    await page.locator("#code").fill(await phone.locator(".code-digits").first.inner_text())
    await page.locator("#code").press("Enter")
    await page.wait_for_url(f"{demo.store}/orders/**")
    await expect(page.get_by_role("status").first).to_contain_text("Your order is placed")
    await context.close()
