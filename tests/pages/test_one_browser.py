"""A challenge is finished in the browser that began it, by forms of our own, and looking at it changes nothing."""

from dataclasses import replace

import pytest
from starlette.routing import Route

from tests.kit.languages import LANGUAGES
from tests.pages.guest import Guest, visit
from tests.pages.world import ONE_CAMERA, PAGE_BASE, World
from watchword.domain.challenge import ChallengeState
from watchword.flow.show import ChallengeView
from watchword.pages.hosted import create_page_routes
from watchword.pages.posted_form import LARGEST_FORM, MOST_FIELDS

COOKIE = "__Host-watchword"


async def _event_count(world: World) -> int:
    return len(await world.ports.store.events(world.application.id, limit=100, after=0))


async def _untouched(world: World, challenge: ChallengeView) -> bool:
    now = await world.read(challenge.id)
    return (now.state, now.attempts_left, now.sends) == (ChallengeState.PENDING, 5, 1)


async def test_scanners_that_look_at_every_address_change_nothing(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    before = await _event_count(world)
    for path in ("", "", "", "/help", "/send", "/deny", "/cancel"):
        for method in ("HEAD", "GET"):
            guest = Guest(world.site)
            response = await guest.client.request(method, challenge.url.reveal() + path, follow_redirects=True)
            assert response.status_code == 200
    for method in ("PUT", "DELETE", "PATCH"):
        assert (await Guest(world.site).client.request(method, challenge.url.reveal())).status_code == 405
    assert await _untouched(world, challenge)
    assert (await world.read(challenge.id)).browser is None
    assert await _event_count(world) == before


async def test_the_cookie_is_given_once_and_locked_to_this_host(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = Guest(world.site)
    first = await guest.client.get(challenge.url.reveal())
    name, *attributes = first.headers["set-cookie"].split("; ")
    assert name.startswith(f"{COOKIE}=")
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=lax", "Secure"]
    second = await guest.client.get(challenge.url.reveal())
    assert "set-cookie" not in second.headers


@pytest.mark.parametrize("value", ["", "x", "0" * 52 + "é", "z" * 5_000])
async def test_a_cookie_that_we_did_not_make_is_replaced(world: World, value: str) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = Guest(world.site)
    response = await guest.client.get(challenge.url.reveal(), headers=[(b"cookie", f"{COOKIE}={value}".encode())])
    assert response.headers["set-cookie"].startswith(f"{COOKIE}=")


async def test_another_browser_is_refused_unevaluated_even_with_the_right_code(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    customer, thief = await visit(world.site, challenge.url), await visit(world.site, challenge.url)
    await customer.press("Approve", code="12345")
    code = await world.code()
    for button in ("Approve", "Call me on", "This wasn’t me", "Cancel"):
        page = await thief.press(button, code=code)
        assert page.status == 403
        assert "This request belongs to another browser" in page.text
        await thief.open(challenge.url.reveal())
    assert "This request was begun in another browser." in thief.page.text
    assert await _untouched(world, challenge)
    await customer.press("Approve", code=code)
    assert await world.has_grant(challenge.id)


async def test_another_browser_is_not_led_back_after_the_end(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    customer, other = await visit(world.site, challenge.url), await visit(world.site, challenge.url)
    await customer.press("Approve", code=await world.code())
    await other.press("Approve", code="123456")
    assert other.left_to is None


async def test_without_its_cookie_a_form_is_refused_with_the_reason(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    guest.client.cookies.clear()
    page = await guest.press("Approve", code=await world.code())
    assert page.status == 403
    assert "Allow cookies for this site" in page.text
    assert await _untouched(world, challenge)


@pytest.mark.parametrize("headers", [{"sec_fetch_site": "cross-site"}, {"origin": "https://evil.example"}])
async def test_a_form_from_a_foreign_page_is_refused(world: World, headers: dict[str, str]) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    form = guest.page.form("Approve")
    page = await guest.send(form.action, {**form.fields, "code": await world.code()}, **headers)
    assert page.status == 403
    assert (await world.read(challenge.id)).browser is None
    assert await _untouched(world, challenge)


async def test_a_form_is_good_for_its_own_challenge_only(world: World) -> None:
    one, other = await world.start(**ONE_CAMERA), await world.start(**ONE_CAMERA)
    guest = await visit(world.site, one.url)
    mark = guest.page.form("Approve").fields["csrf"]
    for challenge, csrf in ((other, mark), (one, ""), (one, "0" * 26), (one, mark[:-1])):
        form = {"csrf": csrf, "code": await _wait_code(world)}
        page = await guest.send(f"/c/{challenge.token.reveal()}", form)
        assert (page.status, "This form is too old" in page.text) == (403, True)
    assert await _untouched(world, one)
    assert await _untouched(world, other)


async def _wait_code(world: World) -> str:
    codes = [message.code.reveal() for message in await world.messages() if message.code is not None]
    return codes[-1] if codes else "123456"


async def test_the_word_about_one_challenge_is_not_shown_on_another(world: World) -> None:
    one, other = await world.start(**ONE_CAMERA), await world.start(**ONE_CAMERA)
    guest = await visit(world.site, one.url)
    form = guest.page.form("Approve")
    await guest.post(form.action, {**form.fields, "code": "abc"})
    assert (await guest.open(other.url.reveal())).alerts == []


async def test_every_page_is_shut_against_frames_scripts_caches_and_referrers(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    answers = [guest.page.response]
    answers += [(await guest.open(url)).response for url in (f"{challenge.url.reveal()}/help", "/no", "/c/wct_unknown")]
    form = (await guest.open(challenge.url.reveal())).form("Send it again")
    answers.append((await guest.send(form.action, form.fields)).response)
    for answer in answers:
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert policy.pop("form-action").startswith("'self'")
        assert policy == {
            "default-src": "'none'",
            "style-src": "'self'",
            "script-src": "'self'",
            "connect-src": "'self'",
            "img-src": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
        }
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "otp-credentials=(self)" in answer.headers["permissions-policy"]
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert " style=" not in answer.text
        assert "http" not in answer.text.replace("https://shop.example/checkout", "")


async def test_a_form_may_end_at_the_shop_where_the_page_leads_back_to_it(world: World) -> None:
    guest = await visit(world.site, (await world.start(**ONE_CAMERA)).url)
    policy = guest.page.response.headers["content-security-policy"]
    assert policy.endswith("form-action 'self' https://shop.example")


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"code=" + b"1" * LARGEST_FORM, "application/x-www-form-urlencoded", 413),
        (b"code=" + b"1" * 1_000_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a=1" for _ in range(MOST_FIELDS + 1)), "application/x-www-form-urlencoded", 415),
        (b'{"code": "123456"}', "application/json", 415),
        (b"code=123456", "multipart/form-data; boundary=x", 415),
        (b"code=123456", "", 415),
        (b"code=\xff\xfe\x00&csrf=\xc3", "application/x-www-form-urlencoded", 403),
        (b"code=%ff%fe%00&csrf=%c3;;&&&==", "application/x-www-form-urlencoded; charset=latin-1", 403),
        (b"", "application/x-www-form-urlencoded", 403),
    ],
)
async def test_a_body_that_is_no_form_of_ours_gets_a_page(
    world: World, content: bytes, content_type: str, status: int
) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    for path in ("", "/send", "/deny", "/cancel"):
        url = challenge.url.reveal() + path
        response = await guest.client.post(url, content=content, headers={"content-type": content_type})
        assert response.status_code == status
        assert "<h1>" in response.text
    assert await _untouched(world, challenge)


@pytest.mark.parametrize(
    "token", ["x", "wct_", "wct_" + "0" * 64, "wct_é", "%00", "%ff", "a" * 4_000, "wct_%0d%0aX: y", "%5c%5cx"]
)
async def test_a_token_that_leads_nowhere_gets_a_page(world: World, token: str) -> None:
    guest = Guest(world.site)
    for path in ("", "/help"):
        page = await guest.open(f"/c/{token}{path}")
        assert (page.status, page.title) == (404, "Error: This request is not here any more")
    for path in ("", "/send", "/deny", "/cancel"):
        assert (await guest.send(f"/c/{token}{path}", {"code": "123456"})).status == 404


async def test_a_changed_token_leads_nowhere(world: World) -> None:
    token = (await world.start(**ONE_CAMERA)).token.reveal()
    changed = token[:-1] + ("0" if token[-1] != "0" else "1")
    assert (await Guest(world.site).open(f"/c/{changed}")).status == 404


async def test_the_challenge_of_an_application_that_is_gone_leads_nowhere(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    world.site.router.routes[:] = _routes_without_applications(world)
    assert (await Guest(world.site).open(challenge.url.reveal())).status == 404


def _routes_without_applications(world: World) -> list[Route]:
    return create_page_routes(replace(world.ports, applications={}), LANGUAGES)


async def test_a_store_that_does_not_answer_gets_a_page_and_a_time(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    await world.close()
    page = await guest.press("Approve", code="123456")
    assert (page.status, page.response.headers["retry-after"]) == (503, "5")
    assert "Something does not work on our side." in page.text


async def test_assets_are_kept_for_good_and_only_ours_are_there(world: World) -> None:
    guest = await visit(world.site, (await world.start(**ONE_CAMERA)).url)
    for name in ("page.css", "page.js", "icon.svg"):
        (address,) = {part for part in guest.page.html.split('"') if part.endswith(f"/{name}")}
        asset = await guest.client.get(address)
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert asset.headers["x-content-type-options"] == "nosniff"
    for path in ("/assets/0/english.py", "/assets/0/..%2fenglish.py", "/assets/0/%2e%2e/english.py"):
        assert (await guest.client.get(path)).status_code == 404
    assert PAGE_BASE not in guest.page.html
