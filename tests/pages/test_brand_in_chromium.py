"""Brands in a real browser: readable in every colour, whole on a small phone, and at work in a foreign frame."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.async_api import Browser, FrameLocator, Page, ViewportSize, expect

from tests.kit.chromium import open_chromium
from tests.pages.brands import PLUM, brand, drawn
from tests.pages.stage import Stage, open_stage
from tests.pages.world import ONE_CAMERA
from watchword.domain.branding import Branding
from watchword.domain.challenge import ChallengeState
from watchword.domain.colour import BLACK, WHITE, Colour
from watchword.flow.show import ChallengeView

pytestmark = pytest.mark.browser
Scheme = Literal["light", "dark"]
SCREENSHOTS: Final = Path(__file__).parents[2] / "build" / "screenshots" / "brand"
COOKIES_OF_FRAMES: Final = "--test-third-party-cookie-phaseout"
"""What browsers are on their way to: a cookie of another site is kept in a jar of the framing site, or not at all."""
PHONE: Final = ViewportSize(width=320, height=568)
YELLOW: Final = Colour(red=0xFF, green=0xD4, blue=0)
BLUE: Final = Colour(red=0x0A, green=0x58, blue=0xCA)
LONG_NAME: Final = "Ostfriesische Tee- und Gewürzhandelsgesellschaft Müller mbH"
BRANDS: Final[dict[str, Branding]] = {
    "wide": brand(logo=drawn(480, 60)),
    "tall": brand(YELLOW, logo=drawn(60, 160, "#826c00")),
    "square": brand(BLUE, logo=drawn(160, 160, "#0a58ca"), logo_dark=drawn(160, 160, "#8ec5ff")),
    "letter": brand(BLACK),
    "pale": brand(WHITE),
}


@pytest.fixture(scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """Start Chromium once for each file."""
    async with open_chromium(chromium, COOKIES_OF_FRAMES) as browser:
        yield browser


@pytest.fixture
async def framed() -> AsyncIterator[Stage]:
    async with open_stage(is_framed=True, branding=brand(logo=drawn(160, 60))) as stage:
        yield stage


async def _camera(stage: Stage, **report: Any) -> ChallengeView:
    return await stage.world.start(**{**ONE_CAMERA, "return_url": stage.return_url, **report})


async def _faint(page: Page) -> list[str]:
    """Return the texts that do not stand out from their ground (WCAG 2.2, 1.4.3), and what could not be decided."""
    await page.evaluate(Axe().axe_script)
    found = await page.evaluate("axe.run(document, {runOnly: ['color-contrast', 'image-alt']})")
    return [node["html"] for kind in ("violations", "incomplete") for rule in found[kind] for node in rule["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", BRANDS)
async def test_every_brand_can_be_read_and_fits_a_small_phone(browser: Browser, name: str, scheme: Scheme) -> None:
    async with open_stage(name=LONG_NAME, branding=BRANDS[name]) as stage:
        context = await browser.new_context(viewport=PHONE, color_scheme=scheme, device_scale_factor=2)
        page = await context.new_page()
        challenge = await _camera(stage)
        await page.goto(challenge.url.reveal())
        faint = await _faint(page)
        await page.get_by_role("button", name="Approve").hover()
        faint += await _faint(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        await page.screenshot(full_page=True, path=SCREENSHOTS / f"{name}-{scheme}-entry.png")
        await page.goto(f"{challenge.url.reveal()}/help")
        faint += await _faint(page)
        await page.get_by_role("button", name="This wasn’t me").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Stopped")
        faint += await _faint(page)
        await page.screenshot(full_page=True, path=SCREENSHOTS / f"{name}-{scheme}-end.png")
        assert faint == []
        await context.close()


_SEEN: Final = """one => {
  const style = getComputedStyle(one);
  return {complete: one.complete, pixels: one.naturalWidth, source: one.currentSrc, ground: style.backgroundColor,
    painted: [parseFloat(style.width), parseFloat(style.height)], left: one.getBoundingClientRect().left,
    width: Number(one.getAttribute('width')), height: Number(one.getAttribute('height'))};
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", [name for name, one in BRANDS.items() if one.logo is not None])
async def test_a_logo_is_painted_within_its_place_and_is_the_name_to_a_reader(
    browser: Browser, name: str, scheme: Scheme
) -> None:
    async with open_stage(name=LONG_NAME, branding=BRANDS[name]) as stage:
        context = await browser.new_context(viewport=PHONE, color_scheme=scheme)
        page = await context.new_page()
        await page.goto((await _camera(stage)).url.reveal())
        logo = page.get_by_role("img", name=LONG_NAME)
        seen = await logo.evaluate(_SEEN)
        branding = BRANDS[name]
        is_dark = scheme == "dark" and branding.logo_dark is not None
        shown = branding.logo_dark if is_dark else branding.logo
        assert shown is not None
        assert (seen["complete"], seen["pixels"]) == (True, shown.width)
        assert seen["source"].endswith("/shop.logo-dark.png" if is_dark else "/shop.logo.png")
        assert seen["painted"] == pytest.approx([seen["width"], seen["height"]], abs=0.5)
        assert seen["left"] == 16
        assert (seen["ground"] == "rgb(255, 255, 255)") == (scheme == "dark" and not is_dark)
        await context.close()


async def test_the_first_button_is_painted_in_the_accent(browser: Browser) -> None:
    async with open_stage(branding=brand()) as stage:
        page = await browser.new_page()
        await page.goto((await _camera(stage)).url.reveal())
        button = page.get_by_role("button", name="Approve")
        await expect(button).to_have_css("background-color", f"rgb({PLUM.red}, {PLUM.green}, {PLUM.blue})")
        await expect(button).to_have_css("color", "rgb(255, 255, 255)")
        await page.close()


async def _open_frame(stage: Stage, page: Page, challenge: ChallengeView, host: str) -> FrameLocator:
    await page.goto(f"{host}/framing?page={quote(challenge.url.reveal())}")
    return page.frame_locator("iframe")


async def _is_shown(frame: FrameLocator) -> bool:
    return await frame.locator("form").count() > 0


async def test_the_whole_way_works_in_a_frame_of_another_site(framed: Stage, browser: Browser) -> None:
    challenge = await _camera(framed, return_url=f"{framed.attacker}/continue")
    context = await browser.new_context()
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    frame = await _open_frame(framed, page, challenge, framed.attacker)
    await expect(frame.get_by_role("heading", level=1)).to_have_text("Approve 1,299.00 USD to ACME Cameras")
    await page.screenshot(full_page=True, path=SCREENSHOTS / "in-a-frame.png")
    await frame.locator("#code").fill("12345")
    await frame.get_by_role("button", name="Approve").click()
    await expect(frame.get_by_role("alert")).to_be_visible()
    cookies = {cookie["name"]: cookie for cookie in await context.cookies(challenge.url.reveal())}
    assert cookies["watchword-browser"]["sameSite"] == "None"
    assert cookies["watchword-browser"]["secure"]
    await frame.get_by_role("link", name="More help").click()
    await frame.get_by_role("link", name="Back to entering the code").click()
    await frame.locator("#code").fill(await framed.world.code())
    await frame.get_by_role("button", name="Approve").click()
    await expect(frame.get_by_role("heading", level=1)).to_have_text("Back in the shop")
    assert await framed.world.has_grant(challenge.id)
    # What a browser says of every frame of another site: it leaves the focus where the framing page has it.
    assert [one for one in complaints if not one.startswith("Blocked autofocusing")] == []
    await context.close()


async def test_an_end_in_a_frame_is_shown_there(framed: Stage, browser: Browser) -> None:
    challenge = await _camera(framed)
    page = await browser.new_page()
    frame = await _open_frame(framed, page, challenge, framed.attacker)
    await frame.get_by_role("button", name="This wasn’t me").click()
    await expect(frame.get_by_role("heading", level=1)).to_have_text("Stopped")
    await page.close()


async def test_an_origin_that_is_not_named_frames_nothing(framed: Stage, browser: Browser) -> None:
    challenge = await _camera(framed)
    page = await browser.new_page()
    async with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        frame = await _open_frame(framed, page, challenge, framed.shop)
    assert not await _is_shown(frame)
    await page.close()


async def test_a_frame_may_ask_the_phone_for_a_code(framed: Stage, browser: Browser) -> None:
    challenge = await _camera(framed)
    page = await browser.new_page()
    frame = await _open_frame(framed, page, challenge, framed.attacker)
    await expect(frame.locator("#code")).to_be_visible()
    allowed = "document.featurePolicy.allowsFeature('otp-credentials')"
    assert await page.frames[1].evaluate(allowed)
    await page.close()


async def test_a_form_on_the_framing_site_does_nothing(framed: Stage, browser: Browser) -> None:
    challenge = await _camera(framed)
    context = await browser.new_context()
    page = await context.new_page()
    frame = await _open_frame(framed, page, challenge, framed.attacker)
    mark = await frame.locator("input[name=csrf]").first.get_attribute("value")
    code = await framed.world.code()
    forged = f"{framed.attacker}/forging?action={challenge.url.reveal()}&csrf={mark}&code={code}"
    await page.goto(f"{framed.attacker}/framing?page={quote(forged)}")
    await page.frame_locator("iframe").get_by_role("button").click()
    await expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_have_text("This form is too old")
    now = await framed.world.read(challenge.id)
    assert (now.state, now.attempts_left, now.browser) == (ChallengeState.PENDING, 5, None)
    await context.close()
