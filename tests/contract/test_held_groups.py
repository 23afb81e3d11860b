"""A group of SQLite in which nobody waits for the disk is held open: for how long, who ends it, and who may see it."""

import asyncio
from contextlib import closing

import apsw
import pytest

from tests.contract.builders import PHONE, START, Scene
from tests.contract.test_answered_soon import COUNTED, counting, failing
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from tests.kit.database import connections, count
from tests.kit.full_disk import full_disk
from watchword.adapters.key_set import KeySet
from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.rows.transaction import Transaction
from watchword.adapters.sqlite.group_commit import MOST_PER_GROUP
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.domain.errors import StorageUnavailable
from watchword.domain.event import EventType

HELD = "watchword.adapters.sqlite.group_commit.LONGEST_HELD_S"
AN_HOUR_S = 3_600


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have groups held for an hour, so that nothing but what a test does ends them."""
    monkeypatch.setattr(HELD, AN_HOUR_S)


def committed(database: str) -> int:
    """Return what another process sees."""
    with closing(apsw.Connection(database)) as other:
        return int(other.execute(COUNTED).get)


async def soon(store: RowStore, minute: int = 1) -> int:
    return await store.runner.write(None, counting(minute), soon=True)


@pytest.mark.usefixtures("patient")
async def test_is_committed_with_the_next_who_waits(store: RowStore, database: str) -> None:
    for number in range(1, 4):
        assert await soon(store) == number
    assert committed(database) == 0
    assert await count(store, COUNTED) == 3
    assert committed(database) == 0  # a question neither waits for the disk nor makes anybody else
    assert await store.runner.write(None, counting(1)) == 4
    assert committed(database) == 4


@pytest.mark.usefixtures("patient")
async def test_an_operation_that_only_asked_sees_it_and_ends_nothing(store: RowStore, database: str) -> None:
    def only_ask(write: Transaction) -> int:
        write.only_asked = True
        return write.number(COUNTED)

    await soon(store)
    assert await store.runner.write(None, only_ask) == 1
    assert committed(database) == 0
    asked, counted = await asyncio.gather(store.runner.write(None, only_ask), store.runner.write(None, counting(1)))
    assert (asked, counted) == (1, 2)
    assert committed(database) == 2


async def test_is_committed_after_a_while_where_nobody_comes(
    database: str, clock: MovableClock, entropy: SeededEntropy, keyring: KeySet
) -> None:
    is_committed = asyncio.Event()
    store = open_sqlite_store(database, clock, entropy, keyring, on_event=lambda _: is_committed.set())
    scene = Scene(store=store, clock=clock, entropy=entropy, keyring=keyring)

    def tell(write: Transaction) -> None:
        counting(1)(write)
        write_event(write, scene.ref(), EventType.USER_UNLOCKED)

    await store.runner.write(None, tell, soon=True)
    async with asyncio.timeout(20):
        await is_committed.wait()
    assert committed(database) == 1
    assert await soon(store) == 2
    await store.close()


@pytest.mark.usefixtures("patient")
async def test_is_committed_once_it_is_as_large_as_any(store: RowStore, database: str) -> None:
    for number in range(1, MOST_PER_GROUP + 1):
        assert await soon(store) == number
    await soon(store)  # comes after the commit
    assert committed(database) == MOST_PER_GROUP


@pytest.mark.usefixtures("patient")
async def test_is_on_the_disk_once_that_is_confirmed(store: RowStore, database: str) -> None:
    await soon(store)
    await store.runner.confirm()
    assert committed(database) == 1
    await store.runner.confirm()


@pytest.mark.usefixtures("patient")
async def test_each_operation_has_a_time_of_its_own_and_the_last_is_kept(
    store: RowStore, clock: MovableClock, database: str
) -> None:
    times = []
    for seconds in (1, -5, 9):
        clock.move(seconds=seconds)
        times.append(await store.runner.write(None, lambda write: (counting(1)(write), write.now)[1], soon=True))
    assert times == sorted(times)
    clock.move(seconds=10)
    times.append(await store.runner.write(None, lambda write: (counting(1)(write), write.now)[1]))
    assert len(set(times)) == 3  # the clock went back once, and the time stood
    with closing(apsw.Connection(database)) as other:
        assert other.execute("SELECT highest FROM clock").get == times[-1]


async def test_another_process_gets_its_turn_while_they_come_without_end(store: RowStore, database: str) -> None:
    def write_elsewhere() -> None:
        with closing(apsw.Connection(database)) as other:
            other.set_busy_timeout(20_000)
            other.execute("BEGIN IMMEDIATE; UPDATE attempt_minutes SET wrong = 1; COMMIT")

    await soon(store)
    elsewhere = asyncio.ensure_future(asyncio.to_thread(write_elsewhere))
    while not elsewhere.done():
        await soon(store)
        await asyncio.sleep(0)
    await elsewhere
    assert await count(store, "SELECT wrong FROM attempt_minutes") == 1


async def test_waits_for_the_short_transaction_of_another_process(store: RowStore, database: str) -> None:
    with closing(apsw.Connection(database)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(soon(store))
        for _ in range(3):
            await asyncio.sleep(0)
        assert not waiting.done()
        other.execute("COMMIT")
        assert await waiting == 1


async def test_says_what_was_lost_and_answers_nobody_early_before_the_disk_works_again(
    database: str, clock: MovableClock, entropy: SeededEntropy, keyring: KeySet, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses: list[str] = []
    is_lost = asyncio.Event()

    def lose(reason: str) -> None:
        losses.append(reason)
        is_lost.set()

    store = open_sqlite_store(database, clock, entropy, keyring, on_loss=lose)
    await store.runner.write(None, counting(1))
    monkeypatch.setattr(HELD, 0.001)
    with full_disk(database):
        assert await soon(store) == 2
        async with asyncio.timeout(20):
            await is_lost.wait()
        with pytest.raises(StorageUnavailable):
            await soon(store)
        assert await count(store, COUNTED) == 1
    monkeypatch.setattr(HELD, AN_HOUR_S)
    assert losses in (["FullError"], ["IOError"])
    assert await soon(store) == 2
    assert committed(database) == 2  # it waited
    assert await soon(store) == 3
    assert committed(database) == 2
    await store.close()
    assert committed(database) == 3


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("in_a_hurry", [True, False])
async def test_says_what_was_lost_where_sqlite_takes_everything_back(
    database: str, clock: MovableClock, entropy: SeededEntropy, keyring: KeySet, in_a_hurry: bool
) -> None:
    def lose_all(write: Transaction) -> None:
        write.write("ROLLBACK")  # as a disk that fails in the middle of a statement makes it do
        raise ArithmeticError("no answer today")

    losses: list[str] = []
    store = open_sqlite_store(database, clock, entropy, keyring, on_loss=losses.append)
    assert await soon(store) == 1
    with pytest.raises(StorageUnavailable):
        await store.runner.write(None, lose_all, soon=in_a_hurry)
    assert losses == ["ArithmeticError"]
    assert await count(store, COUNTED) == 0
    assert await soon(store) == 1
    assert committed(database) == 1
    await store.close()
    assert losses == ["ArithmeticError"]


@pytest.mark.usefixtures("patient")
async def test_events_are_told_once_and_after_the_commit(
    database: str, clock: MovableClock, entropy: SeededEntropy, keyring: KeySet
) -> None:
    told: list[str] = []
    store = open_sqlite_store(database, clock, entropy, keyring, on_event=told.append)
    scene = Scene(store=store, clock=clock, entropy=entropy, keyring=keyring)
    await scene.register(PHONE)
    told.clear()
    ref = scene.ref()

    def unlock(write: Transaction) -> None:
        write_event(write, ref, EventType.USER_UNLOCKED, reason="asked")

    def fail(write: Transaction) -> int:
        unlock(write)
        return failing(1)(write)

    await store.runner.write(ref.key, unlock, soon=True)
    with pytest.raises(ArithmeticError):
        await store.runner.write(ref.key, fail, soon=True)
    assert told == []
    await asyncio.gather(store.runner.write(ref.key, fail), store.runner.write(ref.key, unlock), return_exceptions=True)
    assert told == [EventType.USER_UNLOCKED] * 2
    await store.close()
    assert told == [EventType.USER_UNLOCKED] * 2


async def test_a_jump_of_the_clock_is_refused_and_loses_nothing_that_was_answered(
    database: str, clock: MovableClock, entropy: SeededEntropy, keyring: KeySet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HELD, AN_HOUR_S)
    latest = clock.now()
    store = open_sqlite_store(database, clock, entropy, keyring, latest=lambda: latest)
    await soon(store)
    clock.move(days=9_999)
    for write in (soon(store), store.runner.write(None, counting(1))):
        with pytest.raises(StorageUnavailable, match="later than it can be"):
            await write
    clock.move(days=-9_999)
    assert await soon(store) == 2
    await store.close()
    assert committed(database) == 2


async def test_in_memory_everybody_is_answered_after_his_commit(entropy: SeededEntropy, keyring: KeySet) -> None:
    store = open_sqlite_store(":memory:", MovableClock(START), entropy, keyring)
    for number in range(1, 4):
        assert await soon(store) == number
        assert not connections(store)[0].in_transaction
        assert await count(store, COUNTED) == number
    await store.close()
