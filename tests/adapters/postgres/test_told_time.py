"""The time of a database is gone by for a moment: never early, never going back, and asked for again in time."""

from collections.abc import AsyncIterator, Callable, Iterator

import psycopg
import pytest

from tests.adapters.postgres.ledger import add, amount_of, make_runner, owner
from watchword.adapters.postgres.postgres_runner import PostgresRunner
from watchword.adapters.rows.transaction import Transaction
from watchword.domain.errors import StorageUnavailable
from watchword.domain.instant import END_OF_TIME, Instant

_AT = 5_000_000
_CLOCK = """
    CREATE SEQUENCE clock MINVALUE 0 START 5000000;
    CREATE OR REPLACE FUNCTION watchword_now(latest BIGINT) RETURNS BIGINT LANGUAGE sql VOLATILE
        AS 'SELECT CASE WHEN last_value <= latest THEN last_value END FROM clock'
"""


class Machine:
    """What a machine knows of the time that passes."""

    def __init__(self) -> None:
        self.ran_ms = 70_000
        self.latest = END_OF_TIME
        self.before_looks: list[Callable[[], None]] = []
        """What happens before the next looks at it."""

    def elapsed_ms(self) -> int:
        if self.before_looks:
            self.before_looks.pop(0)()
        return self.ran_ms


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def clock(ledger: str) -> Iterator[psycopg.Connection]:
    """Gives a connection to a database whose clock stands still until it is set."""
    with psycopg.connect(ledger, autocommit=True) as connection:
        connection.execute(_CLOCK)
        yield connection


@pytest.fixture
async def timed(ledger: str, machine: Machine, clock: psycopg.Connection) -> AsyncIterator[PostgresRunner]:
    """Gives a runner that goes by the time it was told, on a machine that stands still until it is moved."""
    opened = make_runner(ledger, elapsed_ms=machine.elapsed_ms, latest=lambda: machine.latest)
    yield opened
    await opened.close()


def _set(clock: psycopg.Connection, at: int) -> None:
    clock.execute("SELECT setval('clock', %s)", (at,))


def _nothing() -> None:
    """What happens where nothing does."""


async def test_goes_on_from_what_was_told_and_is_never_early(
    timed: PostgresRunner, machine: Machine, clock: psycopg.Connection
) -> None:
    await timed.write(owner(1), add(owner(1), 1))
    _set(clock, _AT + 9_000)
    told = []
    for passed_ms in (0, 1, 2, 500, 1_000):
        machine.ran_ms = 70_000 + passed_ms
        told.append(await timed.now() - _AT)
    assert told == [0, 0, 1, 499, 999]


async def test_asks_again_after_a_second(timed: PostgresRunner, machine: Machine, clock: psycopg.Connection) -> None:
    assert await timed.now() == _AT
    _set(clock, _AT + 9_000)
    machine.ran_ms += 1_001
    assert await timed.now() == _AT + 9_000


async def test_every_transaction_asks(timed: PostgresRunner, clock: psycopg.Connection) -> None:
    def now(transaction: Transaction) -> Instant:
        return transaction.now

    assert await timed.write(owner(1), now) == _AT
    _set(clock, _AT + 300)
    assert await timed.write(owner(1), now) == _AT + 300
    _set(clock, _AT + 400)
    assert await timed.ask(now) == await timed.now() == _AT + 400


async def test_does_not_go_back_behind_what_was_told(
    timed: PostgresRunner, machine: Machine, clock: psycopg.Connection
) -> None:
    await amount_of(timed, owner(1))
    machine.ran_ms += 900
    assert await timed.now() == _AT + 899
    _set(clock, _AT + 100)
    assert await timed.write(owner(1), lambda write: write.now) == _AT + 899
    assert await timed.now() == _AT + 899


async def test_tells_nothing_that_is_not_believed(
    timed: PostgresRunner, machine: Machine, clock: psycopg.Connection
) -> None:
    machine.latest = Instant(_AT + 500)
    assert await timed.now() == _AT
    machine.ran_ms += 900
    assert await timed.now() == _AT  # by the database, which has stood still
    _set(clock, _AT + 900)
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match="later than it can be"):
            await timed.write(owner(1), add(owner(1), 1))
        with pytest.raises(StorageUnavailable, match="later than it can be"):
            await timed.now()


async def test_an_answer_that_a_stopped_process_finds_late_tells_nobody_else_the_time(
    timed: PostgresRunner, machine: Machine, clock: psycopg.Connection
) -> None:
    def stop(transaction: Transaction) -> Instant:
        machine.ran_ms += 40_000  # the question for the time is on its way
        return transaction.now

    assert await timed.write(owner(1), stop) == _AT
    _set(clock, _AT + 40_000)
    assert await timed.now() == _AT + 40_000


async def test_whoever_was_stopped_as_he_asked_asks_again(
    timed: PostgresRunner, machine: Machine, clock: psycopg.Connection
) -> None:
    def stop() -> None:
        machine.ran_ms += 40_000
        _set(clock, _AT + 40_000)

    machine.before_looks = [_nothing, _nothing, stop]  # as he asks, as the question leaves, and as the answer is read
    assert await timed.now() == _AT + 40_000
    assert machine.before_looks == []


async def test_asks_each_time_where_nobody_knows_how_long_the_machine_has_run(
    ledger: str, clock: psycopg.Connection
) -> None:
    runner = make_runner(ledger)
    assert await runner.now() == _AT
    _set(clock, _AT + 1)
    assert await runner.now() == _AT + 1
    await runner.close()


async def test_tells_nothing_when_it_is_closed(ledger: str, machine: Machine, clock: psycopg.Connection) -> None:
    runner = make_runner(ledger, elapsed_ms=machine.elapsed_ms)
    assert await runner.now() == _AT
    await runner.close()
    with pytest.raises(StorageUnavailable):
        await runner.now()
