"""A shop on any store, whose messages go to gateways on this machine by a worker of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from tests.flow.outside import START, Outbox
from tests.flow.world import SHOP, World
from tests.kit.clock_and_chance import MovableClock
from tests.kit.default_policy import default_policy
from tests.kit.gateway import GatewaySender
from tests.kit.languages import LANGUAGES
from tests.kit.postgres_databases import PostgresClock, PostgresDatabases
from tests.kit.stores import open_store_at
from watchword.adapters.key_set import KeySet
from watchword.adapters.letters import CatalogueLetters
from watchword.adapters.rows.guard_store import RowGuardStore
from watchword.adapters.sqlite.schema import migrate
from watchword.adapters.system import SystemEntropy
from watchword.bootstrap.key_source import KeyWatch
from watchword.bootstrap.policy_watch import PolicyWatch
from watchword.bootstrap.worker import Worker
from watchword.config.settings import KeySource
from watchword.domain.contact import Channel
from watchword.domain.event import EventType
from watchword.domain.routes import Routes
from watchword.domain.secret import Secret
from watchword.ports.guarding import Guarding

NAMES: Final = ("first", "second")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingWorld:
    """A shop with a worker that was not started yet."""

    world: World
    worker: Worker
    sent: asyncio.Event
    """Set once it is written down that a message was handed over."""


@contextmanager
def place_of(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[str, MovableClock]]:
    """Give where a migrated store of the kind ``request.param`` is, and the clock that moves it."""
    if request.param == "sqlite":
        path = str(folder / "watchword.sqlite3")
        migrate(path)
        yield path, MovableClock(START)
        return
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    with databases.migrated() as url:
        clock = PostgresClock(url, START)
        yield url, clock  # type: ignore[misc]  # it moves as the other does
        clock.close()


@asynccontextmanager
async def failing_world(
    place: str, clock: MovableClock, urls: tuple[str, ...], *, receipt_within_s: int | None = None
) -> AsyncIterator[FailingWorld]:
    """Give a shop on the store of a place; its keys are the same in every process, its ids are not.

    ``clock`` is for SQLite: on PostgreSQL the database's own counts.
    """
    plain = World.create(default_policy(), letters=CatalogueLetters(LANGUAGES))
    await plain.store.close()
    keyring, entropy = plain.ports.keyring, SystemEntropy()
    bell, sent = asyncio.Event(), asyncio.Event()

    def ring(event_type: str) -> None:
        if event_type == EventType.DELIVERY_QUEUED:
            bell.set()
        if event_type == EventType.DELIVERY_SENT:
            sent.set()

    store = await open_store_at(place, clock, entropy, keyring, on_event=ring)
    senders = dict(zip(NAMES, (GatewaySender(url, receipt_within_s=receipt_within_s) for url in urls), strict=False))
    ports = replace(
        plain.ports,
        store=store,
        entropy=entropy,
        senders=senders,
        routes=Routes(
            orders={(SHOP, channel, None): tuple(senders) for channel in Channel},
            receipt_within_s=dict.fromkeys(senders, receipt_within_s),
        ),
        guarding=Guarding(store=RowGuardStore(store.runner)),
    )
    world = World(ports=ports, store=store, clock=clock, outbox=Outbox(), shop=plain.shop)
    try:
        worker = _worker(world, bell, alone=not place.startswith("postgresql:"))
        world.ports = replace(ports, courier=worker)
        yield FailingWorld(world=world, worker=worker, sent=sent)
    finally:
        for sender in senders.values():
            await sender.close()
        await store.close()


def _worker(world: World, bell: asyncio.Event, *, alone: bool) -> Worker:
    if not isinstance(world.ports.keyring, KeySet):
        raise TypeError(world.ports.keyring)
    worker = Worker(
        ports=world.ports,
        alone=alone,
        key_watch=KeyWatch(KeySource(name="keys", path=Path("keys"), text=Secret("")), world.ports.keyring),
        policy_watch=PolicyWatch(declared=(), applied={}),
        tidy=lambda: None,
        retention_days=400,
    )
    worker.bell = bell
    return worker
