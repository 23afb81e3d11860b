"""Purchases: what is asked, what is redeemed, and that each goes ahead once or not at all."""

import re

import anyio
import httpx2
import pytest

from tests.demo.conftest import sign_in_visitor
from tests.demo.customer_browser import CustomerBrowser
from tests.demo.stand_in import Refusal, StandIn
from watchword.demo.playing.pretending import find_place


@pytest.fixture(autouse=True)
async def signed_in(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)


async def test_an_allowed_purchase_is_redeemed_and_ordered(browser: CustomerBrowser, watchword: StandIn) -> None:
    text = await browser.buy("candle", "2")

    assert "thank you" in text
    assert "19.00 USD" in text
    bound = watchword.redeemed[-1]
    assert re.fullmatch("[0-9a-f]{16}", bound["details"].pop("shipping_address"))
    assert bound == {
        "type": "purchase",
        "user_id": watchword.actions[-1]["user_id"],
        "amount": {"value": "19.00", "currency": "USD"},
        "payee": "Fernwick General Store",
        "details": {
            "items": 1,
            "pieces": 2,
            "contents": "2 × Beeswax candle",
            "new_shipping_address": False,
        },
    }


async def test_the_action_says_where_it_comes_from(browser: CustomerBrowser, watchword: StandIn) -> None:
    await browser.send("/pretend", place="abroad")
    await browser.buy("candle")

    action = watchword.actions[-1]
    assert action["ip"] == find_place("abroad", action["user_id"]).ip
    assert action["return_url"] == "http://127.0.0.1:8099/watchword/return"
    assert action["user_agent"].startswith("python-httpx2")
    assert action["summary"] == "1 × Beeswax candle"
    assert action["locale"] == "en"
    assert len(action["session_id"]) == 32
    assert "conceal" not in action


async def test_a_challenged_purchase_goes_ahead_after_the_code_and_once(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    watchword.decision = "challenge"
    await browser.buy("telescope")
    assert "Nothing yet" in await browser.open("/orders")
    query = watchword.end("approved")

    assert "thank you" in await browser.open("/watchword/return", **query)
    order = browser.path
    await browser.open("/watchword/return", **query)
    assert browser.path == order
    assert (await browser.open("/orders")).count("Brass telescope") == 1
    assert [bound["type"] for bound in watchword.redeemed] == ["sign_in", "purchase"]


async def test_coming_back_twice_at_the_same_time_buys_once(browser: CustomerBrowser, watchword: StandIn) -> None:
    watchword.decision = "challenge"
    await browser.buy("telescope")
    query = watchword.end("approved")

    async def come_back() -> None:
        await browser.http.get("/watchword/return", params=query)

    async with anyio.create_task_group() as together:
        for _ in range(5):
            together.start_soon(come_back)

    assert (await browser.open("/orders")).count("Brass telescope") == 1


async def _look_at_an_order(browser: CustomerBrowser, product: str) -> httpx2.Response:
    await browser.open(f"/products/{product}")
    await browser.send("/basket", pieces="1")
    await browser.review(product)
    assert browser.page is not None
    return browser.page


async def test_a_double_click_buys_once(browser: CustomerBrowser, watchword: StandIn) -> None:
    page = await _look_at_an_order(browser, "candle")
    await browser.send("/checkout")
    first = browser.path
    browser.page = page
    await browser.send("/checkout")

    assert first.startswith("/orders/F")
    assert browser.path == first
    assert (await browser.open("/orders")).count("Beeswax candle") == 1


async def test_clicks_at_the_same_time_buy_once_and_lead_to_the_same_order(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    page = await _look_at_an_order(browser, "candle")
    ends: list[str | None] = []

    async def click() -> None:
        clicked = CustomerBrowser(http=browser.http, page=page)
        await clicked.send("/checkout")
        ends.append(clicked.path)

    async with anyio.create_task_group() as together:
        for _ in range(5):
            together.start_soon(click)

    assert len(set(ends)) == 1
    assert (await browser.open("/orders")).count("Beeswax candle") == 1


async def test_a_double_click_leads_to_the_same_challenge(browser: CustomerBrowser, watchword: StandIn) -> None:
    watchword.decision = "challenge"
    page = await _look_at_an_order(browser, "telescope")
    await browser.send("/checkout")
    first = browser.location
    browser.page = page
    await browser.send("/checkout")

    assert browser.location == first
    assert len([action for action in watchword.actions if action["type"] == "purchase"]) == 1


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("exhausted", "last try"),
        ("expired", "time for the code is over"),
        ("cancelled", "was cancelled"),
        ("denied", "this was not you"),
        ("a_newer_state", "was cancelled"),
    ],
)
async def test_every_other_end_orders_nothing_and_says_why(
    browser: CustomerBrowser, watchword: StandIn, state: str, words: str
) -> None:
    watchword.decision = "challenge"
    await browser.buy("telescope")
    query = watchword.end(state)
    text = await browser.open("/watchword/return", **query)

    assert words in text
    assert "7K2M9QXD" in text
    assert "Start over" in text
    assert "Nothing yet" in await browser.open("/orders")


