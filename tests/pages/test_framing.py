"""Frames: nobody shows our pages in one, unless the application names him, and then everything works there."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from httpx2 import Response

from tests.kit.languages import LANGUAGES
from tests.pages.guest import Guest, visit
from tests.pages.world import ONE_CAMERA, World, new_world
from watchword.domain.branding import Branding
from watchword.domain.challenge import ChallengeState
from watchword.domain.ids import ApplicationId
from watchword.pages.hosted import create_page_routes

SHOP = "https://shop.example"
TILL = "https://pay.shop.example"
IN_FRAME = {"sec-fetch-dest": "iframe"}


@pytest.fixture
async def framed() -> AsyncIterator[World]:
    world = await new_world(branding=Branding(frame_origins=(SHOP, TILL)))
    yield world
    await world.close()


def _ancestors(response: Response) -> str:
    parts = response.headers["content-security-policy"].split("; ")
    (found,) = (part.removeprefix("frame-ancestors ") for part in parts if part.startswith("frame-ancestors "))
    return found


def _attributes(cookie: str) -> list[str]:
    return sorted(cookie.split("; ")[1:])


async def _every_answer(world: World) -> list[Response]:
    """Return a page, a form's redirect, refusals before and after a browser was found, and an end."""
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    form = guest.page.form("Approve")
    address = challenge.url.reveal()
    answers = [
        guest.page.response,
        await guest.client.get(f"{address}/help"),
        await guest.post(form.action, {**form.fields, "code": "12345"}),
        await guest.post(form.action, {"csrf": "0"}),
        await Guest(world.site).post(form.action, {"csrf": "0"}),
        await guest.client.post(address, content=b"{}", headers={"content-type": "application/json"}),
        await guest.post(f"{form.action}/send", form.fields),
        await guest.post(f"{form.action}/deny", form.fields),
        await guest.client.get(address),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 303, 403, 403, 415, 429, 303, 200]
    return answers


async def test_only_the_named_origins_frame_a_page_and_whatever_follows_it(framed: World) -> None:
    for answer in await _every_answer(framed):
        assert _ancestors(answer) == f"{SHOP} {TILL}"
        assert "x-frame-options" not in answer.headers


async def test_pages_of_an_application_that_names_nobody_stay_shut(world: World) -> None:
    for answer in await _every_answer(world):
        if answer.status_code != 303:
            assert _ancestors(answer) == "'none'"
            assert answer.headers["x-frame-options"] == "DENY"


async def test_what_one_application_allows_opens_no_page_of_another(framed: World) -> None:
    challenge = await framed.start(**ONE_CAMERA)
    shut = replace(framed.application, branding=Branding())
    open_ = replace(framed.application, id=ApplicationId("other"))
    ports = replace(framed.ports, applications={shut.id: shut, open_.id: open_})
    framed.site.router.routes[:] = create_page_routes(ports, LANGUAGES)
    assert _ancestors((await visit(framed.site, challenge.url)).page.response) == "'none'"


@pytest.mark.parametrize("path", ["/no", "/c/wct_unknown"])
async def test_a_page_that_is_nobodys_is_framed_by_nobody(framed: World, path: str) -> None:
    response = await Guest(framed.site).client.get(path, headers=IN_FRAME)
    assert _ancestors(response) == "'none'"
    assert response.headers["x-frame-options"] == "DENY"
    assert "Partitioned" not in response.headers.get("set-cookie", "")


