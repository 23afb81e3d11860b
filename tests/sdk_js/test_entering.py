"""The field: what may be pasted into it, what browsers are told of it, and codes that come by themselves."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.sdk_js.shop import Counter, Customer

pytestmark = pytest.mark.browser
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
FAKE_WEBOTP = """
globalThis.asked = [];
globalThis.OTPCredential = class {};
navigator.credentials.get = (options) => new Promise((resolve, reject) => {
  asked.push(options);
  options.signal.addEventListener("abort", () => reject(options.signal.reason));
  globalThis.arrive = (code) => resolve({code});
});
"""

FORMS = {
    "as it is": ("{a}{b}", "{a}{b}"),
    "spaced": (" {a} {b} ", "{a}{b}"),
    "hyphened": ("{a}-{b}", "{a}{b}"),
    "with a prefix": ("G-{a}{b}", "{a}{b}"),
    "a whole message": (
        "{a}{b} is your Example Shop code to approve 1,299.00 USD.\nValid 5 minutes.\n@shop.example #{a}{b}",
        "{a}{b}",
    ),
}


@pytest.mark.parametrize("form", FORMS)
async def test_what_is_clearly_one_code_is_shown_tidily_and_right(shop: Counter, browser: Browser, form: str) -> None:
    challenge = await shop.ask()
    code = await shop.world.code_of(challenge)
    pasted, shown = FORMS[form]
    customer = await Customer.arrive(browser, shop.page(challenge))
    await customer.paste(pasted.format(a=code[:3], b=code[3:]))
    await expect(customer.page.get_by_role("textbox")).to_have_value(shown.format(a=code[:3], b=code[3:]))
    await customer.page.keyboard.press("Tab")
    await customer.page.get_by_role("button", name="Approve").click()
    await expect(customer.page.get_by_role("heading", level=2)).to_have_text("Approved")


@pytest.mark.parametrize("digits", [FULL_WIDTH, ARABIC], ids=["full width", "Arabic"])
async def test_digits_of_any_script_are_taken(shop: Counter, browser: Browser, digits: dict[int, str]) -> None:
    challenge = await shop.ask()
    code = (await shop.world.code_of(challenge)).translate(digits)
    customer = await Customer.arrive(browser, shop.page(challenge))
    await customer.paste(f"{code[:3]} {code[3:]}")
    await expect(customer.page.get_by_role("textbox")).to_have_value(code)
    await customer.page.get_by_role("button", name="Approve").click()
    await expect(customer.page.get_by_role("heading", level=2)).to_have_text("Approved")


async def test_lines_are_not_glued_together(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    code = await shop.world.code_of(challenge)
    customer = await Customer.arrive(browser, shop.page(challenge))
    await customer.paste(f"Order 10\n{code[:3]} {code[3:]}\nUntil 12")
    await expect(customer.page.get_by_role("textbox")).to_have_value(f"Order 10 {code[:3]} {code[3:]} Until 12")


async def test_what_is_not_clearly_one_code_stays_as_it_was_pasted(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, shop.page(challenge))
    await customer.paste("123456 or 654321")
    await expect(customer.page.get_by_role("textbox")).to_have_value("123456 or 654321")
    await customer.page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  ", "Enter the code."),
        ("12345", "fewer digits than the code"),
        ("1234567", "more digits than the code"),
        ("hello", "made of digits only"),
    ],
)
async def test_a_text_without_a_code_is_explained_and_costs_no_try(
    shop: Counter, browser: Browser, text: str, said: str
) -> None:
    challenge = await shop.ask()
    await shop.world.deliver()
    customer = await Customer.arrive(browser, shop.page(challenge))
    await customer.enter(text)
    field = customer.page.get_by_role("textbox")
    await expect(customer.page.get_by_role("alert").filter(has_text=said)).to_be_visible()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_accessible_description(re.compile(said))
    await expect(field).to_have_value(text)
    assert (await shop.state(challenge))["attempts_left"] == 5


async def test_the_field_tells_browsers_what_it_is_for(shop: Counter, browser: Browser) -> None:
    customer = await Customer.arrive(browser, shop.page(await shop.ask()))
    field = customer.page.locator("watchword-challenge > input")
    for name, value in {
        "autocomplete": "one-time-code",
        "inputmode": "numeric",
        "type": "text",
        "dir": "ltr",
        "spellcheck": "false",
        "translate": "no",
        "enterkeyhint": "done",
    }.items():
        await expect(field).to_have_attribute(name, value)
    for name in ("maxlength", "pattern", "name"):
        assert await field.get_attribute(name) is None
    assert await field.evaluate("input => parseFloat(getComputedStyle(input).fontSize)") >= 16
    await expect(field).to_have_accessible_name("Enter the 6-digit code")
    sent = "We are sending a code by text message to \u2068••••\u00a023\u2069."
    await expect(field).to_have_accessible_description(sent)


async def test_a_field_of_the_page_is_used_and_made_fit(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    inside = '<label for="mine">Your code</label><input id="mine" name="code" maxlength="6" pattern="[0-9]{6}">'
    customer = await Customer.arrive(browser, shop.page(challenge, inside=inside))
    field = customer.page.get_by_label("Your code")
    await expect(field).to_have_attribute("autocomplete", "one-time-code")
    for name in ("maxlength", "pattern", "name"):
        assert await field.get_attribute(name) is None
    assert await customer.page.locator("watchword-challenge > input").count() == 1
    await customer.enter(await shop.world.code_of(challenge))
    await expect(customer.page.get_by_role("heading", level=2)).to_have_text("Approved")


async def test_a_code_that_comes_by_itself_is_filled_in_and_not_submitted(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, "about:blank")
    page = customer.page
    await page.add_init_script(FAKE_WEBOTP)
    await page.goto(shop.page(challenge))
    await expect(page.get_by_role("textbox")).to_be_visible()
    code = await shop.world.code_of(challenge)
    assert await page.evaluate("asked.map(({otp}) => otp.transport)") == [["sms"]]
    await page.evaluate("code => arrive(code)", code)
    await expect(page.get_by_role("textbox")).to_have_value(code)
    await expect(page.get_by_role("button", name="Approve")).to_be_focused()
    assert "POST attempts" not in customer.calls
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=2)).to_have_text("Approved")


async def test_a_code_never_overwrites_what_was_typed(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, "about:blank")
    page = customer.page
    await page.add_init_script(FAKE_WEBOTP)
    await page.goto(shop.page(challenge))
    await page.get_by_role("textbox").fill("12")
    await page.evaluate("arrive('654321')")
    await page.evaluate("new Promise(requestAnimationFrame)")
    await expect(page.get_by_role("textbox")).to_have_value("12")


async def test_nobody_listens_for_a_code_after_the_end(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, "about:blank")
    page = customer.page
    await page.add_init_script(FAKE_WEBOTP)
    await page.goto(shop.page(challenge))
    await page.get_by_role("button", name="Cancel this request").click()
    await expect(page.get_by_role("heading", level=2)).to_have_text("Cancelled")
    assert await page.evaluate("asked.every(({signal}) => signal.aborted)")


async def test_trust_is_unticked_and_counts_only_when_ticked(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask("sign_in", session_id="s-9")
    customer = await Customer.arrive(browser, shop.page(challenge))
    box = customer.page.get_by_role("checkbox", name="Trust this device for 30 days")
    await expect(box).not_to_be_checked()
    await customer.page.get_by_text("Trust this device for 30 days").click()
    await expect(box).to_be_checked()
    await customer.enter(await shop.world.code_of(challenge))
    await expect(customer.page.get_by_role("heading", level=2)).to_have_text("Approved")
    claimed = await shop.world.post(f"/v1/challenges/{challenge['id']}/claim", {"session_id": "s-9"})
    assert claimed.json()["device"]["state"] == "trusted"


async def test_trust_is_not_offered_where_it_is_not_allowed(shop: Counter, browser: Browser) -> None:
    customer = await Customer.arrive(browser, shop.page(await shop.ask()))
    await expect(customer.page.get_by_role("textbox")).to_be_visible()
    await expect(customer.page.get_by_role("checkbox")).to_have_count(0)
