"""Operations that share a transaction on PostgreSQL: each stands or falls alone, and is answered after the commit."""

import asyncio
from functools import partial
from typing import Any

import psycopg
import pytest

from tests.adapters.postgres.ledger import add, amount_of, entries_of, make_runner, owner
from watchword.adapters.postgres.postgres_runner import PostgresRunner
from watchword.adapters.rows.transaction import Row, Transaction
from watchword.domain.errors import StorageUnavailable


async def test_carries_out_an_operation_and_shows_what_it_wrote(runner: PostgresRunner) -> None:
    assert await runner.write(owner(1), add(owner(1), 5)) == 5
    assert await runner.write(owner(1), add(owner(1), 6)) == 11
    assert await amount_of(runner, owner(1)) == 11


async def test_every_type_of_a_column_comes_back_as_it_was_written(runner: PostgresRunner) -> None:
    sql = (
        "SELECT :whole AS whole, :text AS text, :raw AS raw, :real AS real, :nothing::text AS nothing, true AS truth,"
        " sum(n) AS whole_sum, avg(n) AS mean, count(*) AS counted, 3::int AS small, -7::numeric AS minus,"
        " 123456789012345::numeric AS large, 20000::numeric AS round FROM generate_series(1, 4) AS n"
    )

    def question(read: Transaction) -> Row | None:
        return read.one(sql, whole=-(2**63), text="é", raw=b"\0\xff", real=0.1, nothing=None)

    assert await runner.ask(question) == {
        "whole": -(2**63),
        "text": "é",
        "raw": b"\0\xff",
        "real": 0.1,
        "nothing": None,
        "truth": 1,
        "whole_sum": 10,
        "mean": 2.5,
        "counted": 4,
        "small": 3,
        "minus": -7,
        "large": 123456789012345,
        "round": 20000,
    }


async def test_counts_the_rows_that_a_statement_changed(runner: PostgresRunner) -> None:
    for number in range(3):
        await runner.write(owner(number), add(owner(number), 1))
    changed = await runner.write(None, lambda write: write.run("UPDATE ledger SET amount = 2"))
    unchanged = await runner.write(None, lambda write: write.run("UPDATE ledger SET amount = 2 WHERE amount = 9"))
    assert (changed, unchanged) == (3, 0)


async def test_those_who_wait_together_share_a_transaction(runner: PostgresRunner) -> None:
    def operation(write: Transaction) -> int:
        write.run("INSERT INTO entries (owner, amount) VALUES (:owner, 1)", owner=b"x")
        return write.number("SELECT pg_current_xact_id()::text::bigint AS number")

    shared = await asyncio.gather(*(runner.write(owner(number), operation) for number in range(8)))
    assert len(set(shared)) == 1
    shared = await asyncio.gather(*(runner.write(owner(number), operation) for number in range(60)))
    assert 1 < len(set(shared)) < 10


async def test_nobody_loses_what_two_hundred_add_to_one_owner(runner: PostgresRunner) -> None:
    await asyncio.gather(*(runner.write(owner(1), add(owner(1), 1)) for _ in range(200)))
    assert await amount_of(runner, owner(1)) == await entries_of(runner, owner(1)) == 200


async def test_a_crowd_at_one_owner_shares_commits_in_its_order(runner: PostgresRunner) -> None:
    def operation(write: Transaction) -> tuple[int, int]:
        return add(owner(1), 1)(write), write.number("SELECT pg_current_xact_id()::text::bigint AS number")

    outcomes = await asyncio.gather(*(runner.write(owner(1), operation) for _ in range(100)))
    assert [added for added, _ in outcomes] == list(range(1, 101))
    assert len({number for _, number in outcomes}) < 20


