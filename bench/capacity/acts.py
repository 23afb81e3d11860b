"""Measures what each thing that a service does costs: processor time, bytes written, and room that stays taken."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from bench.capacity.room import room_on_postgres, room_on_sqlite
from bench.load.driving import drive
from bench.load.measuring import plan_for
from bench.load.plans import Capture, Plan, Step
from bench.load.postgres_server import Postgres
from bench.load.processes import family_of, usage_of
from bench.load.subject import Place, Running, free_port
from bench.load.watchword_subject import AGENT, prepare, register, served
from watchword.bootstrap.house import build
from watchword.bootstrap.key_source import open_keys
from watchword.config.loading import load_settings
from watchword.config.settings import Situation
from watchword.domain.ids import UserId
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.flow.assess import assess
from watchword.flow.deliver import claim_due, deliver_one
from watchword.flow.gather import Report
from watchword.ports.sender import Handover

REGISTER: Final = "register a user"
START_CHECK: Final = "start, message, check"
REDEEM_PROOF: Final = "redeem what was proven, confirmation"
ALLOW: Final = "allow"
REDEEM_ALLOW: Final = "redeem what was allowed"
DELIVER: Final = "a message by itself"
ROUNDS: Final = 3
CONNECTIONS: Final = 16
_AT_ONCE: Final = 32
"""Messages that a worker hands over at the same time."""
_DATABASE: Final = "capacity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What one of a kind costs."""

    service_us: float
    """Processor time of the serving process, its messages and upkeep included."""
    database_us: float
    """Processor time of PostgreSQL; 0 on SQLite, which is part of the process."""
    written_bytes: float
    """Write-ahead log of PostgreSQL; on SQLite all that the process handed to the disk."""
    room: Mapping[str, float]
    """Bytes that each table grew by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Everything that was measured on one store."""

    acts: Mapping[str, Act]
    resident_mb: float
    database_mb: float


def measure_costs(folder: Path, server: Postgres | None, users: int) -> Costs:
    """Serve on a fresh store, let that many users act, and return what it costs; SQLite where there is no server."""
    folder.mkdir(parents=True)
    place = Place(folder=folder, code_port=free_port(), postgres=server, users=users)
    port = free_port()
    store = "sqlite:///watchword.sqlite3" if server is None else server.make(_DATABASE)
    key = prepare(folder, port=port, store=store, mail_port=place.code_port)
    database = None if server is None else _DATABASE
    meter = _Meter(folder / "watchword.sqlite3", server)
    seen: dict[str, list[Act]] = {}
    with served(place, port=port, key=key, database=database, environment={}) as running:

        def note(name: str, work: Callable[[], object]) -> None:
            before = meter.read(running.roots)
            work()
            time.sleep(1.0)  # for the messages that are on their way
            seen.setdefault(name, []).append(meter.read(running.roots).since(before, users))

        note(REGISTER, lambda: register(port, key, users))
        for _ in range(ROUNDS):
            for name, plan in _plans(running, place, key).items():
                note(name, partial(_drive, plan, running))
        resident = sum(usage.resident_bytes for usage in usage_of(running.roots).values())
    seen[DELIVER] = [asyncio.run(_deliver(folder, meter, min(users, 1_000))) for _ in range(ROUNDS)]
    acts = {name: _cheapest(rounds) for name, rounds in seen.items()}
    room = sum(meter.read(()).room.values())
    return Costs(acts=acts, resident_mb=resident / 1e6, database_mb=room / 1e6)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """Every counter at one moment."""

    service_s: float
    database_s: float
    written_bytes: int
    room: Mapping[str, int]

    def since(self, before: "_Reading", count: int) -> Act:
        """Return what each of ``count`` cost since another reading."""
        grown = {table: (size - before.room.get(table, 0)) / count for table, size in self.room.items()}
        return Act(
            service_us=(self.service_s - before.service_s) / count * 1e6,
            database_us=(self.database_s - before.database_s) / count * 1e6,
            written_bytes=(self.written_bytes - before.written_bytes) / count,
            room={table: size for table, size in grown.items() if size > 0},
        )


