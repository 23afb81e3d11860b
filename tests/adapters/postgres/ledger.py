"""A table of amounts by owner, and operations on it that can be stopped wherever a test wants to look."""

from collections.abc import Callable
from typing import Any, Final

from tests.kit.clock_and_chance import SeededEntropy
from watchword.adapters.key_set import KeySet
from watchword.adapters.postgres.postgres_connection import connection_settings
from watchword.adapters.postgres.postgres_runner import PostgresRunner, Terms
from watchword.adapters.rows.transaction import Transaction
from watchword.domain.instant import Instant

LEDGER: Final = """
    CREATE TABLE ledger (owner BYTEA PRIMARY KEY, amount BIGINT NOT NULL CHECK (amount >= 0), note TEXT);
    CREATE TABLE entries (number BIGINT GENERATED ALWAYS AS IDENTITY, owner BYTEA NOT NULL, amount BIGINT NOT NULL);
    CREATE FUNCTION watchword_now(latest BIGINT) RETURNS BIGINT LANGUAGE sql VOLATILE
        AS 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::BIGINT';
"""


def owner(number: int) -> bytes:
    """Return the key of a made-up user."""
    return number.to_bytes(8, "big", signed=True)


def make_runner(url: str, **chosen: Any) -> PostgresRunner:
    """Return a runner on a ledger; whoever makes one closes it."""
    entropy = SeededEntropy(3)
    return PostgresRunner(
        connection_settings(url),
        entropy,
        KeySet.generate(entropy, Instant(0)),
        on_event=lambda _: None,
        on_lesson=lambda _: None,
        terms=Terms(**chosen),
    )


def add(key: bytes, amount: int) -> Callable[[Transaction], int]:
    """Read an amount and write it with more, which is only right for whoever is alone with the owner."""

    def operation(transaction: Transaction) -> int:
        row = transaction.one("SELECT amount FROM ledger WHERE owner = :owner", owner=key)
        now = (0 if row is None else row["amount"]) + amount
        transaction.write(
            "INSERT INTO ledger (owner, amount) VALUES (:owner, :amount)"
            " ON CONFLICT (owner) DO UPDATE SET amount = excluded.amount",
            owner=key,
            amount=now,
        )
        transaction.write("INSERT INTO entries (owner, amount) VALUES (:owner, :amount)", owner=key, amount=amount)
        return now

    return operation


async def amount_of(runner: PostgresRunner, key: bytes) -> int:
    """Return what is committed."""
    return await runner.ask(
        lambda read: read.number("SELECT coalesce(sum(amount), 0) FROM ledger WHERE owner = :owner", owner=key)
    )


async def entries_of(runner: PostgresRunner, key: bytes) -> int:
    """Return how many entries are committed."""
    return await runner.ask(lambda read: read.number("SELECT count(*) FROM entries WHERE owner = :owner", owner=key))
