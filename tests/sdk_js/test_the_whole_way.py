"""The component on a strict page of another origin: the whole way, and every end it can come to."""

import re
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.sdk_js.shop import Counter, Customer

pytestmark = pytest.mark.browser
PHONE = {"width": 375, "height": 667}
DESK = {"width": 1280, "height": 800}


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
async def test_from_a_wrong_code_to_the_grant(shop: Counter, browser: Browser, viewport: Any) -> None:
    challenge = await shop.ask(session_id="s-9", summary="1 camera")
    customer = await Customer.arrive(browser, shop.page(challenge), viewport=viewport)
    page = customer.page
    await expect(page.get_by_role("heading", level=2)).to_contain_text("ACME Cameras")
    await expect(page.get_by_label("Enter the 6-digit code")).to_be_visible()
    code = await shop.world.code_of(challenge)
    await customer.enter(other_than(code))
    await expect(page.get_by_role("alert").filter(has_text="That code isn’t right.")).to_contain_text("4 tries left.")
    await expect(page.get_by_role("textbox")).to_have_value("")
    await expect(page.get_by_role("textbox")).to_be_focused()
    await customer.enter(f"{code[:3]} {code[3:]}")
    await expect(page.get_by_role("heading", level=2)).to_have_text("Approved")
    detail = {"challenge": challenge["id"], "state": "approved"}
    assert await customer.told() == [["approved", detail, True], ["ended", detail, True]]
    claimed = await shop.world.post(f"/v1/challenges/{challenge['id']}/claim", {"session_id": "s-9"})
    assert claimed.json()["grant"]
    assert claimed.json()["grant"] not in await page.content()
    assert customer.complaints == []
    assert set(customer.calls) == {"GET", "POST attempts"}


async def test_whoever_holds_the_token_gets_an_outcome_and_no_grant(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, shop.page(challenge))
    code = await shop.world.code_of(challenge)
    async with customer.page.expect_response(lambda answer: answer.url.endswith("/attempts")) as waiting:
        await customer.enter(code)
    tried = await (await waiting.value).json()
    assert (tried["outcome"], tried["grant"], tried["device"]) == ("approved", None, None)


async def test_the_form_around_it_waits_for_the_approval_and_then_names_the_challenge(
    shop: Counter, browser: Browser
) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, shop.page(challenge, name="proof"))
    page = customer.page
    await expect(page.get_by_role("textbox")).to_be_visible()
    await page.get_by_role("button", name="Place the order").click()
    await expect(page.get_by_role("textbox")).to_be_focused()
    assert not await page.evaluate("document.querySelector('watchword-challenge').checkValidity()")
    assert await page.evaluate("[...new FormData(document.forms[0])]") == []
    await customer.enter(await shop.world.code_of(challenge))
    await expect(page.get_by_role("heading", level=2)).to_have_text("Approved")
    assert await page.evaluate("document.querySelector('watchword-challenge').checkValidity()")
    assert await page.evaluate("[...new FormData(document.forms[0])]") == [["proof", challenge["id"]]]


async def test_enter_submits_the_code_and_not_the_form_around_it(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, shop.page(challenge))
    page = customer.page
    await page.evaluate("addEventListener('invalid', () => { globalThis.tried = true; }, true)")
    await page.evaluate("document.forms[0].addEventListener('submit', () => { globalThis.tried = true; })")
    await customer.enter("1")
    await expect(page.get_by_role("alert").filter(has_text="fewer digits")).to_be_visible()
    assert await page.evaluate("globalThis.tried") is None


