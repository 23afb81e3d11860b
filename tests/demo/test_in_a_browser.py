"""The store in a real browser without JavaScript: its policy lets forms lead to the page for the code, and back."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from playwright.sync_api import Page, sync_playwright

from tests.demo.stand_in import StandIn
from watchword.demo import create_store

pytestmark = pytest.mark.browser
PORT_OF_ANY = 0


@pytest.fixture
def store_url(watchword: StandIn, tmp_path: Path) -> Iterator[str]:
    """Serve the store on a free port of loopback."""
    config = uvicorn.Config(_refused, host="127.0.0.1", port=PORT_OF_ANY, log_level="error", ws="none")
    listener = config.bind_socket()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config.app = create_store(
        api_url=watchword.url,
        secret_key="wk_test_secret",
        base_url=url,
        data_dir=tmp_path,
        inbox_url=None,
        settings_note="The limits of this demo are relaxed.",
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join()


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


def test_no_page_is_wider_than_a_small_phone(store_url: str, watchword: StandIn, page: Page) -> None:
    watchword.decision = "allow"
    page.goto(store_url)
    page.get_by_role("button", name="New visitor").first.click()
    for path in ("/", "/try", "/account", "/orders", "/devices", "/requests", "/products/kettle", "/account/password"):
        page.goto(f"{store_url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path


def _come_back(page: Page, store_url: str, watchword: StandIn) -> None:
    query = watchword.end("approved")
    page.goto(f"{store_url}/watchword/return?watchword_challenge={query['watchword_challenge']}&state={query['state']}")


async def _refused(_scope: object, _receive: object, _send: object) -> None:
    """Stand where the store will be once its address is known."""
