"""The example store, started with the one command that its README names, and played to the end in a browser."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import anyio
import httpx2
import pytest
from playwright.async_api import Browser, Page, expect

from tests.sdk_js.shop import MODULE

pytestmark = pytest.mark.browser
COMMAND = MODULE.parent / "examples" / "store.py"
LOOKS_AT_MOST = 200
LOOK_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The running store."""

    store: str
    inbox: str

    async def newest_code(self) -> str:
        """Wait for a code, and return the newest."""
        async with httpx2.AsyncClient() as http:
            for _ in range(LOOKS_AT_MOST):
                messages = (await http.get(f"{self.inbox}.json")).json()
                codes = [message["text"] for message in messages if message["kind"] == "code"]
                if codes:
                    found = re.search(r"\d{6,}", codes[-1])
                    assert found is not None
                    return found[0]
                await anyio.sleep(LOOK_S)
        raise AssertionError("no code came")


@pytest.fixture
def example() -> Iterator[Example]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHWORD_")}  # noqa: TID251 the child gets ours
    process = subprocess.Popen(
        [sys.executable, str(COMMAND), "--port", "0"], stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        assert line
        said = json.loads(line)
        yield Example(store=said["store"], inbox=said["inbox"])
    finally:
        # SIGTERM, as systems end programs; Ctrl-C goes the same way.
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(said["inbox"])
        if process.stdout:
            process.stdout.close()


async def _buy(browser: Browser, example: Example) -> tuple[Page, list[str]]:
    page = await browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(example.store)
    await page.get_by_role("button", name="Buy it").click()
    await expect(page.get_by_role("heading", level=2)).to_contain_text("1,299.00 USD")
    return page, complaints


async def test_an_order_is_placed_once_it_is_proven(example: Example, browser: Browser) -> None:
    page, complaints = await _buy(browser, example)
    await page.get_by_role("textbox").fill(await example.newest_code())
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Your order is placed.")).to_be_visible()
    assert complaints == []


async def test_an_order_that_is_given_up_is_not_placed(example: Example, browser: Browser) -> None:
    page, complaints = await _buy(browser, example)
    await page.get_by_role("button", name="This wasn’t me").click()
    await expect(page.get_by_text("Your order was not placed.")).to_be_visible()
    await expect(page.get_by_role("button", name="Buy it")).to_be_enabled()
    assert complaints == []


async def test_a_page_that_claims_an_approval_gets_no_order(example: Example, browser: Browser) -> None:
    page, _ = await _buy(browser, example)
    await page.evaluate(
        """() => document.querySelector("watchword-challenge").dispatchEvent(
          new CustomEvent("watchword:ended", {detail: {state: "approved"}}))"""
    )
    await expect(page.get_by_text("Your order was not placed.")).to_be_visible()
