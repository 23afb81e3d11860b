"""What a signed-in user may do himself, over HTTP: devices, a preferred contact, his word about a request, his view."""

import asyncio
from typing import Any

import pytest

from tests.api.world import NEWEST_IP, OTHER, RETURN_URL, World
from watchword.flow.link import read_view_link

MISSING = "act_00000000000000000000000000000000000000"


async def _device(world: World, *, trust: bool = False, user_id: str = "u-42") -> dict[str, Any]:
    outcome = await world.approve(await world.act(user_id=user_id), trust_device=trust)
    world.clock.move(seconds=400)
    device: dict[str, Any] = outcome["device"]
    return device


async def _requests(world: World, user_id: str = "u-42") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.get(f"/v1/users/{user_id}/requests")).json()["data"]
    return found


async def test_a_device_is_renamed_and_loses_its_trust(world: World) -> None:
    await world.register()
    device = await _device(world, trust=True)
    path = f"/v1/users/u-42/devices/{device['id']}"
    changed = await world.call("PATCH", path, {"name": "  Jane's \u202e kitchen\ntablet ", "trusted": False})
    assert changed.status_code == 200
    assert (changed.json()["name"], changed.json()["state"]) == ("Jane's kitchen tablet", "known")
    assert changed.json()["trusted_at"] is None
    assert (await world.get(path)).json() == changed.json()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "x" * 61}, "/name"),
        ({"name": "\u200b", "trusted": False}, "/name"),
        ({"name": 1}, "/name"),
        ({"trusted": True}, "/trusted"),
        ({"state": "known"}, "/state"),
    ],
)
async def test_a_bad_change_of_a_device_changes_nothing(world: World, body: dict[str, object], pointer: str) -> None:
    await world.register()
    path = f"/v1/users/u-42/devices/{(await _device(world, trust=True))['id']}"
    before = (await world.get(path)).json()
    refused = await world.call("PATCH", path, body)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_field")
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    assert (await world.get(path)).json() == before


async def test_a_change_of_a_device_says_what_changes(world: World) -> None:
    await world.register()
    path = f"/v1/users/u-42/devices/{(await _device(world))['id']}"
    refused = await world.call("PATCH", path, {"name": None})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_field")


async def test_every_device_loses_its_trust_at_once_and_stays_known(world: World) -> None:
    await world.register()
    for _ in range(2):
        await _device(world, trust=True)
    path = "/v1/users/u-42/devices/distrust"
    first = await world.post(path, idempotency_key="k-1")
    again = await world.post(path, idempotency_key="k-1")
    assert first.json() == again.json() == {"distrusted": 2}
    assert (await world.post(path, {})).json() == {"distrusted": 0}
    devices = (await world.get("/v1/users/u-42/devices")).json()["data"]
    assert [device["state"] for device in devices] == ["known", "known"]


async def test_exactly_one_contact_is_preferred_or_none(world: World) -> None:
    phone, email = (await world.register())["contacts"]
    assert (phone["preferred"], email["preferred"]) == (True, False)
    path = "/v1/users/u-42/contacts"
    changed = await world.call("PATCH", f"{path}/{email['id']}", {"preferred": True})
    assert changed.status_code == 200
    assert changed.json() == {**email, "preferred": True}
    contacts = (await world.get("/v1/users/u-42")).json()["contacts"]
    assert [contact["preferred"] for contact in contacts] == [False, True]
    assert (await world.call("PATCH", f"{path}/{phone['id']}", {"preferred": False})).json() == {
        **phone,
        "preferred": False,
    }
    assert (await world.act())["challenge"]["sent_to"]["contact_id"] == email["id"]
    await world.call("PATCH", f"{path}/{email['id']}", {"preferred": False})
    contacts = (await world.get("/v1/users/u-42")).json()["contacts"]
    assert [contact["preferred"] for contact in contacts] == [False, False]


async def test_a_contact_that_waits_says_so_and_cannot_be_preferred_yet(world: World) -> None:
    await world.register(email=False)
    contacts = [
        {"channel_type": "phone", "address": "+14155550123"},
        {"channel_type": "email", "address": "new@example.org"},
    ]
    user = (await world.call("PUT", "/v1/users/u-42", {"contacts": contacts})).json()
    waiting = user["contacts"][1]
    assert [contact["state"] for contact in user["contacts"]] == ["confirmed", "waiting"]
    refused = await world.call("PATCH", f"/v1/users/u-42/contacts/{waiting['id']}", {"preferred": True})
    assert (refused.status_code, refused.json()["code"]) == (422, "contact_not_usable")
    assert (await world.call("PUT", "/v1/users/u-42", {"contacts": contacts[1:]})).json()["contacts"][0][
        "state"
    ] == "leaving"


