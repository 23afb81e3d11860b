"""Grants over HTTP: redeemed once, for exactly what they were given for."""

import asyncio
from typing import Any

import pytest

from tests.api.world import World

AMOUNT = {"value": "1299.00", "currency": "USD"}
BOUND: dict[str, Any] = {
    "type": "purchase",
    "user_id": "u-42",
    "amount": AMOUNT,
    "payee": "ACME",
    "details": {"items": 1, "gift": True, "note": "1"},
}


async def _grant(world: World, **fields: Any) -> str:
    await world.register()
    told = {name: value for name, value in BOUND.items() if name not in {"type", "user_id"}}
    outcome = await world.approve(await world.act("purchase", **told, **fields))
    grant: str = outcome["grant"]
    return grant


@pytest.mark.parametrize(
    "change",
    [
        {"amount": {"value": "1299.01", "currency": "USD"}},
        {"amount": {"value": "1299.00", "currency": "EUR"}},
        {"amount": None},
        {"payee": "acme"},
        {"payee": None},
        {"payee": ""},
        {"type": "sign_in"},
        {"user_id": "u-43"},
        {"details": {"items": 1, "gift": True}},
        {"details": {"items": True, "gift": True, "note": "1"}},
        {"details": {"items": 1, "gift": True, "note": "1", "extra": 0}},
        {"details": {"items": 1, "gift": True, "note": "2"}},
        {"details": None},
    ],
)
async def test_another_action_is_refused_and_consumes_nothing(world: World, change: dict[str, object]) -> None:
    grant = await _grant(world)
    refused = await world.post("/v1/grants/redeem", {"grant": grant, "action": {**BOUND, **change}})
    assert (refused.status_code, refused.json()["code"]) == (422, "grant_mismatch")
    assert (await world.post("/v1/grants/redeem", {"grant": grant, "action": BOUND})).status_code == 200


async def test_amounts_compare_as_numbers(world: World) -> None:
    grant = await _grant(world)
    bound = {**BOUND, "amount": {"value": "1299", "currency": "USD"}}
    assert (await world.post("/v1/grants/redeem", {"grant": grant, "action": bound})).status_code == 200


async def test_an_action_with_a_session_is_redeemed_in_it(world: World) -> None:
    grant = await _grant(world, session_id="s-9")
    for session in ({}, {"session_id": "s-8"}, {"session_id": None}):
        refused = await world.post("/v1/grants/redeem", {"grant": grant, "action": BOUND, **session})
        assert (refused.status_code, refused.json()["code"]) == (422, "grant_mismatch")
    body = {"grant": grant, "action": BOUND, "session_id": "s-9"}
    assert (await world.post("/v1/grants/redeem", body)).status_code == 200


async def test_of_redemptions_at_the_same_time_one_succeeds(world: World) -> None:
    body = {"grant": await _grant(world), "action": BOUND}
    answers = await asyncio.gather(*(world.post("/v1/grants/redeem", body) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 49


async def test_an_expired_grant_is_gone(world: World) -> None:
    grant = await _grant(world)
    world.clock.move(seconds=300)
    refused = await world.post("/v1/grants/redeem", {"grant": grant, "action": BOUND})
    assert (refused.status_code, refused.json()["code"]) == (410, "grant_expired")


@pytest.mark.parametrize("grant", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "wct_x", "é" * 100])
async def test_what_we_never_signed_is_no_grant(world: World, grant: str) -> None:
    await world.register()
    refused = await world.post("/v1/grants/redeem", {"grant": grant, "action": BOUND})
    assert (refused.status_code, refused.json()["code"]) == (422, "grant_invalid")


async def test_a_grant_of_another_application_is_none(world: World) -> None:
    grant = await _grant(world)
    body = {"grant": grant, "action": BOUND}
    for name in ("other", "trial"):
        refused = await world.post("/v1/grants/redeem", body, as_=world.keys[name])
        assert (refused.status_code, refused.json()["code"]) == (422, "grant_invalid")
    assert (await world.post("/v1/grants/redeem", body)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"grant": "x"},
        {"grant": "", "action": BOUND},
        {"grant": "x" * 4_097, "action": BOUND},
        {"grant": "x", "action": {"type": "purchase"}},
        {"grant": "x", "action": {**BOUND, "summary": "one"}},
        {"grant": "x", "action": {**BOUND, "amount": 1299}},
        {"grant": "x", "action": {**BOUND, "details": {"A": 1}}},
        {"grant": "x", "action": []},
    ],
)
async def test_a_bad_redemption_is_refused(world: World, body: dict[str, object]) -> None:
    refused = await world.post("/v1/grants/redeem", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_field")
