"""What somebody else wrote, on every page that shows it, in a real browser: it stays text, in a frame and outside."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, Frame, Page

from tests.kit.languages import LANGUAGES
from tests.pages.samples import PlainAtlas
from tests.pages.stage import Stage, open_stage
from tests.pages.world import ONE_CAMERA, USER
from watchword.flow.cancel import cancel
from watchword.flow.check import check
from watchword.flow.link import ViewPage, make_view_link
from watchword.flow.remember import list_devices, rename_device
from watchword.pages.hosted import create_page_routes

pytestmark = pytest.mark.browser
EVIL: Final = "\"'><img src=x onerror=alert(1)><script>alert(2)</script></title></textarea>{time}{n}{{7*7}}&lt;b&gt;"
MADE: Final = """() => [...document.querySelectorAll("*")].filter((one) =>
  ["IMG", "SCRIPT", "IFRAME", "OBJECT", "STYLE", "BASE"].includes(one.tagName) && !one.src.includes("/assets/")
  || [...one.attributes].some((attribute) => attribute.name.startsWith("on") || /^javascript:/i.test(attribute.value))
).map((one) => one.outerHTML)"""
"""What no page of ours has: scripts and pictures but our own, and attributes that run something."""

_IN_FRAMES: Final = "Blocked autofocusing"
"""What Chromium says of every field in a frame that would like to be typed into."""


async def _addresses(stage: Stage) -> Mapping[str, str]:
    """Return the addresses of pages that show every text that comes from outside."""
    world, report = stage.world, {**ONE_CAMERA, "payee": EVIL, "summary": EVIL, "state": EVIL}
    report |= {"user_agent": EVIL, "ip": "192.0.2.7", "return_url": stage.return_url}
    proven = await world.start(**{**report, "type": "sign_in", "amount": None, "payee": None})
    assert (await check(world.ports, world.application, proven.id, await world.code(), trust_device=True)).device
    (device,) = await list_devices(world.ports, world.application, USER)
    await rename_device(world.ports, world.application, USER, device.id, EVIL[:60])
    pending, ended = await world.start(**report), await world.start(**report)
    await cancel(world.ports, world.application, ended.id, "not_me")
    link = await make_view_link(
        world.ports, world.application, USER, ViewPage.REQUESTS, return_url=stage.return_url, locale="de"
    )
    own = {page.value: f"{link.url.reveal()}/{page}?language=en&after=" for page in ViewPage}
    entry = pending.url.reveal()
    return {"entry": f"{entry}?x={quote(EVIL)}", "help": f"{entry}/help", "end": ended.url.reveal(), **own}


async def _shown(page: Page, address: str) -> tuple[list[str], list[str]]:
    """Return what a page complains about and what was made of the texts on it."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    await page.goto(address)
    frame: Frame = page.frames[-1]
    await frame.wait_for_selector("h1")
    assert "onerror=alert(1)" in await frame.locator("body").inner_text() + await frame.title()
    made: list[str] = await frame.evaluate(MADE)
    return [complaint for complaint in complaints if not complaint.startswith(_IN_FRAMES)], made


@pytest.mark.parametrize("is_framed", [False, True], ids=["alone", "in a frame"])
async def test_what_somebody_else_wrote_runs_nowhere(browser: Browser, *, is_framed: bool) -> None:
    words: dict[str, Any] = {"name": EVIL, "support": EVIL}
    async with open_stage(is_framed=is_framed, **words) as stage:
        ports = replace(stage.world.ports, atlas=PlainAtlas(device=EVIL))
        stage.world.site.router.routes[:] = create_page_routes(ports, LANGUAGES)
        found = {}
        for name, address in (await _addresses(stage)).items():
            context = await browser.new_context()
            framed = f"{stage.attacker}/framing?page={quote(address)}"
            found[name] = await _shown(await context.new_page(), framed if is_framed else address)
            await context.close()
        assert found == dict.fromkeys(found, ([], []))
        assert len(found) == 6
