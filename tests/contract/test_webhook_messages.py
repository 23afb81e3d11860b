"""What applications are told: nothing is left out, nothing is told twice without need, and nothing is lost (I21)."""

import asyncio
import json
from collections.abc import Sequence

import pytest

from tests.contract.builders import START, Scene
from tests.contract.conftest import OpenStore
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.rows.webhook_store import RowWebhookStore
from watchword.domain.event import Event, EventType
from watchword.domain.ids import ApplicationId
from watchword.domain.instant import Instant, later, rfc3339
from watchword.domain.webhook import PUBLIC_FIELDS, CallResult
from watchword.ports.store import Store
from watchword.ports.webhooks import ClaimedMessage, Consequence, EndpointKey, MessageState, Span

SHOP = EndpointKey(application_id=ApplicationId("shop"), name="orders")
SECOND = EndpointKey(application_id=ApplicationId("shop"), name="risk")
ALL = frozenset(PUBLIC_FIELDS)
CHANGES = frozenset({EventType.CONTACT_CHANGED})
TAKEN = CallResult(status=200, error=None, took_ms=12)
FAILED = CallResult(status=500, error=None, took_ms=12)
GONE = CallResult(status=410, error=None, took_ms=12)
LEASE_S = 60


@pytest.fixture
def hooks(store: RowStore) -> RowWebhookStore:
    return RowWebhookStore(store.runner)


async def _begin(hooks: RowWebhookStore, *keys: EndpointKey) -> None:
    for key in keys or (SHOP,):
        assert await hooks.queue_messages(key, ALL, limit=100) == 0


async def _read_on(
    hooks: RowWebhookStore, key: EndpointKey = SHOP, types: frozenset[EventType] = ALL, *, limit: int = 100
) -> int:
    read = 0
    while found := await hooks.queue_messages(key, types, limit=limit):
        read += found
    return read


async def _claim(hooks: RowWebhookStore, key: EndpointKey = SHOP, limit: int = 100) -> Sequence[ClaimedMessage]:
    return await hooks.claim_messages({key: limit}, lease_s=LEASE_S)


async def _events(store: Store, *, types: frozenset[EventType] = ALL) -> list[Event]:
    return [event for _, event in await store.events(SHOP.application_id, limit=1_000, after=0) if event.type in types]


async def _first(hooks: RowWebhookStore, scene: Scene) -> ClaimedMessage:
    await _begin(hooks)
    await scene.register("+14155550123")
    await _read_on(hooks)
    (claimed,) = await _claim(hooks)
    return claimed


async def test_each_event_becomes_one_message_with_its_id_and_its_data(
    store: RowStore, hooks: RowWebhookStore, scene: Scene
) -> None:
    await _begin(hooks)
    await scene.register("+14155550123", "jane@example.com")
    await _read_on(hooks)
    claimed = await _claim(hooks)
    events = await _events(store)
    assert [one.id for one in claimed] == [event.id for event in events]
    assert len(claimed) == 2
    payload = json.loads(claimed[0].payload)
    assert payload.keys() == {"type", "timestamp", "data"}
    assert (payload["type"], payload["timestamp"]) == ("contact.changed", rfc3339(START))
    assert payload["data"]["contact_id"] == events[0].data["contact_id"]
    assert payload["data"]["usable_from"] == rfc3339(START)
    assert "555" not in claimed[0].payload
    assert "." not in claimed[0].id


async def test_reading_on_tells_nothing_twice(hooks: RowWebhookStore, scene: Scene) -> None:
    await _begin(hooks)
    await scene.register("+14155550123")
    assert await _read_on(hooks, limit=1) > 1
    assert await _read_on(hooks) == 0
    assert len(await _claim(hooks)) == 1


async def test_only_the_types_that_are_wanted_are_told(hooks: RowWebhookStore, scene: Scene) -> None:
    await _begin(hooks)
    await scene.register("+14155550123")
    await scene.open()
    await _read_on(hooks, types=CHANGES)
    assert {one.type for one in await _claim(hooks)} == CHANGES


