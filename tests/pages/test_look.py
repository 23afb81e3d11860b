"""The brand on the pages: logo, colours and support link, as files of our own, small and kept by browsers."""

import gzip
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.kit.languages import LANGUAGES
from tests.pages.brands import PLUM, brand, drawn
from tests.pages.guest import Guest, Page, visit
from tests.pages.samples import APPLICATION
from tests.pages.test_every_page import BUDGET_BYTES
from tests.pages.world import ONE_CAMERA, World, new_world
from watchword.domain.branding import DARK, LIGHT, OWN_ACCENT, OWN_ACCENT_DARK, Branding
from watchword.domain.ids import ApplicationId
from watchword.pages.hosted import create_page_routes
from watchword.pages.look import SHOWN_HEIGHT, SHOWN_WIDTH, Look, make_looks, theme_style

LOGO_BYTES = 8 * 1024


@asynccontextmanager
async def _branded(branding: Branding, **application: Any) -> AsyncIterator[World]:
    world = await new_world(branding=branding, **application)
    yield world
    await world.close()


async def _open(world: World) -> Guest:
    return await visit(world.site, (await world.start(**ONE_CAMERA)).url)


def _assets(page: Page) -> list[str]:
    """Return the addresses of what belongs to a page, by their names: a digest stands before each."""
    addresses = {part for part in page.html.split('"') if "/assets/" in part}
    return sorted(addresses, key=lambda address: address.rpartition("/")[2])


async def test_a_page_without_a_brand_shows_the_letter_and_our_colours(world: World) -> None:
    page = (await _open(world)).page
    assert '<span class="mark" aria-hidden="true">E</span>' in page.html
    assert "<img" not in page.html
    assert f'<meta name="theme-color" media="(prefers-color-scheme: light)" content="{OWN_ACCENT}">' in page.html
    assert [address.rpartition("/")[2] for address in _assets(page)] == ["icon.svg", "page.css", "page.js"]


async def test_a_logo_stands_for_the_name_and_is_read_as_it(world: World) -> None:
    async with _branded(brand(logo=drawn(480, 160)), name='Müller & Söhne "Zum Fass"') as branded:
        page = (await _open(branded)).page
    (picture,) = re.findall("<img [^>]*>", page.html)
    assert 'alt="Müller &amp; Söhne &#34;Zum Fass&#34;"' in picture
    assert 'width="144" height="48" class="plate"' in picture
    assert 'class="mark"' not in page.html
    assert f'content="{PLUM}"' in page.html


async def test_a_logo_for_the_dark_is_shown_in_the_dark() -> None:
    async with _branded(brand(logo=drawn(120, 40), logo_dark=drawn(90, 40, "#ffffff"))) as world:
        guest = await _open(world)
        page = guest.page
        (dark,) = re.findall('<source media="\\(prefers-color-scheme: dark\\)" srcset="([^"]*)" width="90"', page.html)
        assert "plate" not in page.html
        assert (await guest.client.get(dark)).content == world.application.branding.logo_dark.content  # type: ignore[union-attr]  # given above


async def test_every_page_of_the_application_is_branded_and_no_other() -> None:
    async with _branded(brand(logo=drawn(120, 40))) as world:
        challenge = await world.start(**ONE_CAMERA)
        guest = await visit(world.site, challenge.url)
        pages = [guest.page, await guest.open(f"{challenge.url.reveal()}/help")]
        await guest.open(challenge.url.reveal())
        pages.append(await guest.send(guest.page.form("Approve").action, {"csrf": "0"}))
        await guest.open(challenge.url.reveal())
        pages.append(await guest.press("This wasn’t me"))
        ours = [await guest.open("/no"), await guest.open("/c/wct_unknown")]
    assert [page.status for page in pages] == [200, 200, 403, 200]
    assert [page.html.count("shop.theme.css") for page in pages] == [1] * 4
    assert [page.html.count("shop.logo.png") for page in pages] == [1] * 4
    assert [page.html.count("shop.") for page in ours] == [0, 0]


async def test_a_branded_page_is_as_small_as_any_and_its_logo_is_bounded() -> None:
    async with _branded(brand(logo=drawn(480, 160), logo_dark=drawn(480, 160, "#ffffff"))) as world:
        guest = await _open(world)
        parts = {address: (await guest.client.get(address)).content for address in _assets(guest.page)}
    logos = [content for address, content in parts.items() if address.endswith(".png")]
    rest = [guest.page.response.content, *(content for address, content in parts.items() if "png" not in address)]
    assert (len(logos), len(rest)) == (2, 5)
    assert max(len(logo) for logo in logos) <= LOGO_BYTES
    # A browser loads one of the two logos, and drawings are far smaller than photographs: the bound counts.
    assert sum(len(gzip.compress(part)) for part in rest) + LOGO_BYTES < BUDGET_BYTES