class _Meter:
    """Reads the counters of a store and of the processes that work on it."""

    def __init__(self, path: Path, server: Postgres | None) -> None:
        self._path = path
        self._server = server

    def read(self, roots: Sequence[int]) -> _Reading:
        """Read all of them."""
        used = usage_of(family_of(roots)).values()
        service_s = sum(one.cpu_s for one in used)
        if self._server is None:
            written = sum(one.written_bytes for one in used)
            return _Reading(service_s=service_s, database_s=0.0, written_bytes=written, room=room_on_sqlite(self._path))
        return _Reading(
            service_s=service_s,
            database_s=self._server.cpu_s(),
            written_bytes=self._server.written_bytes(),
            room=room_on_postgres(self._server, _DATABASE),
        )


def _cheapest(rounds: Sequence[Act]) -> Act:
    """Return the least of each cost, because whatever else happens on a machine only adds; room is the average."""
    tables = {table for one in rounds for table in one.room}
    return Act(
        service_us=min(one.service_us for one in rounds),
        database_us=min(one.database_us for one in rounds),
        written_bytes=min(one.written_bytes for one in rounds),
        room={table: sum(one.room.get(table, 0.0) for one in rounds) / len(rounds) for table in tables},
    )


def _plans(running: Running, place: Place, key: str) -> Mapping[str, Plan]:
    """Return what is driven, in its order: who proved his device is allowed, and every grant is redeemed."""
    if running.allow is None:
        raise RuntimeError("nothing is allowed here without a code")
    start, check = running.steps
    values = place.folder / "values.txt"
    asked = replace(
        plan_for(running, place, CONNECTIONS, measured_s=600, cycles_most=place.users),
        steps=(_any_session(start), _with_grant(check)),
        values=values,
    )
    by_device = replace(asked, datagram_port=0, smtp_port=0)
    redeemed = replace(by_device, steps=(_redeem(key),))
    return {
        START_CHECK: asked,
        REDEEM_PROOF: redeemed,
        ALLOW: replace(by_device, steps=(_any_session(_with_grant(running.allow)),)),
        REDEEM_ALLOW: redeemed,
    }


def _drive(plan: Plan, running: Running) -> None:
    driven = drive(plan, roots=running.roots)
    if driven.errors:
        raise RuntimeError(f"{driven.errors} answers were not as expected")


def _with_grant(step: Step) -> Step:
    return replace(step, captures=(*step.captures, Capture(name="grant", after='"grant":"', is_kept=True)))


def _any_session(step: Step) -> Step:
    """Return the step without its session, which has another name at each turn of the load generator."""
    return replace(step, body=step.body.replace('"session_id":"s-{turn}",', ""))


def _redeem(key: str) -> Step:
    return Step(
        name="redeem",
        path="/v1/grants/redeem",
        headers=(f"Authorization: Bearer {key}", "Content-Type: application/json"),
        body='{"grant":"{grant}","action":{"type":"sign_in","user_id":"u-{user}"}}',
        status=200,
        expects='"redeemed_at"',
    )


async def _deliver(folder: Path, meter: _Meter, count: int) -> Act:
    """Return what a message with a code costs from the claim to the receipt, without the talk to a mail server."""
    settings = load_settings(folder / "watchword.toml", situation=Situation.SERVE, environ={})
    house = await build(settings, open_keys(settings.keys, create=False))
    ports = replace(house.ports, senders=dict.fromkeys(house.ports.senders, _Nowhere()))
    application = settings.applications[0].application
    for number in range(count):
        user, address = UserId(f"u-{number}"), f"100.64.{number // 256}.{number % 256}"
        report = Report(type="sign_in", user_id=user, details={}, user_agent=AGENT, ip=address)
        await assess(ports, application, report)
    before = meter.read((os.getpid(),))
    while claimed := await claim_due(ports, limit=_AT_ONCE):
        await asyncio.gather(*(deliver_one(ports, one) for one in claimed))
    act = meter.read((os.getpid(),)).since(before, count)
    await house.close()
    return act


class _Nowhere:
    """Keeps ``ports.sender.Sender`` and sends nothing."""

    async def send(self, envelope: Envelope) -> Handover:
        return Handover(provider="nowhere", provider_message_id=envelope.delivery_id, status=DeliveryStatus.SENT)

    async def close(self) -> None:
        """There is nothing to close."""
