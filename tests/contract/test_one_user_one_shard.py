"""One user, one shard: what an operation of a user says and asks concerns rows of this user alone, wherever they lie.

So a distributed PostgreSQL that spreads the rows by the key of the user answers every such operation from one place.
Users live their whole lives on a store that writes down what it says to the database. Then its texts are read, and
PostgreSQL is asked how it goes about them: on tables that are spread by user, and on tables of many users.
"""

import ast
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from tests.contract.builders import START, Scene
from tests.contract.whole_life import play_whole_life
from tests.kit.clock_and_chance import SeededEntropy
from tests.kit.database import connections
from tests.kit.postgres_databases import PostgresClock, PostgresDatabases
from tests.kit.postgres_plans import multiply_users, nodes, plan_for_any, plan_for_values, spread_by_user
from tests.kit.statement_record import RecordedOperation, Statement, record_statements
from watchword.adapters import rows
from watchword.adapters.key_set import KeySet
from watchword.adapters.postgres.postgres_store import open_postgres_store
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.rows.transaction import ANYBODY

OF_USERS: Final = frozenset(
    {
        "users",
        "contacts",
        "devices",
        "places",
        "actions",
        "challenges",
        "generations",
        "sends",
        "grants",
        "notices",
        "deliveries",
        "charges",
        "events",
        "contributions",
        "memories",
    }
)
"""Every row in these belongs to one user and names him; no other table holds rows of users."""
EXCEPTIONS: Final[Mapping[str, str]] = {
    "kept_answers": "found by the hash of an idempotency key, before anybody knows whose call it is",
    "attempt_minutes": "a counter of the application, in a transaction of its own",
    "population": "counters of the application, written every few seconds in a transaction of their own",
    "population_sizes": "how many of those counters there are",
    "hearsay": "what processes tell each other of the traffic, in a transaction of its own",
    "provider_messages": "found by what a provider calls a message, before anybody knows whose it is",
    "webhook_endpoints": "of the application: how far each has read the audit log, in a transaction of its own",
    "webhook_messages": "what it is told of the events there, in a transaction of its own",
    "webhook_attempts": "what came of that",
    "guard_contacts": "counted by the worker before a hand-over, in a transaction of its own",
    "guard_prefixes": "ranges of numbers, which are nobody's",
    "guard_spending": "what a country has cost the application, in the transaction of the two above",
    "guard_charges": "hand-overs that were paid for, found by their delivery, in the same transaction",
    "policies": "configuration: the newest one is read when a process starts and when one is applied",
    "api_keys": "configuration: held in memory by every process",
}
"""Tables that are not spread by user, and why none of them makes an operation of a user wait for another shard."""
BY_REFERENCE: Final = "WHERE reference = :reference"
"""A customer reads out eight characters that lead to nobody's key: a page that an address may ask a few times a day."""
AFTER_A_NEW_KEY: Final = "UPDATE contacts SET sealed_address"
"""Said by a duty of its own once keys were exchanged, and by nobody for a user."""
IN_THEIR_ORDER: Final = re.compile(r"FROM (?:actions|contributions) ORDER BY number LIMIT :limit")
"""What is oldest is taken off the end of a table that SQLite keeps in this order: a walk of at most so many steps."""
_STATEMENT: Final = re.compile(r"(?:SELECT|INSERT INTO|UPDATE|DELETE FROM) ")
USERS: Final = ("u-1", "u-2")


@pytest.fixture
async def operations(database: str, store: RowStore, scene: Scene) -> list[RecordedOperation]:
    """Gives what two users say to the store in their lives, on SQLite: the texts are the same everywhere."""
    scene.store, recorded = record_statements(store)
    for user_id in USERS:
        await play_whole_life(scene, user_id)
    return recorded


@pytest.fixture
async def postgres_life(
    postgres_databases: PostgresDatabases, entropy: SeededEntropy, keyring: KeySet
) -> AsyncIterator[tuple[psycopg.Connection, list[RecordedOperation]]]:
    """Gives what two users said to a store on PostgreSQL, and a connection to what they left there."""
    with postgres_databases.migrated() as url, closing(PostgresClock(url, START)) as clock:
        store = await open_postgres_store(url, entropy, keyring)
        recording, recorded = record_statements(store)
        scene = Scene(store=recording, clock=clock, entropy=entropy, keyring=keyring)
        for user_id in USERS:
            await play_whole_life(scene, user_id)
        await play_whole_life(scene, "u-3", is_forgotten=False)
        await store.close()
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection, recorded


def _distinct(operations: Sequence[RecordedOperation]) -> list[Statement]:
    """Return one statement of each text."""
    found = {sql: (sql, values) for operation in operations for sql, values in operation.statements}
    return list(found.values())


def _place_of(node: Mapping[str, Any]) -> str | None:
    """Return the number of the place that a node of a plan reads or writes."""
    _, _, number = str(node.get("Relation Name", "")).rpartition("_shard_")
    return number if number.isdigit() else None


def _of_users(operations: Sequence[RecordedOperation]) -> Iterator[tuple[RecordedOperation, Statement]]:
    """Give the statements of operations that concern one user, those about rows of users."""
    for operation in operations:
        if operation.owner is None and not operation.is_question:
            continue
        for sql, values in operation.statements:
            if tables_in(sql) & OF_USERS and values.get("user_key") != ANYBODY and BY_REFERENCE not in sql:
                yield operation, (sql, values)


