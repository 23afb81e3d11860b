"""An open page tells what became of the message, try by try, in a real browser and without a reload."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, Page, expect

from tests.pages.stage import Stage, open_stage
from tests.pages.world import ONE_CAMERA
from watchword.domain.message import DeliveryStatus
from watchword.ports.sender import Receipt
from watchword.ports.store.outbox import ClaimedDelivery, HandedOver

pytestmark = pytest.mark.browser
SCREENSHOTS: Final = Path(__file__).parents[2] / "build" / "screenshots" / "delivery"
TAKEN: Final = HandedOver(
    sender="first",
    provider="gateway",
    provider_message_id="m-1",
    status=DeliveryStatus.ACCEPTED,
    heard=True,
    next_step=1,
    receipt_within_ms=45_000,
)
BY_ANOTHER: Final = replace(
    TAKEN,
    sender="second",
    provider_message_id="m-2",
    next_step=None,
    receipt_within_ms=None,
    status=DeliveryStatus.SENT,
)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with open_stage() as stage:
        yield stage


async def _take(stage: Stage, taken: HandedOver) -> ClaimedDelivery:
    (message,) = await stage.world.store.claim_deliveries(limit=9, lease_s=30)
    await stage.world.store.finish_delivery(message.id, message.tries, taken)
    return message


async def _report(stage: Stage, taken: HandedOver, status: DeliveryStatus) -> None:
    receipt = Receipt(
        delivery_id=None, provider_message_id=taken.provider_message_id, status=status, reason="30005 unknown"
    )
    await stage.world.store.record_receipt(taken.sender, receipt)


async def _look(page: Page, sentence: str, name: str) -> None:
    """Let the page look again, and expect what it says then."""
    for _ in range(10):
        await page.clock.fast_forward(5_000)
    await expect(page.get_by_text(sentence)).to_be_visible()
    await page.screenshot(full_page=True, path=SCREENSHOTS / f"{name}.png")


@pytest.mark.parametrize(
    ("locale", "going_on", "on_its_way", "failed", "told"),
    [
        (
            "en",
            "Your network reports that the message could not be delivered. We are trying another way; the code stays",
            "The message is on its way.",
            "Your network reports that the message could not be delivered. Try another way.",
            ("We are sending a code by text", "We sent a code by text", "did not arrive. If you have no code"),
        ),
        (
            "ar",
            "نجرّب الآن طريقًا آخر",
            "الرسالة في الطريق إليك.",
            "تُفيد شبكتك بأن الرسالة تعذّر تسليمها. يُرجى",
            ("نرسل الآن رمزًا", "أرسلنا رمزًا", "لم تصل الرسالة"),
        ),
    ],
)
async def test_an_open_page_follows_its_message_from_sender_to_sender(
    stage: Stage,
    browser: Browser,
    locale: str,
    going_on: str,
    on_its_way: str,
    failed: str,
    told: tuple[str, str, str],
) -> None:
    challenge = await stage.world.start(**{**ONE_CAMERA, "return_url": stage.return_url, "locale": locale})
    context = await browser.new_context(viewport={"width": 320, "height": 667}, locale=locale)
    page, leaves, left, lost = await context.new_page(), *told
    await page.clock.install()
    await page.goto(challenge.url.reveal())
    await _take(stage, TAKEN)
    await _report(stage, TAKEN, DeliveryStatus.UNDELIVERED)
    await _look(page, going_on, f"{locale}-going-on")
    await expect(page.locator("#hint")).to_contain_text(leaves)
    await expect(page.locator("[data-settled]")).to_have_count(0)
    await _take(stage, BY_ANOTHER)
    await _look(page, on_its_way, f"{locale}-on-its-way")
    await expect(page.locator("#hint")).to_contain_text(left)
    await _report(stage, BY_ANOTHER, DeliveryStatus.UNDELIVERED)
    await _look(page, failed, f"{locale}-failed")
    await expect(page.locator("#hint")).to_contain_text(lost)
    await page.reload()
    await expect(page.locator("#failed")).to_contain_text(failed)
    await page.screenshot(full_page=True, path=SCREENSHOTS / f"{locale}-failed-again.png")


async def test_an_open_page_takes_its_field_away_when_the_number_turns_out_dead(stage: Stage, browser: Browser) -> None:
    challenge = await stage.world.start(**{**ONE_CAMERA, "return_url": stage.return_url, "locale": "ar"})
    page = await (await browser.new_context(viewport={"width": 320, "height": 667}, locale="ar")).new_page()
    await page.clock.install()
    await page.goto(challenge.url.reveal())
    await _take(stage, TAKEN)
    await expect(page.locator("#code")).to_have_count(1)
    await _report(stage, TAKEN, DeliveryStatus.BOUNCED)
    await _look(page, "إلى أين نرسل رمزًا جديدًا؟", "ar-bounced")
    await expect(page.locator("#code")).to_have_count(0)
    await expect(page.locator("#failed")).to_contain_text("لا يمكن الوصول إلى هذا الرقم.")
