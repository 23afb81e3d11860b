"""B3, B12, B16: changing what the account knows, what cannot be switched off, and keeping contacts current."""

import re
import secrets

import pytest
from playwright.sync_api import expect

from tests.plays.customer import Cast, Customer

pytestmark = pytest.mark.browser


def _adds(ada: Customer, kind: str, label: str, address: str) -> None:
    ada.open(f"/account/contacts/new?type={kind}")
    ada.page.get_by_label(label).fill(address)
    ada.press("Continue")


def test_b3_a_new_address_needs_a_code_of_an_old_one_and_then_one_of_its_own(cast: Cast) -> None:
    ada = cast.customer()
    ada.becomes_a_visitor()
    address = f"new-{secrets.token_hex(4)}@example.com"
    _adds(ada, "email", "New e-mail address", address)
    expect(ada.heading).to_contain_text("Add the e-mail address n•••@e•••.com")
    ada.reads("Changes to your account are always confirmed with a code.")
    assert ada.message("code", ada.reference)["to"] in {ada.phone, ada.email}
    assert ada.messages(address) == []
    ada.picture("asked")
    ada.enters_the_code()
    ada.reads(address)
    row = ada.page.locator(".contacts li").filter(has_text=address)
    row.get_by_role("button", name=re.compile("^Confirm")).click()
    expect(ada.heading).to_contain_text("Confirm your e-mail address")
    assert ada.message("code", ada.reference)["to"] == address
    ada.enters_the_code()
    expect(ada.page.locator(".contacts li").filter(has_text=address)).to_contain_text("Confirmed")
    for told in (ada.phone, ada.email):
        ada.message("notice", "e-mail address", to=told)


@pytest.mark.parametrize("path", ["/account/password", "/account/address"])
def test_b3_password_and_postal_address_need_a_code_even_on_a_known_device(cast: Cast, path: str) -> None:
    ada = cast.customer()
    ada.becomes_a_visitor()
    ada.open(path)
    for field in ada.page.locator("main form input:visible").all():
        kind, name = field.get_attribute("autocomplete") or "", field.get_attribute("name") or ""
        field.fill(ada.password if kind == "current-password" else f"seven quiet {name} lanterns 41")
    ada.page.locator("main form button").last.click()
    assert ada.is_at_code_page
    ada.enters_the_code()
    ada.message("notice", "was changed", to=ada.email)
    ada.message("notice", "was changed", to=ada.phone)


def test_b12_no_setting_turns_codes_off(cast: Cast) -> None:
    ada = cast.customer()
    ada.becomes_a_visitor()
    ada.open("/account")
    ada.reads("There is no switch that turns codes off.")
    ada.press("Open my security page")
    for page in ("Requests", "Devices", "Where codes go"):
        ada.page.get_by_role("link", name=page, exact=True).click()
        expect(ada.page.get_by_role("button", name=re.compile("off|disable|opt", re.IGNORECASE))).to_have_count(0)
        expect(ada.page.get_by_role("checkbox")).to_have_count(0)
    ada.picture("no-switch")


def test_b16_a_phone_that_cannot_be_reached_is_noticed(cast: Cast) -> None:
    ada = cast.customer()
    ada.becomes_a_visitor()
    ada.open("/attacks/unreachable")
    ada.picture("unreachable")
    ada.page.locator("main form button").first.click()
    ada.page.wait_for_load_state()
    assert ada.is_at_code_page
    for _ in range(100):
        if "could not be delivered" in ada.page.locator("body").inner_text():
            break
        ada.page.reload()
    ada.reads("The message could not be delivered. Try another way.")
    ada.picture("not-delivered")
    ada.page.get_by_role("button", name=re.compile("^E-mail to")).click()
    ada.enters_the_code()
    assert not ada.is_at_code_page
