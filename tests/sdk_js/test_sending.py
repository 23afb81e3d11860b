"""Messages from the component: waiting, other ways, nothing twice, no connection, and what became of a message."""

import asyncio

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.sdk_js.shop import Counter, Customer
from watchword.domain.message import DeliveryStatus
from watchword.ports.store.outbox import NotHandedOver

pytestmark = pytest.mark.browser


async def test_the_same_again_waits_for_the_clock_of_the_server(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    await shop.world.deliver()
    customer = await Customer.arrive(browser, shop.page(challenge))
    page = customer.page
    again = page.get_by_role("button", name="Send it again")
    await expect(again).to_have_attribute("aria-disabled", "true")
    await expect(page.get_by_text("You can ask again in")).to_be_visible()
    await again.click(force=True)
    assert "POST deliveries" not in customer.calls
    shop.world.clock.move(seconds=29)
    await page.reload()
    await expect(again).not_to_have_attribute("aria-disabled", "true")
    await expect(page.get_by_text("You can ask again in")).to_have_count(0)
    shop.world.clock.move(seconds=1)
    await again.click()
    await expect(page.get_by_role("status").filter(has_text="We are sending the same code again.")).to_be_visible()
    await expect(page.get_by_role("textbox")).to_be_focused()
    assert await customer.told() == [["sent", {"challenge": challenge["id"], "channel": "sms"}, True]]


async def test_the_countdown_is_not_read_aloud(shop: Counter, browser: Browser) -> None:
    customer = await Customer.arrive(browser, shop.page(await shop.ask()))
    wait = customer.page.get_by_text("You can ask again in")
    await expect(wait).to_be_visible()
    assert await wait.evaluate("element => element.closest('[role], [aria-live]') === null")


async def test_another_way_makes_a_new_code_and_leaves_the_list(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    await shop.world.deliver()
    customer = await Customer.arrive(browser, shop.page(challenge))
    page = customer.page
    await page.get_by_role("button", name="E-mail to").click()
    await expect(page.get_by_text("We are sending a code by e-mail to")).to_be_visible()
    await expect(page.get_by_role("button", name="E-mail to")).to_have_count(0)
    await expect(page.get_by_role("button", name="Text message to")).to_be_visible()
    await customer.enter(await shop.world.code_of(challenge))
    await expect(page.get_by_role("heading", level=2)).to_have_text("Approved")
    assert await customer.names() == ["sent", "approved", "ended"]


async def test_two_presses_send_once(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, shop.page(challenge))
    await expect(customer.page.get_by_role("button", name="E-mail to")).to_be_visible()
    await customer.page.get_by_role("button", name="E-mail to").evaluate(
        "button => { button.click(); button.click(); }"
    )
    await expect(customer.page.get_by_text("We are sending a code by e-mail to")).to_be_visible()
    assert customer.calls.count("POST deliveries") == 1


async def test_two_presses_try_once(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    await shop.world.deliver()
    customer = await Customer.arrive(browser, shop.page(challenge))
    await customer.page.get_by_role("textbox").fill("000000")
    await customer.page.get_by_role("button", name="Approve").evaluate("button => { button.click(); button.click(); }")
    await expect(customer.page.get_by_role("alert").filter(has_text="tries left")).to_be_visible()
    assert customer.calls.count("POST attempts") == 1


async def test_before_the_first_message_it_asks_where_to_send_it(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask(send=False)
    customer = await Customer.arrive(browser, shop.page(challenge))
    page = customer.page
    await expect(page.get_by_role("heading", name="Where shall we send your code?")).to_be_visible()
    await expect(page.get_by_role("textbox")).to_have_count(0)
    await page.get_by_role("button", name="E-mail to").click()
    await expect(page.get_by_role("textbox")).to_be_focused()
    await customer.enter(await shop.world.code_of(challenge))
    await expect(page.get_by_role("heading", level=2)).to_have_text("Approved")


async def test_a_contact_that_has_had_too_many_messages_is_refused_with_a_time(shop: Counter, browser: Browser) -> None:
    for _ in range(5):
        await shop.ask("purchase", send=True)
        await shop.world.deliver()
    challenge = await shop.ask(send=False)
    customer = await Customer.arrive(browser, shop.page(challenge))
    await customer.page.get_by_role("button", name="Text message to").click()
    await expect(customer.page.get_by_role("alert").filter(has_text="A message can be sent from")).to_be_visible()
    await customer.page.get_by_role("button", name="E-mail to").click()
    await expect(customer.page.get_by_text("We are sending a code by e-mail to")).to_be_visible()
    await expect(customer.page.get_by_role("alert").filter(has_text="A message")).to_have_count(0)


async def test_without_a_connection_nothing_is_lost_and_nothing_counts_twice(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    await shop.world.deliver()
    customer = await Customer.arrive(browser, shop.page(challenge))
    page = customer.page
    await expect(page.get_by_role("textbox")).to_be_visible()
    keys: list[str | None] = []

    async def lose_the_answer(route: Route) -> None:
        keys.append(await route.request.header_value("idempotency-key"))
        await route.fetch()
        await route.abort()

    await page.route("**/attempts", lose_the_answer)
    await customer.enter("000000")
    await expect(page.get_by_role("alert").filter(has_text="Check your connection and try again")).to_be_visible()
    await expect(page.get_by_role("textbox")).to_have_value("000000")
    assert (await shop.state(challenge))["attempts_left"] == 4
    await page.unroute("**/attempts")
    async with page.expect_request(lambda request: request.url.endswith("/attempts")) as asked:
        await page.get_by_role("button", name="Approve").click()
    assert await (await asked.value).header_value("idempotency-key") == keys[0]
    await expect(page.get_by_role("alert").filter(has_text="4 tries left")).to_be_visible()
    assert (await shop.state(challenge))["attempts_left"] == 4
    assert await customer.told() == [["error", {"challenge": challenge["id"], "code": "offline"}, True]]


async def test_the_same_wrong_code_typed_again_is_another_try(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    code = await shop.world.code_of(challenge)
    wrong = "000000" if code != "000000" else "111111"
    customer = await Customer.arrive(browser, shop.page(challenge))
    for left in (4, 3):
        await customer.enter(wrong)
        await expect(customer.page.get_by_role("alert").filter(has_text=f"{left} tries left")).to_be_visible()
    assert (await shop.state(challenge))["attempts_left"] == 3


@pytest.mark.parametrize("body", ["<h1>Bad gateway</h1>", "null"])
async def test_an_answer_that_is_none_of_ours_is_told_as_trouble(shop: Counter, browser: Browser, body: str) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, shop.page(challenge))
    page = customer.page
    await expect(page.get_by_role("textbox")).to_be_visible()
    headers = {"Access-Control-Allow-Origin": shop.shop}
    await page.route("**/attempts", lambda route: route.fulfill(status=502, body=body, headers=headers))
    await customer.enter("123456")
    await expect(page.get_by_role("alert").filter(has_text="Something does not work on our side.")).to_be_visible()


async def test_what_cannot_be_loaded_can_be_tried_again(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, "about:blank")
    page = customer.page
    await page.route("**/v1/**", lambda route: route.abort())
    await page.goto(shop.page(challenge, inside='<p slot="unavailable">Nicht zu erreichen.</p>'))
    await expect(page.get_by_text("Nicht zu erreichen.")).to_be_visible()
    assert not await page.evaluate("document.querySelector('watchword-challenge').checkValidity()")
    await page.unroute("**/v1/**")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("textbox")).to_be_visible()
    await expect(page.get_by_text("Nicht zu erreichen.")).to_be_hidden()


async def test_a_message_on_its_way_is_looked_after_until_its_end_is_known(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, "about:blank")
    page = customer.page
    await _stop_the_clock(page)
    await page.goto(shop.page(challenge))
    await expect(page.get_by_role("status").filter(has_text="The message is about to leave.")).to_be_visible()
    await shop.world.deliver()
    await page.clock.run_for(2_000)
    await expect(page.get_by_role("status").filter(has_text="The message is on its way.")).to_be_visible()
    assert customer.calls.count("GET") == 2
    for pause_s in (3, 5, 8):
        await _settle(page)
        await page.clock.run_for(pause_s * 1_000 - 1)
        asked = customer.calls.count("GET")
        async with page.expect_response(lambda answer: "words=" in answer.url) as answered:
            await page.clock.run_for(1)
        await (await answered.value).finished()
        assert customer.calls.count("GET") == asked + 1
    assert customer.calls.count("GET") == 5


async def test_an_answer_that_something_newer_has_overtaken_counts_no_more(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, "about:blank")
    page = customer.page
    await _stop_the_clock(page)
    await page.goto(shop.page(challenge))
    await expect(page.get_by_text("We are sending a code by text message to")).to_be_visible()
    release = asyncio.Event()

    async def hold(route: Route) -> None:
        old = await route.fetch()
        await release.wait()
        await route.fulfill(response=old)

    await page.route("**/v1/challenges/*?words=*", hold, times=1)
    await page.evaluate(HIDE, False)
    await page.get_by_role("button", name="E-mail to").click()
    await expect(page.get_by_text("We are sending a code by e-mail to")).to_be_visible()
    async with page.expect_event("requestfinished", lambda request: "words=" in request.url):
        release.set()
    await _settle(page)
    await expect(page.get_by_text("We are sending a code by e-mail to")).to_be_visible()


async def test_a_page_that_nobody_sees_asks_nothing(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, "about:blank")
    page = customer.page
    await _stop_the_clock(page)
    await page.goto(shop.page(challenge))
    await expect(page.get_by_role("textbox")).to_be_visible()
    await page.evaluate(HIDE, True)
    await page.clock.run_for(60_000)
    assert customer.calls.count("GET") == 1
    async with page.expect_response(lambda answer: "words=" in answer.url):
        await page.evaluate(HIDE, False)
    assert customer.calls.count("GET") == 2


async def _stop_the_clock(page: Page) -> None:
    """Let time pass in this page only when a test says so."""
    await page.clock.install(time=0)
    await page.clock.pause_at(1_000)


async def _settle(page: Page) -> None:
    """Let the page deal with the answers that it has got: another one, asked for later, is dealt with last."""
    await page.evaluate("fetch('/listener.js').then(answer => answer.text())")


HIDE = """hidden => {
  Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


async def test_another_challenge_in_the_same_element_starts_anew(shop: Counter, browser: Browser) -> None:
    first, second = await shop.ask(), await shop.ask("sign_in")
    customer = await Customer.arrive(browser, shop.page(first))
    page = customer.page
    await page.get_by_role("textbox").fill("12")
    await page.evaluate(
        """([challenge, token]) => Object.assign(document.querySelector("watchword-challenge"), {challenge, token})""",
        [second["id"], second["token"]],
    )
    await expect(page.get_by_role("heading", level=2)).to_contain_text("Sign in from")
    await expect(page.get_by_role("textbox")).to_have_value("")
    await customer.enter(await shop.world.code_of(second))
    await expect(page.get_by_role("heading", level=2)).to_have_text("Approved")
    assert [detail["challenge"] for _, detail, _ in await customer.told()] == [second["id"], second["id"]]


async def test_an_element_that_leaves_the_page_stops_asking(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    customer = await Customer.arrive(browser, "about:blank")
    page = customer.page
    await _stop_the_clock(page)
    await page.goto(shop.page(challenge))
    await expect(page.get_by_role("textbox")).to_be_visible()
    await page.evaluate("document.querySelector('watchword-challenge').remove()")
    await page.clock.run_for(120_000)
    assert customer.calls.count("GET") == 1
    assert customer.complaints == []


async def test_a_message_that_goes_another_way_is_followed_until_it_has_failed(shop: Counter, browser: Browser) -> None:
    challenge = await shop.ask()
    store = shop.world.ports.store
    (message,) = await store.claim_deliveries(limit=9, lease_s=30)
    refused = NotHandedOver(reason="no", retry_after_ms=None, sender="first", next_step=1)
    await store.finish_delivery(message.id, message.tries, refused)
    page = (await Customer.arrive(browser, "about:blank")).page
    await _stop_the_clock(page)
    await page.goto(shop.page(challenge))
    told = page.get_by_role("status").filter(has_text="The message did not get through. We are trying another way")
    await expect(told).to_be_visible()
    await expect(page.locator("watchword-challenge .failed")).to_have_count(0)
    (again,) = await store.claim_deliveries(limit=9, lease_s=30)
    await expect(page.get_by_role("textbox")).to_be_visible()
    dead = NotHandedOver(reason="no", retry_after_ms=None, sender="second", status=DeliveryStatus.BOUNCED)
    await store.finish_delivery(again.id, again.tries, dead)
    await page.clock.run_for(2_000)
    failed = page.locator("watchword-challenge .failed")
    await expect(failed).to_have_text("This number cannot be reached. Try another way.")
    # Its code is dead too: what helps takes the place of the field.
    await expect(page.get_by_role("textbox")).to_have_count(0)
    await expect(page.get_by_role("heading", name="Where shall we send a new code?")).to_be_visible()
    await page.get_by_role("button", name="E-mail to").click()
    await expect(page.get_by_role("textbox")).to_be_visible()
