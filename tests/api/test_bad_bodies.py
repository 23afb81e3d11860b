"""A body that is not read the same by everybody is refused by every call, and changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.world import PHONE, World
from tests.kit.languages import LANGUAGES
from watchword.api.actions import action_calls
from watchword.api.challenges import challenge_calls
from watchword.api.examples import REQUESTS
from watchword.api.grants import grant_calls
from watchword.api.operation import Operation
from watchword.api.user_devices import device_calls
from watchword.api.users import user_calls
from watchword.api.view_links import view_link_calls
from watchword.web.json_texts import canonical_json

CALLS = (
    *(*user_calls(), *device_calls(), *view_link_calls()),
    *(*action_calls(), *challenge_calls(LANGUAGES), *grant_calls()),
)
WITH_BODY = [call.operation for call in CALLS if call.operation.body is not None and REQUESTS[call.operation.name]]


def _with(text: bytes, addition: bytes) -> bytes:
    return text[:-1] + b"," + addition + b"}"


# What is done to a good body, and how that is answered.
SPOILED: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "half": (lambda body: body[: len(body) // 2], 400, "not_json"),
    "trailing": (lambda body: body + b"{}", 400, "not_json"),
    "not utf-8": (lambda body: _with(body, b'"x":"\xff\xfe"'), 400, "not_json"),
    "utf-16": (lambda body: body.decode().encode("utf-16"), 400, "not_json"),
    "duplicate key": (lambda body: _with(body, body[1:-1].partition(b",")[0]), 400, "not_json"),
    "nan": (lambda body: _with(body, b'"x":NaN'), 400, "not_json"),
    "infinity": (lambda body: _with(body, b'"x":-Infinity'), 400, "not_json"),
    "nul": (lambda body: _with(body, rb'"x":"\u0000"'), 422, "invalid_field"),
    "lone surrogate": (lambda body: _with(body, rb'"x":"\ud800"'), 422, "invalid_field"),
    "deep": (lambda body: _with(body, b'"x":' + b"[" * 5_000 + b"]" * 5_000), 422, "invalid_field"),
    "long number": (lambda body: _with(body, b'"x":' + b"9" * 5_000), 422, "invalid_field"),
    "unknown field": (lambda body: _with(body, b'"x":1'), 422, "invalid_field"),
    "array": (lambda body: b"[" + body + b"]", 422, "invalid_field"),
    "text": (lambda body: body[:0] + b'"body"', 422, "invalid_field"),
    "null": (lambda body: body[:0] + b"null", 422, "invalid_field"),
    "65 KiB": (lambda body: body + b" " * 65 * 1024, 413, "body_too_large"),
    "1 MB": (lambda body: _with(body, b'"x":"' + b"x" * 1_000_000 + b'"'), 413, "body_too_large"),
}


async def _address(world: World, operation: Operation) -> str:
    user = await world.register()
    device = (await world.approve(await world.act()))["device"]
    world.clock.move(seconds=30)
    action = await world.act("account_update", details={"field": "password"})
    return operation.path.format(
        user_id="u-42",
        device_id=device["id"],
        contact_id=user["contacts"][0]["id"],
        action_id=action["id"],
        challenge_id=action["challenge"]["id"],
    )


async def _state(world: World) -> list[Any]:
    events = (await world.get("/v1/events?limit=100")).json()["data"]
    return [events, (await world.get("/v1/users/u-42")).json()]


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
async def test_every_call_refuses_a_spoiled_body(world: World, operation: Operation) -> None:
    path, good = await _address(world, operation), canonical_json(REQUESTS[operation.name])
    before = await _state(world)
    for name, (spoil, status, code) in SPOILED.items():
        async with world.client(**{"content-type": "application/json"}) as client:
            answer = await client.request(operation.method, path, content=spoil(good))
        assert (name, answer.status_code, answer.json()["code"]) == (name, status, code)
        assert answer.headers["content-type"] == "application/problem+json"
    assert await _state(world) == before


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
async def test_every_call_takes_json_only(world: World, operation: Operation) -> None:
    path, good = await _address(world, operation), canonical_json(REQUESTS[operation.name])
    before = await _state(world)
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"):
        async with world.client(**{"content-type": content_type}) as client:
            answer = await client.request(operation.method, path, content=good)
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert await _state(world) == before


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
async def test_every_field_refuses_another_type(world: World, operation: Operation) -> None:
    path, good = await _address(world, operation), dict(REQUESTS[operation.name])
    before = await _state(world)
    for field, value in good.items():
        wrong = 1 if isinstance(value, str | list | dict) else "1"
        answer = await world.call(operation.method, path, {**good, field: wrong})
        problem = answer.json()
        assert (field, answer.status_code, problem["code"]) == (field, 422, "invalid_field")
        assert [error["pointer"] for error in problem["errors"]] == [f"/{field}"]
    assert await _state(world) == before


async def test_an_empty_body_is_taken_only_where_nothing_is_required(world: World) -> None:
    user = await world.register()
    challenge = (await world.act())["challenge"]
    path = f"/v1/challenges/{challenge['id']}"
    assert (await world.post(f"{path}/claim")).status_code == 200
    assert (await world.post(f"/v1/users/u-42/contacts/{user['contacts'][0]['id']}/confirmation")).status_code == 201
    for address in ("/v1/actions", f"{path}/attempts", f"{path}/cancel", "/v1/grants/redeem"):
        refused = await world.post(address)
        assert (refused.status_code, refused.json()["code"]) == (400, "not_json")


async def test_whoever_has_no_key_learns_nothing_about_his_body(world: World) -> None:
    async with world.client("", **{"content-type": "application/json"}) as client:
        for body in (b"{", b"x" * 70_000):
            assert (await client.post("/v1/actions", content=body)).status_code == 401


async def test_no_problem_repeats_what_was_sent(world: World) -> None:
    await world.register()
    challenge = (await world.act())["challenge"]
    bodies: list[tuple[str, str, dict[str, object]]] = [
        ("PUT", "/v1/users/u-1", {"contacts": [{"channel_type": "email", "address": PHONE}]}),
        ("POST", f"/v1/challenges/{challenge['id']}/deliveries", {"channel": PHONE}),
        ("POST", f"/v1/challenges/{challenge['id']}/attempts", {"code": 1, "trust_device": PHONE}),
        ("POST", "/v1/actions", {"type": "sign_in", "user_id": "u-42", "ip": PHONE}),
        ("POST", "/v1/actions", {"type": PHONE, "user_id": "u-42"}),
    ]
    for method, path, body in bodies:
        answer = await world.call(method, path, body)
        assert answer.status_code == 422
        assert PHONE not in answer.text