async def test_whoever_fails_in_a_crowd_fails_alone(runner: PostgresRunner) -> None:
    def fail(write: Transaction) -> int:
        add(owner(1), 7)(write)
        raise ArithmeticError

    operations = [fail if number % 10 == 5 else add(owner(1), 1) for number in range(40)]
    calls = [runner.write(owner(1), operation) for operation in operations]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    failed = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, ArithmeticError)]
    assert failed == [5, 15, 25, 35]
    assert sorted(outcome for outcome in outcomes if isinstance(outcome, int)) == list(range(1, 37))
    assert await amount_of(runner, owner(1)) == await entries_of(runner, owner(1)) == 36


async def test_tasks_go_side_by_side(runner: PostgresRunner) -> None:
    steps: list[tuple[int, int]] = []

    def task(write: Transaction, key: int) -> int:
        for step in range(3):
            steps.append((step, key))
            add(owner(key), 1)(write)
        return key

    def operation(write: Transaction) -> list[int]:
        return write.side_by_side([partial(task, write, key) for key in range(4)])

    assert await runner.write(None, operation) == [0, 1, 2, 3]
    assert steps == sorted(steps)
    assert [await amount_of(runner, owner(key)) for key in range(4)] == [3] * 4


async def test_what_a_later_task_asks_sees_what_an_earlier_one_did_in_the_same_exchange(runner: PostgresRunner) -> None:
    def count(write: Transaction) -> int:
        return write.number("SELECT count(*) AS number FROM entries WHERE owner = :owner", owner=b"x")

    def enter(write: Transaction) -> int:
        return write.run("INSERT INTO entries (owner, amount) VALUES (:owner, 1)", owner=b"x")

    def operation(write: Transaction) -> list[int]:
        return write.side_by_side([partial(task, write) for task in (count, enter, count)])

    assert await runner.write(owner(1), operation) == [0, 1, 1]


async def test_a_task_that_fails_takes_its_operation_with_it(runner: PostgresRunner) -> None:
    def fail(write: Transaction) -> int:
        add(owner(1), 1)(write)
        raise ArithmeticError

    def operation(write: Transaction) -> list[int]:
        tasks = (add(owner(0), 1), fail, add(owner(2), 1))
        return write.side_by_side([partial(task, write) for task in tasks])

    outcomes = await asyncio.gather(
        runner.write(None, operation), runner.write(None, add(owner(3), 1)), return_exceptions=True
    )
    assert isinstance(outcomes[0], ArithmeticError)
    assert outcomes[1] == 1
    assert [await amount_of(runner, owner(key)) for key in range(4)] == [0, 0, 0, 1]


async def test_two_stores_that_change_the_same_owners_lose_nothing(runner: PostgresRunner, ledger: str) -> None:
    other = make_runner(ledger)
    owners = [owner(number) for number in (-3, -2, 5, 9)]
    calls = [chosen.write(key, add(key, 1)) for _ in range(25) for key in owners for chosen in (runner, other)]
    await asyncio.gather(*calls)
    assert [await amount_of(runner, key) for key in owners] == [50] * 4
    await other.close()


