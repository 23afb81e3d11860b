"""What is older than the operator keeps it leaves with all that belongs to it, and nobody waits for that."""

from collections.abc import AsyncIterator

import psycopg
import pytest

from tests.contract.builders import EMAIL, PHONE, START, Planned, Scene
from tests.contract.guessing import spend
from tests.kit.clock_and_chance import SeededEntropy
from tests.kit.database import change, count
from tests.kit.postgres_databases import PostgresClock, PostgresDatabases
from watchword.adapters.key_set import KeySet
from watchword.adapters.postgres.postgres_statements import lock_of
from watchword.adapters.postgres.postgres_store import open_postgres_store
from watchword.adapters.rows.row_store import RowStore
from watchword.domain.action import PURCHASE, Decision
from watchword.domain.challenge import Approved, Challenge
from watchword.domain.event import EventType
from watchword.domain.instant import Instant, later
from watchword.domain.user import UserRef
from watchword.ports.store import Store

KEPT_DAYS = 60
TABLES = ("sends", "generations", "grants", "challenges", "actions")


async def _approve(scene: Scene, *, user_id: str = "u-1", sent_again: bool = False) -> Planned:
    planned = await scene.open(user_id=user_id, contribution=scene.contribution(11))
    if sent_again:
        scene.clock.move(seconds=30)
        contact = (await scene.user(user_id)).contacts[0]
        assert isinstance(await scene.store.order_delivery(scene.order(planned, contact)), Challenge)
    outcome = await spend(scene.store, scene.guess(planned))
    assert isinstance(outcome, Approved)
    return planned


async def _live(scene: Scene, user_id: str = "u-1") -> None:
    """Leave one action of each decision behind, the middle one with everything that a challenge brings."""
    await scene.store.record_decision(scene.decided(scene.action(user_id=user_id), contribution=scene.contribution(11)))
    await _approve(scene, user_id=user_id, sent_again=True)
    await scene.store.record_decision(scene.decided(scene.action(user_id=user_id), Decision.DENY))


async def _age(scene: Scene, days: int = KEPT_DAYS) -> None:
    """Let days go by, with a housekeeping as it comes every few seconds."""
    scene.clock.move(days=days)
    for _ in range(3):
        await scene.store.sweep(limit=100)


async def _forget(store: Store, limit: int = 100) -> int:
    return await store.forget_actions(later(await store.now(), days=-KEPT_DAYS), limit=limit)


async def _left(store: RowStore) -> dict[str, int]:
    return {table: await count(store, f"SELECT count(*) FROM {table}") for table in TABLES}  # noqa: S608 our own words


async def test_actions_of_long_ago_leave_with_their_challenges_and_grants(store: RowStore, scene: Scene) -> None:
    await scene.register(PHONE)
    await _live(scene)
    old = await _left(store)
    assert old == {"sends": 2, "generations": 1, "grants": 2, "challenges": 1, "actions": 3}
    await _age(scene)
    recent = await _approve(scene)
    assert await _forget(store) == 3
    assert await _left(store) == {**dict.fromkeys(TABLES, 1), "sends": 0}
    assert (await scene.challenge(recent.id)).id == recent.id
    assert await _forget(store) == 0


async def test_what_is_younger_stays(store: RowStore, scene: Scene) -> None:
    await scene.register(PHONE)
    await _live(scene)
    before = await _left(store)
    await _age(scene, KEPT_DAYS - 1)
    assert await _forget(store) == 0
    assert await _left(store) == before


async def test_one_call_forgets_no_more_than_it_may(store: RowStore, scene: Scene) -> None:
    await scene.register(PHONE)
    await _live(scene)
    await _age(scene)
    await _approve(scene)
    assert [await _forget(store, limit=2) for _ in range(3)] == [2, 1, 0]


async def test_an_action_that_still_teaches_stays_with_all_behind_it(store: RowStore, scene: Scene) -> None:
    await scene.register(PHONE)
    await _live(scene)
    scene.clock.move(days=KEPT_DAYS)
    assert await _forget(store) == 0  # nobody has swept: what the first one taught can still be taken back
    await scene.store.sweep(limit=100)
    assert await _forget(store) == 2


