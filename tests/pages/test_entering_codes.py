"""Entering a code: what is accepted, what it costs, what is said, and where it ends."""

from dataclasses import replace

import pytest

from tests.pages.guest import visit
from tests.pages.samples import RETURN_URL
from tests.pages.world import A_SIGN_IN, ONE_CAMERA, USER, World, new_world
from watchword.domain.challenge import ChallengeState
from watchword.domain.device import DeviceState
from watchword.domain.ids import ChallengeId
from watchword.domain.limits import Limits
from watchword.flow.register import user_ref


def _back(challenge_id: ChallengeId) -> str:
    return f"{RETURN_URL}?watchword_challenge={challenge_id}&state=cart%207"


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


async def test_the_field_has_exactly_the_attributes_that_help(world: World) -> None:
    guest = await visit(world.site, (await world.start(**ONE_CAMERA)).url)
    form = guest.page.form("Approve 1,299.00 USD")
    assert form.controls == {
        "code": {
            "id": "code",
            "name": "code",
            "type": "text",
            "inputmode": "numeric",
            "autocomplete": "one-time-code",
            "dir": "ltr",
            "autocapitalize": "off",
            "autocorrect": "off",
            "spellcheck": "false",
            "translate": "no",
            "enterkeyhint": "done",
            "required": None,
            "aria-describedby": "hint",
            "autofocus": None,
        }
    }


async def test_the_page_says_what_is_approved_why_and_where_the_code_went(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA, summary="1 item, free of charge")
    text = (await visit(world.site, challenge.url)).page.text
    assert "Approve 1,299.00 USD to ACME Cameras" in text
    assert "Example Shop adds: 1 item, free of charge" in text
    assert "You are buying from a new device or browser." in text
    assert "You seem to be in a new place." in text
    assert "Purchases above 500.00 USD are always confirmed with a code." in text
    assert "We are sending a code by text message to •••• 71" in text
    assert "The code works until 10:05 UTC ." in text
    assert f"Reference {challenge.reference}" in text


@pytest.mark.parametrize("form", ["{0}{1}", "{0} {1}", "{0}-{1}", " {0}{1}\r\n", "{0}{1} is your Example Shop code."])
async def test_a_right_code_leads_straight_back_to_the_shop(world: World, form: str) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    code = await world.code()
    await guest.press("Approve", code=form.format(code[:3], code[3:]))
    assert guest.left_to == _back(challenge.id)
    assert await world.has_grant(challenge.id)


async def test_digits_of_another_script_are_digits(world: World) -> None:
    guest = await visit(world.site, (await world.start(**ONE_CAMERA)).url)
    arabic = "".join(chr(0x0660 + int(digit)) for digit in await world.code())
    await guest.press("Approve", code=arabic)
    assert guest.left_to is not None


async def test_a_wrong_code_says_so_once_and_counts_down(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    page = await guest.press("Approve", code=_wrong(await world.code()))
    assert page.alerts == ["That code isn’t right. Check the latest message and try again. You have 4 tries left."]
    assert page.title == "Error: Approve 1,299.00 USD to ACME Cameras – Example Shop"
    field = page.form("Approve").controls["code"]
    assert (field["aria-invalid"], field["aria-describedby"]) == ("true", "error hint")
    assert "value" not in field
    again = await guest.open(challenge.url.reveal())
    assert (again.alerts, again.title.startswith("Error")) == ([], False)
    assert (await world.read(challenge.id)).attempts_left == 4


async def test_the_last_try_but_one_is_said_in_the_singular(world: World) -> None:
    guest = await visit(world.site, (await world.start(**ONE_CAMERA)).url)
    wrong = _wrong(await world.code())
    for _ in range(4):
        await guest.press("Approve", code=wrong)
    assert guest.page.alerts[0].endswith("You have 1 try left.")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter the code."),
        ("   ", "Enter the code."),
        ("12345", "That has fewer digits than the code."),
        ("1234567", "That has more digits than the code."),
        ("abc", "The code is made of digits only."),
        ("²²²²²²", "The code is made of digits only."),
        ("123456 or 654321", "The code is made of digits only."),
        ("1" * 3_000, "That has more digits than the code."),
        ("\x00\ud83d".encode("utf-8", "replace").decode(), "The code is made of digits only."),
    ],
)
async def test_what_holds_no_code_is_explained_and_costs_no_try(world: World, typed: str, said: str) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    page = await guest.press("Approve", code=typed)
    assert page.alerts[0].startswith(said)
    assert "tries left" not in page.text
    assert (await world.read(challenge.id)).attempts_left == 5


