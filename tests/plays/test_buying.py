"""B4, B5, B6, B10, B11: what is asked before money moves, and what comes of a right and of a wrong code."""

import re

import pytest
from playwright.sync_api import expect

from tests.plays.customer import Cast

pytestmark = pytest.mark.browser
WRONG_CODE = "000000"


def test_b4_a_high_value_purchase_is_bound_to_amount_and_payee(cast: Cast) -> None:
    ada = cast.customer()
    ada.becomes_a_visitor()
    ada.orders("telescope")
    expect(ada.heading).to_have_text("Approve 1,299.00 USD to Fernwick General Store")
    ada.reads("Purchases above 500.00 USD are always confirmed with a code.")
    expect(ada.page.locator("section.code button")).to_have_text("Approve 1,299.00 USD")
    expect(ada.page.locator("#trust")).to_have_count(0)
    ada.picture("approve")
    message = ada.message("code", ada.reference)
    assert 'to approve 1,299.00 USD to "Fernwick Gene..."' in message["text"]
    ada.enters_the_code()
    ada.reads("Your order is placed, thank you.")
    ada.picture("placed")


def test_b4_purchases_that_add_up_are_asked_about(cast: Cast) -> None:
    ada = cast.customer()
    ada.becomes_a_visitor()
    for _ in range(2):
        ada.orders("kettle", 9)
        assert not ada.is_at_code_page
    ada.orders("kettle", 9)
    ada.reads("Your purchases since you last confirmed one add up, so we ask again.")
    ada.enters_the_code()
    ada.reads("Your order is placed, thank you.")


def test_b5_a_purchase_from_a_new_place_is_asked_about_with_the_reason(cast: Cast) -> None:
    ada = cast.customer()
    ada.becomes_a_visitor()
    ada.goes_to("abroad")
    ada.orders("mug")
    ada.reads("You seem to be in a new place.")
    ada.page.get_by_role("button", name="Cancel and go back to Fernwick").click()
    ada.reads("cancelled")
    ada.orders("candle")
    assert ada.is_at_code_page
    ada.reads("You seem to be in a new place.")
    ada.enters_the_code()
    ada.reads("Your order is placed, thank you.")
    ada.orders("socks")
    assert not ada.is_at_code_page


def test_b6_an_ordinary_purchase_goes_through_without_a_question(cast: Cast) -> None:
    ada = cast.customer()
    ada.becomes_a_visitor()
    before = len(ada.messages(ada.phone))
    ada.orders("candle")
    ada.reads("Your order is placed, thank you.")
    assert len(ada.messages(ada.phone)) == before


def test_b10_a_right_code_is_confirmed_by_mail_exactly_once(cast: Cast) -> None:
    ada = cast.customer()
    ada.becomes_a_visitor()
    ada.orders("telescope")
    address = ada.page.url
    ada.enters_the_code()
    ada.reads("Your order is placed, thank you.")
    confirmation = ada.message("notice", "1,299.00 USD", to=ada.email)
    assert confirmation["channel"] == "email"
    assert "Your purchase of 1,299.00 USD" in confirmation["text"]
    ada.page.goto(address)
    expect(ada.heading).to_have_text("Approved")
    ada.open("/orders")
    expect(ada.page.get_by_text("Brass telescope")).to_have_count(1)
    assert (
        len([one for one in ada.messages(ada.email) if "1,299.00 USD" in one["text"] and one["kind"] == "notice"]) == 1
    )


def test_b11_after_the_last_wrong_code_the_customer_starts_over(cast: Cast) -> None:
    ada = cast.customer()
    ada.becomes_a_visitor()
    ada.orders("telescope")
    for left in (4, 3, 2):
        ada.enters(WRONG_CODE)
        ada.reads("That code isn’t right. Check the latest message and try again.")
        ada.reads(f"You have {left} tries left.")
    ada.enters(WRONG_CODE)
    ada.reads("You have 1 try left.")
    ada.picture("one-try-left")
    ada.enters(WRONG_CODE)
    expect(ada.heading).to_have_text("Too many tries")
    ada.picture("too-many")
    ada.page.get_by_role("link", name="Go back to Fernwick").click()
    ada.reads(re.compile("nothing|not bought|start", re.IGNORECASE))
    ada.picture("back-in-the-store")
    ada.open("/orders")
    ada.does_not_read("Brass telescope")
