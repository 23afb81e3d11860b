"""Every page in every state, by eye, by finger, by keyboard and by ear; and a picture of each to look at."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, ViewportSize

from tests.accessibility.conftest import Played
from tests.accessibility.ear import heard, shape
from tests.accessibility.measuring import COLOURS, EVERY_RULE, measure, violations
from tests.accessibility.scenes import IN_ENGLISH
from tests.accessibility.visitor import DESK
from tests.kit.languages import LANGUAGES

pytestmark = pytest.mark.browser
BUILD = Path(__file__).parents[2] / "build"
HEARD = Path(__file__).parent / "heard"
PHONE = ViewportSize(width=375, height=667)
NARROW = ViewportSize(width=320, height=256)
"""A window of 1280 × 1024 at 400 %, and the width that WCAG 1.4.10 asks for."""
OUTLINE_PX = 2
NOT_TEXT = 3.0
"""WCAG 1.4.11: how far the focus has to stand out."""
ABOUT_A_LINE_PX = 8


@pytest.mark.picture
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_there_is_a_picture_to_look_at(played: Played, page: Page, size: ViewportSize) -> None:
    await page.set_viewport_size(size)
    name = f"{played.scene.name}-{'phone' if size == PHONE else 'desk'}"
    folder = BUILD / "screenshots" / "pages"
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        picture = await page.screenshot(full_page=True, path=folder / f"{name}-{scheme}.png")
        assert len(picture) > 1_000


async def test_axe_finds_nothing_in_light_and_in_dark(page: Page) -> None:
    assert await violations(page, EVERY_RULE) == []
    await page.emulate_media(color_scheme="dark")
    assert await violations(page, COLOURS) == []


async def test_everything_fits_at_four_times_the_size_and_with_the_readers_own_spacing(page: Page) -> None:
    found = {}
    for viewport in (DESK, NARROW):
        await page.set_viewport_size(viewport)
        found[viewport["width"], "ours"] = await measure(page, "cut")
        await measure(page, "spaced")
        found[viewport["width"], "the reader's"] = await measure(page, "cut")
        await measure(page, "unspaced")
    assert {case: what for case, what in found.items() if what} == {}


async def test_every_control_is_large_enough_for_a_finger(page: Page) -> None:
    await page.set_viewport_size(PHONE)
    assert await measure(page, "targets") == []


async def test_with_forced_colours_every_control_has_an_edge_or_a_line(page: Page) -> None:
    await page.emulate_media(forced_colors="active")
    assert await measure(page, "unbounded") == []


async def test_nothing_moves_for_whoever_asked_for_stillness(page: Page) -> None:
    assert await measure(page, "moving") == []


async def test_title_language_headings_and_landmarks_are_in_order(played: Played, page: Page) -> None:
    outline = await measure(page, "outline")
    levels = outline["headings"]
    language = LANGUAGES.by_tag[played.scene.language]
    says_error = language.sentence("error_title").split("{title}")[0]
    assert outline["title"].startswith(says_error) == played.scene.is_error
    assert (outline["language"], outline["direction"]) == (language.tag, language.direction)
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert (outline["mains"], outline["duplicates"]) == (1, [])


async def test_what_a_screen_reader_is_given_is_what_was_read_and_found_good(played: Played, page: Page) -> None:
    text = await heard(page)
    is_english = played.scene in IN_ENGLISH
    written = BUILD / ("heard" if is_english else "heard-translated") / f"{played.scene.name}.txt"
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(text)
    # To take a change over after reading it: cp build/heard/*.txt tests/accessibility/heard/
    kept = (HEARD / f"{played.scene.name.removesuffix(f'-{played.scene.language}')}.txt").read_text()
    assert text == kept if is_english else shape(text) == shape(kept)


async def test_the_keyboard_reaches_everything_in_order_and_is_seen_to(page: Page) -> None:
    count = await measure(page, "controls")
    stops: list[dict[str, Any]] = []
    for _ in range(count):
        await page.keyboard.press("Tab")
        stops.append(await measure(page, "focused") or {"stop": None})
    assert [stop["stop"] for stop in stops] == list(range(count))
    assert [stop for stop in stops if stop["outline_px"] < OUTLINE_PX or stop["contrast"] < NOT_TEXT] == []
    assert [stop for stop in stops if stop["is_covered"] or not stop["is_in_sight"]] == []
    leftwards = await page.evaluate("document.dir") == "rtl"
    assert [pair for pair in pairwise(stops) if not _is_after(*pair, leftwards=leftwards)] == []
    await page.keyboard.press("Shift+Tab")
    back = await measure(page, "focused")
    assert count < 2 or back["stop"] == count - 2


def _is_after(before: dict[str, Any], stop: dict[str, Any], *, leftwards: bool) -> bool:
    """Whether a control comes after another one to the eye: below it, or beside it in the direction of reading."""
    is_below = stop["top"] >= before["bottom"] - ABOUT_A_LINE_PX
    first, second = (stop, before) if leftwards else (before, stop)
    is_beside = second["left"] >= first["right"] - ABOUT_A_LINE_PX and stop["bottom"] > before["top"]
    return bool(is_below or is_beside)
