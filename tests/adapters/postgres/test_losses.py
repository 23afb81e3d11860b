"""Connections that are lost: nobody hangs, nothing happens twice, and an answer that is not known is not guessed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import count
from urllib.parse import quote

import psycopg
import pytest

from tests.adapters.postgres.ledger import add, amount_of, entries_of, make_runner, owner
from tests.adapters.postgres.wire import Wire, wire_to
from tests.kit.postgres import PostgresServer
from watchword.adapters.postgres.pipeline import StatementFailed
from watchword.adapters.postgres.postgres_runner import PostgresRunner
from watchword.adapters.rows.transaction import Transaction
from watchword.domain.errors import StorageUnavailable

_BACKEND = "SELECT pg_backend_pid() AS pid"
_END = "SELECT pg_terminate_backend(%s, 5000)"
Operation = Callable[[Transaction], int]


@pytest.fixture
async def wire(postgres_server: PostgresServer) -> AsyncIterator[Wire]:
    async with wire_to(postgres_server.port) as opened:
        yield opened


@pytest.fixture
async def wired(ledger: str, postgres_server: PostgresServer, wire: Wire) -> AsyncIterator[PostgresRunner]:
    """Gives a runner that reaches its server over the wire, and takes it for gone after a second of silence."""
    url = ledger.replace(f":{postgres_server.port}/", f":{wire.port}/")
    opened = make_runner(url, answer_limit_s=1.0)
    yield opened
    await opened.close()


def _killed(superuser: psycopg.Connection, key: bytes, *, times: int) -> tuple[Operation, Callable[[], int]]:
    """Return an operation whose connection is ended under it so often, and how often it was begun."""
    runs = count()
    begun: list[int] = []

    def operation(write: Transaction) -> int:
        begun.append(next(runs))
        added = add(key, 1)(write)
        if begun[-1] < times:
            superuser.execute(_END, (write.number(_BACKEND),))
            write.number("SELECT 1 AS one")
        return added

    return operation, lambda: len(begun)


async def test_a_connection_that_is_lost_before_the_commit_costs_nobody_anything(
    runner: PostgresRunner, superuser: psycopg.Connection
) -> None:
    operation, begun = _killed(superuser, owner(1), times=1)
    outcomes = await asyncio.gather(
        runner.write(owner(1), operation), *(runner.write(owner(number), add(owner(number), 1)) for number in (2, 3))
    )
    assert outcomes == [1, 1, 1]
    assert begun() == 2
    assert [await entries_of(runner, owner(number)) for number in (1, 2, 3)] == [1, 1, 1]


async def test_an_operation_that_loses_its_connection_again_is_given_up(
    runner: PostgresRunner, superuser: psycopg.Connection
) -> None:
    operation, begun = _killed(superuser, owner(1), times=9)
    with pytest.raises(StorageUnavailable):
        await runner.write(owner(1), operation)
    assert begun() == 2
    assert await entries_of(runner, owner(1)) == 0
    assert await runner.write(owner(1), add(owner(1), 1)) == 1


async def test_a_question_whose_connection_is_lost_is_asked_again(
    runner: PostgresRunner, superuser: psycopg.Connection
) -> None:
    asked: list[int] = []

    def question(read: Transaction) -> int:
        asked.append(read.number(_BACKEND))
        if len(asked) == 1:
            superuser.execute(_END, (asked[0],))
        return read.number("SELECT 7 AS seven")

    assert await runner.ask(question) == 7
    assert len(set(asked)) == 2


async def test_connections_that_were_ended_while_nobody_used_them_are_not_noticed(
    runner: PostgresRunner, superuser: psycopg.Connection
) -> None:
    for _ in range(3):
        assert await runner.write(owner(1), add(owner(1), 0)) == 0
        await amount_of(runner, owner(1))
        superuser.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'watchword'")


@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "silent"])
async def test_a_commit_whose_answer_is_lost_is_not_guessed(
    wired: PostgresRunner, runner: PostgresRunner, wire: Wire, *, is_cut: bool
) -> None:
    """The commit happened: carrying the operation out again would be twice, and an answer was never there."""
    runs = count()

    def operation(write: Transaction) -> int:
        next(runs)
        added = add(owner(1), 1)(write)
        wire.loses_answers = True
        return added

    pending = asyncio.ensure_future(wired.write(owner(1), operation))
    await wire.heard.wait()
    if is_cut:
        wire.cut()
    with pytest.raises(StorageUnavailable):
        await pending
    wire.cut()
    assert next(runs) == 1
    assert await entries_of(runner, owner(1)) == 1
    assert await wired.write(owner(1), add(owner(1), 1)) == 2


@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "silent"])
async def test_a_commit_that_did_not_arrive_is_not_sent_again(
    wired: PostgresRunner, runner: PostgresRunner, wire: Wire, *, is_cut: bool
) -> None:
    """To the caller this is the same as a lost answer, so it has to look the same."""
    runs = count()

    def operation(write: Transaction) -> int:
        next(runs)
        added = add(owner(1), 1)(write)
        wire.loses_questions = True
        return added

    pending = asyncio.ensure_future(wired.write(owner(1), operation))
    await wire.heard.wait()
    if is_cut:
        wire.cut()
    with pytest.raises(StorageUnavailable):
        await pending
    wire.cut()
    assert next(runs) == 1
    assert await entries_of(runner, owner(1)) == 0
    assert await wired.write(owner(1), add(owner(1), 1)) == 1


async def test_a_server_that_is_silent_before_the_commit_is_left_for_another_connection(
    wired: PostgresRunner, wire: Wire
) -> None:
    runs = count()

    def operation(write: Transaction) -> int:
        if next(runs) == 0:
            wire.loses_answers = True
        return add(owner(1), 1)(write)

    pending = asyncio.ensure_future(wired.write(owner(1), operation))
    await wire.heard.wait()
    wire.loses_answers = False
    assert await pending == 1
    assert next(runs) >= 2  # on a machine that is busy the next connection may be too slow as well


async def test_a_database_that_cannot_be_reached_is_told_in_time(ledger: str, postgres_server: PostgresServer) -> None:
    async with wire_to(postgres_server.port) as gone:
        url = ledger.replace(f":{postgres_server.port}/", f":{gone.port}/")
    impatient = make_runner(url, patience_s=0.3)
    calls = [impatient.write(owner(number % 3), add(owner(number), 1)) for number in range(20)]
    outcomes = await asyncio.gather(*calls, impatient.now(), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {StorageUnavailable}
    await impatient.close()


async def test_finds_the_server_that_answers_among_several(ledger: str, postgres_server: PostgresServer) -> None:
    async with wire_to(postgres_server.port) as gone:
        several = f"127.0.0.1:{gone.port},127.0.0.1:{postgres_server.port}"
    found = make_runner(ledger.replace(f"127.0.0.1:{postgres_server.port}", several))
    assert await found.write(owner(1), add(owner(1), 1)) == 1
    await found.close()


async def test_a_server_that_does_not_write_is_not_taken(ledger: str) -> None:
    with psycopg.connect(ledger, autocommit=True) as connection:
        connection.execute("ALTER ROLE CURRENT_USER IN DATABASE " + str(connection.info.dbname) + " SET"
                           " default_transaction_read_only = on")  # fmt: skip
    refused = make_runner(ledger, patience_s=0.3)
    with pytest.raises(StorageUnavailable):
        await refused.now()
    await refused.close()


def _impatient(url: str, setting: str) -> PostgresRunner:
    return make_runner(f"{url}?options={quote(f'-c {setting}')}")


async def test_an_owner_whom_somebody_holds_costs_nobody_else_his_answer(ledger: str) -> None:
    runner = _impatient(ledger, "lock_timeout=100")
    with psycopg.connect(ledger) as holding:
        holding.execute("SELECT pg_advisory_xact_lock(2)")
        outcomes = await asyncio.gather(
            *(runner.write(owner(number), add(owner(number), 1)) for number in (1, 2, 3)), return_exceptions=True
        )
    assert (outcomes[0], outcomes[2]) == (1, 1)
    assert isinstance(outcomes[1], StorageUnavailable)
    assert str(outcomes[1].__cause__).startswith("55P03")
    assert await runner.write(owner(2), add(owner(2), 1)) == 1
    await runner.close()


async def test_nobody_waits_for_an_owner_of_somebody_else(ledger: str) -> None:
    runner = _impatient(ledger, "lock_timeout=0")
    with psycopg.connect(ledger) as holding:
        holding.execute("SELECT pg_advisory_xact_lock(2), pg_advisory_xact_lock(5)")
        held = [asyncio.ensure_future(runner.write(owner(number), add(owner(number), 1))) for number in (2, 5)]
        for _ in range(3):
            others = [number for number in range(8) if number not in {2, 5}]
            await asyncio.gather(*(runner.write(owner(number), add(owner(number), 1)) for number in others))
        assert not any(call.done() for call in held)
        holding.rollback()
    assert await asyncio.gather(*held) == [1, 1]
    assert await amount_of(runner, owner(1)) == 3
    await runner.close()


async def test_a_statement_that_takes_too_long_costs_nobody_else_his_answer(ledger: str) -> None:
    runner = _impatient(ledger, "statement_timeout=100")

    def slow(write: Transaction) -> int:
        write.all("SELECT pg_sleep(60)")
        return 0

    outcomes = await asyncio.gather(
        runner.write(owner(1), add(owner(1), 1)), runner.write(owner(2), slow), return_exceptions=True
    )
    assert outcomes[0] == 1
    assert isinstance(outcomes[1], StorageUnavailable)
    assert isinstance(outcomes[1].__cause__, StatementFailed)
    assert outcomes[1].__cause__.state == "57014"
    await runner.close()


async def _until_somebody_waits(ledger: str) -> None:
    with psycopg.connect(ledger, autocommit=True) as looking:
        while looking.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() == (0,):  # noqa: ASYNC110 only the server knows
            await asyncio.sleep(0)


async def test_an_operation_that_met_a_deadlock_is_carried_out_again(ledger: str) -> None:
    runner = make_runner(ledger)
    await asyncio.gather(*(runner.write(owner(number), add(owner(number), 1)) for number in (1, 2)))
    # Who waits longest finds the deadlock and gives way: the runner, unless the machine takes a second over a call.
    rounds = 1
    while not await _deadlock_that_the_runner_finds(runner, ledger):
        rounds += 1
    assert await amount_of(runner, owner(1)) == await amount_of(runner, owner(2)) == rounds + 2
    await runner.close()


async def _deadlock_that_the_runner_finds(runner: PostgresRunner, ledger: str) -> bool:
    """Have an operation and somebody else wait for each other; return whether it was the operation that gave way."""
    take = "UPDATE ledger SET amount = amount + 1 WHERE owner = "
    runs = count()
    half_way = asyncio.Event()

    def operation(write: Transaction) -> int:
        next(runs)
        write.run(f"{take} :owner", owner=owner(1))
        half_way.set()
        return write.run(f"{take} :owner", owner=owner(2))

    with psycopg.connect(ledger) as other:
        other.execute(f"{take} %s", (owner(2),))
        pending = asyncio.ensure_future(runner.write(None, operation))
        await half_way.wait()
        await _until_somebody_waits(ledger)
        try:
            await asyncio.to_thread(other.execute, f"{take} %s", (owner(1),))
            other.commit()
        except psycopg.errors.DeadlockDetected:
            other.rollback()
            assert await pending == 1
            return False
    assert await pending == 1
    assert next(runs) == 2
    return True


async def test_a_migration_beside_it_costs_nobody_his_answer(runner: PostgresRunner, ledger: str) -> None:
    """What was prepared before a table changed can be carried out no more on the same connection."""
    everything = "SELECT * FROM ledger WHERE owner = :owner"
    await runner.write(owner(1), add(owner(1), 1))

    def columns(transaction: Transaction) -> list[str]:
        return [name for row in transaction.all(everything, owner=owner(1)) for name in row]

    before = [await runner.write(owner(1), columns), await runner.ask(columns)]
    with psycopg.connect(ledger, autocommit=True) as connection:
        connection.execute("ALTER TABLE ledger ADD COLUMN later BIGINT")
    after = [await runner.write(owner(1), columns), await runner.ask(columns)]
    assert before == [["owner", "amount", "note"]] * 2
    assert after == [["owner", "amount", "note", "later"]] * 2
