"""Whoever needs no disk is answered before his commit, and nobody can tell but by a crash."""

import asyncio
from collections.abc import Callable

import pytest

from tests.contract.builders import PHONE, Scene
from tests.contract.conftest import OpenStore
from tests.kit.database import count
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.rows.transaction import Transaction
from watchword.domain.ids import ApplicationId

COUNTED = "SELECT CAST(coalesce(sum(compared), 0) AS BIGINT) FROM attempt_minutes"
OF_A_MINUTE = f"{COUNTED} WHERE minute = :minute"
SHOP = ApplicationId("shop")


def counting(minute: int) -> Callable[[Transaction], int]:
    """Return an operation that counts in a row of this minute and returns what it came to."""

    def count_one(write: Transaction) -> int:
        write.run(
            "INSERT INTO attempt_minutes (application_id, minute, compared, wrong) VALUES ('shop', :minute, 1, 0)"
            " ON CONFLICT (application_id, minute, slot) DO UPDATE SET compared = attempt_minutes.compared + 1",
            minute=minute,
        )
        return write.number(OF_A_MINUTE, minute=minute)

    return count_one


def failing(minute: int) -> Callable[[Transaction], int]:
    """Return an operation that counts and then fails."""

    def fail(write: Transaction) -> int:
        counting(minute)(write)
        raise ArithmeticError("no answer today")

    return fail


async def test_every_later_question_sees_what_was_answered(store: RowStore) -> None:
    for number in range(1, 6):
        assert await store.runner.write(SHOP.encode(), counting(1), soon=True) == number
        assert await count(store, COUNTED) == number


async def test_everybody_sees_his_own_while_others_wait_for_the_disk(store: RowStore) -> None:
    async def one(minute: int) -> None:
        for number in range(1, 6):
            assert await store.runner.write(b"%08d" % minute, counting(minute), soon=minute % 2 == 0) == number
            assert await count(store, OF_A_MINUTE, minute=minute) == number

    await asyncio.gather(*(one(minute) for minute in range(20)))
    assert await count(store, COUNTED) == 100


async def test_a_later_write_rests_on_it_and_keeps_it(store: RowStore, open_store: OpenStore) -> None:
    await store.runner.write(SHOP.encode(), counting(1), soon=True)
    assert await store.runner.write(SHOP.encode(), counting(1)) == 2
    other = await open_store()
    assert await count(other, COUNTED) == 2
    await other.close()


async def test_closing_keeps_what_was_answered(open_store: OpenStore) -> None:
    leaving = await open_store()
    await leaving.runner.write(SHOP.encode(), counting(1), soon=True)
    await leaving.close()
    back = await open_store()
    assert await count(back, COUNTED) == 1
    await back.close()


@pytest.mark.parametrize("soon", [True, False])
async def test_of_many_at_once_who_fails_after_writing_leaves_no_trace_and_the_others_stand(
    store: RowStore, soon: bool
) -> None:
    operations = [failing(number) if number % 3 == 0 else counting(number) for number in range(60)]
    answers = await asyncio.gather(
        *(
            store.runner.write(b"%08d" % number, operation, soon=soon and number % 2 == 0)
            for number, operation in enumerate(operations)
        ),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [ArithmeticError, int, int] * 20
    assert await count(store, "SELECT count(*) FROM attempt_minutes") == 40
    assert await count(store, "SELECT count(*) FROM attempt_minutes WHERE minute % 3 = 0") == 0


async def test_who_fails_after_somebody_was_answered_takes_nothing_of_him_along(store: RowStore) -> None:
    await store.runner.write(SHOP.encode(), counting(1), soon=True)
    with pytest.raises(ArithmeticError):
        await store.runner.write(SHOP.encode(), failing(1), soon=True)
    with pytest.raises(ArithmeticError):
        await store.runner.write(SHOP.encode(), failing(1))
    assert await store.runner.write(SHOP.encode(), counting(1), soon=True) == 2
    assert await count(store, COUNTED) == 2


async def test_what_is_read_first_and_then_fails_hurts_nobody(store: RowStore, scene: Scene) -> None:
    def refuse(write: Transaction) -> None:
        write.number(COUNTED)
        raise ArithmeticError("no answer today")

    refused, registered = await asyncio.gather(
        store.runner.write(SHOP.encode(), refuse), scene.register(PHONE), return_exceptions=True
    )
    assert isinstance(refused, ArithmeticError)
    assert await scene.user() == registered