async def test_a_new_endpoint_begins_now(hooks: RowWebhookStore, scene: Scene) -> None:
    await scene.register("+14155550123")
    await _begin(hooks)
    assert await _read_on(hooks) == 0
    await scene.register("+14155550124", user_id="u-2")
    await _read_on(hooks)
    assert len(await _claim(hooks)) == 1


async def test_endpoints_read_each_for_itself(hooks: RowWebhookStore, scene: Scene) -> None:
    await _begin(hooks, SHOP, SECOND)
    await scene.register("+14155550123")
    await _read_on(hooks, SHOP)
    assert await hooks.endpoints_with_work([SHOP, SECOND]) == [SHOP, SECOND]
    (one,) = await _claim(hooks, SHOP)
    await hooks.finish_call(one, TAKEN, retry_after_ms=None)
    assert await hooks.endpoints_with_work([SHOP, SECOND]) == [SECOND]
    await _read_on(hooks, SECOND)
    assert [two.id for two in await _claim(hooks, SECOND)] == [one.id]


async def test_events_of_another_application_are_not_told(hooks: RowWebhookStore, scene: Scene) -> None:
    other = EndpointKey(application_id=ApplicationId("other"), name="orders")
    await _begin(hooks, other)
    await scene.register("+14155550123")
    assert await hooks.endpoints_with_work([other]) == []
    assert await _read_on(hooks, other) == 0


async def test_a_claimed_message_is_with_one_worker_until_its_lease_ends(hooks: RowWebhookStore, scene: Scene) -> None:
    first = await _first(hooks, scene)
    assert await _claim(hooks) == []
    scene.clock.move(seconds=LEASE_S + 1)
    (again,) = await _claim(hooks)
    assert (again.id, again.failures) == (first.id, 0)
    assert again.claims == first.claims + 1


async def test_a_process_that_is_alone_takes_every_lease_back_when_it_starts(
    hooks: RowWebhookStore, scene: Scene, open_store: OpenStore
) -> None:
    first = await _first(hooks, scene)
    store = await open_store()
    await RowWebhookStore(store.runner).take_back_calls()
    (again,) = await _claim(RowWebhookStore(store.runner))
    assert again.id == first.id
    await store.close()


async def test_many_workers_read_on_and_claim_and_nothing_is_with_two_of_them(
    hooks: RowWebhookStore, scene: Scene, open_store: OpenStore
) -> None:
    others = [await open_store() for _ in range(2)]
    workers = [hooks, *(RowWebhookStore(store.runner) for store in others)]
    claimed: list[ClaimedMessage] = []

    async def work(worker: RowWebhookStore) -> None:
        for _ in range(60):
            await worker.queue_messages(SHOP, ALL, limit=3)
            for one in await _claim(worker, limit=2):
                claimed.append(one)
                await worker.finish_call(one, TAKEN, retry_after_ms=None)

    async def happen() -> None:
        for number in range(30):
            await scene.register(f"+141555501{number:02}", user_id=f"u-{number}")

    await _begin(hooks)
    await asyncio.gather(happen(), *(work(worker) for worker in workers))
    await _read_on(hooks)
    claimed += await _claim(hooks)
    events = await _events(scene.store)
    assert sorted(one.id for one in claimed) == sorted(event.id for event in events)
    assert len(events) == 30
    for store in others:
        await store.close()


async def test_a_limit_holds_for_each_endpoint(hooks: RowWebhookStore, scene: Scene) -> None:
    await _begin(hooks, SHOP, SECOND)
    for number in range(5):
        await scene.register(f"+1415555012{number}", user_id=f"u-{number}")
    for key in (SHOP, SECOND):
        await _read_on(hooks, key)
    claimed = await hooks.claim_messages({SHOP: 2, SECOND: 3}, lease_s=LEASE_S)
    assert [one.to for one in claimed] == [SHOP] * 2 + [SECOND] * 3


