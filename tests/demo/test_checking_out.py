"""Checking out: where an order goes, the last look before it, and what is kept of it."""

import pytest
from starlette.applications import Starlette

from tests.demo.conftest import new_browser, sign_in_visitor
from tests.demo.customer_browser import SOMEWHERE, CustomerBrowser
from tests.demo.stand_in import Json, StandIn

PASSWORD = "three herons over a quiet canal"


async def _fill(browser: CustomerBrowser) -> None:
    await browser.open("/products/mug")
    await browser.send("/basket", pieces="2")
    await browser.open("/products/candle")
    await browser.send("/basket", pieces="1")


def _details(watchword: StandIn) -> Json:
    details: Json = watchword.redeemed[-1]["details"]
    return details


async def test_signing_in_on_the_way_leads_on_to_the_last_look(browser: CustomerBrowser, watchword: StandIn) -> None:
    await _fill(browser)
    assert "Your basket waits" in await browser.open("/checkout")
    await browser.send("/visitors")
    text = await browser.open("/watchword/return", **watchword.end("approved"))

    assert browser.path == "/checkout"
    assert "Total 37.50 USD" in text
    assert "Fernwick, Vermont" in text


@pytest.mark.parametrize("then", ["https://thief.example", "//thief.example", "/orders", "unknown"])
async def test_signing_in_leads_nowhere_else(browser: CustomerBrowser, watchword: StandIn, then: str) -> None:
    await browser.open("/sign-in", then=then)
    await browser.send("/visitors", then=then)
    await browser.open("/watchword/return", **watchword.end("approved"))

    assert browser.path == "/account"


async def test_an_order_of_several_products_is_bound_as_a_whole(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    await _fill(browser)
    await browser.open("/checkout")
    await browser.send("/checkout")

    assert watchword.actions[-1]["amount"] == {"value": "37.50", "currency": "USD"}
    assert watchword.actions[-1]["payee"] == "Fernwick General Store"
    assert watchword.actions[-1]["summary"] == "2 × Enamel mug, 1 × Beeswax candle"
    assert _details(watchword)["items"] == 2
    assert _details(watchword)["pieces"] == 3
    assert _details(watchword)["contents"] == "2 × Enamel mug, 1 × Beeswax candle"


async def test_another_address_is_for_this_order_only_and_said_to_be_new(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    await sign_in_visitor(browser, watchword)
    await browser.buy("candle")
    at_home = _details(watchword)
    await _fill(browser)
    await browser.open("/checkout/delivery")
    assert "1 Harbour Lane" in await browser.send("/checkout/delivery", where="elsewhere", **SOMEWHERE)
    text = await browser.send("/checkout")

    assert "1 Harbour Lane" in text
    assert (at_home["new_shipping_address"], _details(watchword)["new_shipping_address"]) == (False, True)
    assert at_home["shipping_address"] != _details(watchword)["shipping_address"]
    assert "Harbour" not in str(watchword.actions)
    await browser.buy("candle")
    assert _details(watchword)["shipping_address"] == at_home["shipping_address"]


async def test_the_address_of_the_account_can_be_chosen_again(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    await _fill(browser)
    await browser.open("/checkout/delivery")
    await browser.send("/checkout/delivery", where="elsewhere", **SOMEWHERE)
    await browser.open("/checkout/delivery")

    assert "Fernwick, Vermont" in await browser.send("/checkout/delivery", where="account")


async def test_an_address_with_gaps_is_asked_for_again(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    await _fill(browser)
    await browser.open("/checkout/delivery")
    text = await browser.send("/checkout/delivery", where="elsewhere", **SOMEWHERE | {"town": ""})

    assert browser.status == 422
    assert "Write the town" in text
    assert "Fernwick, Vermont" in await browser.open("/checkout")


async def test_who_has_no_address_yet_is_asked_for_one_first(browser: CustomerBrowser, watchword: StandIn) -> None:
    await browser.open("/register")
    await browser.send("/register", email="ada@example.com", password=PASSWORD, language="fr")
    await browser.open("/watchword/return", **watchword.end("approved"))
    await _fill(browser)
    await browser.open("/checkout")
    assert browser.path == "/checkout/delivery"
    await browser.send("/checkout/delivery", **SOMEWHERE)
    await browser.send("/checkout")

    assert _details(watchword)["new_shipping_address"] is True
    assert "None yet" in await browser.open("/account")


@pytest.mark.parametrize("change", ["basket", "address"])
async def test_what_changed_since_the_last_look_has_to_be_looked_at_again(
    browser: CustomerBrowser, watchword: StandIn, change: str
) -> None:
    await sign_in_visitor(browser, watchword)
    await _fill(browser)
    await browser.open("/checkout")
    page, asked = browser.page, len(watchword.actions)
    if change == "basket":
        await browser.open("/basket")
        await browser.send("/basket/mug", pieces="9")
    else:
        await browser.open("/checkout/delivery")
        await browser.send("/checkout/delivery", where="elsewhere", **SOMEWHERE)
    browser.page = page
    text = await browser.send("/checkout")

    assert browser.status == 409
    assert "changed since you looked" in text
    assert len(watchword.actions) == asked
    await browser.send("/checkout")
    assert browser.path.startswith("/orders/")


async def test_there_is_nothing_to_check_out_with_an_empty_basket(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    for path in ("/checkout", "/checkout/delivery", "/checkout?currency=EUR"):
        assert "It is empty" in await browser.open(path)


async def test_an_order_says_what_it_holds_and_how_it_was_approved(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    await sign_in_visitor(browser, watchword)
    watchword.decision = "challenge"
    await _fill(browser)
    await browser.open("/checkout")
    await browser.send("/checkout")
    text = await browser.open("/watchword/return", **watchword.end("approved"))

    assert "2 × 14.00 USD" in text
    assert "Total 37.50 USD" in text
    assert "a code to your phone" in text
    assert "7K2M9QXD" in text
    assert "Fernwick, Vermont" in text


async def test_an_order_without_a_code_says_that_none_was_needed(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    watchword.assurance = "none"
    text = await browser.buy("candle")

    assert "no code, nothing was unusual" in text
    assert "7K2M9QXD" not in text
    assert "no code was needed" in await browser.open("/orders")


async def test_the_same_can_be_bought_again(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    await browser.buy("candle", "3")

    assert "Pieces: 3" in await browser.send(f"{browser.path}/again")


async def test_an_order_is_its_buyers_alone(store: Starlette, browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    await browser.buy("candle")
    order = browser.path
    async with new_browser(store) as http:
        other = CustomerBrowser(http=http)
        assert "Please sign in first" in await other.open(order)
        await sign_in_visitor(other, watchword)
        await other.open(order)
        assert other.status == 404
        assert "Nothing yet" in await other.open("/orders")