async def test_a_challenge_ends_with_its_event_before_it_leaves(store: RowStore, scene: Scene) -> None:
    await scene.register(PHONE)
    pending = await scene.open()
    await scene.open()
    scene.clock.move(days=KEPT_DAYS)
    assert await _forget(store) == 0
    await store.sweep(limit=100)
    assert await _forget(store) == 1
    assert await store.challenge(pending.id) is None
    events = [event.type for _, event in await store.events(scene.application_id, limit=100, after=0)]
    assert events.count(EventType.CHALLENGE_EXPIRED) == 2


async def test_the_newest_action_stays_so_that_later_ones_count_on(store: RowStore, scene: Scene) -> None:
    await scene.register(PHONE)
    await _live(scene)
    await _age(scene)
    assert await _forget(store) == 2
    for _ in range(2):
        action = scene.action(PURCHASE, amount="5.00")
        await store.record_decision(scene.decided(action))
    profile = await scene.profile(PURCHASE, currency="USD")
    assert profile.purchase_count == 2  # a number that began anew would lie before the last proof, and count nothing


async def test_a_user_is_erased_after_some_of_his_actions_left(store: RowStore, scene: Scene) -> None:
    await scene.register(PHONE, EMAIL)
    await _live(scene)
    await _age(scene)
    await _live(scene)
    await _forget(store)
    assert await store.erase_user(scene.ref())
    assert await store.actions(scene.ref(), limit=10, before=None) == []
    await _age(scene)
    await scene.register(PHONE, user_id="u-2")
    await _approve(scene, user_id="u-2")
    assert await _forget(store) == 3
    assert (await _left(store))["actions"] == 1


async def test_nobody_is_told_of_an_action_that_left(store: RowStore, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await _approve(scene)
    await _age(scene)
    await _approve(scene)
    await _forget(store)
    assert await store.action(scene.ref(), planned.action.id) is None
    assert await store.challenge(planned.id) is None


@pytest.fixture
async def on_postgres(
    postgres_databases: PostgresDatabases, entropy: SeededEntropy, keyring: KeySet
) -> AsyncIterator[tuple[Scene, RowStore, psycopg.Connection]]:
    """Gives a store on PostgreSQL, and somebody else's connection to its database."""
    with postgres_databases.migrated() as url:
        clock = PostgresClock(url, START)
        store = await open_postgres_store(url, entropy, keyring)
        with psycopg.connect(url) as connection:
            yield Scene(store=store, clock=clock, entropy=entropy, keyring=keyring), store, connection
        await store.close()
        clock.close()


def _hold(connection: psycopg.Connection, ref: UserRef) -> None:
    """Be in the middle of an operation of this user."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_of(ref.key),))


async def test_forgetting_waits_for_no_user_who_is_busy(
    on_postgres: tuple[Scene, RowStore, psycopg.Connection],
) -> None:
    scene, store, somebody = on_postgres
    for user_id in ("u-1", "u-2"):
        await scene.register(PHONE, user_id=user_id)
        await _live(scene, user_id)
    await _age(scene)
    _hold(somebody, scene.ref("u-2"))
    assert await _forget(store) == 3
    somebody.rollback()
    assert await _forget(store) == 2


async def test_nobody_waits_while_somebody_forgets(on_postgres: tuple[Scene, RowStore, psycopg.Connection]) -> None:
    scene, store, forgetting = on_postgres
    for user_id in ("u-1", "u-2"):
        await scene.register(PHONE, user_id=user_id)
    await _live(scene)
    await _age(scene)
    # Another process in the middle of it: the users of a batch are locked, and rows are deleted, not tables locked.
    _hold(forgetting, scene.ref("u-1"))
    for table in TABLES:
        forgetting.execute(f"DELETE FROM {table}")  # noqa: S608 our own words
    await _live(scene, "u-2")
    assert await store.erase_user(scene.ref("u-2"))
    forgetting.rollback()


async def test_of_several_who_would_forget_one_does(on_postgres: tuple[Scene, RowStore, psycopg.Connection]) -> None:
    scene, store, other = on_postgres
    await scene.register(PHONE)
    await _live(scene)
    await _age(scene)
    other.execute("SELECT pg_advisory_xact_lock(%s)", (lock_of(b"\x00forget\x00"),))
    assert await _forget(store) == 0
    other.rollback()
    assert await _forget(store) == 2


async def test_a_moment_of_long_ago_forgets_nothing(store: RowStore, scene: Scene) -> None:
    await scene.register(PHONE)
    await _live(scene)
    assert await store.forget_actions(Instant(0), limit=100) == 0
    assert await change(store, "DELETE FROM contributions") > 0
    assert await store.forget_actions(Instant(0), limit=100) == 0