async def test_after_the_last_try_the_page_ends_and_leads_back(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    code = await world.code()
    for _ in range(5):
        await guest.press("Approve", code=_wrong(code))
    assert "Too many tries" in guest.page.text
    assert guest.page.forms == []
    assert guest.page.links["Go back to"] == _back(challenge.id)
    form = {"csrf": "", "code": code}
    assert (await guest.send(f"/c/{challenge.token.reveal()}", form)).status == 403
    assert (await world.read(challenge.id)).state is ChallengeState.EXHAUSTED


async def test_a_code_after_its_time_finds_the_end_page(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    code = await world.code()
    world.clock.move(seconds=300)
    page = await guest.press("Approve", code=code)
    assert "Time is up" in page.text
    assert page.links["Go back to"] == _back(challenge.id)
    assert guest.left_to is None


async def test_the_page_is_gone_a_quarter_of_an_hour_after_the_end(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    await guest.press("Approve", code=await world.code())
    world.clock.move(seconds=899)
    assert (await guest.open(challenge.url.reveal())).status == 200
    world.clock.move(seconds=1)
    page = await guest.open(challenge.url.reveal())
    assert page.status == 404
    assert "ACME" not in page.html


async def test_a_second_press_of_the_button_goes_where_the_first_one_went(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    form, code = guest.page.form("Approve"), await world.code()
    for _ in range(2):
        guest.left_to = None
        await guest.send(form.action, {**form.fields, "code": code})
        assert guest.left_to == _back(challenge.id)


async def test_an_approved_page_without_a_way_back_says_what_to_do(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA, return_url=None)
    guest = await visit(world.site, challenge.url)
    page = await guest.press("Approve", code=await world.code())
    assert guest.left_to is None
    assert "Approved" in page.text
    assert "You can close this page and go back to Example Shop" in page.text


async def test_an_approved_page_that_is_opened_again_leads_on(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    await guest.press("Approve", code=await world.code())
    page = await guest.open(challenge.url.reveal())
    assert page.links["Go on to"] == _back(challenge.id)


@pytest.mark.parametrize(("ticked", "state"), [({}, DeviceState.KNOWN), ({"trust": "yes"}, DeviceState.TRUSTED)])
async def test_a_device_is_trusted_only_where_the_box_is_ticked(
    world: World, ticked: dict[str, str], state: DeviceState
) -> None:
    guest = await visit(world.site, (await world.start(**A_SIGN_IN)).url)
    box = guest.page.form("Sign in").controls["trust"]
    assert ("checked" in box, box["type"]) == (False, "checkbox")
    await guest.press("Sign in", code=await world.code(), **ticked)
    (device,) = await world.ports.store.devices(user_ref(world.ports.keyring, world.application, USER))
    assert device.state(world.clock.now(), known_days=180, trusted_days=30) is state


async def test_trust_is_not_offered_where_it_would_not_count(world: World) -> None:
    guest = await visit(world.site, (await world.start(**ONE_CAMERA)).url)
    assert "trust" not in guest.page.form("Approve").controls
    await guest.press("Approve", code=await world.code(), trust="yes")
    (device,) = await world.ports.store.devices(user_ref(world.ports.keyring, world.application, USER))
    assert device.trusted_at is None


async def test_a_spent_budget_is_said_with_its_time_and_costs_nothing() -> None:
    world = await new_world(limits=replace(Limits(), failures_per_user=3, open_lane_failures=2))
    guest = await visit(world.site, (await world.start(**ONE_CAMERA)).url)
    code = await world.code()
    for _ in range(2):
        await guest.press("Approve", code=_wrong(code))
    page = await guest.press("Approve", code=code)
    assert page.status == 429
    assert int(page.response.headers["retry-after"]) > 86_400
    assert "There were too many wrong codes for this account" in page.text
    await world.close()


async def test_stopping_it_ends_it_and_leads_back(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    page = await guest.press("This wasn’t me")
    assert "Stopped" in page.text
    assert page.links["Go back to"] == _back(challenge.id)
    assert (await world.read(challenge.id)).state is ChallengeState.DENIED


async def test_cancelling_goes_straight_back(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    await guest.press("Cancel and go back to Example Shop")
    assert guest.left_to == _back(challenge.id)
    ended = await world.read(challenge.id)
    assert (ended.state, ended.end_reason) == (ChallengeState.CANCELLED, "abandoned")


async def test_cancelling_without_a_way_back_says_that_it_is_cancelled(world: World) -> None:
    guest = await visit(world.site, (await world.start(**ONE_CAMERA, return_url=None)).url)
    page = await guest.press("Cancel this request")
    assert "This request was cancelled" in page.text


async def test_a_replaced_challenge_points_to_the_newer_one(world: World) -> None:
    first = await world.start(**ONE_CAMERA)
    for _ in range(2):
        await world.start(**ONE_CAMERA)
    guest = await visit(world.site, first.url)
    assert "A newer request took its place" in guest.page.text
