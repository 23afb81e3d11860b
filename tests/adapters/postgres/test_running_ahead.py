"""What operations read first travels with the locks: nothing is kept of it where the owner turns out to be held."""

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import count

import psycopg
import pytest

from tests.adapters.postgres.ledger import add, amount_of, entries_of, make_runner, owner
from watchword.adapters.postgres.postgres_runner import PostgresRunner
from watchword.adapters.rows.transaction import Transaction
from watchword.domain.errors import StorageUnavailable
from watchword.domain.instant import Instant

_HOLD = "SELECT pg_advisory_xact_lock(%s)"
_LATER = "UPDATE ledger SET amount = amount + 40 WHERE owner = %s"
Operation = Callable[[Transaction], int]


async def _carried_out_behind(ledger: str, runner: PostgresRunner, operation: Operation) -> int:
    """Carry an operation of owner 2 out beside others, with somebody else who holds and changes him meanwhile."""
    with psycopg.connect(ledger) as holding:
        holding.execute(_HOLD, (2,))
        held = asyncio.ensure_future(runner.write(owner(2), operation))
        others = [runner.write(owner(number), add(owner(number), 1)) for number in (1, 3)]
        assert await asyncio.gather(*others) == [1, 1]
        holding.execute(_LATER, (owner(2),))
        assert not held.done()
        holding.commit()
    return await held


async def test_what_was_read_of_an_owner_who_is_held_is_read_again(ledger: str, runner: PostgresRunner) -> None:
    await runner.write(owner(2), add(owner(2), 1))
    runs = count()

    def operation(write: Transaction) -> int:
        next(runs)
        return add(owner(2), 1)(write)

    assert await _carried_out_behind(ledger, runner, operation) == 42
    assert next(runs) == 2
    assert await amount_of(runner, owner(2)) == 42
    assert await entries_of(runner, owner(2)) == 2


@pytest.mark.parametrize("way", [Transaction.run, Transaction.write])
async def test_nothing_is_changed_before_the_owner_is_locked(
    ledger: str, runner: PostgresRunner, way: Callable[..., object]
) -> None:
    await runner.write(owner(2), add(owner(2), 1))

    def operation(write: Transaction) -> int:
        way(write, "UPDATE ledger SET amount = amount * 2 WHERE owner = :owner", owner=owner(2))
        return write.number("SELECT amount FROM ledger WHERE owner = :owner", owner=owner(2))

    assert await _carried_out_behind(ledger, runner, operation) == 82
    assert await amount_of(runner, owner(2)) == 82


async def test_an_operation_that_ended_before_it_was_known_to_be_held_is_carried_out_again(
    ledger: str, runner: PostgresRunner
) -> None:
    runs = count()

    def operation(write: Transaction) -> int:
        write.only_asked = True
        return next(runs)

    assert await _carried_out_behind(ledger, runner, operation) == 1


async def test_a_crowd_whose_owner_is_held_waits_as_a_whole(ledger: str, runner: PostgresRunner) -> None:
    await runner.write(owner(2), add(owner(2), 1))
    with psycopg.connect(ledger) as holding:
        holding.execute(_HOLD, (2,))
        crowd = [asyncio.ensure_future(runner.write(owner(2), add(owner(2), 1))) for _ in range(9)]
        assert await runner.write(owner(1), add(owner(1), 1)) == 1
        holding.execute(_LATER, (owner(2),))
        holding.commit()
    assert await asyncio.gather(*crowd) == list(range(42, 51))


async def test_an_operation_that_asks_nothing_is_told_the_time(runner: PostgresRunner) -> None:
    def now(transaction: Transaction) -> Instant:
        return transaction.now

    before = await runner.now()
    written, asked = await asyncio.gather(runner.write(owner(1), now), runner.ask(now))
    assert before <= min(written, asked)
    assert max(written, asked) <= await runner.now()


async def test_a_question_of_one_query_sees_what_is_committed(runner: PostgresRunner) -> None:
    def amount(read: Transaction) -> int:
        return read.number("SELECT coalesce(sum(amount), 0) FROM ledger WHERE owner = :owner", owner=owner(1))

    for expected in range(1, 4):
        await runner.write(owner(1), add(owner(1), 1))
        answers = await asyncio.gather(
            runner.ask(amount, is_one_query=True), runner.ask(amount), runner.ask(amount, is_one_query=True)
        )
        assert set(answers) == {expected}


async def test_a_question_of_one_query_gets_no_second_one_and_no_time(runner: PostgresRunner) -> None:
    def twice(read: Transaction) -> int:
        return read.number("SELECT 1 AS one") + read.number("SELECT 1 AS one")

    with pytest.raises(RuntimeError, match="asked another one"):
        await runner.ask(twice, is_one_query=True)
    with pytest.raises(RuntimeError, match="asked for the time"):
        await runner.ask(lambda read: read.now, is_one_query=True)
    with pytest.raises(StorageUnavailable, match="changes nothing"):
        await runner.ask(add(owner(1), 1), is_one_query=True)
    assert await amount_of(runner, owner(1)) == 0


async def test_a_failing_question_of_one_query_leaves_the_others_their_answers(ledger: str) -> None:
    runner = make_runner(ledger, connections=2)

    def sixth(by: int, read: Transaction) -> int:
        return read.number("SELECT 6 / :by AS number", by=by)

    calls = [runner.ask(partial(sixth, by), is_one_query=True) for by in (1, 0, 2, 0, 3)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [outcome for outcome in outcomes if isinstance(outcome, int)] == [6, 3, 2]
    assert all(isinstance(outcomes[number], StorageUnavailable) for number in (1, 3))
    await runner.close()