async def test_what_was_taken_is_told_no_more(hooks: RowWebhookStore, scene: Scene) -> None:
    claimed = await _first(hooks, scene)
    assert await hooks.finish_call(claimed, TAKEN, retry_after_ms=None) == Consequence()
    scene.clock.move(days=1)
    assert await _claim(hooks) == []
    (record,) = await hooks.message_records(SHOP, state=None, limit=10)
    assert (record.id, record.state, record.due_at) == (claimed.id, MessageState.DELIVERED, None)
    (attempt,) = await hooks.attempt_records(SHOP, message_id=claimed.id, limit=10)
    assert (attempt.message_id, attempt.result, attempt.at) == (claimed.id, TAKEN, START)


async def test_what_failed_comes_again_when_it_is_due_and_with_the_same_id(
    hooks: RowWebhookStore, scene: Scene
) -> None:
    claimed = await _first(hooks, scene)
    assert await hooks.finish_call(claimed, FAILED, retry_after_ms=5_000) == Consequence()
    scene.clock.move(seconds=4)
    assert await _claim(hooks) == []
    scene.clock.move(seconds=1)
    (again,) = await _claim(hooks)
    assert (again.id, again.payload, again.failures) == (claimed.id, claimed.payload, 1)


async def test_a_message_that_is_given_up_is_seen_and_told_of_once(
    store: RowStore, hooks: RowWebhookStore, scene: Scene
) -> None:
    claimed = await _first(hooks, scene)
    assert await hooks.finish_call(claimed, FAILED, retry_after_ms=None) == Consequence(is_given_up=True)
    assert await hooks.finish_call(claimed, FAILED, retry_after_ms=None) == Consequence()
    scene.clock.move(days=1)
    assert await _claim(hooks) == []
    (record,) = await hooks.endpoint_records(SHOP.application_id)
    assert (record.key, record.waiting, record.dead) == (SHOP, 0, 1)
    (event,) = await _events(store, types=frozenset({EventType.WEBHOOK_FAILED}))
    assert event.data == {
        "endpoint": "orders",
        "message_id": claimed.id,
        "type": "contact.changed",
        "status": 500,
        "error": None,
    }


async def test_bad_news_of_a_lease_that_is_over_changes_nothing(hooks: RowWebhookStore, scene: Scene) -> None:
    late = await _first(hooks, scene)
    scene.clock.move(seconds=LEASE_S + 1)
    (now,) = await _claim(hooks)
    assert await hooks.finish_call(late, FAILED, retry_after_ms=None) == Consequence()
    assert await hooks.finish_call(now, TAKEN, retry_after_ms=None) == Consequence()
    (record,) = await hooks.message_records(SHOP, state=None, limit=10)
    assert record.state is MessageState.DELIVERED
    assert len(await hooks.attempt_records(SHOP, message_id=None, limit=10)) == 2


async def test_good_news_of_a_lease_that_is_over_is_believed(hooks: RowWebhookStore, scene: Scene) -> None:
    late = await _first(hooks, scene)
    scene.clock.move(seconds=LEASE_S + 1)
    (now,) = await _claim(hooks)
    await hooks.finish_call(late, TAKEN, retry_after_ms=None)
    await hooks.finish_call(now, FAILED, retry_after_ms=5_000)
    scene.clock.move(seconds=10)
    assert await _claim(hooks) == []


async def test_who_wants_nothing_more_is_told_nothing_until_he_is_enabled(
    store: RowStore, hooks: RowWebhookStore, scene: Scene
) -> None:
    claimed = await _first(hooks, scene)
    await hooks.finish_call(claimed, GONE, retry_after_ms=None)
    await scene.register("+14155550124", user_id="u-2")
    assert await hooks.endpoints_with_work([SHOP]) == []
    assert (await _read_on(hooks), await _claim(hooks)) == (0, [])
    (record,) = await hooks.endpoint_records(SHOP.application_id)
    assert (record.disabled_at, record.disabled_reason) == (START, "gone")
    scene.clock.move(hours=1)
    assert await hooks.enable_endpoint(SHOP) is True
    assert await hooks.enable_endpoint(SHOP) is False
    await _read_on(hooks)
    again = await _claim(hooks)
    assert [one.failures for one in again] == [0, 0]
    assert again[0].id == claimed.id
    told = await _events(store, types=frozenset({EventType.WEBHOOK_DISABLED, EventType.WEBHOOK_ENABLED}))
    assert [(event.type, event.data) for event in told] == [
        (EventType.WEBHOOK_DISABLED, {"endpoint": "orders", "reason": "gone"}),
        (EventType.WEBHOOK_ENABLED, {"endpoint": "orders"}),
    ]


