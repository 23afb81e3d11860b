"""A server that ends and comes back under load: every call is answered, and what was acknowledged is there."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg
import pytest

from tests.adapters.postgres.ledger import LEDGER, add, amount_of, entries_of, make_runner, owner
from tests.kit import postgres
from tests.kit.postgres import PostgresServer
from watchword.adapters.postgres.group_lanes import pause_after
from watchword.domain.errors import StorageUnavailable

_CALLERS = 24
_END: dict[str, Callable[[PostgresServer], None]] = {"stopped": PostgresServer.stop, "killed": PostgresServer.kill}


@pytest.fixture(scope="module")
def own_server(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """Gives a server that nobody else needs; the shared one is asked for because it knows whether any can be had."""
    server = postgres.make_server()
    with server.superuser() as connection:
        connection.execute(f"CREATE DATABASE ledger OWNER {postgres.ROLE}")
    with psycopg.connect(server.url("ledger"), autocommit=True) as connection:
        connection.execute(LEDGER)
    yield server
    server.close()


@pytest.mark.parametrize("end", _END.values(), ids=_END)
async def test_a_restart_loses_and_repeats_nothing_that_was_acknowledged(
    own_server: PostgresServer, end: Callable[[PostgresServer], None]
) -> None:
    runner = make_runner(own_server.url("ledger"), patience_s=1.0)
    with psycopg.connect(own_server.url("ledger"), autocommit=True) as connection:
        connection.execute("TRUNCATE ledger, entries")
    acknowledged = [0] * _CALLERS
    refused = [0] * _CALLERS
    is_over = asyncio.Event()

    async def call(number: int) -> None:
        while not is_over.is_set():
            try:
                await runner.write(owner(number), add(owner(number), 1))
                acknowledged[number] += 1
            except StorageUnavailable:
                refused[number] += 1

    callers = [asyncio.ensure_future(call(number)) for number in range(_CALLERS)]
    await _until(lambda: min(acknowledged) > 0)
    await asyncio.to_thread(end, own_server)
    await _until(lambda: min(refused) > 0)
    await asyncio.to_thread(own_server.start)
    before = list(acknowledged)
    await _until(lambda: all(now > then for now, then in zip(acknowledged, before, strict=True)))
    is_over.set()
    await asyncio.gather(*callers)
    for number in range(_CALLERS):
        committed = await entries_of(runner, owner(number))
        assert acknowledged[number] <= committed <= acknowledged[number] + refused[number]
        assert await amount_of(runner, owner(number)) == committed
    await runner.close()


async def test_a_commit_that_no_standby_confirmed_is_not_taken_for_one(own_server: PostgresServer) -> None:
    """The server says COMMIT all the same, with a warning: after a failover it may never have been."""
    runner = make_runner(own_server.url("ledger"))
    assert await runner.write(owner(-1), add(owner(-1), 1)) == 1
    with _waiting_for_a_standby(own_server), own_server.superuser() as superuser:
        pending = asyncio.ensure_future(runner.write(owner(-1), add(owner(-1), 1)))
        cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        await _until(lambda: superuser.execute(cancel).fetchone() is not None)
        with pytest.raises(StorageUnavailable):
            await pending
    assert await runner.write(owner(-1), add(owner(-1), 0)) == 2
    await runner.close()


async def test_what_no_standby_confirmed_is_confirmed_before_it_is_said_again(own_server: PostgresServer) -> None:
    """As the answer that was kept with such a commit is, when the call comes again."""
    runner = make_runner(own_server.url("ledger"), answer_limit_s=1.0)
    await runner.confirm()
    with _waiting_for_a_standby(own_server), own_server.superuser() as superuser:
        pending = asyncio.ensure_future(runner.write(owner(-2), add(owner(-2), 1)))
        cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        await _until(lambda: superuser.execute(cancel).fetchone() is not None)
        with pytest.raises(StorageUnavailable):
            await pending
        assert await amount_of(runner, owner(-2)) == 1
        with pytest.raises(StorageUnavailable):
            await runner.confirm()
    await runner.confirm()
    await runner.close()


async def test_commits_that_wait_for_a_standby_do_not_use_up_the_connections(own_server: PostgresServer) -> None:
    told: list[str | None] = []
    runner = make_runner(own_server.url("ledger"), answer_limit_s=0.2, patience_s=0.5, on_outage=told.append)
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    await runner.write(owner(-3), add(owner(-3), 1))
    with _waiting_for_a_standby(own_server), own_server.superuser() as superuser:
        for number in range(8):
            with pytest.raises(StorageUnavailable):
                await runner.write(owner(number), add(owner(number), 1))
        (stuck,) = superuser.execute(waiting).fetchone() or (0,)
    # One for each of the two connections that write.
    assert 1 <= stuck <= 2
    assert "a commit waits for a standby" in told or len(told) == 1
    assert await runner.write(owner(-3), add(owner(-3), 1)) == 2
    await runner.close()


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 many callers count, and none of them knows of the others
        await asyncio.sleep(0)


@contextmanager
def _waiting_for_a_standby(server: PostgresServer) -> Iterator[None]:
    """Have every commit wait for a standby that does not exist."""
    _have_confirm(server, "nobody")
    yield
    _have_confirm(server, "")


def _have_confirm(server: PostgresServer, names: LiteralString) -> None:
    with server.superuser() as connection:
        connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        connection.execute("SELECT pg_reload_conf()")


@pytest.mark.parametrize("failures", [0, 1, 3, 10, 2_000, 10**9])
def test_the_pause_between_attempts_grows_to_a_bound_and_stays_there(failures: int) -> None:
    assert pause_after(0) <= pause_after(failures) <= pause_after(10**6) == pause_after(10**9)
