"""Every kind of challenge in every state is a small page with one heading, whatever somebody wrote into it."""

import gzip
from dataclasses import replace
from itertools import product

import pytest
from starlette.requests import Request

from tests.hostile_texts import HOSTILE_TEXTS
from tests.kit.languages import ENGLISH, LANGUAGES
from tests.pages.guest import Guest, visit
from tests.pages.samples import APPLICATION, CHALLENGE, MAILBOX, NOW, PHONE, RETURN_URL, challenge_for
from tests.pages.world import ONE_CAMERA, World
from watchword.domain.challenge import Challenge, ChallengeState, Route
from watchword.domain.contact import Channel
from watchword.domain.instant import later
from watchword.domain.message import DeliveryStatus
from watchword.pages.entry import EntryPages
from watchword.pages.entry_sheet import SAID_ON_ENTRY, entry_sheet
from watchword.pages.flash import Said
from watchword.pages.hosted import create_page_routes
from watchword.pages.reader import Reader
from watchword.pages.renderer import make_renderer
from watchword.pages.visit import Visit
from watchword.web.browser import Browser
from watchword.wording.harmless import one_line

TEXTS = ENGLISH.language.texts
READER = Reader(words=ENGLISH, offered=(), chosen=None)
RENDERER = make_renderer(LANGUAGES, "https://verify.shop.example", {})
BROWSER = Browser(value="x", is_fresh=False)
BUDGET_BYTES = 20_000


def _page(world: World, challenge: Challenge, said: Said | None, template: str) -> str:
    visit_ = Visit(
        token="wct_x",
        challenge=challenge,
        application=APPLICATION,
        browser=Browser(value="x", is_fresh=False),
        locale=None,
        now=NOW,
    )
    sheet = entry_sheet(world.ports, ENGLISH, visit_, said, has_way_back=True)
    return bytes(RENDERER.page(template, reader=READER, sheet=sheet, here="/c/x", inbox=None, csrf="x").body).decode()


def _every_challenge() -> list[Challenge]:
    types = ("purchase", "sign_in", "password_reset", "account_update", "contact_confirmation", "something_else")
    routes = [(PHONE, Channel.SMS), (PHONE, Channel.VOICE), (MAILBOX, Channel.EMAIL)]
    found = []
    for action_type, (option, channel), status, conceal in product(types, routes, DeliveryStatus, (False, True)):
        route = Route(option_id=option.id, contact_id=option.contact_id, channel=channel, masked=option.masked)
        challenge = challenge_for(type=action_type, details={"field": "phone"}, conceal=conceal)
        found.append(replace(challenge, route=route, delivery_status=status))
    unsent = replace(CHALLENGE, route=None, delivery_status=None, sends=0, generations=())
    return [*found, unsent, replace(unsent, options=()), replace(unsent, resend_at=later(NOW, hours=1))]


async def test_every_challenge_is_shown_with_one_heading(world: World) -> None:
    for challenge, template in product(_every_challenge(), ("entry.html", "help.html")):
        assert _page(world, challenge, None, template).count("<h1>") == 1


async def test_every_word_is_shown(world: World) -> None:
    for said in SAID_ON_ENTRY:
        assert TEXTS[f"said.{said}"] in _page(world, CHALLENGE, said, "entry.html")


@pytest.mark.parametrize("text", [text for text in HOSTILE_TEXTS if one_line(text)])
async def test_what_somebody_else_wrote_stays_text(world: World, text: str) -> None:
    plain = _page(world, challenge_for(payee="x", summary="x"), None, "entry.html")
    hostile = _page(world, challenge_for(payee=text, summary=text), None, "entry.html")
    assert hostile.count("<") == plain.count("<")
    assert hostile.count('"') == plain.count('"')
    assert hostile.count("\n") == plain.count("\n")


@pytest.mark.parametrize("state", sorted(set(ChallengeState) - {ChallengeState.PENDING}))
@pytest.mark.parametrize("reason", ["replaced", "anything"])
async def test_every_end_leads_back(world: World, state: ChallengeState, reason: str) -> None:
    challenge = await world.start(**ONE_CAMERA)
    ended = await world.ports.store.end_challenge(challenge.id, ChallengeState.CANCELLED, "abandoned")
    assert ended is not None
    pages = EntryPages(ports=world.ports, renderer=RENDERER, own_origin="")
    shown = replace(ended, state=state, end_reason=reason)
    visit_ = Visit(
        token="x",
        challenge=shown,
        application=world.application,
        browser=Browser(value="x", is_fresh=False),
        locale=None,
        now=NOW,
    )
    page = bytes(pages.end(Request({"type": "http", "query_string": b"", "headers": []}), visit_).body).decode()
    assert TEXTS[f"end.{state}"] in page
    assert f'href="{RETURN_URL}?watchword_challenge={challenge.id}&amp;state=cart%207"' in page
    assert page.count("<h1>") == 1


async def test_a_page_with_all_that_belongs_to_it_is_small(world: World) -> None:
    guest = await visit(world.site, (await world.start(**ONE_CAMERA)).url)
    addresses = {part for part in guest.page.html.split('"') if part.startswith("/assets/")}
    parts = [guest.page.response.content, *[(await guest.client.get(address)).content for address in addresses]]
    assert len(parts) == 4
    assert sum(len(gzip.compress(part)) for part in parts) < BUDGET_BYTES


async def test_pages_below_a_path_link_below_it(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    ports = replace(world.ports, page_base="https://shop.example/verify")
    world.site.router.routes[:] = create_page_routes(ports, LANGUAGES)
    page = await Guest(world.site).open(f"/c/{challenge.token.reveal()}")
    assert {form.action.partition("/c/")[0] for form in page.forms} == {"/verify"}
    assert 'href="/verify/assets/' in page.html