async def test_coming_back_early_leads_on_to_the_code(browser: CustomerBrowser, watchword: StandIn) -> None:
    watchword.decision = "challenge"
    await browser.buy("telescope")
    query = watchword.end("pending")

    assert "still missing" in await browser.open("/watchword/return", **query)
    assert browser.page is not None
    assert f"{watchword.url}/c/wct_2" in browser.page.text
    watchword.end("approved")
    assert "thank you" in await browser.open("/watchword/return", **query)


async def test_a_return_with_another_challenge_is_not_taken(browser: CustomerBrowser, watchword: StandIn) -> None:
    watchword.decision = "challenge"
    await browser.buy("telescope")
    query = watchword.end("approved") | {"watchword_challenge": "chl_1"}

    assert "finished before" in await browser.open("/watchword/return", **query)
    assert "Nothing yet" in await browser.open("/orders")


@pytest.mark.parametrize(
    ("rule", "retry_after", "words"),
    [
        ("user_locked", 7200, ("Too many wrong codes", "2 hours")),
        ("no_usable_contact", None, ("cannot send you a code",)),
        ("blocked-country", None, ("stopped to protect", "We do not ship there")),
    ],
)
async def test_a_denial_says_why(
    browser: CustomerBrowser, watchword: StandIn, rule: str, retry_after: int | None, words: tuple[str, ...]
) -> None:
    watchword.decision, watchword.retry_after = "deny", retry_after
    watchword.reasons = [{"rule": rule, "text": "We do not ship there"}]
    text = await browser.buy("candle")

    assert browser.status == 403
    assert all(word in text for word in words)
    assert "Nothing yet" in await browser.open("/orders")


@pytest.mark.parametrize(
    ("refusal", "status", "words"),
    [
        (Refusal(status=503, code="storage_unavailable", retry_after=9), 503, "a minute"),
        (Refusal(status=500, code="internal"), 503, "cannot check this right now"),
        (Refusal(status=429, code="too_many_challenges", retry_after=600), 429, "10 minutes"),
        (Refusal(status=401, code="key_revoked"), 409, "key_revoked"),
    ],
)
async def test_trouble_ends_closed(
    browser: CustomerBrowser, watchword: StandIn, refusal: Refusal, status: int, words: str
) -> None:
    await _look_at_an_order(browser, "candle")
    watchword.refusal = refusal
    text = await browser.send("/checkout")
    watchword.refusal = None

    assert browser.status == status
    assert words in text
    assert "Nothing yet" in await browser.open("/orders")


async def test_a_grant_that_cannot_be_redeemed_orders_nothing(browser: CustomerBrowser, watchword: StandIn) -> None:
    watchword.decision = "challenge"
    await browser.buy("telescope")
    query = watchword.end("approved")
    for grant in watchword.grants.values():
        grant["spent"] = True
    text = await browser.open("/watchword/return", **query)

    assert "grant_already_redeemed" in text
    assert "Nothing yet" in await browser.open("/orders")


@pytest.mark.parametrize("pieces", ["0", "10", "-1", "1.5", "", "²", "1 1"])
async def test_only_a_sensible_number_is_bought(browser: CustomerBrowser, watchword: StandIn, pieces: str) -> None:
    asked = len(watchword.actions)

    assert "Choose between 1 and 9" in await browser.buy("candle", pieces)
    assert len(watchword.actions) == asked


async def test_the_price_is_not_the_forms(browser: CustomerBrowser, watchword: StandIn) -> None:
    await _look_at_an_order(browser, "telescope")
    await browser.send("/checkout", amount="0.01", price="0.01", total="0.01")

    assert watchword.redeemed[-1]["amount"] == {"value": "1299.00", "currency": "USD"}
