"""Guesses of the same moment are counted together: none is lost, and each is answered once it counts."""

import asyncio

import pytest

from tests.contract.builders import Scene
from tests.kit.database import rows
from tests.kit.statement_record import record_statements
from watchword.adapters.rows.row_store import RowStore
from watchword.domain.errors import StorageUnavailable

COUNTED = "SELECT CAST(sum(compared) AS BIGINT) AS compared, CAST(sum(wrong) AS BIGINT) AS wrong FROM attempt_minutes"


async def test_a_hundred_guesses_at_once_are_all_counted_in_few_statements(store: RowStore, scene: Scene) -> None:
    recording, recorded = record_statements(store)
    shop = scene.application_id
    await asyncio.gather(*(recording.count_attempt(shop, wrong=number % 4 == 0) for number in range(100)))
    assert await rows(store, COUNTED) == [(100, 25)]
    assert 1 <= len(recorded) < 10


async def test_one_guess_after_another_counts_at_once(store: RowStore, scene: Scene) -> None:
    for number in range(1, 4):
        await store.count_attempt(scene.application_id, wrong=True)
        assert await rows(store, COUNTED) == [(number, number)]


async def test_a_guess_that_could_not_be_counted_says_so(store: RowStore, scene: Scene) -> None:
    await store.close()
    counting = [store.count_attempt(scene.application_id, wrong=True) for _ in range(3)]
    answers = await asyncio.gather(*counting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [StorageUnavailable] * 3


async def test_whoever_goes_away_leaves_the_others_their_count(store: RowStore, scene: Scene) -> None:
    shop = scene.application_id
    tasks = [asyncio.ensure_future(store.count_attempt(shop, wrong=False)) for _ in range(5)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1:] == [None] * 4
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