async def test_the_files_of_a_brand_are_kept_under_their_own_digest_only() -> None:
    async with _branded(brand(logo=drawn(120, 40))) as world:
        guest = await _open(world)
        for address in (one for one in _assets(guest.page) if "/shop." in one):
            asset = await guest.client.get(address)
            kind = "image/png" if address.endswith("png") else "text/css; charset=utf-8"
            assert asset.headers["content-type"] == kind
            assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert asset.headers["x-content-type-options"] == "nosniff"
            for wrong in ("0123456789abcdef", "assets", "x"):
                other = await guest.client.get(f"/assets/{wrong}/{address.rpartition('/')[2]}")
                assert other.content == asset.content
                assert other.headers["cache-control"] == "no-store"
        for name in ("shop.logo-dark.png", "other.theme.css", "shop.theme.css.map"):
            assert (await guest.client.get(f"/assets/0/{name}")).status_code == 404


async def test_the_files_of_a_brand_lie_below_the_path_of_the_pages() -> None:
    async with _branded(brand(logo=drawn(120, 40))) as world:
        challenge = await world.start(**ONE_CAMERA)
        ports = replace(world.ports, page_base="https://shop.example/verify")
        site = Starlette(routes=create_page_routes(ports, LANGUAGES))
        page = await Guest(site).open(f"/c/{challenge.token.reveal()}")
    assert all(address.startswith("/verify/assets/") for address in _assets(page))


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((480, 160), (144, 48)),
        ((480, 20), (240, 10)),
        ((20, 160), (6, 48)),
        ((160, 160), (48, 48)),
        ((120, 32), (120, 32)),
        ((480, 12), (240, 6)),
    ],
)
def test_a_logo_takes_a_bounded_place_and_is_not_blown_up(size: tuple[int, int], shown: tuple[int, int]) -> None:
    application = replace(APPLICATION, branding=Branding(logo=drawn(*size)))
    logo = make_looks({application.id: application}, "").of(application).logo
    assert logo is not None
    assert (logo.width, logo.height) == shown
    assert logo.width <= SHOWN_WIDTH
    assert logo.height <= SHOWN_HEIGHT


def test_the_names_of_two_applications_never_meet() -> None:
    one = replace(APPLICATION, id=ApplicationId("logo"), branding=brand(logo=drawn(40, 40)))
    other = replace(APPLICATION, id=ApplicationId("logo-dark"), branding=brand(logo_dark=drawn(40, 40)))
    files_ = make_looks({one.id: one, other.id: other}, "").files
    assert sorted(files_) == ["logo-dark.logo-dark.png", "logo-dark.theme.css", "logo.logo.png", "logo.theme.css"]


def test_an_application_that_came_later_looks_plain() -> None:
    assert make_looks({}, "").of(APPLICATION) == Look() == make_looks({}, "").of(None)


def test_without_an_accent_there_is_no_style_sheet() -> None:
    assert theme_style(Branding()) is None
    assert theme_style(brand()) == (
        f":root{{--main:{PLUM};--main-down:#5c1745;--on-main:#ffffff;--tint:#f4edf2}}\n"
        "@media (prefers-color-scheme: dark){:root"
        "{--main:#db71b8;--main-down:#e494ca;--on-main:#000000;--tint:#312b3b}}\n"
    )


def test_the_style_sheet_of_the_pages_has_the_colours_that_accents_are_measured_against() -> None:
    sheet = (files("watchword.pages") / "static" / "page.css").read_text()
    light, _, dark = sheet.partition("@media (prefers-color-scheme: dark)")
    for part, surface, accent in ((light, LIGHT, OWN_ACCENT), (dark, DARK, OWN_ACCENT_DARK)):
        values = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", part.partition("}")[0]))
        paper = "#ffffff" if values["paper"] == "#fff" else values["paper"]
        assert (paper, values["ground"], values["main"]) == (str(surface.paper), str(surface.ground), str(accent))


@pytest.mark.parametrize(
    ("url", "link"),
    [
        (
            "https://help.shop.example/contact/?from=verify",
            (
                '<a class="way" dir="ltr" href="https://help.shop.example/contact/?from=verify" target="_blank" '
                'rel="noopener noreferrer">help.shop.example/contact</a>'
            ),
        ),
        ("mailto:help@shop.example", '<a class="way" dir="ltr" href="mailto:help@shop.example">help@shop.example</a>'),
    ],
)
async def test_the_help_page_leads_to_support(url: str, link: str) -> None:
    async with _branded(Branding(support_url=url)) as world:
        guest = await _open(world)
        challenge = await world.start(**ONE_CAMERA)
        assert link in (await guest.open(f"{challenge.url.reveal()}/help")).html
        await guest.open(challenge.url.reveal())
        assert link in (await guest.press("This wasn’t me")).html
