"""Pages that are written from the right, in a real browser: what stands where, and what keeps its own direction."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.pages.stage import Stage, open_stage
from tests.pages.world import ONE_CAMERA

pytestmark = pytest.mark.browser
PHONE = ViewportSize(width=320, height=667)
PARTS = (".mark", "bdi")
SUPPORT = "Call +1 415 555 0100, from 9 to 17."
LEFT_OF = """(node) => {
  const [first, last] = [[0, 1], [node.textContent.length - 1, node.textContent.length]].map(([from, to]) => {
    const text = document.createTreeWalker(node, NodeFilter.SHOW_TEXT).nextNode();
    const range = document.createRange();
    range.setStart(text, from);
    range.setEnd(text, to);
    return range.getBoundingClientRect();
  });
  return first.top < last.top || first.left < last.left;
}"""
"""Whether the first character of a text stands to the left of its last one, or on a line above."""
FOREIGN_DIGITS = "[\\u0660-\\u0669\\u06f0-\\u06f9]"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with open_stage(support=SUPPORT) as stage:
        yield stage


@pytest.fixture
async def page(stage: Stage, browser: Browser) -> AsyncIterator[Page]:
    """Open the entry page before a reader in Egypt."""
    challenge = await stage.world.start(**ONE_CAMERA, return_url=stage.return_url)
    context = await browser.new_context(viewport=PHONE, locale="ar-EG", timezone_id="Africa/Cairo")
    page = await context.new_page()
    await page.goto(f"{challenge.url.reveal()}?language=ar")
    yield page
    await context.close()


async def test_the_page_begins_at_the_right(page: Page) -> None:
    assert await page.evaluate("document.dir") == "rtl"
    lefts = [
        await page.locator(f".brand {part}").evaluate("node => node.getBoundingClientRect().left") for part in PARTS
    ]
    assert lefts[0] > lefts[1]


async def test_masked_addresses_the_code_and_references_are_written_from_the_left(page: Page) -> None:
    for selector in ("#hint bdi [aria-hidden]", ".sending bdi[dir]:not(.whole)", ".reference"):
        assert await page.locator(selector).first.evaluate(LEFT_OF), selector
    assert await page.locator("#code").evaluate("node => getComputedStyle(node).direction") == "ltr"


async def test_times_are_in_the_digits_of_the_amounts_wherever_the_reader_is(page: Page) -> None:
    shown = await page.locator("time[data-local]").first.inner_text()
    assert any(character in "0123456789" for character in shown)
    assert await page.locator("main").evaluate(f"node => /{FOREIGN_DIGITS}/.test(node.textContent)") is False


async def test_what_the_operator_wrote_keeps_its_own_direction(page: Page) -> None:
    await page.locator(".way").click()
    await expect(page.get_by_text(SUPPORT)).to_have_css("direction", "ltr")
