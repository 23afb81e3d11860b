"""The store in a real browser without JavaScript: its policy lets forms lead to the page for the code, and back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.demo.served_store import serving_store
from tests.demo.stand_in import StandIn

pytestmark = pytest.mark.browser
TABS_AT_MOST = 80


@pytest.fixture
def store_url(watchword: StandIn, tmp_path: Path) -> Iterator[str]:
    """Serve the store on a free port of loopback."""
    with serving_store(watchword, tmp_path) as url:
        yield url


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    """Open a page in Chromium without JavaScript; whatever it complains about fails the test."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640}).new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        yield page
        browser.close()
    assert [complaint for complaint in complaints if "Content Security Policy" in complaint] == []


def test_a_visitor_buys_something_and_comes_back_from_the_code(store_url: str, watchword: StandIn, page: Page) -> None:
    page.goto(store_url)
    page.get_by_role("button", name="New visitor").first.click()
    page.get_by_role("link", name="Go to the code page").click()
    assert page.url == f"{watchword.url}/c/wct_1"
    _come_back(page, store_url, watchword)
    assert page.get_by_role("heading", level=1).inner_text() == "Your account"

    watchword.decision = "challenge"
    page.goto(f"{store_url}/products/telescope")
    page.get_by_role("button", name="Add to basket").click()
    page.get_by_role("link", name="Check out").click()
    page.get_by_role("button", name="Place order").click()
    assert page.url == f"{watchword.url}/c/wct_2"
    _come_back(page, store_url, watchword)
    assert page.get_by_role("status").inner_text() == "Your order is placed, thank you."
    assert page.get_by_role("link", name="Brass telescope").is_visible()


def test_an_order_is_placed_with_the_keyboard_alone(store_url: str, watchword: StandIn, page: Page) -> None:
    watchword.decision = "allow"
    page.goto(store_url)
    _press(page, "New visitor")
    page.goto(store_url)
    for name in ("Pantry", "Damson jam", "Add to basket", "One Damson jam more", "Check out", "Place order"):
        _press(page, name)
    assert page.get_by_role("status").inner_text() == "Your order is placed, thank you."
    assert watchword.redeemed[-1]["amount"] == {"value": "15.00", "currency": "USD"}


def _press(page: Page, name: str) -> None:
    """Go from control to control until one with this name has the focus, and press it."""
    for _ in range(TABS_AT_MOST):
        page.keyboard.press("Tab")
        if (page.evaluate("document.activeElement.innerText") or "").strip().startswith(name):
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return
    raise AssertionError(f"the keyboard does not reach {name}")


def test_no_page_is_wider_than_a_small_phone(store_url: str, watchword: StandIn, page: Page) -> None:
    watchword.decision = "allow"
    page.goto(store_url)
    page.get_by_role("button", name="New visitor").first.click()
    for path in ("/", "/try", "/account", "/orders", "/basket", "/requests", "/products/kettle", "/account/password"):
        page.goto(f"{store_url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path


def _come_back(page: Page, store_url: str, watchword: StandIn) -> None:
    query = watchword.end("approved")
    page.goto(f"{store_url}/watchword/return?watchword_challenge={query['watchword_challenge']}&state={query['state']}")