async def test_what_an_operation_raises_is_answered_to_its_caller_and_leaves_no_trace(runner: PostgresRunner) -> None:
    def fail(write: Transaction) -> int:
        add(owner(2), 7)(write)
        raise ArithmeticError("no answer today")

    outcomes = await asyncio.gather(
        *(runner.write(owner(number), add(owner(number), 1)) for number in (0, 1)),
        runner.write(owner(2), fail),
        *(runner.write(owner(number), add(owner(number), 1)) for number in (3, 4)),
        return_exceptions=True,
    )
    assert [outcome for outcome in outcomes if outcome != 1] == [outcomes[2]]
    assert isinstance(outcomes[2], ArithmeticError)
    assert await entries_of(runner, owner(2)) == 0
    assert [await entries_of(runner, owner(number)) for number in (0, 1, 3, 4)] == [1] * 4


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("INSERT INTO ledger (owner, amount) VALUES (:owner, -1)", "23514"),
        ("INSERT INTO ledger (owner, amount, note) VALUES (:owner, 1, 2 / (:owner = '')::int)", "22012"),
        ("INSERT INTO nowhere (owner) VALUES (:owner)", "42P01"),
        ("INSERT INTO ledger (owner, amount) VALUES (:owner, 1), (:owner, 1)", "23505"),
    ],
)
async def test_a_refused_statement_fails_its_own_operation_with_a_cause(
    runner: PostgresRunner, sql: str, state: str
) -> None:
    for way in (Transaction.run, Transaction.write, Transaction.all):

        def fail(write: Transaction, way: Any = way) -> None:
            add(owner(2), 7)(write)
            way(write, sql, owner=b"other")

        outcomes = await asyncio.gather(
            *(runner.write(owner(number), add(owner(number), 1)) for number in (0, 1)),
            runner.write(owner(2), fail),
            *(runner.write(owner(number), add(owner(number), 1)) for number in (3, 4)),
            return_exceptions=True,
        )
        assert isinstance(outcomes[2], StorageUnavailable)
        assert str(outcomes[2].__cause__).startswith(state)
        assert not any(isinstance(outcome, Exception) for outcome in (*outcomes[:2], *outcomes[3:]))
    assert await entries_of(runner, owner(2)) == 0
    assert [await amount_of(runner, owner(number)) for number in (0, 1, 3, 4)] == [3] * 4


async def test_many_who_fail_together_each_get_their_own_error(runner: PostgresRunner) -> None:
    def fails(number: int) -> Any:
        def fail(write: Transaction) -> None:
            add(owner(number), 1)(write)
            raise ArithmeticError(number)

        return fail

    calls = [
        runner.write(owner(number), fails(number) if number % 2 else add(owner(number), 1)) for number in range(40)
    ]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    failed = [outcome.args for outcome in outcomes if isinstance(outcome, ArithmeticError)]
    assert failed == [(number,) for number in range(1, 40, 2)]
    assert [await entries_of(runner, owner(number)) for number in range(40)] == [1, 0] * 20


async def test_an_error_before_anything_was_changed_disturbs_nobody(runner: PostgresRunner) -> None:
    numbers: list[int] = []

    def look(write: Transaction) -> None:
        numbers.append(write.number("SELECT 1 AS number"))
        raise ArithmeticError

    outcomes = await asyncio.gather(
        runner.write(owner(1), look), runner.write(owner(2), add(owner(2), 1)), return_exceptions=True
    )
    assert isinstance(outcomes[0], ArithmeticError)
    assert numbers == [1]  # it was not carried out a second time


async def test_a_caller_who_leaves_hurts_nobody(runner: PostgresRunner) -> None:
    calls = [asyncio.ensure_future(runner.write(owner(1), add(owner(1), 1))) for _ in range(3)]
    await asyncio.sleep(0)
    calls[0].cancel()
    calls[1].cancel()
    await calls[2]
    left = [call.cancelled() for call in calls]
    assert left == [True, True, False]
    assert await amount_of(runner, owner(1)) in {1, 2, 3}
    assert await runner.write(owner(1), add(owner(1), 0)) == await entries_of(runner, owner(1)) - 1


async def test_questions_of_one_moment_see_the_same(runner: PostgresRunner) -> None:
    snapshot = "SELECT pg_current_snapshot()::text AS snapshot"
    seen = await asyncio.gather(*(runner.ask(lambda read: read.one(snapshot)) for _ in range(20)))
    assert len({row["snapshot"] for row in seen if row is not None}) == 1


async def test_a_question_cannot_write(runner: PostgresRunner) -> None:
    with pytest.raises(StorageUnavailable):
        await runner.ask(add(owner(1), 1))
    with pytest.raises(StorageUnavailable) as refused:
        await runner.ask(lambda read: read.one("SELECT nextval('entries_number_seq') AS number"))
    assert str(refused.value.__cause__).startswith("25006")