async def test_several_calls_that_meet_a_receiver_who_is_gone_disable_him_once(
    store: RowStore, hooks: RowWebhookStore, scene: Scene
) -> None:
    await _begin(hooks)
    await scene.register("+14155550123", "jane@example.com")
    await _read_on(hooks)
    for claimed in await _claim(hooks):
        await hooks.finish_call(claimed, GONE, retry_after_ms=None)
    assert len(await _events(store, types=frozenset({EventType.WEBHOOK_DISABLED}))) == 1
    (record,) = await hooks.endpoint_records(SHOP.application_id)
    assert record.waiting == 2


async def _fail_for(hooks: RowWebhookStore, scene: Scene, claimed: ClaimedMessage, *, days: int) -> ClaimedMessage:
    """Let every try of a message fail, one each day."""
    for _ in range(days):
        assert await hooks.finish_call(claimed, FAILED, retry_after_ms=1_000) == Consequence()
        scene.clock.move(days=1)
        (claimed,) = await _claim(hooks)
    return claimed


async def test_who_takes_nothing_for_five_days_is_told_nothing_more(
    store: RowStore, hooks: RowWebhookStore, scene: Scene
) -> None:
    claimed = await _fail_for(hooks, scene, await _first(hooks, scene), days=5)
    (record,) = await hooks.endpoint_records(SHOP.application_id)
    assert (record.failing_since, record.disabled_at) == (START, None)
    assert await hooks.finish_call(claimed, FAILED, retry_after_ms=1_000) == Consequence(is_disabled=True)
    await scene.register("+14155550124", user_id="u-2")
    scene.clock.move(days=1)
    assert (await _read_on(hooks), await _claim(hooks)) == (0, [])
    (record,) = await hooks.endpoint_records(SHOP.application_id)
    assert (record.disabled_reason, record.disabled_at) == ("failing", later(START, days=5))
    (told,) = await _events(store, types=frozenset({EventType.WEBHOOK_DISABLED}))
    assert told.data == {"endpoint": "orders", "reason": "failing"}
    # Enabled again it has five days again, and misses nothing.
    assert await hooks.enable_endpoint(SHOP) is True
    await _read_on(hooks)
    again, other = await _claim(hooks)
    assert await hooks.finish_call(again, FAILED, retry_after_ms=1_000) == Consequence()
    assert await hooks.finish_call(other, TAKEN, retry_after_ms=1_000) == Consequence()
    (record,) = await hooks.endpoint_records(SHOP.application_id)
    assert record.failing_since is None


async def test_one_call_that_is_taken_begins_the_five_days_anew(hooks: RowWebhookStore, scene: Scene) -> None:
    claimed = await _fail_for(hooks, scene, await _first(hooks, scene), days=4)
    await scene.register("+14155550124", user_id="u-2")
    await _read_on(hooks)
    (other,) = await _claim(hooks)
    await hooks.finish_call(other, TAKEN, retry_after_ms=None)
    claimed = await _fail_for(hooks, scene, claimed, days=2)
    (record,) = await hooks.endpoint_records(SHOP.application_id)
    assert (record.disabled_at, record.failing_since) == (None, later(START, days=4))


