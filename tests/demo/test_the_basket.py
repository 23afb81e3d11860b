"""The basket: filled, changed and emptied, kept with the visit, and paid one currency at a time."""

import pytest
from starlette.applications import Starlette

from tests.demo.conftest import new_browser, sign_in_visitor
from tests.demo.customer_browser import CustomerBrowser
from tests.demo.stand_in import StandIn
from watchword.demo.buying.basket import KEEP_S, basket_of


async def _put(browser: CustomerBrowser, product: str, pieces: str = "1") -> str:
    await browser.open(f"/products/{product}")
    return await browser.send("/basket", pieces=pieces)


async def test_things_are_put_in_before_anybody_signs_in(browser: CustomerBrowser) -> None:
    await _put(browser, "mug", "2")
    text = await _put(browser, "candle")

    assert browser.path == "/basket"
    assert "28.00 USD" in text
    assert "Total 37.50 USD" in text


async def test_putting_the_same_in_again_adds_up_to_the_most_that_may_be(browser: CustomerBrowser) -> None:
    await _put(browser, "mug", "4")
    assert "Pieces: 8" in await _put(browser, "mug", "4")
    text = await _put(browser, "mug", "4")

    assert "Pieces: 9" in text
    assert "nine pieces" in text


async def test_a_double_click_puts_in_once(browser: CustomerBrowser) -> None:
    await browser.open("/products/mug")
    page = browser.page
    await browser.send("/basket", pieces="2")
    browser.page = page

    assert "Pieces: 2" in await browser.send("/basket", pieces="2")


async def test_pieces_are_changed_and_taken_out(browser: CustomerBrowser) -> None:
    await _put(browser, "mug", "2")
    assert "Total 42.00 USD" in await browser.send("/basket/mug", pieces="3")
    assert "Total 14.00 USD" in await browser.send("/basket/mug", pieces="1")
    assert "It is empty" in await browser.send("/basket/mug", pieces="0")


@pytest.mark.parametrize("pieces", ["10", "-1", "many", "", "1e3"])
async def test_a_number_that_cannot_be_changes_nothing(browser: CustomerBrowser, pieces: str) -> None:
    await _put(browser, "mug", "2")
    text = await browser.send("/basket/mug", pieces=pieces)

    assert "from one to nine" in text
    assert "Pieces: 2" in text


async def test_only_what_is_sold_goes_in(browser: CustomerBrowser) -> None:
    await browser.open("/products/mug")
    await browser.send("/basket", product="unicorn", pieces="1")
    assert browser.status == 404
    await browser.open("/products/mug")
    assert browser.page is not None
    token = browser.page.text.partition('name="form_token" value="')[2].partition('"')[0]
    answer = await browser.http.post("/basket/unicorn", data={"form_token": token, "pieces": "1"})
    assert answer.status_code == 404

    assert "It is empty" in await browser.open("/basket")


async def test_it_comes_along_when_somebody_signs_in_and_goes_when_he_signs_out(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    await _put(browser, "mug", "2")
    await sign_in_visitor(browser, watchword)
    assert "Pieces: 2" in await browser.open("/basket")

    key = browser.http.cookies["watchword-store"]
    await browser.send("/sign-out")
    assert "It is empty" in await browser.open("/basket")
    browser.http.cookies.set("watchword-store", key, domain="127.0.0.1", path="/")
    assert "It is empty" in await browser.open("/basket")


async def test_it_is_nobody_elses(store: Starlette, browser: CustomerBrowser) -> None:
    await _put(browser, "mug")
    async with new_browser(store) as http:
        assert "It is empty" in await CustomerBrowser(http=http).open("/basket")


async def test_one_that_nobody_touches_is_forgotten(store: Starlette, browser: CustomerBrowser) -> None:
    await _put(browser, "mug")
    ledger = store.state.shop.ledger
    (row,) = ledger.rows("SELECT visit_id FROM baskets")
    ledger.write("UPDATE baskets SET touched_at = touched_at - :gone", gone=KEEP_S + 1)
    async with new_browser(store) as http:
        await _put(CustomerBrowser(http=http), "candle")

    assert basket_of(ledger, row["visit_id"]) == ()


async def test_two_currencies_are_two_orders_and_the_page_says_so(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    await _put(browser, "cheese")
    text = await _put(browser, "mug")
    assert "Two currencies, two orders" in text
    assert "Check out 14.00 USD" in text
    assert "Check out 60.00 CHF" in text

    await browser.open("/checkout")
    assert browser.path == "/basket"
    await browser.open("/checkout", currency="CHF")
    await browser.send("/checkout")
    assert watchword.redeemed[-1]["amount"] == {"value": "60.00", "currency": "CHF"}
    text = await browser.open("/basket")
    assert "Enamel mug" in text
    assert "Mountain cheese" not in text


async def test_what_was_put_in_while_the_code_was_awaited_stays(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    watchword.decision = "challenge"
    await _put(browser, "mug", "2")
    await browser.open("/checkout")
    await browser.send("/checkout")
    await _put(browser, "mug", "3")
    text = await browser.open("/watchword/return", **watchword.end("approved"))

    assert "2 × 14.00 USD" in text
    assert "Pieces: 3" in await browser.open("/basket")


async def test_what_was_not_approved_is_still_in_it(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    watchword.decision = "challenge"
    await _put(browser, "mug", "2")
    await browser.open("/checkout")
    await browser.send("/checkout")
    await browser.open("/watchword/return", **watchword.end("expired"))

    assert "Pieces: 2" in await browser.open("/basket")
