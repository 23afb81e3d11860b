"""B1, B2, B13, B17, B18: coming in from new devices, forgetting the password, trust, and what the owner hears."""

import re

import pytest
from playwright.sync_api import expect

from tests.plays.customer import Cast
from watchword.domain.device import PARALLEL_GRACE_MS

pytestmark = pytest.mark.browser
WRONG_CODE = "000000"
TRIES = 5
GRACE_MS = PARALLEL_GRACE_MS + 1_000


def test_b1_a_new_browser_is_asked_for_a_code_and_a_proven_one_is_not(cast: Cast) -> None:
    ada = cast.customer()
    ada.becomes_a_visitor()
    elsewhere = ada.in_a_new_browser()
    elsewhere.signs_in()
    assert elsewhere.is_at_code_page
    elsewhere.reads("You are signing in from a new device or browser.")
    elsewhere.picture("new-browser")
    elsewhere.enters_the_code()
    expect(elsewhere.heading).to_have_text("Your account")
    elsewhere.signs_out()
    elsewhere.signs_in()
    expect(elsewhere.heading).to_have_text("Your account")
    assert "New sign-in" not in elsewhere.page.title()


def test_b2_a_forgotten_password_always_needs_a_code(cast: Cast) -> None:
    ada = cast.customer()
    ada.becomes_a_visitor()
    ada.signs_out()
    ada.open("/reset")
    ada.page.get_by_label("E-mail").fill(ada.email)
    ada.press("Continue")
    expect(ada.heading).to_have_text("Reset your password")
    ada.reads("If this account exists and can be reached, a code is on its way to its phone or e-mail.")
    ada.does_not_read("••••")
    ada.picture("reset")
    ada.enters_the_code()
    expect(ada.heading).to_have_text("Choose a new password")
    ada.password = "nine copper kettles sing in Dunmore 86"
    ada.page.get_by_label(re.compile("password", re.IGNORECASE)).fill(ada.password)
    ada.press("Set password")
    for address in (ada.email, ada.phone):
        ada.message("notice", "Your password was reset", to=address)
    ada.signs_in()
    expect(ada.heading).to_have_text("Your account")


def test_b2_nobody_learns_from_a_reset_whether_there_is_an_account(cast: Cast) -> None:
    ada = cast.customer()
    ada.becomes_a_visitor()
    seen = []
    for email in (ada.email, "nobody-at-all@example.com"):
        stranger = cast.customer()
        stranger.open("/reset")
        stranger.page.get_by_label("E-mail").fill(email)
        stranger.press("Continue")
        text = stranger.page.locator("main").inner_text()
        seen.append(re.sub(r"\b[0-9A-Z]{8}\b|\d\d?:\d\d( [AP]M)?|in \d+ seconds?", "…", text))
    assert seen[0] == seen[1]


def test_b13_a_trusted_device_is_asked_less_and_can_be_distrusted(cast: Cast) -> None:
    ada = cast.customer()
    ada.becomes_a_visitor()
    at_home = ada.in_a_new_browser()
    at_home.signs_in()
    expect(at_home.page.locator("#trust")).not_to_be_checked()
    at_home.enters_the_code(trust=True)
    expect(at_home.heading).to_have_text("Your account")
    at_home.message("notice", "A device is now trusted", to=ada.phone)
    at_home.goes_to("island")
    at_home.orders("mug")
    at_home.reads("Your order is placed, thank you.")
    at_home.orders("telescope")
    assert at_home.is_at_code_page
    expect(at_home.page.locator("#trust")).to_have_count(0)
    at_home.page.get_by_role("button", name="Cancel and go back to Fernwick").click()
    at_home.open("/account")
    at_home.press("Open my security page")
    at_home.page.get_by_role("link", name="Devices").click()
    at_home.reads("Trusted until")
    at_home.picture("devices")
    at_home.press("Stop trusting")
    at_home.reads("The device is no longer trusted. It is still known.")
    at_home.page.get_by_role("link", name="Back to Fernwick").click()
    at_home.goes_to("abroad")
    at_home.orders("candle")
    at_home.reads("You seem to be in a new place.")


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("too short", "at least 15 characters"),
        ("passwordpassword", "password"),
        ("aaaaaaaaaaaaaaaaaaaa", "easy to guess"),
    ],
)
def test_b17_a_weak_password_is_not_taken(cast: Cast, password: str, problem: str) -> None:
    ada = cast.customer()
    ada.registers("ada@example.com", password=password)
    expect(ada.heading).to_have_text("Register")
    ada.reads(re.compile(problem, re.IGNORECASE))


def test_b18_the_owner_hears_of_wrong_codes_and_says_no_without_signing_in(cast: Cast) -> None:
    ada = cast.customer()
    ada.becomes_a_visitor()
    thief = ada.in_a_new_browser()
    thief.signs_in()
    for _ in range(TRIES):
        thief.enters(WRONG_CODE)
    expect(thief.heading).to_have_text("Too many tries")
    notices = [ada.message("notice", "Wrong codes were typed for your account", to=to) for to in (ada.email, ada.phone)]
    links = [re.findall(r"http\S+/no\?n=\S+", notice["text"]) for notice in notices]
    assert [len(found) for found in links] == [1, 1]
    owner = cast.customer()
    owner.page.goto(links[0][0])
    owner.picture("not-me")
    owner.press("This wasn’t me")
    expect(owner.heading).to_have_text(re.compile("stopped|noted|nothing left to stop", re.IGNORECASE))
    owner.picture("stopped")


def test_b18_the_owner_is_told_of_a_stolen_device_cookie(desktop: Cast) -> None:
    ada = desktop.customer()
    ada.becomes_a_visitor()
    for product in ("candle", "mug", "socks"):
        ada.orders(product)
    # Calls that were sent at once are no theft: an old token is taken for ten seconds more.
    ada.page.wait_for_timeout(GRACE_MS)
    ada.open("/account")
    ada.press("Use an old cookie", inside="body")
    ada.orders("candle")
    assert ada.is_at_code_page
    ada.message("notice", "A remembered device was forgotten for your safety", to=ada.email)