async def test_a_first_try_that_fails_after_a_quiet_week_disables_nobody(hooks: RowWebhookStore, scene: Scene) -> None:
    claimed = await _first(hooks, scene)
    assert await hooks.finish_call(claimed, FAILED, retry_after_ms=None) == Consequence(is_given_up=True)
    scene.clock.move(days=7)
    await scene.register("+14155550124", user_id="u-2")
    await _read_on(hooks)
    (other,) = await _claim(hooks)
    assert await hooks.finish_call(other, FAILED, retry_after_ms=5_000) == Consequence()
    (record,) = await hooks.endpoint_records(SHOP.application_id)
    assert record.disabled_at is None


async def test_one_message_is_sent_again_at_the_operators_word(hooks: RowWebhookStore, scene: Scene) -> None:
    claimed = await _first(hooks, scene)
    assert await hooks.send_again(SHOP, claimed.id) is False  # it is under way
    await hooks.finish_call(claimed, TAKEN, retry_after_ms=None)
    assert await hooks.send_again(SHOP, claimed.id) is True
    assert await hooks.send_again(SHOP, "evt_unknown") is False
    (again,) = await _claim(hooks)
    assert (again.id, again.failures) == (claimed.id, 0)


async def test_all_that_was_given_up_is_sent_again_with_all_its_tries(hooks: RowWebhookStore, scene: Scene) -> None:
    claimed = await _first(hooks, scene)
    await hooks.finish_call(claimed, FAILED, retry_after_ms=None)
    assert await hooks.send_dead_again(SHOP) == 1
    assert await hooks.send_dead_again(SHOP) == 0
    (again,) = await _claim(hooks)
    assert (again.id, again.failures) == (claimed.id, 0)


async def test_a_span_is_sent_again_and_what_was_before_the_endpoint_too(hooks: RowWebhookStore, scene: Scene) -> None:
    await scene.register("+14155550123", user_id="u-1")
    scene.clock.move(seconds=60)
    await _begin(hooks)
    await scene.register("+14155550124", user_id="u-2")
    scene.clock.move(seconds=60)
    await scene.register("+14155550125", user_id="u-3")
    await _read_on(hooks)
    for claimed in await _claim(hooks):
        await hooks.finish_call(claimed, TAKEN, retry_after_ms=None)
    span = Span(since=START, until=Instant(START + 90_000))
    count, after = 0, 0
    while True:
        sent, following = await hooks.send_span_again(SHOP, ALL, span, after=after, limit=1)
        count += sent
        if following is None:
            break
        after = following
    assert count == 2
    assert [json.loads(one.payload)["timestamp"] for one in await _claim(hooks)] == [
        rfc3339(later(START, seconds=60)),
        rfc3339(START),
    ]


async def test_what_is_over_for_a_month_is_forgotten_and_what_waits_is_not(
    store: RowStore, hooks: RowWebhookStore, scene: Scene
) -> None:
    await _begin(hooks)
    await scene.register("+14155550123", "jane@example.com")
    await _read_on(hooks)
    taken, failed = await _claim(hooks)
    await hooks.finish_call(taken, TAKEN, retry_after_ms=None)
    await hooks.finish_call(failed, FAILED, retry_after_ms=1_000)
    scene.clock.move(days=31)
    await store.sweep(limit=100)
    assert [record.id for record in await hooks.message_records(SHOP, state=None, limit=10)] == [failed.id]
    assert await hooks.attempt_records(SHOP, message_id=None, limit=10) == []


async def test_what_waits_for_nobody_is_given_up_visibly(store: RowStore, hooks: RowWebhookStore, scene: Scene) -> None:
    claimed = await _first(hooks, scene)
    await hooks.finish_call(claimed, GONE, retry_after_ms=None)
    scene.clock.move(days=61)
    await store.sweep(limit=100)
    (record,) = await hooks.message_records(SHOP, state=MessageState.DEAD, limit=10)
    assert record.id == claimed.id
    (event,) = await _events(store, types=frozenset({EventType.WEBHOOK_FAILED}))
    assert (event.data["message_id"], event.data["error"]) == (claimed.id, "never_sent")
