"""A user's own view: what is listed is genuine, everything there can be done, and a GET does nothing."""

import pytest

from tests.hostile_texts import HOSTILE_TEXTS
from tests.pages.guest import Guest, Page, visit
from tests.pages.world import ONE_CAMERA, USER, World
from watchword.domain.challenge import ChallengeState
from watchword.domain.ids import DeviceId
from watchword.flow.check import check
from watchword.flow.link import LINK_LIFETIME_S, ViewPage, make_view_link
from watchword.flow.register import read_user
from watchword.flow.remember import list_devices, rename_device
from watchword.wording.harmless import one_line

RETURN_URL = "https://shop.example/checkout/continue"


async def _open(world: World, page: ViewPage = ViewPage.REQUESTS, **wanted: str) -> Guest:
    link = await make_view_link(world.ports, world.application, USER, page, **wanted)
    return await visit(world.site, link.url)


async def _approve(world: World, *, trust: bool = False, **report: object) -> None:
    challenge = await world.start(**report)
    checked = await check(world.ports, world.application, challenge.id, await world.code(), trust_device=trust)
    assert checked.outcome == "approved"


async def _device(world: World) -> DeviceId:
    (device,) = await list_devices(world.ports, world.application, USER)
    return device.id


def _buttons(page: Page) -> list[str]:
    return [form.button for form in page.forms]


async def test_a_genuine_request_is_listed_with_all_that_its_message_said(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA, ip="192.0.2.1", user_agent="Firefox on Fedora")
    page = (await _open(world)).page
    assert page.title == "Is this message genuine? – Example Shop"
    assert "Approve 1,299.00 USD to ACME Cameras" in page.text
    assert challenge.reference in page.text
    assert "Firefox on Fedora, Germany" in page.text
    assert "By text message to •••• 71" in page.text
    assert "Waiting for its code until" in page.text


async def test_a_request_of_somebody_else_is_not_listed(world: World) -> None:
    await world.start(type="password_reset", user_id="nobody", conceal=True)
    assert "There were no requests in the last 30 days." in (await _open(world)).page.text


async def test_a_pending_request_is_stopped(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await _open(world)
    page = await guest.press("Stop this request")
    assert "It is stopped, and its code no longer works." in page.text
    assert "Stopped with “This wasn’t me”" in page.text
    assert (await world.read(challenge.id)).state is ChallengeState.DENIED
    assert "It is stopped" not in (await guest.open(str(page.response.url))).text


async def test_an_approved_request_is_disputed_with_the_weight_of_the_owner(world: World) -> None:
    await _approve(world, trust=True, type="sign_in")
    guest = await _open(world)
    assert "You signed in" in guest.page.text
    page = await guest.press("Report that this wasn’t me")
    assert "Approved, and you said that this wasn’t you" in page.text
    assert _buttons(page) == []
    assert await list_devices(world.ports, world.application, USER) == []
    assert (await read_user(world.ports, world.application, USER)).disputed_at is not None


async def test_a_device_is_renamed_distrusted_and_forgotten(world: World) -> None:
    await _approve(world, trust=True, type="sign_in")
    guest = await _open(world, ViewPage.DEVICES)
    assert "Trusted until" in guest.page.text
    page = await guest.press("Save the name", name="My laptop")
    assert "My laptop" in page.text
    page = await guest.press("Stop trusting")
    assert "The device is no longer trusted. It is still known." in page.text
    assert "Stop trusting" not in _buttons(page)
    page = await guest.press("Forget this device")
    assert "No device is remembered." in page.text
    assert await list_devices(world.ports, world.application, USER) == []


async def test_all_devices_lose_trust_or_are_forgotten_at_once(world: World) -> None:
    for _ in range(2):
        await _approve(world, trust=True, type="sign_in")
    guest = await _open(world, ViewPage.DEVICES)
    page = await guest.press("Stop trusting all devices")
    assert "Trusted until" not in page.text
    assert page.text.count("Known") == 2
    await guest.press("Forget all devices")
    assert await list_devices(world.ports, world.application, USER) == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "\u202e"])
