"""What the traffic of an application has been counted to, by several processes, and which policies were applied."""

import asyncio

import pytest

from tests.contract.builders import SHOP, START, Scene
from tests.contract.conftest import OpenStore
from watchword.adapters.rows.row_store import RowStore
from watchword.domain.errors import StorageUnavailable
from watchword.domain.ids import ApplicationId
from watchword.ports.store.values import AppliedPolicy
from watchword.risk.counts import ENTRIES_MOST, Counts

OTHER = ApplicationId("other")


async def test_what_processes_count_adds_up(store: RowStore) -> None:
    assert await store.population(SHOP) == {}
    await store.add_to_population(SHOP, {b"va": 1.5, b"vb": 2.0})
    await store.add_to_population(SHOP, {b"va": -0.5, b"tc": 0.25})
    await store.add_to_population(SHOP, {})
    await store.add_to_population(OTHER, {b"va": 7.0})
    assert await store.population(SHOP) == {b"va": 1.0, b"vb": 2.0, b"tc": 0.25}
    assert await store.population(OTHER) == {b"va": 7.0}


async def test_many_processes_at_once_lose_nothing(store: RowStore) -> None:
    processes = [Counts() for _ in range(10)]
    for number, counts in enumerate(processes):
        for _ in range(5):
            counts.add(b"v-everybody", 1.0, START)
            counts.add(b"v-%d" % number, 1.0, START)
    await asyncio.gather(*(store.add_to_population(SHOP, counts.drain()) for counts in processes))
    read = Counts()
    read.absorb(await store.population(SHOP))
    assert read.get(b"v-everybody", START) == pytest.approx(50)
    assert [read.get(b"v-%d" % number, START) for number in range(10)] == [pytest.approx(5)] * 10


async def test_a_restart_keeps_what_was_counted(store: RowStore, open_store: OpenStore) -> None:
    await store.add_to_population(SHOP, {b"va": 1.5})
    again = await open_store()
    assert await again.population(SHOP) == {b"va": 1.5}
    await again.close()


async def test_counts_are_added_wholly_or_not_at_all(store: RowStore) -> None:
    with pytest.raises(StorageUnavailable):
        await store.add_to_population(SHOP, {b"va": 1.5, b"v" * 41: 1.0})
    assert await store.population(SHOP) == {}


async def test_the_lightest_of_a_table_that_holds_too_many_are_forgotten(store: RowStore) -> None:
    beyond = 5
    await store.add_to_population(SHOP, {b"v%d" % number: float(number) for number in range(ENTRIES_MOST + beyond)})
    await store.add_to_population(SHOP, {b"t%d" % number: 0.1 for number in range(3)})
    await store.add_to_population(OTHER, {b"v%d" % number: 0.1 for number in range(3)})
    assert [(await store.sweep(limit=3)).forgotten for _ in range(3)] == [3, 2, 0]  # so many at once
    left = await store.population(SHOP)
    assert len(left) == ENTRIES_MOST + 3
    assert not {b"v%d" % number for number in range(beyond)} & left.keys()
    assert len(await store.population(OTHER)) == 3
    await store.add_to_population(SHOP, {b"v6": 1.0, b"v-new": 1e9})
    assert (await store.sweep(limit=3)).forgotten == 1
    assert {b"v5", b"v6", b"v-new"} - (await store.population(SHOP)).keys() == {b"v5"}


async def test_the_policy_that_was_applied_last_decides(store: RowStore, scene: Scene) -> None:
    assert await store.policies(SHOP, limit=1) == []
    applied = []
    for number in range(3):
        scene.clock.move(hours=1)
        applied.append(
            await store.apply_policy(SHOP, version=f"v{number}", text="rules", applied_by="ada", why="because")
        )
    again = await store.apply_policy(SHOP, version="v0", text="rules", applied_by="bea", why="back to the first")
    await store.apply_policy(OTHER, version="v9", text="rules", applied_by="ada", why="another shop")
    assert again == AppliedPolicy(
        application_id=SHOP,
        version="v0",
        text="rules",
        applied_at=scene.clock.now(),
        applied_by="bea",
        why="back to the first",
    )
    assert await store.policies(SHOP, limit=1) == [again]
    assert await store.policies(SHOP, limit=10) == [again, *reversed(applied)]
