"""Applications are told what happened: by real calls to receivers that behave well, badly, or not at all."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from tests.adapters.mail_server import tls_pair
from tests.adapters.receiver import OK, Behaviour, Receiver, answering, drop, hang, listening, status
from tests.contract.builders import START, Scene
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from watchword.adapters.key_set import KeySet
from watchword.adapters.outward import OutwardClient
from watchword.adapters.rows.webhook_store import RowWebhookStore
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.adapters.system import SystemClock, elapsed_ms
from watchword.adapters.webhook_calls import SignedCaller
from watchword.bootstrap.announcing import CALLS_AT_ONCE, Announcing
from watchword.domain.ids import ApplicationId
from watchword.domain.reach import Reach
from watchword.domain.webhook import PUBLIC_FIELDS, RETRIES_S, Endpoint
from watchword.domain.webhook_signature import SigningSecret, write_secret
from watchword.flow.announce import key_of
from watchword.ports.webhooks import MessageState

SECRET, PREVIOUS = bytes(range(32)), bytes(range(64))
HASTY_S = 0.2
PATIENT_S = 30.0


class House:
    """A store, a client and what tells endpoints, as a worker holds them."""

    def __init__(self, scene: Scene, clock: MovableClock, hooks: RowWebhookStore) -> None:
        self.scene = scene
        self.clock = clock
        self.hooks = hooks
        self.client = OutwardClient()
        self.timeout_s = PATIENT_S
        self.users = 0

    def announcing(self, *endpoints: Endpoint) -> Announcing:
        return Announcing(
            {key_of(endpoint): endpoint for endpoint in endpoints},
            hooks=self.hooks,
            caller=SignedCaller(self.client, SystemClock(), elapsed_ms, timeout_s=self.timeout_s),
            entropy=SeededEntropy(1),
        )

    async def happen(self, count: int = 1) -> None:
        """Let users register, which is one public event each."""
        for _ in range(count):
            self.users += 1
            await self.scene.register(f"+1415555{self.users:04}", user_id=f"u-{self.users}")

    async def words(self, endpoint: Endpoint) -> list[int | str | None]:
        """Return what each call came to, in order."""
        attempts = await self.hooks.attempt_records(key_of(endpoint), message_id=None, limit=1_000)
        return [attempt.result.status or attempt.result.error for attempt in reversed(attempts)]


@pytest.fixture
async def house() -> AsyncIterator[House]:
    clock, entropy = MovableClock(START), SeededEntropy(7)
    keyring = KeySet.generate(entropy, START)
    store = open_sqlite_store(":memory:", clock, entropy, keyring)
    scene = Scene(store=store, clock=clock, entropy=entropy, keyring=keyring)
    house = House(scene, clock, RowWebhookStore(store.runner))
    yield house
    await house.client.aclose()
    await store.close()


def _endpoint(url: str, name: str = "orders") -> Endpoint:
    return Endpoint(
        application_id=ApplicationId("shop"),
        name=name,
        url=url,
        types=frozenset(PUBLIC_FIELDS),
        secrets=(SigningSecret(SECRET),),
        reach=Reach.THIS_MACHINE,
    )


async def _until_quiet(announcing: Announcing) -> None:
    while await announcing.round():
        pass
    await announcing.stop(PATIENT_S)


async def _tell(house: House, behaviour: Behaviour, *, count: int = 1) -> tuple[Receiver, Endpoint]:
    async with listening(behaviour) as receiver:
        endpoint = _endpoint(receiver.url())
        announcing = house.announcing(endpoint)
        await _until_quiet(announcing)
        await house.happen(count)
        await _until_quiet(announcing)
    return receiver, endpoint


async def test_what_happened_is_told_in_words_that_the_specifications_own_package_believes(house: House) -> None:
    receiver, endpoint = await _tell(house, answering(OK))
    (received,) = receiver.received
    told = Webhook(write_secret(SECRET)).verify(received.body, received.headers)
    ((_, event),) = [
        one
        for one in await house.scene.store.events(endpoint.application_id, limit=10, after=0)
        if "contact" in one[1].type
    ]
    assert received.headers["webhook-id"] == event.id
    assert received.headers["content-type"] == "application/json"
    assert told["type"] == "contact.changed"
    assert told["data"]["contact_id"] == event.data["contact_id"]
    assert await house.words(endpoint) == [200]


async def test_a_receiver_that_knows_one_of_two_secrets_believes_the_message(house: House) -> None:
    async with listening() as receiver:
        endpoint = replace(_endpoint(receiver.url()), secrets=(SigningSecret(SECRET), SigningSecret(PREVIOUS)))
        announcing = house.announcing(endpoint)
        await _until_quiet(announcing)
        await house.happen()
        await _until_quiet(announcing)
    (received,) = receiver.received
    assert received.headers["webhook-signature"].count("v1,") == 2
    for secret in (SECRET, PREVIOUS):
        Webhook(write_secret(secret)).verify(received.body, received.headers)


async def test_a_redirect_to_something_inside_is_a_failure_and_is_not_followed(house: House) -> None:
    async with listening() as inside:
        _, endpoint = await _tell(house, status(302, f"location: {inside.url()}\r\n".encode()))
    assert inside.connections == 0
    assert await house.words(endpoint) == [302]


@pytest.mark.parametrize(
    ("behaviour", "word"),
    [
        *((status(500), 500), (status(404), 404), (drop, "broken_off"), (hang, "timed_out")),
        (answering(b"+OK POP3\r\n\r\n"), "not_http"),
    ],
)
async def test_what_fails_is_told_again_with_the_same_id(house: House, behaviour: Behaviour, word: int | str) -> None:
    house.timeout_s = HASTY_S if behaviour is hang else PATIENT_S
    async with listening(behaviour) as receiver:
        endpoint = _endpoint(receiver.url())
        announcing = house.announcing(endpoint)
        await _until_quiet(announcing)
        await house.happen()
        await _until_quiet(announcing)
        receiver.behaviour = answering(OK)
        house.clock.move(seconds=7)
        await _until_quiet(announcing)
    assert await house.words(endpoint) == [word, 200]
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


@pytest.mark.parametrize(
    ("code", "word", "is_obeyed"),
    [(429, b"600", True), (503, b"600", True), (500, b"600", False), (429, b"tomorrow", False), (429, b"-600", False)],
)
async def test_a_receiver_who_is_busy_may_ask_for_a_longer_wait(
    house: House, code: int, word: bytes, *, is_obeyed: bool
) -> None:
    async with listening(status(code, b"retry-after: %s\r\n" % word)) as receiver:
        endpoint = _endpoint(receiver.url())
        announcing = house.announcing(endpoint)
        await _until_quiet(announcing)
        await house.happen()
        await _until_quiet(announcing)
        house.clock.move(seconds=60)
        await _until_quiet(announcing)
    assert len(receiver.received) == (1 if is_obeyed else 2)


async def test_after_the_last_try_a_message_is_given_up_where_everybody_sees_it(house: House) -> None:
    with capture_logs() as logged:
        async with listening(status(503)) as receiver:
            endpoint = _endpoint(receiver.url())
            announcing = house.announcing(endpoint)
            await _until_quiet(announcing)
            await house.happen()
            for wait_s in RETRIES_S:
                house.clock.move(seconds=1.2 * wait_s)
                await _until_quiet(announcing)
            house.clock.move(days=5)
            await _until_quiet(announcing)
    assert len(receiver.received) == len(RETRIES_S) == 10
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 1
    (record,) = await house.hooks.endpoint_records(endpoint.application_id)
    assert (record.waiting, record.dead) == (0, 1)
    (line,) = [one for one in logged if one["event"] == "webhooks.given_up"]
    assert (line["endpoint"], line["status"], line["log_level"]) == ("orders", 503, "error")
    assert receiver.url() not in str(logged)


async def test_an_endpoint_that_fails_for_days_is_disabled_and_the_operator_told(house: House) -> None:
    with capture_logs() as logged:
        async with listening(status(500)) as receiver:
            endpoint = _endpoint(receiver.url())
            announcing = house.announcing(endpoint)
            await _until_quiet(announcing)
            for _ in range(2):
                await house.happen()
                for wait_s in RETRIES_S:
                    house.clock.move(seconds=1.2 * wait_s)
                    await _until_quiet(announcing)
    lines = [one for one in logged if one["event"] == "webhooks.endpoint_disabled"]
    assert [(one["endpoint"], one["reason"], one["status"], one["log_level"]) for one in lines] == [
        ("orders", "failing", 500, "error")
    ]
    (record,) = await house.hooks.endpoint_records(endpoint.application_id)
    assert (record.disabled_reason, record.waiting) == ("failing", 1)


async def test_410_stops_everything_until_it_is_enabled_and_then_goes_on_from_there(house: House) -> None:
    async with listening(status(410)) as receiver:
        endpoint = _endpoint(receiver.url())
        announcing = house.announcing(endpoint)
        await _until_quiet(announcing)
        await house.happen()
        await _until_quiet(announcing)
        await house.happen(2)
        house.clock.move(days=1)
        await _until_quiet(announcing)
        assert len(receiver.received) == 1
        receiver.behaviour = answering(OK)
        await house.hooks.enable_endpoint(key_of(endpoint))
        await _until_quiet(announcing)
    assert await house.words(endpoint) == [410, 200, 200, 200]
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 3


async def test_an_answer_that_breaks_off_trickles_or_never_ends_counts_by_its_status(house: House) -> None:
    async def break_off(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbeginning")
        await writer.drain()
        writer.close()

    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nb")
        await hang(writer)

    async def pour(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 No\r\ncontent-length: 10000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    house.timeout_s = HASTY_S
    for name, behaviour, word in (("a", break_off, 200), ("b", trickle, 200), ("c", pour, 500)):
        async with listening(behaviour) as receiver:
            endpoint = _endpoint(receiver.url(), name)
            announcing = house.announcing(endpoint)
            await _until_quiet(announcing)
            await house.happen()
            await _until_quiet(announcing)
        assert await house.words(endpoint) == [word]


async def test_a_receiver_whose_certificate_is_not_trusted_is_told_nothing(house: House, tmp_path: Path) -> None:
    server, _ = tls_pair(tmp_path)
    async with listening(tls=server) as receiver:
        endpoint = _endpoint(receiver.url(scheme="https"))
        announcing = house.announcing(endpoint)
        await _until_quiet(announcing)
        await house.happen()
        await _until_quiet(announcing)
    assert receiver.received == []
    assert await house.words(endpoint) == ["not_trusted"]


async def test_a_receiver_that_hangs_takes_its_own_places_and_nobody_elses(house: House) -> None:
    async with listening(hang) as silent, listening() as other:
        stuck, quick = _endpoint(silent.url(), "stuck"), _endpoint(other.url(), "quick")
        announcing = house.announcing(stuck, quick)
        await _until_quiet(announcing)
        await house.happen(30)
        while len(other.received) < 30:
            await announcing.round()
        assert len(silent.received) <= CALLS_AT_ONCE
        await announcing.stop(0.1)
    records = await house.hooks.endpoint_records(stuck.application_id)
    assert [(one.key.name, one.waiting) for one in records] == [("quick", 0), ("stuck", 30)]


async def test_no_more_calls_than_there_are_places_are_under_way(house: House) -> None:
    async with listening(hang) as silent:
        announcing = house.announcing(_endpoint(silent.url()))
        await _until_quiet(announcing)
        await house.happen(3 * CALLS_AT_ONCE)
        for _ in range(4):
            await announcing.round()
        assert silent.connections == CALLS_AT_ONCE
        await announcing.stop(0.1)


async def test_calls_that_are_stopped_are_given_back_and_not_counted(house: House) -> None:
    async with listening(hang) as silent:
        endpoint = _endpoint(silent.url())
        announcing = house.announcing(endpoint)
        await _until_quiet(announcing)
        await house.happen()
        await announcing.round()
        await announcing.stop(0.1)
    (record,) = await house.hooks.message_records(key_of(endpoint), state=None, limit=10)
    assert (record.state, record.failures, record.due_at) == (MessageState.WAITING, 0, START)
    assert await house.words(endpoint) == []


async def test_events_that_nobody_wants_cost_no_call(house: House) -> None:
    async with listening() as receiver:
        endpoint = replace(_endpoint(receiver.url()), types=frozenset())
        announcing = house.announcing(endpoint)
        await _until_quiet(announcing)
        await house.happen(3)
        await _until_quiet(announcing)
    assert receiver.connections == 0


async def test_without_endpoints_a_round_has_nothing_to_do(house: House) -> None:
    announcing = house.announcing()
    await announcing.take_back()
    assert await announcing.round() is False