async def test_a_name_that_cannot_be_read_changes_nothing(world: World, name: str) -> None:
    await _approve(world, type="sign_in")
    guest = await _open(world, ViewPage.DEVICES)
    before = await list_devices(world.ports, world.application, USER)
    page = await guest.press("Save the name", name=name)
    assert page.alerts == ["A name has 1 to 60 letters and digits."]
    assert page.title.startswith("Error: ")
    assert await list_devices(world.ports, world.application, USER) == before


@pytest.mark.parametrize("text", [text for text in HOSTILE_TEXTS if one_line(text) and len(text) <= 60], ids=ascii)
async def test_what_somebody_called_a_device_stays_text(world: World, text: str) -> None:
    await _approve(world, type="sign_in")
    plain = (await _open(world, ViewPage.DEVICES)).page
    await rename_device(world.ports, world.application, USER, await _device(world), f"x{text}"[:60])
    hostile = (await _open(world, ViewPage.DEVICES)).page
    assert hostile.html.count("<") == plain.html.count("<")
    assert hostile.html.count('"') == plain.html.count('"')


async def test_a_contact_is_preferred_and_the_preference_taken_back(world: World) -> None:
    guest = await _open(world, ViewPage.CONTACTS)
    assert guest.page.text.count("Confirmed") == 2
    page = await guest.press("Send codes here first")
    assert "Codes go there first from now on." in page.text
    assert _buttons(page) == ["Send codes here first", "No preference"]
    page = await guest.press("No preference")
    assert "We choose the best contact each time." in page.text
    assert _buttons(page) == ["Send codes here first", "Send codes here first"]


async def test_what_is_not_there_any_more_is_said_on_its_page(world: World) -> None:
    await _approve(world, type="sign_in")
    guest = await _open(world, ViewPage.DEVICES)
    form = guest.page.form("Forget this device")
    assert "The device is forgotten." in (await guest.send(form.action, form.fields)).text
    assert "That is not here any more." in (await guest.send(form.action, form.fields)).text


async def test_a_link_ends_after_its_time(world: World) -> None:
    await world.start(**ONE_CAMERA)
    guest = await _open(world)
    form = guest.page.form("Stop this request")
    world.clock.move(seconds=LINK_LIFETIME_S)
    page = await guest.send(form.action, form.fields)
    assert (page.status, "This page is closed" in page.text) == (404, True)
    assert (await guest.open(form.action)).status == 404


@pytest.mark.parametrize("token", ["x", "wvl_", "wvl_x", "wct_" + "a" * 60, "wvl_" + "a" * 200, "%00", "wvl_%C3%A4"])
async def test_a_link_that_is_not_ours_opens_nothing(world: World, token: str) -> None:
    for path in (f"/me/{token}", f"/me/{token}/requests", f"/me/{token}/devices"):
        page = await Guest(world.site).open(path)
        assert (page.status, "This page is closed" in page.text) == (404, True)


async def test_opening_changes_nothing(world: World) -> None:
    await _approve(world, trust=True, type="sign_in")
    await world.start(**ONE_CAMERA)
    before = [event.type for _, event in await world.store.events(world.application.id, limit=100, after=0)]
    guest = await _open(world)
    base = str(guest.page.response.url).rsplit("/", 1)[0]
    forms = [form for page in ViewPage for form in (await guest.open(f"{base}/{page}")).forms]
    assert len(forms) > len(ViewPage)
    for form in forms:
        assert (await guest.open(form.action)).status == 200
        assert (await guest.client.head(form.action)).status_code in {200, 303}
    after = [event.type for _, event in await world.store.events(world.application.id, limit=100, after=0)]
    assert after == before


async def test_a_form_from_another_page_or_browser_is_refused(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await _open(world)
    form = guest.page.form("Stop this request")
    assert (await guest.post(form.action, {**form.fields, "csrf": "x"})).status_code == 403
    assert (await guest.post(form.action, form.fields, sec_fetch_site="cross-site")).status_code == 403
    assert (await Guest(world.site).post(form.action, form.fields)).status_code == 403
    assert (await world.read(challenge.id)).state is ChallengeState.PENDING


async def test_the_page_speaks_the_language_of_the_link_and_leads_back(world: World) -> None:
    page = (await _open(world, locale="en-XA", return_url=RETURN_URL)).page
    assert page.title.startswith("[")
    assert RETURN_URL in page.links.values()
