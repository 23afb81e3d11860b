"""A code that the phone, the browser or a password manager fills in: what they look for, and what comes of it."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.accessibility.visitor import Visitor, reopened, started, typed
from tests.pages.stage import Stage, open_stage
from tests.pages.world import ONE_CAMERA

pytestmark = pytest.mark.browser
PHONES_API = """
  // In place of the browser's own: the phone answers when the test says so.
  window.OTPCredential = function OTPCredential() {};
  window.asked = [];
  navigator.credentials.get = (options) => new Promise((answer, refuse) => {
    window.asked.push(options.otp);
    window.phone = {answer, refuse};
    options.signal.addEventListener("abort", () => {
      sessionStorage.setItem("ended", (sessionStorage.getItem("ended") || "") + "x");
      refuse(options.signal.reason);
    });
  });
"""
CONTRACT = """() => {
  const field = document.getElementById("code");
  const style = getComputedStyle(field);
  return {
    tag: field.tagName,
    type: field.type,
    autocomplete: field.autocomplete,
    inputMode: field.inputMode,
    enterKeyHint: field.enterKeyHint,
    maxLength: field.maxLength,
    pattern: field.pattern,
    is_in_document: document.contains(field) && field.getRootNode() === document,
    is_seen: field.checkVisibility({opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true}),
    labels: field.labels.length,
    fields: [...field.form.elements].filter((one) => one.type === "text").length,
    submits: [...field.form.elements].filter((one) => one.type === "submit").length,
    font_px: parseFloat(style.fontSize),
    may_ask_phone: document.featurePolicy.allowsFeature("otp-credentials"),
  };
}"""


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with open_stage() as stage:
        yield stage


@pytest.fixture
async def visitor(browser: Browser, stage: Stage) -> AsyncIterator[Visitor]:
    """A browser with the phone at its side, before the page of a challenge."""
    visitor = await Visitor.arrive(browser, stage)
    await visitor.page.add_init_script(PHONES_API)
    await started(**ONE_CAMERA)(visitor)
    yield visitor
    assert visitor.complaints == []
    await visitor.context.close()


async def _ended(page: Page) -> Any:
    return await page.evaluate("sessionStorage.getItem('ended')")


async def test_the_field_has_everything_that_fillers_look_for(visitor: Visitor) -> None:
    assert await visitor.page.evaluate(CONTRACT) == {
        "tag": "INPUT",
        "type": "text",
        "autocomplete": "one-time-code",
        "inputMode": "numeric",
        "enterKeyHint": "done",
        "maxLength": -1,
        "pattern": "",
        "is_in_document": True,
        "is_seen": True,
        "labels": 1,
        "fields": 1,
        "submits": 1,
        "font_px": 28,
        "may_ask_phone": True,
    }


async def test_a_code_from_the_phone_is_filled_in_and_waits_for_a_person(visitor: Visitor) -> None:
    page = visitor.page
    assert await page.evaluate("asked") == [{"transport": ["sms"]}]
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    await page.evaluate("phone.answer({code: '123456', type: 'otp'})")
    await expect(page.locator("#code")).to_have_value("123456")
    await expect(page.locator("button.first")).to_be_focused()
    assert posts == []
    assert (await visitor.stage.world.read(visitor.started.id)).attempts_left == 5


async def test_what_a_person_has_begun_to_type_is_not_written_over(visitor: Visitor) -> None:
    await visitor.page.locator("#code").fill("98")
    await visitor.page.evaluate("phone.answer({code: '123456', type: 'otp'})")
    await expect(visitor.page.locator("#code")).to_have_value("98")
    await expect(visitor.page.locator("#code")).to_be_focused()


async def test_the_phone_is_no_longer_asked_once_a_code_is_sent(visitor: Visitor) -> None:
    await typed("12345")(visitor)
    assert (await _ended(visitor.page) or "")[:1] == "x"
    await expect(visitor.page.get_by_role("alert")).to_be_visible()
    assert await visitor.page.evaluate("asked.length") == 1


async def test_the_phone_is_no_longer_asked_once_the_page_is_left(visitor: Visitor) -> None:
    assert await _ended(visitor.page) is None
    await reopened(visitor)
    assert await _ended(visitor.page) == "x"


async def test_a_phone_that_has_no_code_leaves_the_page_as_it_is(visitor: Visitor) -> None:
    await visitor.page.evaluate("phone.refuse(new DOMException('no message', 'NotAllowedError'))")
    await typed("12345")(visitor)
    await expect(visitor.page.get_by_role("alert")).to_be_visible()


async def test_a_field_filled_from_outside_is_sent_as_it_stands(visitor: Visitor) -> None:
    """As password managers do it: the value is set, the events come, and no key was pressed."""
    visitor.code = await visitor.stage.world.code()
    await visitor.page.locator("#code").evaluate(
        f"(field) => {{ field.value = {json.dumps(visitor.code)};"
        " for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, {bubbles: true})); }"
    )
    async with visitor.page.expect_navigation():
        await visitor.page.locator("button.first").click()
    assert await visitor.stage.world.has_grant(visitor.started.id)