async def test_an_older_code_is_named_as_such(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    older = await shop.world.code_of(challenge)
    customer = await Customer.arrive(browser, shop.page(challenge))
    await customer.page.get_by_role("button", name="E-mail to").click()
    await expect(customer.page.get_by_role("status").filter(has_text="A new code is on its way.")).to_be_visible()
    await customer.enter(older)
    await expect(customer.page.get_by_role("alert").filter(has_text="That was an older code.")).to_contain_text(
        "4 tries"
    )


async def test_after_the_last_try_it_says_so_once(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    wrong = other_than(await shop.world.code_of(challenge))
    customer = await Customer.arrive(browser, shop.page(challenge))
    for left in ("4 tries left", "3 tries left", "2 tries left", "1 try left"):
        await customer.enter(wrong)
        await expect(customer.page.get_by_role("alert").filter(has_text=left)).to_be_visible()
    await customer.enter(wrong)
    await expect(customer.page.get_by_role("heading", level=2)).to_have_text("Too many tries")
    await expect(customer.page.get_by_text("Reference for support")).to_contain_text(challenge["reference"])
    assert await customer.told() == [["ended", {"challenge": challenge["id"], "state": "exhausted"}, True]]
    assert not await customer.page.evaluate("document.querySelector('watchword-challenge').checkValidity()")


async def test_time_runs_out_by_the_clock_of_the_server(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    shop.world.clock.move(seconds=245)
    customer = await Customer.arrive(browser, shop.page(challenge))
    await expect(customer.page.get_by_role("status").filter(has_text="ends in one minute")).to_be_visible()
    shop.world.clock.move(seconds=54)
    await customer.page.reload()
    await expect(customer.page.get_by_role("textbox")).to_be_visible()
    shop.world.clock.move(seconds=2)
    await expect(customer.page.get_by_role("heading", level=2)).to_have_text("Time is up")
    assert await customer.names() == ["ended"]


async def test_this_was_not_me_ends_it(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, shop.page(challenge))
    await customer.page.get_by_role("button", name="This wasn’t me").click()
    await expect(customer.page.get_by_role("heading", level=2)).to_have_text("Stopped")
    await expect(customer.page.get_by_text("Change your password")).to_be_visible()
    assert await customer.names() == ["denied", "ended"]
    assert (await shop.state(challenge))["state"] == "denied"


async def test_cancelling_ends_it(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, shop.page(challenge))
    await customer.page.get_by_role("button", name="Cancel this request").click()
    await expect(customer.page.get_by_role("heading", level=2)).to_have_text("Cancelled")
    assert await customer.names() == ["cancelled", "ended"]
    assert (await shop.state(challenge))["state"] == "cancelled"


async def test_a_request_that_a_newer_one_replaced_says_so(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    code = await shop.world.code_of(challenge)
    customer = await Customer.arrive(browser, shop.page(challenge))
    for _ in range(2):
        await shop.ask()
    await customer.enter(code)
    await expect(customer.page.get_by_text("A newer request took its place.")).to_be_visible()
    assert await customer.names() == ["cancelled", "ended"]


async def test_two_tabs_agree_and_no_try_is_lost(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    code = await shop.world.code_of(challenge)
    first = await Customer.arrive(browser, shop.page(challenge))
    second = await Customer.arrive(browser, shop.page(challenge))
    await expect(second.page.get_by_role("textbox")).to_be_visible()
    await first.enter(code)
    await expect(first.page.get_by_role("heading", level=2)).to_have_text("Approved")
    tries_left = (await shop.state(challenge))["attempts_left"]
    await second.enter(other_than(code))
    await expect(second.page.get_by_role("heading", level=2)).to_have_text("Approved")
    assert await second.names() == ["approved", "ended"]
    assert (await shop.state(challenge))["attempts_left"] == tries_left


async def test_a_reload_after_the_end_tells_it_again(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, shop.page(challenge))
    await customer.enter(await shop.world.code_of(challenge))
    await expect(customer.page.get_by_role("heading", level=2)).to_have_text("Approved")
    await customer.page.reload()
    await expect(customer.page.get_by_role("heading", level=2)).to_have_text("Approved")
    assert await customer.names() == ["approved", "ended"]
    assert set(customer.calls) == {"GET", "POST attempts"}


async def test_a_used_up_budget_says_when_to_try_again(shop: Counter, browser: Browser) -> None:
    for _ in range(7):
        await _fail(shop, await shop.ask("sign_in"))
        shop.world.clock.move(seconds=3_600)
    challenge = await shop.ask("sign_in")
    await _fail(shop, await shop.ask("purchase"))
    customer = await Customer.arrive(browser, shop.page(challenge))
    await customer.enter("12345678")
    alert = customer.page.get_by_role("alert").filter(has_text="too many wrong codes")
    await expect(alert).to_contain_text("Try again from")
    assert (await shop.state(challenge))["attempts_left"] == 5


async def _fail(shop: Counter, challenge: dict[str, Any]) -> None:
    """Use up a challenge's tries."""
    wrong = other_than(await shop.world.code_of(challenge))
    for _ in range(5):
        tried = await shop.world.post(f"/v1/challenges/{challenge['id']}/attempts", {"code": wrong})
        assert tried.json()["outcome"] == "incorrect"


async def test_a_concealed_request_shows_nothing_of_the_account(shop: Counter, browser: Browser) -> None:
    shown = []
    for user_id in ("u-42", "u-nobody"):
        challenge = await shop.ask("password_reset", user_id=user_id)
        customer = await Customer.arrive(browser, shop.page(challenge))
        await expect(customer.page.get_by_text("If this account exists")).to_be_visible()
        text = await customer.page.locator("watchword-challenge [part=box]").inner_text()
        shown.append(re.sub(r"\d+ seconds", "… seconds", text.replace(challenge["reference"], "REFERENC")))
    assert shown[0] == shown[1]
    assert "Text message to the account’s phone" in shown[0]


async def test_a_foreign_page_gets_nothing(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    foreign = shop.page(challenge).replace("localhost", "127.0.0.1")
    customer = await Customer.arrive(browser, foreign)
    await expect(customer.page.get_by_role("alert").filter(has_text="This could not be loaded.")).to_be_visible()
    assert await customer.told() == [["error", {"challenge": challenge["id"], "code": "offline"}, True]]