async def test_in_a_frame_the_cookies_go_into_a_jar_of_the_framing_site(framed: World) -> None:
    url = (await framed.start(**ONE_CAMERA)).url.reveal()
    guest = Guest(framed.site)
    page = await guest.client.get(url, headers=IN_FRAME)
    assert page.headers["set-cookie"].startswith("__Host-watchword=")
    assert _attributes(page.headers["set-cookie"]) == ["HttpOnly", "Partitioned", "Path=/", "SameSite=none", "Secure"]
    await guest.open(url)
    form = guest.page.form("Approve")
    said = await guest.post(form.action, {**form.fields, "code": "12345"}, sec_fetch_dest="iframe")
    assert said.headers["set-cookie"].startswith("__Host-watchword-said=short.")
    assert {"Partitioned", "SameSite=none", "Secure"} < set(_attributes(said.headers["set-cookie"]))
    chosen = await guest.client.get(f"{url}?language=en", headers=IN_FRAME)
    cookies = chosen.headers.get_list("set-cookie")
    assert len(cookies) == 2
    assert all(cookie.endswith("; SameSite=none; Secure; Partitioned") for cookie in cookies)


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-dest": "document"}, {"sec-fetch-dest": "empty"}])
async def test_outside_a_frame_the_cookies_stay_as_they_are_everywhere(framed: World, headers: dict[str, str]) -> None:
    page = await Guest(framed.site).client.get((await framed.start(**ONE_CAMERA)).url.reveal(), headers=headers)
    assert _attributes(page.headers["set-cookie"]) == ["HttpOnly", "Path=/", "SameSite=lax", "Secure"]


async def test_a_shut_page_that_is_asked_for_by_a_frame_gets_no_cookie_for_frames(world: World) -> None:
    page = await Guest(world.site).client.get((await world.start(**ONE_CAMERA)).url.reveal(), headers=IN_FRAME)
    assert _attributes(page.headers["set-cookie"]) == ["HttpOnly", "Path=/", "SameSite=lax", "Secure"]


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": SHOP},
        {"sec_fetch_site": "cross-site", "origin": "null"},
    ],
    ids=["cross-site", "same-site", "the framing shop", "no origin"],
)
async def test_a_foreign_form_does_nothing_even_with_the_cookie_and_the_mark(
    framed: World, headers: dict[str, str]
) -> None:
    challenge = await framed.start(**ONE_CAMERA)
    guest = await visit(framed.site, challenge.url)
    form = guest.page.form("Approve")
    fields = {**form.fields, "code": await framed.code()}
    refused = await guest.post(form.action, fields, sec_fetch_dest="iframe", **headers)
    assert refused.status_code == 403
    now = await framed.read(challenge.id)
    assert (now.state, now.attempts_left, now.browser) == (ChallengeState.PENDING, 5, None)


async def test_a_form_with_the_cookie_and_without_the_mark_does_nothing(framed: World) -> None:
    challenge = await framed.start(**ONE_CAMERA)
    guest = await visit(framed.site, challenge.url)
    form = guest.page.form("Approve")
    for mark in ("", "0" * 26, form.fields["csrf"][::-1]):
        refused = await guest.post(form.action, {"csrf": mark, "code": await _code(framed)}, sec_fetch_dest="iframe")
        assert refused.status_code == 403
    assert (await framed.read(challenge.id)).attempts_left == 5


async def _code(world: World) -> str:
    codes = [message.code.reveal() for message in await world.messages() if message.code is not None]
    return codes[-1] if codes else "123456"


async def test_where_a_frame_keeps_no_cookies_the_way_on_leaves_the_frame(framed: World) -> None:
    challenge = await framed.start(**ONE_CAMERA)
    form = (await visit(framed.site, challenge.url)).page.form("Approve")
    inside = await Guest(framed.site).post(form.action, form.fields, sec_fetch_dest="iframe")
    outside = await Guest(framed.site).post(form.action, form.fields)
    assert [answer.status_code for answer in (inside, outside)] == [403, 403]
    link = f'<a class="button first" href="{form.action}"'
    assert f'{link} target="_top">' in inside.text
    assert f"{link}>" in outside.text


async def test_a_frame_may_ask_for_a_code_from_the_phone(framed: World) -> None:
    """The feature is ours to use; the framing page has to hand it down with ``allow="otp-credentials"``."""
    response = await Guest(framed.site).client.get((await framed.start(**ONE_CAMERA)).url.reveal(), headers=IN_FRAME)
    assert "otp-credentials=(self)" in response.headers["permissions-policy"]