async def test_a_failing_question_leaves_the_others_their_answers(runner: PostgresRunner) -> None:
    def fail(read: Transaction) -> int:
        read.number("SELECT 1 AS one")
        return read.number("SELECT 1 / (:zero - :zero) AS number", zero=0)

    outcomes = await asyncio.gather(
        runner.ask(lambda read: read.number("SELECT 1 AS one")),
        runner.ask(fail),
        amount_of(runner, owner(1)),
        return_exceptions=True,
    )
    assert (outcomes[0], outcomes[2]) == (1, 0)
    assert isinstance(outcomes[1], StorageUnavailable)


async def test_only_one_operation_reserves_a_user(runner: PostgresRunner, ledger: str) -> None:
    other = make_runner(ledger)
    keys = [owner(number) for number in range(6)]

    def reserve(write: Transaction) -> frozenset[bytes]:
        reserved = write.reserve(keys)
        write.all("SELECT 1 AS one")
        return reserved

    async def owned(chosen: PostgresRunner, key: bytes) -> frozenset[bytes]:
        await chosen.write(key, add(key, 1))
        return frozenset()

    got = await asyncio.gather(
        *(chosen.write(None, reserve) for chosen in (runner, other, runner, other)),
        *(owned(chosen, owner(5)) for chosen in (runner, other)),
    )
    together = [key for reserved in got for key in reserved]
    assert set(together) <= set(keys)
    assert await amount_of(runner, owner(5)) == 2
    await other.close()


async def test_operations_of_one_transaction_reserve_different_users(runner: PostgresRunner) -> None:
    keys = [owner(number) for number in range(6)]

    def reserve(write: Transaction) -> tuple[int, frozenset[bytes]]:
        number = write.number("SELECT pg_current_xact_id()::text::bigint AS number")
        return number, write.reserve(keys)

    (first, mine), (second, theirs) = await asyncio.gather(runner.write(None, reserve), runner.write(None, reserve))
    assert first == second
    assert mine == frozenset(keys)
    assert theirs == frozenset()


async def test_a_user_who_is_being_changed_elsewhere_is_not_reserved(runner: PostgresRunner, ledger: str) -> None:
    number = int.from_bytes(owner(4), "big", signed=True)
    with psycopg.connect(ledger) as holding:
        holding.execute("SELECT pg_advisory_xact_lock(%s)", (number,))
        reserved = await runner.write(None, lambda write: write.reserve([owner(3), owner(4)]))
    assert reserved == frozenset({owner(3)})


async def test_a_transaction_that_is_sent_in_many_parts_is_one_all_the_same(runner: PostgresRunner) -> None:
    """The server answers the first statements while the last ones are still being put down."""
    note = "x" * 1_000

    def write_much(key: bytes) -> Any:
        def operation(write: Transaction) -> int:
            for number in range(100):
                write.write(
                    "INSERT INTO ledger (owner, amount, note) VALUES (:owner, 0, :note) RETURNING note",
                    owner=key + bytes([number]),
                    note=note,
                )
            return write.number("SELECT sum(length(note)) FROM ledger WHERE substr(owner, 1, 8) = :owner", owner=key)

        return operation

    calls = [runner.write(owner(number), write_much(owner(number))) for number in range(64)]
    assert await asyncio.gather(*calls) == [100_000] * 64


async def test_closing_commits_what_is_under_way_and_refuses_what_comes_later(ledger: str) -> None:
    closing = make_runner(ledger)
    pending = [asyncio.ensure_future(closing.write(owner(number), add(owner(number), 1))) for number in range(100)]
    await asyncio.sleep(0)
    await closing.close()
    assert [await call for call in pending] == [1] * 100
    with pytest.raises(StorageUnavailable):
        await closing.write(owner(1), add(owner(1), 1))
    with pytest.raises(StorageUnavailable):
        await closing.now()


async def test_time_does_not_step_back(runner: PostgresRunner, ledger: str) -> None:
    before = await runner.now()
    with psycopg.connect(ledger, autocommit=True) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION watchword_now() RETURNS BIGINT LANGUAGE sql AS 'SELECT 5::bigint'"
        )
    assert await runner.now() >= before
