"""The pages in a real browser: with and without scripts, on a phone and at a desk, by keyboard, and under attack."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.pages.stage import Stage, open_stage
from tests.pages.world import A_SIGN_IN, ONE_CAMERA
from watchword.domain.challenge import ChallengeState
from watchword.flow.cancel import cancel
from watchword.flow.show import ChallengeView
from watchword.ports.store.outbox import NotHandedOver

pytestmark = pytest.mark.browser
PHONE = {"width": 375, "height": 667}
DESK = {"width": 1280, "height": 800}
TORN_OFF = """() => [...document.querySelectorAll(".whole")].filter((whole) => {
  const after = whole.nextSibling;
  if (!after || !after.data || !after.data.startsWith(".")) return false;
  const stop = document.createRange();
  stop.setStart(after, 0);
  stop.setEnd(after, 1);
  return stop.getBoundingClientRect().top >= whole.getBoundingClientRect().bottom;
}).map((whole) => whole.textContent)"""
"""The values whose full stop stands on the next line."""


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with open_stage() as stage:
        yield stage


class Customer:
    """A person with one browser; whatever the browser complains about is kept."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", lambda message: self.complaints.append(f"{message.text} {message.location}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))

    @classmethod
    async def arrive(cls, browser: Browser, url: str, **context: Any) -> "Customer":
        """Open an address in a new browser."""
        new_context = await browser.new_context(**context)
        customer = cls(new_context, await new_context.new_page())
        await customer.page.goto(url)
        return customer

    async def enter(self, code: str) -> None:
        """Type a code and press Enter."""
        await self.page.locator("#code").fill(code)
        await self.page.keyboard.press("Enter")


async def _camera(stage: Stage, **report: Any) -> ChallengeView:
    return await stage.world.start(**{**ONE_CAMERA, "return_url": stage.return_url, **report})


async def _is_untouched(stage: Stage, challenge: ChallengeView) -> bool:
    now = await stage.world.read(challenge.id)
    return now.state is ChallengeState.PENDING and now.browser is None and now.attempts_left == 5


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
async def test_the_whole_way_from_a_wrong_code_back_to_the_shop(
    stage: Stage, browser: Browser, viewport: Any, scripts: bool
) -> None:
    challenge = await _camera(stage)
    customer = await Customer.arrive(browser, challenge.url.reveal(), viewport=viewport, java_script_enabled=scripts)
    page = customer.page
    await expect(page.get_by_role("heading", level=1)).to_have_text("Approve 1,299.00 USD to ACME Cameras")
    await expect(page.get_by_label("Enter the 6-digit code")).to_be_focused()
    await expect(page.get_by_label("Enter the 6-digit code")).to_be_in_viewport()
    code = await stage.world.code()
    await customer.enter("000000" if code != "000000" else "000001")
    await expect(page.get_by_role("alert")).to_contain_text("That code isn’t right.")
    await expect(page).to_have_title("Error: Approve 1,299.00 USD to ACME Cameras – Example Shop")
    await expect(page.locator("#code")).to_have_value("")
    await page.reload()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await customer.enter(f"{code[:3]} {code[3:]}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Back in the shop")
    assert page.url == f"{stage.shop}/done?watchword_challenge={challenge.id}&state=cart%207"
    assert await stage.world.has_grant(challenge.id)
    assert customer.complaints == []
    assert customer.hosts == {challenge.url.reveal().split("/")[2], stage.shop.split("/")[2]}


async def test_no_line_begins_with_the_full_stop_behind_a_time_or_a_phone(stage: Stage, browser: Browser) -> None:
    challenge = await _camera(stage)
    customer = await Customer.arrive(browser, f"{challenge.url.reveal()}?language=fr", viewport=PHONE)
    for width in range(290, 400, 5):
        await customer.page.set_viewport_size({"width": width, "height": 667})
        assert await customer.page.evaluate(TORN_OFF) == []


async def test_after_the_end_the_button_leads_back_to_the_shop(stage: Stage, browser: Browser) -> None:
    challenge = await _camera(stage)
    customer = await Customer.arrive(browser, challenge.url.reveal())
    await customer.page.get_by_role("button", name="This wasn’t me").click()
    await expect(customer.page.get_by_role("heading", level=1)).to_have_text("Stopped")
    await customer.page.get_by_role("link", name="Go back to Example Shop").click()
    await expect(customer.page).to_have_title("The shop")
    assert str(challenge.id) in customer.page.url


async def test_cancelling_leads_straight_back(stage: Stage, browser: Browser) -> None:
    customer = await Customer.arrive(browser, (await _camera(stage)).url.reveal())
    await customer.page.get_by_role("button", name="Cancel and go back").click()
    await expect(customer.page).to_have_title("The shop")


async def test_the_way_back_may_be_an_ipv6_address(browser: Browser) -> None:
    async with open_stage("::1") as stage:
        challenge = await _camera(stage)
        customer = await Customer.arrive(browser, challenge.url.reveal())
        await customer.enter(await stage.world.code())
        await expect(customer.page).to_have_title("The shop")


async def test_a_pasted_code_is_tidied_and_anything_else_is_left(stage: Stage, browser: Browser) -> None:
    challenge = await _camera(stage)
    customer = await Customer.arrive(browser, challenge.url.reveal(), permissions=["clipboard-read", "clipboard-write"])
    field = customer.page.locator("#code")
    for pasted, shown in (("123 456", "123456"), ("123–456\n", "123456"), ("12 34", "12 34"), ("G-123456", "G-123456")):
        await customer.page.evaluate("text => navigator.clipboard.writeText(text)", pasted)
        await field.fill("")
        await field.press("Control+v")
        await expect(field).to_have_value(shown)
    await customer.page.evaluate("text => navigator.clipboard.writeText(text)", await stage.world.code())
    await field.fill("")
    await field.press("Control+v")
    await field.press("Enter")
    await expect(customer.page).to_have_title("The shop")


async def test_everything_can_be_reached_by_keyboard_and_is_seen_to_be(stage: Stage, browser: Browser) -> None:
    challenge = await stage.world.start(**A_SIGN_IN, return_url=stage.return_url)
    customer = await Customer.arrive(browser, challenge.url.reveal())
    page = customer.page
    await page.keyboard.type("000")
    reached, outlines = [], set()
    for _ in range(8):
        focused = page.locator(":focus")
        reached.append(await focused.evaluate("one => one.innerText || one.name || one.id"))
        outlines.add(await focused.evaluate("one => getComputedStyle(one).outline.replace(/^rgb.*[)] /, '')"))
        await page.keyboard.press("Tab")
    assert outlines == {"solid 3px"}
    assert [text.split("\n")[0] for text in reached] == [
        "code",
        "trust",
        "Sign in",
        "Send it again",
        "Call me on •••• 71",
        "E-mail to j•••@g•••.example",
        "More help",
        "This wasn’t me",
    ]
    await page.locator("#code").focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await expect(page.get_by_label("Trust this device for 30 days")).to_be_checked()


async def test_another_browser_is_refused_with_the_reason(stage: Stage, browser: Browser) -> None:
    challenge = await _camera(stage)
    customer = await Customer.arrive(browser, challenge.url.reveal())
    other = await Customer.arrive(browser, challenge.url.reveal())
    await customer.enter("12345")
    await expect(customer.page.get_by_role("alert")).to_be_visible()
    await other.enter(await stage.world.code())
    await expect(other.page.get_by_role("heading", level=1)).to_have_text("This request belongs to another browser")
    assert (await stage.world.read(challenge.id)).attempts_left == 5


async def test_a_scanner_with_scripts_leaves_the_challenge_alone(stage: Stage, browser: Browser) -> None:
    challenge = await _camera(stage)
    for _ in range(3):
        scanner = await Customer.arrive(browser, challenge.url.reveal())
        await expect(scanner.page.locator("#wait")).to_contain_text("You can ask again in")
        await scanner.context.close()
    assert await _is_untouched(stage, challenge)


async def test_no_frame_shows_the_page(stage: Stage, browser: Browser) -> None:
    challenge = await _camera(stage)
    page = await browser.new_page()
    async with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        await page.goto(f"{stage.shop}/framing?page={quote(challenge.url.reveal())}")
    assert await page.frames[1].locator("form").count() == 0


async def test_a_form_on_a_foreign_site_does_nothing(stage: Stage, browser: Browser) -> None:
    challenge = await _camera(stage)
    customer = await Customer.arrive(browser, challenge.url.reveal())
    mark = await customer.page.locator("input[name=csrf]").first.get_attribute("value")
    forged = f"{stage.attacker}/forging?action={challenge.url.reveal()}&csrf={mark}&code={await stage.world.code()}"
    await customer.page.goto(forged)
    await customer.page.get_by_role("button").click()
    await expect(customer.page).to_have_title("Error: This form is too old")
    assert await _is_untouched(stage, challenge)


async def test_reload_and_back_repeat_nothing(stage: Stage, browser: Browser) -> None:
    challenge = await _camera(stage)
    customer = await Customer.arrive(browser, challenge.url.reveal())
    code = await stage.world.code()
    await customer.enter("000000" if code != "000000" else "000001")
    await expect(customer.page.get_by_role("alert")).to_be_visible()
    await customer.page.get_by_role("link", name="More help").click()
    await customer.page.go_back()
    await customer.page.reload()
    assert (await stage.world.read(challenge.id)).attempts_left == 4
    await customer.enter(code)
    await expect(customer.page).to_have_title("The shop")
    await customer.page.go_back()
    await expect(customer.page.get_by_role("heading", level=1)).to_have_text("Approved")


async def test_the_button_for_another_message_waits_for_the_servers_time(stage: Stage, browser: Browser) -> None:
    challenge = await _camera(stage)
    context = await browser.new_context()
    page = await context.new_page()
    await page.clock.install()
    await page.goto(challenge.url.reveal())
    button = page.get_by_role("button", name="Send it again")
    await expect(button).to_have_attribute("aria-disabled", "true")
    await button.click(force=True)
    assert (await stage.world.read(challenge.id)).sends == 1
    await page.clock.fast_forward(20_000)
    await expect(page.locator("#wait")).to_have_text("You can ask again in 10 seconds.")
    await page.clock.fast_forward(9_000)
    await expect(page.locator("#wait")).to_have_text("You can ask again in 1 second.")
    await page.clock.fast_forward(1_500)
    await expect(button).not_to_have_attribute("aria-disabled", "true")
    await expect(page.locator("#wait")).to_have_count(0)
    stage.world.clock.move(seconds=31)
    await button.click()
    await expect(page.get_by_role("status").first).to_have_text("We are sending the same code again.")


async def test_the_end_is_announced_a_minute_before_and_when_it_comes(stage: Stage, browser: Browser) -> None:
    challenge = await _camera(stage)
    context = await browser.new_context()
    page = await context.new_page()
    await page.clock.install()
    await page.goto(challenge.url.reveal())
    status = page.locator("[data-soon]")
    await expect(status).to_have_attribute("role", "status")
    await expect(status).to_have_text("")
    await page.clock.fast_forward(241_000)
    await expect(status).to_have_text("This request ends in one minute.")
    await page.clock.fast_forward(60_000)
    await expect(status).to_have_text("This request has ended. Go back to Example Shop and start again.")


async def test_times_are_shown_in_the_customers_own_zone(stage: Stage, browser: Browser) -> None:
    challenge = await _camera(stage)
    customer = await Customer.arrive(browser, challenge.url.reveal(), timezone_id="Asia/Kolkata", locale="en-GB")
    await expect(customer.page.get_by_text("The code works until")).to_contain_text("until 15:35.")


async def test_a_code_from_the_phone_is_filled_in_and_a_person_presses_the_button(
    stage: Stage, browser: Browser
) -> None:
    challenge = await _camera(stage)
    context = await browser.new_context()
    page = await context.new_page()
    await page.add_init_script(
        "window.OTPCredential = function () {};"
        "navigator.credentials.get = function (asked) {"
        "  window.asked = asked.otp.transport; return Promise.resolve({code: '123456'}); };"
    )
    await page.goto(challenge.url.reveal())
    await expect(page.locator("#code")).to_have_value("123456")
    await expect(page.get_by_role("button", name="Approve")).to_be_focused()
    assert await page.evaluate("window.asked") == ["sms"]
    assert await _is_untouched(stage, challenge)


_NARROW = """() => ({
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  small: [...document.querySelectorAll('button, .button, input:not([type=hidden]):not([type=checkbox]), summary')]
    .filter(one => one.getBoundingClientRect().height < 44).map(one => one.textContent),
  tiny: [...document.querySelectorAll('input[type=checkbox], a')]
    .filter(one => one.getBoundingClientRect().height < 24).map(one => one.outerHTML),
  font: parseFloat(getComputedStyle(document.getElementById('code')).fontSize),
})"""


@pytest.mark.parametrize("zoom", [1, 2], ids=["text as it is", "text twice as large"])
async def test_it_fits_a_small_phone_and_large_fingers(stage: Stage, browser: Browser, zoom: int) -> None:
    challenge = await stage.world.start(**A_SIGN_IN, return_url=stage.return_url, summary="W" * 200)
    viewport = {"width": 320, "height": 568}
    # Only to enlarge the text: our own policy would forbid a style of somebody else.
    customer = await Customer.arrive(browser, challenge.url.reveal(), viewport=viewport, bypass_csp=True)
    await customer.page.add_style_tag(content=f":root {{ font-size: {zoom * 100}% }}")
    seen = await customer.page.evaluate(_NARROW)
    assert (seen["overflow"], seen["small"], seen["tiny"]) == (0, [], [])
    assert seen["font"] >= 16


_FAINT = """() => {
  const channels = text => text.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(one => one / 255)
    .map(one => one <= .04045 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4)
    .reduce((sum, one, index) => sum + one * [.2126, .7152, .0722][index], 0);
  const ground = one => {
    for (; one; one = one.parentElement) {
      const colour = channels(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = [];
  let seen = 0;
  while (texts.nextNode()) {
    const one = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || one.closest('[aria-disabled]')) continue;
    const pair = [light(channels(getComputedStyle(one).color)), light(ground(one))].sort((a, b) => b - a);
    const contrast = (pair[0] + .05) / (pair[1] + .05);
    seen += 1;
    if (contrast < 4.5) faint.push(`${texts.currentNode.textContent}: ${contrast}`);
  }
  return {faint, seen};
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_stands_out_from_its_ground(stage: Stage, browser: Browser, scheme: str) -> None:
    """WCAG 2.2, success criterion 1.4.3: at least 4.5 to 1."""
    challenge = await _camera(stage)
    customer = await Customer.arrive(browser, challenge.url.reveal(), color_scheme=scheme)
    await customer.enter("12345")
    await expect(customer.page.get_by_role("alert")).to_be_visible()
    pages = [await customer.page.evaluate(_FAINT)]
    await customer.page.get_by_role("button", name="E-mail to").click()
    await expect(customer.page.get_by_role("status").first).to_be_visible()
    pages.append(await customer.page.evaluate(_FAINT))
    await customer.page.get_by_role("button", name="This wasn’t me").click()
    await expect(customer.page.get_by_role("heading", level=1)).to_have_text("Stopped")
    pages.append(await customer.page.evaluate(_FAINT))
    assert [faint for page in pages for faint in page["faint"]] == []
    assert min(page["seen"] for page in pages) > 5


async def test_a_page_opened_after_its_message_arrived_follows_the_end_too(stage: Stage, browser: Browser) -> None:
    challenge = await _camera(stage)
    for message in await stage.world.store.claim_deliveries(limit=100, lease_s=30):
        await stage.world.store.finish_delivery(
            message.id, message.tries, NotHandedOver(reason="gone", retry_after_ms=None)
        )
    page = await (await browser.new_context()).new_page()
    await page.clock.install()
    await page.goto(challenge.url.reveal())
    async with page.expect_response("**/live"):
        await page.clock.fast_forward(2_000)
    await expect(page.locator("[data-settled]")).to_have_text("")
    await cancel(stage.world.ports, stage.world.application, challenge.id, "abandoned")
    # The next question is asked twenty seconds after the answer was read, whenever that was.
    for _ in range(10):
        await page.clock.fast_forward(5_000)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Cancelled")


async def test_the_open_page_follows_its_message_and_its_end_without_a_reload(stage: Stage, browser: Browser) -> None:
    challenge = await _camera(stage)
    page = await (await browser.new_context()).new_page()
    await page.clock.install()
    await page.goto(challenge.url.reveal())
    await expect(page.locator("[data-live]")).to_have_text("The message is about to leave.")
    await stage.world.messages()
    await page.clock.fast_forward(2_000)
    await expect(page.locator("[data-live]")).to_have_text("The message is on its way.")
    await cancel(stage.world.ports, stage.world.application, challenge.id, "abandoned")
    await page.clock.fast_forward(4_000)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Cancelled")
