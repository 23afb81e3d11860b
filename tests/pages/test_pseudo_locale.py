"""In the pseudo-locale every sentence stands in brackets: what is left outside was never in the catalogue."""

import re

import pytest

from tests.pages.guest import Guest, Page, visit
from tests.pages.world import A_SIGN_IN, ONE_CAMERA, USER, World
from watchword.domain.action import PASSWORD_RESET
from watchword.flow.cancel import cancel
from watchword.flow.check import check
from watchword.flow.dispute import notice_url
from watchword.flow.link import ViewPage, make_view_link
from watchword.wording.languages import PSEUDO_TAG

NOT_OURS = re.compile(
    r"Example Shop|ACME Cameras|1 camera|1,299\.00 USD|Chrome on Windows|Firefox on Linux"
    r"|j•••@g•••\.\w+|\b[0-9A-Z]{8}\b"
    r"|English|en-XA|Deutsch|[A-Z][a-zçü]+ \d+, \d{4}, \d\d:\d\d UTC|\d\d:\d\d UTC|UTC|[A-Z][a-z]{2} \d+, \d{4}"
)
"""Names, amounts and times: values, and the names of languages in themselves."""


def _outside_of_brackets(text: str) -> str:
    innermost = re.compile(r"\[[^\[\]]*\]")
    while innermost.search(text):
        text = innermost.sub(" ", text)
    return text


def _left(page: Page) -> str:
    visible = re.sub(
        r"<style.*?</style>|<script.*?</script>|<nav class=\"languages\".*?</nav>", " ", page.html, flags=re.DOTALL
    )
    visible = re.sub(r"<[^>]*>", "", visible.partition("<body>")[2])
    visible = visible.replace("&#39;", "'").replace("&#34;", '"').replace("&amp;", "&")
    outside = NOT_OURS.sub(" ", _outside_of_brackets(visible))
    return " ".join(re.findall(r"[^\W\d_]{2,}", outside))


async def _pages(world: World) -> dict[str, Page]:
    speaks = {"locale": PSEUDO_TAG}
    found: dict[str, Page] = {}
    purchase = await world.start(**ONE_CAMERA, **speaks)
    guest = await visit(world.site, purchase.url)
    found["entry"] = guest.page
    found["wrong"] = await guest.press(guest.page.forms[0].button, code="000000")
    found["help"] = await guest.open(f"{purchase.url.reveal()}/help")
    sign_in = await world.start(**A_SIGN_IN, **speaks)
    found["sign-in"] = (await visit(world.site, sign_in.url)).page
    found["unsent"] = (await visit(world.site, (await world.start(**ONE_CAMERA, send=False, **speaks)).url)).page
    found["reset"] = (
        await visit(world.site, (await world.start(type=PASSWORD_RESET, conceal=True, **speaks)).url)
    ).page
    await cancel(world.ports, world.application, purchase.id, "not_me")
    found["denied"] = await guest.open(purchase.url.reveal())
    approved = await world.start(**A_SIGN_IN, **speaks)
    await check(world.ports, world.application, approved.id, await world.code(), trust_device=True)
    found["approved"] = (await visit(world.site, approved.url)).page
    link = await make_view_link(world.ports, world.application, USER, ViewPage.REQUESTS, locale=PSEUDO_TAG)
    for page in ViewPage:
        found[f"own {page}"] = await Guest(world.site).open(f"{link.url.reveal()}/{page}")
    stranger = Guest(world.site)
    stranger.client.headers["accept-language"] = PSEUDO_TAG
    found["no"] = await stranger.open("/no")
    found["by notice"] = await stranger.open(notice_url(world.ports, "ntc_x"))
    found["unknown"] = await stranger.open("/c/wct_unknown")
    return found


async def test_no_page_says_anything_that_is_not_in_the_catalogue(world: World) -> None:
    pages = await _pages(world)
    assert {name: left for name, page in pages.items() if (left := _left(page))} == {}


async def test_every_page_says_its_language_and_offers_the_others(world: World) -> None:
    pages = await _pages(world)
    assert [name for name, page in pages.items() if f'<html lang="{PSEUDO_TAG}" dir="ltr">' not in page.html] == []
    offering = [name for name, page in pages.items() if 'hreflang="en"' in page.html]
    assert offering == [name for name in pages if name != "unknown"]


async def test_the_reader_chooses_a_language_and_keeps_it(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    assert "Approve 1,299.00 USD to ACME Cameras" in guest.page.text
    chosen = await guest.open(f"{challenge.url.reveal()}?language={PSEUDO_TAG}")
    assert "Approve 1,299.00 USD to ACME Cameras" not in chosen.text
    assert (await guest.open(f"{challenge.url.reveal()}/help")).html.count(f'lang="{PSEUDO_TAG}"') == 1
    assert (await guest.open(f"{challenge.url.reveal()}?language=xx")).html.count(f'lang="{PSEUDO_TAG}"') == 1
    assert '<html lang="en"' in (await visit(world.site, challenge.url)).page.html


@pytest.mark.parametrize(
    "wanted", ["xx", "en-US", "", "en%0d%0aX-Evil:%20yes", "en%3B%20Domain=evil.example", "e" * 400]
)
async def test_nothing_but_a_language_of_ours_is_kept(world: World, wanted: str) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    response = (await guest.open(f"{challenge.url.reveal()}?language={wanted}")).response
    assert response.status_code == 200
    assert "set-cookie" not in response.headers
    assert "x-evil" not in response.headers


async def test_the_browser_is_asked_before_the_applications_own_language(world: World) -> None:
    challenge = await world.start(type=PASSWORD_RESET, conceal=True, user_id="nobody")
    guest = await visit(world.site, challenge.url)
    guest.client.headers["accept-language"] = f"xx, {PSEUDO_TAG};q=0.8, en;q=0.5"
    assert f'<html lang="{PSEUDO_TAG}"' in (await guest.open(challenge.url.reveal())).html


async def test_a_concealed_page_does_not_tell_the_language_of_a_profile(world: World) -> None:
    pages = []
    for user_id in (USER, "nobody"):
        challenge = await world.start(type=PASSWORD_RESET, conceal=True, user_id=user_id)
        guest = await visit(world.site, challenge.url)
        guest.client.headers["accept-language"] = PSEUDO_TAG
        pages.append((await guest.open(challenge.url.reveal())).html.partition("<body>")[0].partition("<title>")[0])
    assert pages[0] == pages[1]
    assert f'lang="{PSEUDO_TAG}"' in pages[0]