async def test_a_refused_action_is_listed_without_a_code(world: World) -> None:
    await world.register(confirmed=False)
    refused = await world.act("password_reset", conceal=False, ip=NEWEST_IP, user_agent="Mozilla/5.0")
    assert refused["decision"] == "deny"
    [listed] = await _requests(world)
    assert listed == {
        "action_id": refused["id"],
        "challenge_id": None,
        "reference": None,
        "type": "password_reset",
        "field": None,
        "amount": None,
        "payee": None,
        "state": "refused",
        "device": "Chrome on Windows",
        "country": "NO",
        "sent_to": None,
        "can_be_denied": False,
        "can_be_disputed": False,
        "created_at": "2026-11-22T10:00:00Z",
        "expires_at": None,
        "ended_at": "2026-11-22T10:00:00Z",
        "disputed_at": None,
    }
    noted = await world.post(f"/v1/users/u-42/requests/{refused['id']}/dispute")
    assert noted.json() == {"action_id": refused["id"], "outcome": "noted"}


async def test_the_owner_sees_where_a_concealed_code_really_went(world: World) -> None:
    phone = (await world.register())["contacts"][0]
    concealed = await world.act("password_reset")
    assert concealed["challenge"]["sent_to"] is None
    [listed] = await _requests(world)
    assert listed["sent_to"] == {
        "contact_id": phone["id"],
        "channel": "sms",
        "masked": "•••• 23",
        "status": "queued",
    }


async def test_the_owner_ends_what_is_pending_and_disputes_what_was_approved(world: World) -> None:
    await world.register()
    approved = await world.act()
    outcome = await world.approve(approved)
    world.clock.move(seconds=60)
    pending = await world.act("account_update", details={"field": "password"})
    assert [(one["can_be_denied"], one["can_be_disputed"]) for one in await _requests(world)] == [
        (True, False),
        (False, True),
    ]
    path = "/v1/users/u-42/requests"
    ended = await world.post(f"{path}/{pending['id']}/dispute")
    assert ended.json() == {"action_id": pending["id"], "outcome": "ended"}
    disputed = await world.post(f"{path}/{approved['id']}/dispute", idempotency_key="k-1")
    again = await world.post(f"{path}/{approved['id']}/dispute", idempotency_key="k-1")
    assert disputed.json() == again.json() == {"action_id": approved["id"], "outcome": "disputed"}
    assert (await world.post(f"{path}/{approved['id']}/dispute")).json()["outcome"] == "noted"
    listed = await _requests(world)
    assert [(one["state"], one["can_be_denied"], one["can_be_disputed"]) for one in listed] == [
        ("denied", False, False),
        ("approved", False, False),
    ]
    assert listed[1]["disputed_at"] == "2026-11-22T10:01:00Z"
    body = {"grant": outcome["grant"], "action": {"type": "sign_in", "user_id": "u-42"}}
    assert (await world.post("/v1/grants/redeem", body)).json()["code"] == "grant_revoked"
    assert (await world.get("/v1/users/u-42")).json()["disputed_at"] == "2026-11-22T10:01:00Z"


async def test_two_servers_that_hear_the_same_word_answer_it_alike(world: World) -> None:
    await world.register()
    approved = await world.act()
    await world.approve(approved, trust_device=True)
    for path, first in (
        ("devices/distrust", {"distrusted": 1}),
        (f"requests/{approved['id']}/dispute", {"action_id": approved["id"], "outcome": "disputed"}),
    ):
        address = f"/v1/users/u-42/{path}"
        servers = (world, world.beside()) * 3
        answers = await asyncio.gather(*(one.post(address, {}, idempotency_key=path) for one in servers))
        done = [answer.json() for answer in answers if answer.status_code == 200]
        assert len(done) >= 2
        assert done == [first] * len(done)
        assert {answer.status_code for answer in answers} <= {200, 409}


