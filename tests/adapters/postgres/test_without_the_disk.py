"""Operations whose callers wait for no disk: all see them, and no crash loses one that a durable one followed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import psycopg
import pytest

from tests.adapters.postgres.ledger import LEDGER, add, amount_of, entries_of, make_runner, owner
from tests.kit.postgres import PostgresServer, make_server
from watchword.adapters.postgres.postgres_runner import PostgresRunner
from watchword.adapters.rows.transaction import Transaction
from watchword.domain.errors import StorageUnavailable

_STANDBY = "ALTER SYSTEM SET synchronous_standby_names = '{}'"
Operation = Callable[[Transaction], int]


@pytest.fixture(scope="module")
def server(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """Gives a server of its own, which may be killed, and writes its log as seldom by itself as it can."""
    made = make_server(settings={"wal_writer_delay": "10s", "autovacuum": "off"})
    yield made
    made.close()


@pytest.fixture
def own_ledger(server: PostgresServer) -> Iterator[str]:
    with server.superuser() as connection:
        connection.execute("CREATE DATABASE ledger OWNER watchword")
    with psycopg.connect(server.url("ledger"), autocommit=True) as connection:
        connection.execute(LEDGER)
    yield server.url("ledger")
    with server.superuser() as connection:
        connection.execute("DROP DATABASE ledger WITH (FORCE)")


@pytest.fixture
async def unconfirmed(own_ledger: str, server: PostgresServer) -> AsyncIterator[PostgresRunner]:
    """Gives a runner on a server whose commits wait in vain for a standby, and that gives up after a second."""
    opened = make_runner(own_ledger, answer_limit_s=1.0)
    await opened.write(owner(0), add(owner(0), 0))
    _await_standby(server, "nobody")
    yield opened
    _await_standby(server, "")
    await opened.close()


def _await_standby(server: PostgresServer, name: str) -> None:
    with server.superuser() as connection:
        connection.execute(_STANDBY.format(name))
        connection.execute("SELECT pg_reload_conf()")
        while connection.execute("SHOW synchronous_standby_names").fetchone() != (name,):
            connection.execute("SELECT pg_sleep(0.01)")
        # Sessions read the setting where they commit, and the checkpointer tells them that there is one.
        connection.execute("CHECKPOINT")


async def test_is_answered_without_the_disk_and_seen_by_everybody(unconfirmed: PostgresRunner, own_ledger: str) -> None:
    assert await unconfirmed.write(owner(1), add(owner(1), 5), soon=True) == 5
    assert await amount_of(unconfirmed, owner(1)) == 5
    with psycopg.connect(own_ledger) as other:
        assert other.execute("SELECT amount FROM ledger WHERE owner = %s", (owner(1),)).fetchone() == (5,)


async def test_waits_with_whoever_it_shares_a_transaction_with(unconfirmed: PostgresRunner) -> None:
    outcomes = await asyncio.gather(
        unconfirmed.write(owner(1), add(owner(1), 5), soon=True),
        unconfirmed.write(owner(2), add(owner(2), 6)),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 2


async def test_a_durable_one_waits_for_the_disk_whatever_came_before(unconfirmed: PostgresRunner) -> None:
    assert await unconfirmed.write(owner(1), add(owner(1), 5), soon=True) == 5
    with pytest.raises(StorageUnavailable):
        await unconfirmed.write(owner(1), add(owner(1), 1))


async def test_whoever_only_asks_is_answered_before_the_commit(unconfirmed: PostgresRunner) -> None:
    def ask(write: Transaction) -> int:
        write.only_asked = True
        return write.number("SELECT count(*) FROM ledger")

    asked, added = await asyncio.gather(
        unconfirmed.write(owner(1), ask), unconfirmed.write(owner(2), add(owner(2), 6)), return_exceptions=True
    )
    assert asked == 1
    assert isinstance(added, StorageUnavailable)


async def test_whoever_asks_behind_another_of_his_owner_waits_for_what_he_has_read(
    unconfirmed: PostgresRunner,
) -> None:
    def ask(write: Transaction) -> int:
        write.only_asked = True
        return write.number("SELECT count(*) FROM entries WHERE owner = :owner", owner=owner(1))

    operations: list[Operation] = [add(owner(1), 1) if number != 4 else ask for number in range(8)]
    outcomes = await asyncio.gather(
        *(unconfirmed.write(owner(1), operation) for operation in operations), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {StorageUnavailable}


async def test_whoever_asked_does_not_begin_again_when_others_do(own_ledger: str) -> None:
    runner = make_runner(own_ledger)
    asked: list[int] = []

    def ask(write: Transaction) -> int:
        write.only_asked = True
        asked.append(write.number("SELECT 7 AS seven"))
        return asked[-1]

    def fail(write: Transaction) -> int:
        add(owner(2), 7)(write)
        write.number("SELECT 1 AS one")
        write.number("SELECT 1 AS one")
        raise ArithmeticError

    outcomes = await asyncio.gather(
        runner.write(owner(1), ask),
        runner.write(owner(2), fail),
        runner.write(owner(3), add(owner(3), 1)),
        return_exceptions=True,
    )
    assert (outcomes[0], type(outcomes[1]), outcomes[2]) == (7, ArithmeticError, 1)
    assert asked == [7]
    assert await runner.write(owner(1), add(owner(1), 1)) == 1  # nothing holds his owner
    await runner.close()


async def test_a_killed_server_keeps_what_a_durable_operation_followed(own_ledger: str, server: PostgresServer) -> None:
    runner = make_runner(own_ledger)
    for number in (1, 2):
        await runner.write(owner(number), add(owner(number), number), soon=True)
        await runner.write(owner(0), add(owner(0), 1))
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        assert await amount_of(runner, owner(number)) == number
        assert await entries_of(runner, owner(0)) == number
    await runner.close()


async def test_another_process_makes_durable_what_it_has_seen(own_ledger: str, server: PostgresServer) -> None:
    hasty, thorough = make_runner(own_ledger), make_runner(own_ledger)
    await hasty.write(owner(1), add(owner(1), 5), soon=True)
    assert await thorough.write(owner(1), add(owner(1), 1)) == 6
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
    assert await amount_of(thorough, owner(1)) == 6
    await hasty.close()
    await thorough.close()
