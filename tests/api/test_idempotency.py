"""The same key and request give the same answer and one effect; another request is refused (I11)."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

import pytest

from tests.api.world import World
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.rows.runner import Runner
from watchword.adapters.rows.transaction import Transaction
from watchword.domain.instant import Instant
from watchword.ports.store import Store

Result = TypeVar("Result")

SIGN_IN = {"type": "sign_in", "user_id": "u-42"}


async def _actions(world: World, user_id: str = "u-42") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.get(f"/v1/actions?user_id={user_id}")).json()["data"]
    return found


async def test_a_repeated_action_is_answered_alike_and_happens_once(world: World) -> None:
    await world.register()
    first = await world.post("/v1/actions", SIGN_IN, idempotency_key="k-1")
    again = await world.post("/v1/actions", dict(reversed(SIGN_IN.items())), idempotency_key="k-1")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-type"] == "application/json"
    assert [action["id"] for action in await _actions(world)] == [first.json()["id"]]


async def test_a_repeated_attempt_spends_one_try(world: World) -> None:
    await world.register()
    challenge = (await world.act())["challenge"]
    path = f"/v1/challenges/{challenge['id']}"
    first = await world.post(f"{path}/attempts", {"code": "000000"}, idempotency_key="k-1")
    again = await world.post(f"{path}/attempts", {"code": "000000"}, idempotency_key="k-1")
    assert first.json() == again.json()
    assert (await world.get(path)).json()["attempts_left"] == 4


async def test_a_repeated_redemption_is_answered_like_the_first(world: World) -> None:
    await world.register()
    outcome = await world.approve(await world.act())
    body = {"grant": outcome["grant"], "action": SIGN_IN}
    first = await world.post("/v1/grants/redeem", body, idempotency_key="k-1")
    again = await world.post("/v1/grants/redeem", body, idempotency_key="k-1")
    other = await world.post("/v1/grants/redeem", body, idempotency_key="k-2")
    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 409)
    assert first.content == again.content


async def test_a_refusal_is_kept_as_a_problem(world: World) -> None:
    unknown = {"type": "sign_in", "user_id": "later"}
    first = await world.post("/v1/actions", unknown, idempotency_key="k-1")
    await world.register("later")
    again = await world.post("/v1/actions", unknown, idempotency_key="k-1")
    assert (first.status_code, again.status_code) == (404, 404)
    assert again.content == first.content
    assert again.headers["content-type"] == "application/problem+json"
    assert (await world.post("/v1/actions", unknown, idempotency_key="k-2")).status_code == 201


@pytest.mark.parametrize(
    "other",
    [
        {"type": "sign_in", "user_id": "u-43"},
        {"type": "sign_in", "user_id": "u-42", "send": True},
        {"type": "sign_in"},
    ],
)
async def test_another_request_under_the_same_key_is_refused(world: World, other: dict[str, object]) -> None:
    await world.register()
    await world.post("/v1/actions", SIGN_IN, idempotency_key="k-1")
    answer = await world.post("/v1/actions", other, idempotency_key="k-1")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
    assert len(await _actions(world)) == 1


async def test_a_key_counts_per_application_and_address(world: World) -> None:
    await world.register()
    first = (await world.post("/v1/actions", SIGN_IN, idempotency_key="k-1")).json()
    feedback = await world.post(f"/v1/actions/{first['id']}/feedback", {"label": "fraud"}, idempotency_key="k-1")
    assert feedback.json() == {"id": first["id"], "label": "fraud"}
    contacts: dict[str, list[object]] = {"contacts": []}
    mine = await world.call("PUT", "/v1/users/u-1", contacts, idempotency_key="k-1")
    theirs = await world.call("PUT", "/v1/users/u-1", contacts, as_=world.keys["other"], idempotency_key="k-1")
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert "idempotent-replayed" not in theirs.headers


async def test_a_repeated_registration_stays_created(world: World) -> None:
    contacts = {"contacts": [{"channel_type": "phone", "address": "+14155550123"}]}
    answers = [await world.call("PUT", "/v1/users/u-1", contacts, idempotency_key="k-1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content


async def test_a_key_is_forgotten_after_24_hours(world: World) -> None:
    await world.register()
    first = await world.post("/v1/actions", SIGN_IN, idempotency_key="k-1")
    world.clock.move(seconds=24 * 3_600 - 1)
    assert (await world.post("/v1/actions", SIGN_IN, idempotency_key="k-1")).content == first.content
    world.clock.move(seconds=2)
    later = await world.post("/v1/actions", SIGN_IN, idempotency_key="k-1")
    assert later.json()["id"] != first.json()["id"]


async def test_of_calls_at_the_same_time_one_happens(world: World) -> None:
    """The others are turned away before they charge anything: the contact may be sent to five times an hour."""
    await world.register()
    answers = await asyncio.gather(*(world.post("/v1/actions", SIGN_IN, idempotency_key="k-1") for _ in range(20)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {201, 409}
    assert statuses.count(201) >= 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"idempotency_in_progress"}
    assert len(await _actions(world)) == 1
    assert (await world.act())["challenge"]["sent_to"] is not None


async def test_of_the_same_call_at_two_servers_one_happens(world: World) -> None:
    """Two servers on one store know nothing of each other; the store finds out within the transaction."""
    await world.register()
    beside = world.beside()
    answers = await asyncio.gather(
        *(server.post("/v1/actions", SIGN_IN, idempotency_key="k-1") for server in (world, beside) * 5)
    )
    created = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in created}) == 1
    [action] = await _actions(world)
    later = await beside.post("/v1/actions", SIGN_IN, idempotency_key="k-1")
    assert (later.json()["id"], later.headers["idempotent-replayed"]) == (action["id"], "true")
    ways = [(await world.act())["challenge"]["sent_to"]["channel"] for _ in range(5)]
    assert ways == ["sms"] * 4 + ["email"], "of the five messages an hour to the phone one was charged"


class _Meanwhile:
    """A store beside which another process gives its answer just before this one looks or writes."""

    def __init__(self, store: Store, *, before: str, act: Callable[[], Awaitable[object]]) -> None:
        self._store = store
        self._before = before
        self._act = act

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        operation: Callable[..., Awaitable[Any]] = getattr(self._store, name)
        if name != self._before:
            return operation

        async def act_first(*arguments: Any, **named: Any) -> Any:
            await self._act()
            return await operation(*arguments, **named)

        return act_first


def _where_another_is_faster(world: World, before: str, act: Callable[[], Awaitable[object]]) -> World:
    store = cast("Store", _Meanwhile(world.ports.store, before=before, act=act))
    return replace(world, ports=replace(world.ports, store=store)).beside()


async def test_a_refusal_is_what_another_server_answered_meanwhile(world: World) -> None:
    """The user is registered and the same call answered by the other, after this one has found nobody."""

    async def register_and_act() -> None:
        await world.register("later")
        assert (await world.post("/v1/actions", unknown, idempotency_key="k-1")).status_code == 201

    unknown = {"type": "sign_in", "user_id": "later"}
    here = _where_another_is_faster(world, "keep_answer", register_and_act)
    answer = await here.post("/v1/actions", unknown, idempotency_key="k-1")
    assert (answer.status_code, answer.headers["idempotent-replayed"]) == (201, "true")
    assert [action["id"] for action in await _actions(world, "later")] == [answer.json()["id"]]


async def test_a_limit_that_the_same_call_has_used_up_at_another_server_is_no_refusal(world: World) -> None:
    await world.register()
    path = f"/v1/challenges/{(await world.act())['challenge']['id']}/deliveries"
    world.clock.move(seconds=60)

    async def send() -> None:
        assert (await world.post(path, {}, idempotency_key="k-1")).status_code == 202

    here = _where_another_is_faster(world, "order_delivery", send)
    answer = await here.post(path, {}, idempotency_key="k-1")
    assert (answer.status_code, answer.headers["idempotent-replayed"]) == (202, "true")
    assert (await here.post(path, {}, idempotency_key="k-2")).status_code == 429


@pytest.mark.parametrize("key", ["", "k" * 256, "tab\there"])
async def test_a_key_that_is_none_is_refused(world: World, key: str) -> None:
    await world.register()
    answer = await world.post("/v1/actions", SIGN_IN, idempotency_key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_header")
    assert await _actions(world) == []


async def test_a_key_of_255_characters_is_taken(world: World) -> None:
    await world.register()
    assert (await world.post("/v1/actions", SIGN_IN, idempotency_key="~" * 255)).status_code == 201


async def test_limits_are_asked_anew(world: World) -> None:
    await world.register()
    challenge = (await world.act())["challenge"]
    path = f"/v1/challenges/{challenge['id']}/deliveries"
    assert (await world.post(path, {}, idempotency_key="k-1")).status_code == 429
    world.clock.move(seconds=30)
    assert (await world.post(path, {}, idempotency_key="k-1")).status_code == 202


async def test_a_bad_request_is_not_kept(world: World) -> None:
    await world.register()
    async with world.client(**{"content-type": "application/json", "idempotency-key": "k-1"}) as client:
        assert (await client.post("/v1/actions", content=b"{")).status_code == 400
        assert (await client.post("/v1/actions", content=json.dumps(SIGN_IN).encode())).status_code == 201


class _InVain(Exception):
    """Takes back what an operation did."""


class _TwiceRunner:
    """Carries the first operation out, takes it back, lets somebody else come in between, and carries it out again.

    So does a runner whose transaction is rolled back for the sake of another operation, or whose connection is lost.
    """

    def __init__(self, real: Runner, between: Callable[[], Awaitable[None]]) -> None:
        self._real = real
        self._between: Callable[[], Awaitable[None]] | None = between

    async def write(
        self, owner: bytes | None, operation: Callable[[Transaction], Result], *, soon: bool = False
    ) -> Result:
        between, self._between = self._between, None
        if between is not None:
            with pytest.raises(_InVain):
                await self._real.write(owner, lambda write: _take_back(operation(write)))
            await between()
        return await self._real.write(owner, operation, soon=soon)

    async def ask(self, question: Callable[[Transaction], Result], *, is_one_query: bool = False) -> Result:
        return await self._real.ask(question, is_one_query=is_one_query)

    async def now(self) -> Instant:
        return await self._real.now()

    async def forget_events(self, before: Instant, limit: int) -> int:
        return await self._real.forget_events(before, limit)

    async def confirm(self) -> None:
        await self._real.confirm()

    async def close(self) -> None:
        await self._real.close()


def _take_back(_: object) -> None:
    raise _InVain


async def test_what_an_operation_came_to_in_vain_is_no_answer(world: World) -> None:
    """Two processes redeem one grant; the first one's transaction is rolled back, and the other is faster then."""
    await world.register()
    outcome = await world.approve(await world.act())
    body = {"grant": outcome["grant"], "action": SIGN_IN}
    others = []

    async def redeem_elsewhere() -> None:
        others.append(await world.post("/v1/grants/redeem", body, idempotency_key="k-2"))

    store = world.ports.store
    assert isinstance(store, RowStore)
    store.runner = _TwiceRunner(store.runner, redeem_elsewhere)
    mine = await world.post("/v1/grants/redeem", body, idempotency_key="k-1")
    again = await world.post("/v1/grants/redeem", body, idempotency_key="k-1")
    assert [other.status_code for other in others] == [200]
    assert (mine.status_code, mine.json()["code"]) == (409, "grant_already_redeemed")
    assert (again.status_code, again.content) == (mine.status_code, mine.content)
