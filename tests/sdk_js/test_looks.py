"""What meets the eye, the ear and the keyboard: axe, colours, directions, focus, and text that is only text."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.accessibility.measuring import COLOURS, EVERY_RULE, violations
from tests.sdk_js.shop import Counter, Customer

pytestmark = pytest.mark.browser
SCREENSHOTS: Final = Path(__file__).parents[2] / "build" / "screenshots" / "component"
PHONE = {"width": 320, "height": 640}
EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>{time}{n}&lt;"


async def _fresh(shop: Counter, page: Page) -> None:
    await expect(page.get_by_role("textbox")).to_be_visible()


async def _wrong(shop: Counter, page: Page) -> None:
    await page.get_by_role("textbox").fill("12")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="fewer digits")).to_be_visible()


async def _helped(shop: Counter, page: Page) -> None:
    for title in ("More reasons", "More help"):
        await page.get_by_text(title).click()
    await expect(page.get_by_text("A message can take a few minutes.")).to_be_visible()


async def _sent(shop: Counter, page: Page) -> None:
    await page.get_by_role("button", name="E-mail to").click()
    await expect(page.get_by_role("status").filter(has_text="A new code is on its way.")).to_be_visible()


async def _refused(shop: Counter, page: Page) -> None:
    await page.route("**/deliveries", lambda route: route.abort())
    await page.get_by_role("button", name="E-mail to").click()
    await expect(page.get_by_role("alert").filter(has_text="Check your connection")).to_be_visible()


async def _denied(shop: Counter, page: Page) -> None:
    await page.get_by_role("button", name="This wasn’t me").click()
    await expect(page.get_by_role("heading", level=2)).to_have_text("Stopped")


SCENES: Final = {
    "fresh": _fresh,
    "wrong": _wrong,
    "helped": _helped,
    "sent": _sent,
    "refused": _refused,
    "denied": _denied,
}


@pytest.mark.parametrize("scene", SCENES)
async def test_no_rule_of_accessibility_is_broken(shop: Counter, browser: Browser, scene: str) -> None:
    challenge = await shop.ask("sign_in" if scene == "fresh" else "purchase", summary="1 camera")
    customer = await Customer.arrive(browser, shop.page(challenge), viewport=PHONE, color_scheme="light")
    await SCENES[scene](shop, customer.page)
    await customer.page.screenshot(full_page=True, path=SCREENSHOTS / f"{scene}-light.png")
    assert await violations(customer.page, EVERY_RULE) == []
    await customer.page.emulate_media(color_scheme="dark")
    await customer.page.screenshot(full_page=True, path=SCREENSHOTS / f"{scene}-dark.png")
    assert await violations(customer.page, COLOURS) == []


async def test_it_fits_the_narrowest_screen(shop: Counter, browser: Browser) -> None:
    customer = await Customer.arrive(browser, shop.page(await shop.ask()), viewport=PHONE)
    await _helped(shop, customer.page)
    assert await customer.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


async def test_it_can_be_used_by_keyboard_alone(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask("sign_in")
    code = await shop.world.code_of(challenge)
    customer = await Customer.arrive(browser, shop.page(challenge, autofocus=""))
    page = customer.page
    await expect(page.get_by_role("textbox")).to_be_focused()
    passed = []
    for _ in range(8):
        await page.keyboard.press("Tab")
        passed.append(await page.evaluate(FOCUSED))
    assert passed[:3] == ["check", "submit", "again"]
    assert passed[-2:] == ["not-me", "cancel"]
    for _ in range(7):
        await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Space")
    await expect(page.get_by_role("checkbox")).to_be_checked()
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.type(code)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=2)).to_be_focused()


FOCUSED = """() => {
  const focused = document.activeElement.shadowRoot?.activeElement ?? document.activeElement;
  return focused.getAttribute("part") ?? focused.localName;
}"""


async def test_the_focus_is_left_alone_where_it_is_not_ours(shop: Counter, browser: Browser) -> None:
    customer = await Customer.arrive(browser, shop.page(await shop.ask()))
    page = customer.page
    await expect(page.get_by_role("textbox")).to_be_visible()
    assert await page.evaluate("document.activeElement === document.body")


async def test_it_is_readable_in_forced_colours_and_moves_nothing(shop: Counter, browser: Browser) -> None:
    customer = await Customer.arrive(
        browser, shop.page(await shop.ask()), forced_colors="active", reduced_motion="reduce", viewport=PHONE
    )
    page = customer.page
    await _wrong(shop, page)
    await page.screenshot(full_page=True, path=SCREENSHOTS / "forced-colours.png")
    buttons = await page.evaluate(
        """() => [...document.querySelector("watchword-challenge").shadowRoot.querySelectorAll("button")]
          .filter(button => button.checkVisibility())
          .map(button => { const {color, borderTopColor, backgroundColor} = getComputedStyle(button);
            return [button.part.value, color, borderTopColor, backgroundColor]; })"""
    )
    assert len(buttons) == 6
    assert [name for name, text, _, ground in buttons if text == ground] == []
    assert [name for name, _, edge, ground in buttons if edge == ground] == []
    moving = await page.evaluate("document.querySelector('watchword-challenge').getAnimations({subtree: true}).length")
    assert moving == 0


async def test_it_reads_from_right_to_left_where_the_language_does(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, "about:blank", viewport=PHONE)
    page = customer.page
    await page.route("**/v1/challenges/*", _as_arabic)
    await page.goto(shop.page(challenge))
    await _wrong(shop, page)
    await page.screenshot(full_page=True, path=SCREENSHOTS / "right-to-left.png")
    label = page.locator("watchword-challenge > label")
    assert await label.evaluate("element => getComputedStyle(element).direction") == "rtl"
    await expect(label).to_have_attribute("lang", "ar")
    field = page.get_by_role("textbox")
    assert await field.evaluate("element => getComputedStyle(element).direction") == "ltr"
    assert await violations(page, EVERY_RULE) == []


async def _as_arabic(route: Route) -> None:
    await _changed(route, {"language": "ar", "direction": "rtl"})


async def _changed(route: Route, words: dict[str, Any]) -> None:
    """Answer a look as the server does, with other words."""
    answer = await route.fetch()
    body = await answer.json()
    body["words"] |= words
    await route.fulfill(response=answer, body=json.dumps(body))


async def test_no_text_becomes_markup(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask(payee=EVIL[:200], summary=EVIL[:200])
    customer = await Customer.arrive(browser, shop.page(challenge))
    page = customer.page
    await expect(page.get_by_role("heading", level=2)).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(page.get_by_text("Example Shop\u2069 adds:")).to_contain_text("<script>alert(2)</script>")
    assert customer.complaints == []


async def test_even_a_server_that_lies_cannot_make_markup(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, "about:blank")
    page = customer.page
    shown: list[str] = []
    page.on("dialog", lambda dialog: shown.append(dialog.message))

    async def lie(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        await route.fulfill(response=answer, body=json.dumps({**body, "words": _poisoned(body["words"])}))

    await page.route("**/v1/challenges/*", lie)
    await page.goto(shop.page(challenge))
    await page.get_by_role("textbox").fill("12")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="<img")).to_be_visible()
    found = await page.evaluate(
        """() => { const element = document.querySelector("watchword-challenge");
          const made = (root) => root.querySelectorAll("img, script, iframe, a").length;
          return made(element) + made(element.shadowRoot); }"""
    )
    assert (found, shown, customer.complaints) == (0, [], [])


def _poisoned(value: Any) -> Any:
    """Put markup into every text but those that are not shown."""
    match value:
        case str():
            return EVIL
        case list():
            return [_poisoned(one) for one in value]
        case dict():
            kept = {"language", "direction", "now", "waits", "contact_id", "channel", "time"}
            return {name: one if name in kept else _poisoned(one) for name, one in value.items()}
        case _:
            return value


async def test_parts_and_custom_properties_reach_inside(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, shop.page(challenge))
    page = customer.page
    await expect(page.get_by_role("textbox")).to_be_visible()
    await page.evaluate(
        """() => { const sheet = new CSSStyleSheet();
          sheet.replaceSync("watchword-challenge{--watchword-accent:rgb(1,2,3)} ::part(brand){letter-spacing:7px}");
          document.adoptedStyleSheets = [sheet]; }"""
    )
    button = page.get_by_role("button", name="Approve")
    assert await button.evaluate("element => getComputedStyle(element).backgroundColor") == "rgb(1, 2, 3)"
    brand = page.get_by_text("Example Shop", exact=True)
    assert await brand.evaluate("element => getComputedStyle(element).letterSpacing") == "7px"


async def test_on_a_light_page_it_is_light_whatever_the_system_prefers(shop: Counter, browser: Browser) -> None:
    customer = await Customer.arrive(browser, shop.page(await shop.ask()), color_scheme="dark")
    page = customer.page
    await expect(page.get_by_role("textbox")).to_be_visible()
    ground = "getComputedStyle(document.querySelector('watchword-challenge').shadowRoot.firstChild).backgroundColor"
    dark = await page.evaluate(ground)
    await page.evaluate(
        """() => { const sheet = new CSSStyleSheet();
          sheet.replaceSync(":root{color-scheme:light}");
          document.adoptedStyleSheets = [sheet]; }"""
    )
    assert await page.evaluate(ground) == "rgb(255, 255, 255)" != dark