def tables_in(sql: str) -> set[str]:
    """Return the tables that a text names."""
    return set(re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+([a-z_]+)", sql)) - {"settled_events"}


def unnamed(sql: str) -> int:
    """Return how many tables of users a text touches beyond those for which it names the user."""
    touched = [name for name in re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+([a-z_]+)", sql) if name in OF_USERS]
    named = re.findall(r"(?:\b[a-z]+\.)?\buser_key = :user_key\b", sql)
    inserted = re.findall(r"INSERT INTO [a-z_]+ \([^)]*\buser_key\b[^)]*\)\s+VALUES \([^)]*:user_key\b", sql)
    return len(touched) - len(named) - len(inserted)


def _texts_in_the_code() -> Iterator[str]:
    """Yield the statements of the store, each up to the first part that is filled in."""
    for file in sorted(Path(rows.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            part = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else node
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and _STATEMENT.match(part.value):
                yield part.value


def test_finds_the_table_for_which_no_user_is_named() -> None:
    assert unnamed("SELECT * FROM grants WHERE id = :id") == 1
    assert unnamed("SELECT * FROM grants WHERE id = :id AND user_key = :user_key") == 0
    assert unnamed("UPDATE a SET x = 1 WHERE user_key = :user_key AND EXISTS (SELECT 1 FROM sends)") == 0
    assert unnamed("UPDATE users SET x = 1 WHERE user_key = :user_key AND EXISTS (SELECT 1 FROM sends)") == 1
    assert unnamed("INSERT INTO sends (number, at) VALUES (:number, :at)") == 1
    assert unnamed("INSERT INTO sends (user_key, at) VALUES (:user_key, :at)") == 0
    assert unnamed("SELECT 1 FROM actions JOIN grants ON id = action_id WHERE actions.user_key = :user_key") == 1


async def test_the_lives_say_every_statement_that_stands_in_the_code(operations: list[RecordedOperation]) -> None:
    said = {sql for operation in operations for sql, _ in operation.statements}
    silent = {text for text in _texts_in_the_code() if not any(sql.startswith(text) for sql in said)}
    assert {text for text in silent if tables_in(text) & OF_USERS and AFTER_A_NEW_KEY not in text} == set()


async def test_every_table_is_of_users_or_a_named_exception(operations: list[RecordedOperation]) -> None:
    named = {table for operation in operations for sql, _ in operation.statements for table in tables_in(sql)}
    assert named <= OF_USERS | EXCEPTIONS.keys()
    assert named >= OF_USERS


async def test_every_statement_about_rows_of_users_names_its_user(operations: list[RecordedOperation]) -> None:
    assert [sql for _, (sql, _) in _of_users(operations) if unnamed(sql)] == []


async def test_an_operation_names_no_user_but_its_own(operations: list[RecordedOperation], scene: Scene) -> None:
    keys: dict[int, set[object]] = {}
    for number, operation in enumerate(operations):
        for one, (_, values) in _of_users([operation]):
            keys.setdefault(number, set() if one.owner is None else {one.owner}).add(values["user_key"])
    assert {len(one) for one in keys.values()} == {1}
    assert {bytes(scene.ref(user_id).key) for user_id in USERS} <= {bytes(*one) for one in keys.values()}


async def test_no_statement_on_sqlite_walks_through_a_table(
    store: RowStore, operations: list[RecordedOperation]
) -> None:
    writer, _ = connections(store)
    # As in production: nothing there counts rows, so that no plan depends on how many there are.
    walks = {
        (sql, step)
        for sql, values in _distinct(operations)
        for *_, step in writer.execute(f"EXPLAIN QUERY PLAN {sql}", values)
        if not IN_THEIR_ORDER.search(sql) and re.match(rf"SCAN (?:{'|'.join(OF_USERS)})\b(?!.* USING .*INDEX)", step)
    }
    assert walks == set()


async def test_no_statement_on_postgresql_walks_through_a_table_of_many_users(
    postgres_life: tuple[psycopg.Connection, list[RecordedOperation]],
) -> None:
    connection, operations = postgres_life
    multiply_users(connection, OF_USERS, times=1_000)
    of_users = [operation for operation in operations if operation.owner is not None or operation.is_question]
    # A sweep names how many rows it takes at most, so that a plan for any number of rows says nothing of it.
    plans = [(statement[0], plan_for_values(connection, statement)) for statement in _distinct(operations)]
    plans += [(statement[0], plan_for_any(connection, statement)) for statement in _distinct(of_users)]
    walks = {
        (text, node["Relation Name"])
        for text, plan in plans
        for node in nodes(plan)
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in OF_USERS
    }
    assert walks == set()


async def test_tables_spread_by_user_answer_each_operation_from_one_place(
    postgres_life: tuple[psycopg.Connection, list[RecordedOperation]],
) -> None:
    connection, operations = postgres_life
    spread_by_user(connection, OF_USERS)
    places: list[set[str]] = []
    for operation in operations:
        plans = [plan_for_values(connection, statement) for _, statement in _of_users([operation])]
        places.append({place for plan in plans for node in nodes(plan) if (place := _place_of(node)) is not None})
    assert max(map(len, places)) == 1
    assert len(set().union(*places)) > 1
