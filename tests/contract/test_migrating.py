"""A file of the first version with everything in it is brought to the newest, loses nothing and works from there on."""

from importlib import resources
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.contract.builders import EMAIL, PHONE, START, Scene
from tests.contract.guessing import spend
from watchword.adapters.key_set import KeySet
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.sqlite.schema import migrate, newest_version
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.domain.action import Label
from watchword.domain.challenge import Approved
from watchword.domain.secret import Secret
from watchword.ports.store.values import ApiKey, KeptAnswer, OwnersWord
from watchword.risk.memory import NO_MEMORY, PROVEN, PROVISIONAL
from watchword.risk.traits import Level

HOME = (11, 12, 13, 14, 15, 16, 17)
FIRST_TABLES = (
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
    "attempt_minutes",
    "kept_answers",
    "api_keys",
    "events",
)


@pytest.fixture
async def old_file(tmp_path: Path, database: str, scene: Scene, store: RowStore) -> str:
    """Gives a file of version 1 with the rows of a life: they are written by this release and carried into it.

    The columns of version 1 are written today as they were then; those that came later stay behind.
    """
    await _live(scene)
    await store.close()
    path = str(tmp_path / "old.sqlite3")
    old = apsw.Connection(path)
    old.execute(_first_schema())
    old.pragma("user_version", 1)
    old.pragma("application_id", 0x57544348)
    old.pragma("journal_mode", "wal")
    old.execute("ATTACH ? AS new", (database,))
    for table in (*FIRST_TABLES, "clock"):
        columns = ", ".join(_columns(old, table))
        old.execute(f"DELETE FROM main.{table}")  # noqa: S608 names of our own
        old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")  # noqa: S608 the same
    old.execute("DETACH new")
    old.close()
    return path


async def _live(scene: Scene) -> None:
    """Let there be a row in every table of the first version."""
    user = await scene.register(PHONE, EMAIL)
    order, _ = scene.switch(await scene.open("transfer", contact=user.contacts[0]), user.contacts[1])
    await scene.store.order_delivery(order)
    planned = await scene.open("password_reset")
    outcome = await spend(scene.store, scene.guess(planned))
    assert isinstance(outcome, Approved)
    assert outcome.grant is not None
    await scene.store.redeem_grant(scene.redemption(planned, outcome.grant.id))
    await scene.open("transfer")
    await spend(scene.store, scene.wrong(await scene.open("transfer")))
    await scene.store.count_attempt(scene.application_id, wrong=True)
    await scene.store.record_decision(scene.decided(scene.action("purchase", amount="5.00"), country="CH"))
    shop = scene.application_id
    answer = KeptAnswer(application_id=shop, scope=b"s", fingerprint=b"f", status=200, body=Secret("{}"))
    await scene.store.keep_answer(answer)
    key = ApiKey(id="key_1", application_id=shop, scopes=frozenset({"users"}), created_at=START, revoked_at=None)
    await scene.store.add_api_key(key, b"hash")


def _first_schema() -> str:
    return (resources.files("watchword.adapters.sqlite") / "migrations" / "0001_first.sql").read_text()


def _columns(connection: apsw.Connection, table: str) -> list[str]:
    return [str(row[1]) for row in connection.execute(f"PRAGMA main.table_info({table})")]


def _rows(path: str) -> dict[str, list[tuple[Any, ...]]]:
    connection = apsw.Connection(path)
    first = apsw.Connection(":memory:")
    first.execute(_first_schema())
    names = {table: ", ".join(_columns(first, table)) for table in FIRST_TABLES}
    rows = {}
    for table, columns in names.items():
        order = ", ".join(str(number) for number in range(1, columns.count(",") + 2))
        rows[table] = list(connection.execute(f"SELECT {columns} FROM {table} ORDER BY {order}"))  # noqa: S608 our own
    connection.close()
    return rows


async def test_a_file_of_the_first_version_keeps_every_row(old_file: str) -> None:
    before = _rows(old_file)
    assert [table for table, rows in before.items() if not rows] == []
    assert migrate(old_file) == newest_version()
    assert _rows(old_file) == before
    connection = apsw.Connection(old_file)
    assert connection.execute("PRAGMA integrity_check").get == "ok"
    assert list(connection.execute("PRAGMA foreign_key_check")) == []
    connection.close()
    assert migrate(old_file) == newest_version()


async def test_what_came_later_is_filled_in_as_far_as_it_is_known(old_file: str, scene: Scene, keyring: KeySet) -> None:
    migrate(old_file)
    scene.store = open_sqlite_store(old_file, scene.clock, scene.entropy, keyring)
    profile = await scene.profile()
    assert (profile.memory, profile.registered_at) == (NO_MEMORY, START)
    assert profile.changed_at == START  # the reset was the last change that is known
    assert profile.countries_seen == {"US", "CH"}
    await scene.store.close()


async def test_it_works_from_there_on(old_file: str, scene: Scene, keyring: KeySet) -> None:
    migrate(old_file)
    scene.store = store = open_sqlite_store(old_file, scene.clock, scene.entropy, keyring)
    for record in await store.actions(scene.ref(), limit=10, before=None):
        await store.label_action(scene.ref(), record.action.id, Label.FRAUD)
        if record.challenge is not None and record.challenge.state.value == "approved":
            assert await store.dispute_challenge(record.challenge.id) is OwnersWord.DISPUTED
    assert (await scene.profile()).memory == NO_MEMORY  # they never taught anything
    assert (await scene.profile()).countries_seen == {"US", "CH"}
    action = scene.action()
    await store.record_decision(scene.decided(action, contribution=scene.contribution(*HOME), country="FR"))
    scene.clock.move(days=1)
    memory = (await scene.profile()).memory
    assert memory.weight(Level.COUNTRY, HOME[0], scene.clock.now()) == pytest.approx(PROVEN, rel=0.02)
    await store.label_action(scene.ref(), action.id, Label.FRAUD)
    assert (await scene.profile()).memory.events(scene.clock.now()) < PROVISIONAL / 100
    assert (await scene.profile()).countries_seen == {"US", "CH"}
    await store.sweep(limit=100)
    assert await store.erase_user(scene.ref())
    await store.close()
