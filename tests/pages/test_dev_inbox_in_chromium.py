"""The inbox page in a real browser: new messages come by themselves, with and without scripts, at every width."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
import uvicorn
from playwright.async_api import Browser, expect
from starlette.applications import Starlette

from watchword.domain.contact import Channel
from watchword.domain.instant import Instant
from watchword.domain.message import InboxEntry
from watchword.pages.dev_inbox import inbox_routes

pytestmark = pytest.mark.browser
ARRIVES_MS = 15_000
"""Far more than the page's own pause; reached only where the message never comes."""


class Growing:
    """An inbox that a test puts messages into."""

    def __init__(self) -> None:
        self.all: list[InboxEntry] = []

    def entries(self, to: str | None = None) -> Sequence[InboxEntry]:
        return tuple(entry for entry in self.all if to in {None, entry.to})

    def put(self, code: str, channel: Channel = Channel.SMS) -> None:
        self.all.append(
            InboxEntry(
                to="+14155550123",
                channel=channel,
                is_code=True,
                subject="Your code",
                text=f"{code} is your code.\n{'long' * 40}",
                sent_at=Instant(1_795_348_800_000),
                challenge_id=None,
            )
        )


@pytest.fixture
def inbox() -> Growing:
    return Growing()


@pytest.fixture
async def address(inbox: Growing) -> AsyncIterator[str]:
    """Serve the inbox on a free port of loopback."""
    config = uvicorn.Config(
        Starlette(routes=inbox_routes(inbox)),
        host="127.0.0.1",
        port=0,
        log_config=None,
        log_level="error",
        ws="none",
        lifespan="off",
    )
    listener = config.bind_socket()
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/dev/inbox"
    server.should_exit = True
    await serving


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
async def test_a_new_message_comes_by_itself(browser: Browser, inbox: Growing, address: str, *, scripts: bool) -> None:
    inbox.put("111111")
    page = await (await browser.new_context(java_script_enabled=scripts)).new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(address)
    await expect(page.get_by_role("article")).to_have_count(1)
    inbox.put("222222")
    await expect(page.get_by_role("article")).to_have_count(2, timeout=ARRIVES_MS)
    await expect(page.get_by_role("article").first).to_contain_text("222222")
    if scripts:
        await expect(page.get_by_role("status")).to_have_text("One new message")
    assert complaints == []


async def test_what_is_typed_stays_when_a_message_comes(browser: Browser, inbox: Growing, address: str) -> None:
    page = await browser.new_page()
    await page.goto(address)
    field = page.get_by_label("Show only messages to")
    await field.fill("ada@home")
    inbox.put("111111")
    await expect(page.get_by_role("article")).to_have_count(1, timeout=ARRIVES_MS)
    await expect(field).to_have_value("ada@home")
    await expect(field).to_be_focused()


async def test_messages_are_found_by_address_with_the_keyboard_alone(
    browser: Browser, inbox: Growing, address: str
) -> None:
    inbox.put("111111")
    page = await browser.new_page()
    await page.goto(address)
    await page.keyboard.press("Tab")
    await page.keyboard.type("bea@home.example")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article")).to_have_count(0)
    await expect(page.get_by_label("Show only messages to")).to_have_value("bea@home.example")


@pytest.mark.parametrize("width", [320, 800, 1600])
async def test_nothing_is_wider_than_the_screen(browser: Browser, inbox: Growing, address: str, width: int) -> None:
    for channel in Channel:
        inbox.put("111111", channel)
    page = await browser.new_page(viewport={"width": width, "height": 600})
    await page.goto(address)
    assert await page.evaluate("document.documentElement.scrollWidth") == width
