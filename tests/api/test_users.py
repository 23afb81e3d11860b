"""Users over HTTP: registration, change, confirmation, devices, requests and erasure."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.api.world import EMAIL, NEWEST_IP, PHONE, World

OTHER_PHONE = "+14155550199"


async def test_the_first_registration_counts_at_once(world: World) -> None:
    user = await world.register()
    assert user["id"] == "u-42"
    assert user["locale"] == "en"
    assert user["locked_until"] is None
    phone, email = user["contacts"]
    assert phone == {
        "id": phone["id"],
        "channel_type": "phone",
        "masked": "•••• 23",
        "state": "confirmed",
        "added_at": "2026-11-22T10:00:00Z",
        "confirmed_at": "2026-01-05T09:30:00Z",
        "last_proven_at": phone["last_proven_at"],
        "usable": True,
        "usable_from": "2026-11-22T10:00:00Z",
        "leaves_at": None,
        "preferred": True,
    }
    assert email["masked"] == "j•••@e•••.com"
    assert (await world.get("/v1/users/u-42")).json() == user


async def test_no_answer_holds_a_whole_address(world: World) -> None:
    user = await world.register()
    action = await world.act("account_update", details={"field": "email", "new_contact": "new@example.org"})
    texts = [
        str(user),
        str(action),
        (await world.get(f"/v1/actions/{action['id']}")).text,
        (await world.get("/v1/actions?user_id=u-42")).text,
        (await world.get("/v1/users/u-42/requests")).text,
        (await world.get("/v1/events")).text,
    ]
    for address in (PHONE, EMAIL, "new@example.org"):
        assert [text for text in texts if address in text] == []


async def test_a_later_change_without_a_grant_waits(world: World) -> None:
    await world.register(email=False)
    contacts = [{"channel_type": "phone", "address": OTHER_PHONE, "confirmed_at": "2026-01-05T09:30:00Z"}]
    changed = await world.call("PUT", "/v1/users/u-42", {"contacts": contacts})
    assert changed.status_code == 200
    by_mask = {contact["masked"]: contact for contact in changed.json()["contacts"]}
    old, new = by_mask["•••• 23"], by_mask["•••• 99"]
    assert (old["usable"], old["leaves_at"]) == (True, "2026-11-25T10:00:00Z")
    assert (new["usable"], new["usable_from"], new["confirmed_at"]) == (False, "2026-11-25T10:00:00Z", None)


async def test_a_change_with_a_grant_counts_at_once(world: World) -> None:
    user = await world.register(email=False)
    old = user["contacts"][0]["id"]
    details = {"field": "phone", "new_contact": OTHER_PHONE, "old_contact": old}
    outcome = await world.approve(await world.act("account_update", details=details))
    contacts = [{"channel_type": "phone", "address": OTHER_PHONE}]
    body = {"contacts": contacts, "grant": outcome["grant"]}
    changed = await world.call("PUT", "/v1/users/u-42", body)
    assert changed.status_code == 200, changed.text
    assert [(contact["masked"], contact["usable"]) for contact in changed.json()["contacts"]] == [("•••• 99", True)]
    again = await world.call("PUT", "/v1/users/u-42", body)
    assert again.json()["code"] in {"grant_mismatch", "grant_already_redeemed"}


async def test_a_grant_for_another_change_changes_nothing(world: World) -> None:
    user = await world.register()
    outcome = await world.approve(await world.act("account_update", details={"field": "phone", "new_contact": PHONE}))
    contacts = [{"channel_type": "phone", "address": OTHER_PHONE}]
    refused = await world.call("PUT", "/v1/users/u-42", {"contacts": contacts, "grant": outcome["grant"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "grant_mismatch")
    kept = (await world.get("/v1/users/u-42")).json()["contacts"]
    assert [contact["id"] for contact in kept] == [contact["id"] for contact in user["contacts"]]


@pytest.mark.parametrize(
    ("contacts", "pointer"),
    [
        ([{"channel_type": "phone", "address": "12345"}], "/contacts/0/address"),
        ([{"channel_type": "phone", "address": "+1 555"}], "/contacts/0/address"),
        ([{"channel_type": "phone", "address": "jane@example.com"}], "/contacts/0/address"),
        ([{"channel_type": "email", "address": "jane"}], "/contacts/0/address"),
        ([{"channel_type": "email", "address": "jane@example.com\r\nBcc: x@example.com"}], "/contacts/0/address"),
        (
            [{"channel_type": "phone", "address": PHONE}, {"channel_type": "phone", "address": "+1 (415) 555-0123"}],
            "/contacts/1/address",
        ),
        ([{"channel_type": "phone", "address": PHONE, "confirmed_at": "yesterday"}], "/contacts/0/confirmed_at"),
        ([{"channel_type": "phone", "address": PHONE, "confirmed_at": 0}], "/contacts/0/confirmed_at"),
    ],
)
async def test_a_bad_contact_is_named_and_nothing_is_registered(
    world: World, contacts: list[dict[str, object]], pointer: str
) -> None:
    refused = await world.call("PUT", "/v1/users/u-1", {"contacts": contacts})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_field")
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    assert (await world.get("/v1/users/u-1")).status_code == 404


@pytest.mark.parametrize("user_id", ["a/b", "a b", "ü", "😀", "u%u", "..x", "a?b#c", "x" * 128])
async def test_a_user_id_is_any_text(world: World, user_id: str) -> None:
    path = f"/v1/users/{quote(user_id, safe='')}"
    made = await world.call("PUT", path, {"contacts": []})
    assert (made.status_code, made.json()["id"]) == (201, user_id)
    assert (await world.get(path)).json()["id"] == user_id


async def test_a_user_id_is_at_most_128_characters(world: World) -> None:
    assert (await world.call("PUT", f"/v1/users/{'x' * 129}", {"contacts": []})).status_code == 422


async def test_an_erased_user_is_unknown(world: World) -> None:
    await world.register()
    erased = await world.call("DELETE", "/v1/users/u-42")
    assert (erased.status_code, erased.content) == (204, b"")
    assert (await world.get("/v1/users/u-42")).json()["code"] == "unknown_user"
    assert (await world.call("DELETE", "/v1/users/u-42")).status_code == 404


async def test_an_unconfirmed_contact_is_confirmed_by_a_code_of_its_own(world: World) -> None:
    user = await world.register(email=False, confirmed=False)
    contact = user["contacts"][0]
    path = f"/v1/users/u-42/contacts/{contact['id']}/confirmation"
    opened = await world.post(path, {"session_id": "s-1", "ip": NEWEST_IP})
    assert opened.status_code == 201
    challenge: dict[str, Any] = opened.json()
    assert challenge["sent_to"]["contact_id"] == contact["id"]
    outcome = await world.approve({"challenge": challenge})
    assert outcome["grant"] is None
    assert outcome["device"]["state"] == "known"
    [confirmed] = (await world.get("/v1/users/u-42")).json()["contacts"]
    assert confirmed["confirmed_at"] == "2026-11-22T10:00:00Z"


async def test_the_confirmation_needs_no_body(world: World) -> None:
    contact = (await world.register())["contacts"][0]
    assert (await world.post(f"/v1/users/u-42/contacts/{contact['id']}/confirmation")).status_code == 201


@pytest.mark.parametrize("contact_id", ["ctc_unknown", "u-42"])
async def test_a_contact_of_nobody_cannot_be_confirmed(world: World, contact_id: str) -> None:
    await world.register()
    refused = await world.post(f"/v1/users/u-42/contacts/{contact_id}/confirmation", {})
    assert (refused.status_code, refused.json()["code"]) == (422, "contact_not_usable")


async def test_too_many_confirmations_are_a_limit_with_its_time(world: World) -> None:
    contact = (await world.register())["contacts"][0]
    path = f"/v1/users/u-42/contacts/{contact['id']}/confirmation"
    answers = [await world.post(path, {}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [429]
    assert answers[-1].json()["code"] == "too_many_challenges"
    assert int(answers[-1].headers["retry-after"]) == answers[-1].json()["retry_after"] > 0


async def test_devices_are_listed_looked_up_and_forgotten(world: World) -> None:
    await world.register()
    device = (await world.approve(await world.act(user_agent="Mozilla/5.0")))["device"]
    [listed] = (await world.get("/v1/users/u-42/devices")).json()["data"]
    assert listed == {
        "id": device["id"],
        "name": "Chrome on Windows",
        "state": "known",
        "first_seen_at": listed["first_seen_at"],
        "last_seen_at": listed["last_seen_at"],
        "last_proven_at": listed["last_proven_at"],
        "trusted_at": None,
    }
    path = f"/v1/users/u-42/devices/{device['id']}"
    assert (await world.get(path)).json() == listed
    assert (await world.call("DELETE", path)).status_code == 204
    assert (await world.get(path)).status_code == 404
    assert (await world.call("DELETE", path)).status_code == 404
    assert (await world.get("/v1/users/u-42/devices")).json() == {"data": [], "next_cursor": None}


async def test_lists_go_on_where_they_stopped(world: World) -> None:
    await world.register()
    for _ in range(3):
        await world.approve(await world.act())
        world.clock.move(seconds=400)
    whole = (await world.get("/v1/users/u-42/devices")).json()["data"]
    parts, cursor = [], ""
    while True:
        part = (await world.get(f"/v1/users/u-42/devices?limit=1{cursor}")).json()
        parts += part["data"]
        if part["next_cursor"] is None:
            break
        cursor = f"&cursor={part['next_cursor']}"
    assert parts == whole
    assert len(whole) == 3


async def test_all_devices_are_forgotten_at_once(world: World) -> None:
    await world.register()
    for _ in range(2):
        await world.approve(await world.act())
    assert (await world.call("DELETE", "/v1/users/u-42/devices")).status_code == 204
    assert (await world.get("/v1/users/u-42/devices")).json()["data"] == []


async def test_genuine_requests_are_listed_for_30_days(world: World) -> None:
    await world.register()
    first = await world.act(
        "purchase",
        amount={"value": "600", "currency": "USD"},
        payee="ACME",
        ip=NEWEST_IP,
        user_agent="Mozilla/5.0",
    )
    world.clock.move(seconds=1_000)
    second = await world.act("account_update", details={"field": "password"})
    found = (await world.get("/v1/users/u-42/requests")).json()["data"]
    assert [request["challenge_id"] for request in found] == [second["challenge"]["id"], first["challenge"]["id"]]
    assert found[1] == {
        "challenge_id": first["challenge"]["id"],
        "action_id": first["id"],
        "reference": first["challenge"]["reference"],
        "type": "purchase",
        "field": None,
        "amount": {"value": "600.00", "currency": "USD"},
        "payee": "ACME",
        "state": "expired",
        "device": "Chrome on Windows",
        "country": "NO",
        "sent_to": found[1]["sent_to"],
        "can_be_denied": False,
        "can_be_disputed": False,
        "created_at": "2026-11-22T10:00:00Z",
        "expires_at": "2026-11-22T10:05:00Z",
        "ended_at": "2026-11-22T10:05:00Z",
        "disputed_at": None,
    }
    assert (found[0]["field"], found[0]["state"]) == ("password", "pending")
    world.clock.move(seconds=30 * 86_400 - 500)
    later = (await world.get("/v1/users/u-42/requests")).json()["data"]
    assert [request["type"] for request in later] == ["account_update"]


async def test_requests_are_paged_without_what_was_never_asked(world: World) -> None:
    await world.register()
    device = (await world.approve(await world.act(ip=NEWEST_IP)))["device"]
    for _ in range(3):
        await world.act("account_update", details={"field": "password"})
        allowed = await world.act("sign_in", device_token=device["token"], ip=NEWEST_IP)
        assert allowed["decision"] == "allow"
    page = (await world.get("/v1/users/u-42/requests?limit=3")).json()
    rest = (await world.get(f"/v1/users/u-42/requests?limit=3&cursor={page['next_cursor']}")).json()
    assert [request["type"] for request in page["data"]] == ["account_update"] * 3
    assert [request["type"] for request in rest["data"]] == ["sign_in"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=1.0",
        "limit=",
        "limit=٣",
        "cursor=x",
        "cursor=",
        "page=2",
        "limit=1&limit=2",
    ],
)
@pytest.mark.parametrize("path", ["/v1/users/u-42/devices", "/v1/users/u-42/requests", "/v1/events"])
async def test_a_bad_place_in_a_list_is_refused(world: World, path: str, query: str) -> None:
    await world.register()
    refused = await world.get(f"{path}?{query}")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_field")


async def test_a_cursor_of_another_list_is_refused(world: World) -> None:
    await world.register()
    await world.act()
    cursor = (await world.get("/v1/events?limit=1")).json()["next_cursor"]
    assert (await world.get(f"/v1/events?cursor={cursor}")).status_code == 200
    assert (await world.get(f"/v1/users/u-42/requests?cursor={cursor}")).status_code == 422
