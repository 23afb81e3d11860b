"""Saying "this wasn't me" without signing in: by the reference of a message, and by the link of a notice."""

from ipaddress import IPv4Network, ip_network

import pytest
from starlette.applications import Starlette

from tests.kit.languages import LANGUAGES
from tests.pages.guest import Guest, visit
from tests.pages.world import A_SIGN_IN, ONE_CAMERA, PAGE_BASE, USER, World
from watchword.domain.challenge import ChallengeState
from watchword.domain.event import EventType
from watchword.flow.dispute import REFERENCE_TRIES, notice_url
from watchword.flow.register import user_ref
from watchword.pages.hosted import create_page_routes

BUTTON = "This wasn’t me"


async def _events(world: World, kind: EventType) -> int:
    events = await world.ports.store.events(world.application.id, limit=100, after=0)
    return sum(event.type is kind for _, event in events)


async def _guest(world: World, path: str = "/no") -> Guest:
    guest = Guest(world.site)
    await guest.open(path)
    return guest


async def test_a_reference_ends_a_pending_challenge(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await _guest(world)
    page = await guest.press(BUTTON, reference=challenge.reference)
    assert "It is stopped" in page.text
    assert page.forms == []
    assert (await world.read(challenge.id)).state is ChallengeState.DENIED
    assert (await guest.open("/no")).forms != []


async def test_a_reference_is_read_as_people_write_it(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    typed = f" {challenge.reference[:4].lower()}-{challenge.reference[4:]} ".replace("1", "l").replace("0", "O")
    await (await _guest(world)).press(BUTTON, reference=typed)
    assert (await world.read(challenge.id)).state is ChallengeState.DENIED


async def test_a_reference_disputes_what_was_approved(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    await (await visit(world.site, challenge.url)).press("Approve", code=await world.code())
    page = await (await _guest(world)).press(BUTTON, reference=challenge.reference)
    assert "Thank you, we have noted it" in page.text
    assert not await world.has_grant(challenge.id)
    assert await _events(world, EventType.ACTION_DISPUTED) == 1


async def test_nothing_left_to_stop_is_said_so(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    world.clock.move(seconds=300)
    page = await (await _guest(world)).press(BUTTON, reference=challenge.reference)
    assert "There is nothing left to stop" in page.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter the reference."),
        (" \t", "Enter the reference."),
        ("7K2M9QXD", "We do not know this reference."),
        ("123456", "We do not know this reference."),
        ("é" * 9_000, "That is too much text"),
        ("<script>alert(1)</script>\x00", "We do not know this reference."),
    ],
)
async def test_a_reference_that_is_none_is_explained(world: World, typed: str, said: str) -> None:
    page = await (await _guest(world)).press(BUTTON, reference=typed)
    assert said in page.text
    assert page.title.startswith("Error: ")
    assert "<script>" not in page.html


async def test_typing_reference_after_reference_is_stopped(world: World) -> None:
    guest = await _guest(world)
    for _ in range(REFERENCE_TRIES.most):
        assert (await guest.press(BUTTON, reference="7K2M9QXD")).status == 200
    page = await guest.press(BUTTON, reference="7K2M9QXD")
    assert (page.status, page.response.headers["retry-after"]) == (429, "3600")
    assert "Try again from November 3, 2026, 11:00 UTC" in page.text


@pytest.mark.parametrize(("proxies", "status"), [((), 429), ((ip_network("127.0.0.1"),), 200)])
async def test_a_forwarded_address_counts_only_from_a_named_proxy(
    world: World, proxies: tuple[IPv4Network, ...], status: int
) -> None:
    guest = Guest(Starlette(routes=create_page_routes(world.ports, LANGUAGES, trusted_proxies=proxies)))
    form = (await guest.open("/no")).form(BUTTON)
    typed = {**form.fields, "reference": "7K2M9QXD"}
    pages = [
        await guest.send(form.action, typed, x_forwarded_for=f"203.0.113.{caller}")
        for caller in range(REFERENCE_TRIES.most + 1)
    ]
    assert pages[-1].status == status


async def test_a_form_of_a_foreign_page_stops_nothing(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await _guest(world)
    for fields in ({"reference": str(challenge.reference)}, {"reference": str(challenge.reference), "csrf": "0" * 26}):
        assert (await guest.send("/no", fields)).status == 403
    assert (await world.read(challenge.id)).state is ChallengeState.PENDING


async def _notice_path(world: World) -> str:
    """Return the address in the notice that a newly trusted device brings."""
    challenge = await world.start(**A_SIGN_IN)
    await (await visit(world.site, challenge.url)).press("Sign in", code=await world.code(), trust="yes")
    (notice_id, *_) = [message.notice_id for message in await world.messages() if message.notice_id is not None]
    return notice_url(world.ports, notice_id).removeprefix(PAGE_BASE)


async def test_opening_the_link_of_a_notice_changes_nothing(world: World) -> None:
    path = await _notice_path(world)
    before = len(await world.ports.store.events(world.application.id, limit=100, after=0))
    for method in ("GET", "GET", "GET", "HEAD"):
        assert (await Guest(world.site).client.request(method, path)).status_code == 200
    assert len(await world.ports.store.events(world.application.id, limit=100, after=0)) == before


async def test_the_button_of_a_notice_takes_back_what_it_told(world: World) -> None:
    path = await _notice_path(world)
    guest = await _guest(world, path)
    assert "You opened the link of a message" in guest.page.text
    page = await guest.press(BUTTON)
    assert page.title in {"Thank you, we have noted it", "It is undone"}
    ref = user_ref(world.ports.keyring, world.application, USER)
    assert [device for device in await world.ports.store.devices(ref) if device.trusted_at] == []


@pytest.mark.parametrize("tail", ["", "x", ".", "a.b", "%00.%ff", "%ed%a0%80.0", "z" * 9_000])
async def test_a_link_that_is_none_of_ours_offers_the_reference_instead(world: World, tail: str) -> None:
    guest = await _guest(world, f"/no?n={tail}")
    assert guest.page.status == 200
    assert "This link is no longer valid" in guest.page.text
    assert "reference" in guest.page.form(BUTTON).controls


async def test_a_changed_token_in_the_form_is_refused(world: World) -> None:
    path = await _notice_path(world)
    guest = await _guest(world, path)
    page = await guest.press(BUTTON, n=path.partition("=")[2][:-1])
    assert "This link is no longer valid" in page.text
    assert await _events(world, EventType.ACTION_DISPUTED) == 0
