"""A person with one real browser in front of the pages, and the steps that lead to each state of them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, Page, ViewportSize

from tests.kit.chromium import PATIENCE_MS
from tests.pages.stage import Stage
from watchword.flow.show import ChallengeView

DESK: Final = ViewportSize(width=1280, height=800)
_POST: Final = """({action, fields, kind}) => {
  const form = document.createElement('form');
  Object.assign(form, {method: 'post', action, enctype: kind});
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement('input');
    Object.assign(input, {type: 'hidden', name, value});
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}"""


@dataclass(slots=True, kw_only=True)
class Visitor:
    """One browser before one world, both with a clock that stands still until it is moved."""

    stage: Stage
    browser: Browser
    context: BrowserContext
    page: Page
    challenge: ChallengeView | None = None
    code: str = ""
    complaints: list[str] = field(default_factory=list)
    """What the browser wrote into its console, and errors of scripts."""

    @classmethod
    async def arrive(cls, browser: Browser, stage: Stage, **context: Any) -> "Visitor":
        """Open a new browser in front of the pages."""
        return await cls.sit_down(await (await new_window(browser, **context)).new_page(), stage)

    @classmethod
    async def sit_down(cls, page: Page, stage: Stage) -> "Visitor":
        """Come before the pages with a browser that is open already."""
        opened = page.context
        if opened.browser is None:
            raise AssertionError("a window without a browser")
        visitor = cls(stage=stage, browser=opened.browser, context=opened, page=page)
        page.on("console", lambda message: visitor.complaints.append(message.text))
        page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        await visitor.wait(0)
        return visitor

    @property
    def started(self) -> ChallengeView:
        """The challenge that this is about."""
        if self.challenge is None:
            raise AssertionError("no challenge was started")
        return self.challenge

    async def wait(self, seconds: float) -> None:
        """Let time pass, on the server and here."""
        self.stage.world.clock.move(seconds=seconds)
        await self.page.clock.set_fixed_time(self.stage.world.clock.now() / 1_000)

    async def post(self, path: str, fields: Mapping[str, str], kind: str = "application/x-www-form-urlencoded") -> None:
        """Send a form that the page does not have, with the page's own mark."""
        mark = await self.page.locator("input[name=csrf]").first.get_attribute("value") or ""
        action = self.page.url.split("?", 1)[0] + path
        async with self.page.expect_navigation():
            await self.page.evaluate(_POST, {"action": action, "fields": {"csrf": mark, **fields}, "kind": kind})


async def new_window(browser: Browser, **context: Any) -> BrowserContext:
    """Open a browser that nobody knows, as wide as a desk."""
    opened = await browser.new_context(
        viewport=DESK, timezone_id="UTC", locale="en-GB", reduced_motion="reduce", **context
    )
    opened.set_default_timeout(PATIENCE_MS)
    return opened


Step = Callable[[Visitor], Awaitable[None]]
"""One thing that somebody does, or that happens, on the way to what shall be looked at."""


def started(**report: Any) -> Step:
    """An action is challenged, and its page is opened."""

    async def step(visitor: Visitor) -> None:
        visitor.challenge = await visitor.stage.world.start(**{"return_url": visitor.stage.return_url, **report})
        await visitor.page.goto(visitor.challenge.url.reveal())

    return step


def opened(path: str) -> Step:
    """A page is opened by its path."""

    async def step(visitor: Visitor) -> None:
        await visitor.page.goto(f"{visitor.stage.world.ports.page_base}{path}")

    return step


async def read_the_code(visitor: Visitor) -> None:
    """Every message goes out, and the latest code is read."""
    visitor.code = await visitor.stage.world.code()


async def reopened(visitor: Visitor) -> None:
    """The challenge's address is opened anew, as from a bookmark."""
    await visitor.page.goto(visitor.started.url.reveal())


async def again(visitor: Visitor) -> None:
    """The page is loaded anew."""
    await visitor.page.reload()


async def unfolded(visitor: Visitor) -> None:
    """What is folded in the main part is unfolded."""
    for summary in await visitor.page.locator("main summary").all():
        await summary.click()


def typed(text: str, into: str = "#code") -> Step:
    """Something is typed into a field and sent by Enter."""

    async def step(visitor: Visitor) -> None:
        entry = visitor.page.locator(into).first
        await entry.fill(text)
        async with visitor.page.expect_navigation():
            await entry.press("Enter")

    return step


async def typed_the_code(visitor: Visitor) -> None:
    """The right code is typed, and sent by Enter."""
    await typed(visitor.code)(visitor)


def typed_wrong(times: int = 1) -> Step:
    """A code that is not the right one is typed."""

    async def step(visitor: Visitor) -> None:
        wrong = f"{(int(visitor.code) + 1) % 10 ** len(visitor.code):0{len(visitor.code)}d}"
        for _ in range(times):
            await typed(wrong)(visitor)

    return step


def pressed(selector: str) -> Step:
    """A button or link that leads to another page is pressed."""

    async def step(visitor: Visitor) -> None:
        async with visitor.page.expect_navigation():
            await visitor.page.locator(selector).first.click()

    return step


def pressed_in(form: str) -> Step:
    """The button of a form is pressed, named by the end of the form's address."""
    return pressed(f"form[action$='{form}'] button")


def sent_to(channel: str) -> Step:
    """Another message is asked for, over this channel."""
    return pressed(f"form:has(input[name=channel][value={channel}]) button")


def submitted(form: str) -> Step:
    """A form is sent although the script of the page would have kept it back, as without scripts."""

    async def step(visitor: Visitor) -> None:
        async with visitor.page.expect_navigation():
            await visitor.page.locator(form).first.evaluate("form => form.submit()")

    return step


def waited(*, seconds: float) -> Step:
    """Time passes."""

    async def step(visitor: Visitor) -> None:
        await visitor.wait(seconds)

    return step


def posted(path: str, fields: Mapping[str, str], kind: str = "application/x-www-form-urlencoded") -> Step:
    """A form comes in that the page does not have (any more): from another tab, or written by somebody."""

    async def step(visitor: Visitor) -> None:
        await visitor.post(path, fields, kind)

    return step


def shown(selector: str, text: str = "") -> Step:
    """The page shows something by itself, after a while."""

    async def step(visitor: Visitor) -> None:
        await visitor.page.locator(selector, has_text=text).first.wait_for()

    return step


async def begun_elsewhere(visitor: Visitor) -> None:
    """Somebody sends the first form from another browser."""
    other = await Visitor.arrive(visitor.browser, visitor.stage)
    await other.page.goto(visitor.started.url.reveal())
    await typed("12345")(other)
    await other.context.close()