@pytest.mark.parametrize("as_other_application", [True, False])
async def test_nobody_touches_what_is_somebody_elses(world: World, *, as_other_application: bool) -> None:
    """Another user's ids, and another application's, answer like what does not exist (I19)."""
    contact = (await world.register())["contacts"][0]
    device = await _device(world, trust=True)
    action = await world.act("account_update", details={"field": "password"})
    key = world.keys["other"] if as_other_application else None
    user_id = "u-42" if as_other_application else "u-43"
    registered = await world.call("PUT", f"/v1/users/{user_id}", {"contacts": []}, as_=key)
    assert registered.status_code == 201
    before = (await world.get("/v1/events?limit=100")).json()
    calls: list[tuple[str, str, dict[str, object]]] = [
        ("PATCH", f"devices/{device['id']}", {"name": "mine"}),
        ("PATCH", f"devices/{device['id']}", {"trusted": False}),
        ("PATCH", f"contacts/{contact['id']}", {"preferred": False}),
        ("POST", f"requests/{action['id']}/dispute", {}),
        ("POST", f"requests/{action['challenge']['id']}/dispute", {}),
        ("POST", f"requests/{MISSING}/dispute", {}),
    ]
    for method, path, body in calls:
        refused = await world.call(method, f"/v1/users/{user_id}/{path}", body, as_=key)
        assert (path, refused.status_code, refused.json()["code"]) == (path, 404, "not_found")
    assert (await world.post(f"/v1/users/{user_id}/devices/distrust", as_=key)).json() == {"distrusted": 0}
    events = (await world.get("/v1/events?limit=100")).json()["data"]
    mine = [event for event in events if event["type"] != "user.registered"]
    assert mine == [event for event in before["data"] if event["type"] != "user.registered"]


async def test_an_unknown_user_has_no_view(world: World) -> None:
    calls = [
        ("GET", "devices", None),
        ("GET", "requests", None),
        ("PATCH", "devices/dev_x", {"name": "x"}),
        ("PATCH", "contacts/ctc_x", {"preferred": True}),
        ("POST", "devices/distrust", {}),
        ("POST", f"requests/{MISSING}/dispute", {}),
        ("POST", "view_links", {}),
    ]
    for method, path, body in calls:
        refused = await world.call(method, f"/v1/users/nobody/{path}", body)
        assert (path, refused.status_code, refused.json()["code"]) == (path, 404, "unknown_user")


async def test_a_link_opens_the_view_of_its_user(world: World) -> None:
    await world.register()
    made = await world.post("/v1/users/u-42/view_links", {"page": "devices", "return_url": RETURN_URL, "locale": "de"})
    assert made.status_code == 201
    assert made.json()["expires_at"] == "2026-11-22T10:10:00Z"
    url = made.json()["url"]
    assert url.startswith("https://verify.shop.example/me/wvl_")
    assert len(url) < 1_000
    view = await read_view_link(world.ports, url.rpartition("/")[2])
    assert view is not None
    assert (view.application.id, view.user.id, view.page.value) == ("shop", "u-42", "devices")
    assert (view.return_url, view.locale) == (RETURN_URL, "de")
    plain = (await world.post("/v1/users/u-42/view_links")).json()["url"]
    view = await read_view_link(world.ports, plain.rpartition("/")[2])
    assert view is not None
    assert (view.page.value, view.return_url, view.locale) == ("requests", None, "en")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"return_url": "https://elsewhere.example/"}, "return_url_not_allowed"),
        ({"return_url": "https://shop.example/" + "x" * 400}, "invalid_field"),
        ({"page": "everything"}, "invalid_field"),
        ({"locale": "de; path=/"}, "invalid_field"),
        ({"user_id": "u-42"}, "invalid_field"),
    ],
)
async def test_a_bad_link_is_not_made(world: World, body: dict[str, object], code: str) -> None:
    await world.register()
    refused = await world.post("/v1/users/u-42/view_links", body)
    assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_a_link_of_one_application_shows_nothing_of_another(world: World) -> None:
    await world.register()
    await world.call("PUT", "/v1/users/u-42", {"contacts": []}, as_=world.keys["other"])
    made = await world.post("/v1/users/u-42/view_links", {}, as_=world.keys["other"])
    view = await read_view_link(world.ports, made.json()["url"].rpartition("/")[2])
    assert view is not None
    assert (view.application.id, view.user.contacts) == (OTHER, ())
