"""Measures one subject: several runs at each number of connections, and what a cycle writes; says nothing of others."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.load.driving import drive
from bench.load.plans import Plan
from bench.load.postgres_server import Postgres
from bench.load.subject import BOTH_CORES, Place, Running, Subject, free_port

_COUNTED_AT_ONCE: Final = 4
"""Connections while statements are counted, so that no more of them than otherwise share a transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much is measured."""

    connections: tuple[int, ...]
    runs: int
    warm_s: float
    measured_s: float
    users: int
    """Registered beforehand, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run at one number of connections."""

    connections: int
    per_second: float
    errors: int
    start_p50_ms: float
    start_p99_ms: float
    check_p50_ms: float
    check_p99_ms: float
    code_p50_ms: float
    cpu_ms: float
    """Processor time of the service for one cycle."""
    database_cpu_ms: float
    """The same of PostgreSQL; 0.0 without one."""
    driver_share: float
    """Share of its core that the load generator used."""
    resident_mb: tuple[float, ...]
    """Memory of each process of the service."""
    written_bytes: float
    """For one cycle: write-ahead log of PostgreSQL, or what the process handed to the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Everything that was measured of one subject."""

    key: str
    title: str
    settings: str
    versions: str
    runs: tuple[Run, ...]
    statements: float | None
    started_s: float
    """From the start of the command to the first answer, users registered included."""

    def record(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)


def measure(subject: Subject, folder: Path, postgres: Postgres | None, extent: Extent) -> Measured:
    """Install, start, drive and stop a subject."""
    versions = subject.install()
    users = min(subject.users, extent.users)
    place = Place(folder=folder / subject.key, code_port=free_port(), postgres=postgres, users=users)
    if postgres is not None:
        postgres.place_on(BOTH_CORES if subject.has_both_cores else "1")
    began = time.perf_counter()
    with subject.start(place) as running:
        started_s = time.perf_counter() - began
        runs = tuple(_runs(running, place, replace(extent, measured_s=extent.measured_s * subject.patience)))
        statements = None if running.database is None else _statements_on(running, place, extent)
    if statements is None and subject.can_count:
        statements = _statements_counted(subject, folder, users)
    return Measured(
        key=subject.key,
        title=subject.title,
        settings=subject.settings,
        versions=versions,
        runs=runs,
        statements=statements,
        started_s=started_s,
    )


def _runs(running: Running, place: Place, extent: Extent) -> Iterable[Run]:
    for connections in extent.connections:
        for number in range(extent.runs):
            warm_s = extent.warm_s if number == 0 else extent.warm_s / 2
            plan = plan_for(running, place, connections, warm_s=warm_s, measured_s=extent.measured_s)
            run = _run(plan, running, place)
            print(
                f"    {connections:>3} at once: {run.per_second:9.1f} cycles/s, {run.cpu_ms:7.3f} ms of processor each,"
                f" check {run.check_p50_ms:.1f} ms, p99 {run.check_p99_ms:.1f} ms"
                + (f", {run.errors} ERRORS" if run.errors else ""),
                flush=True,
            )
            yield run


def plan_for(
    running: Running, place: Place, connections: int, *, measured_s: float, warm_s: float = 0.0, cycles_most: int = 0
) -> Plan:
    """Return the plan that drives a running subject."""
    return Plan(
        port=running.port,
        steps=running.steps,
        connections=connections,
        warm_s=warm_s,
        measured_s=measured_s,
        cycles_most=cycles_most,
        users=running.users,
        datagram_port=place.code_port if running.takes_datagrams else 0,
        smtp_port=0 if running.takes_datagrams else place.code_port,
    )


def _run(plan: Plan, running: Running, place: Place) -> Run:
    postgres = place.postgres if running.database is not None else None
    before = _database(postgres)
    driven = drive(plan, roots=running.roots)
    after = _database(postgres)
    # The warm-up and the draining are in what the database used, so its share is taken of all that ran.
    cycles = max(1, driven.cycles)
    every = max(1, driven.cycles_in_all)
    own = list(driven.used.values())
    return Run(
        connections=plan.connections,
        per_second=driven.per_second,
        errors=driven.errors,
        start_p50_ms=driven.times["start"].p50_ms,
        start_p99_ms=driven.times["start"].p99_ms,
        check_p50_ms=driven.times["check"].p50_ms,
        check_p99_ms=driven.times["check"].p99_ms,
        code_p50_ms=driven.times["code"].p50_ms,
        cpu_ms=sum(usage.cpu_s for usage in own) / cycles * 1e3,
        database_cpu_ms=(after[0] - before[0]) / every * 1e3,
        driver_share=driven.driver_cpu_s / driven.seconds,
        resident_mb=tuple(sorted(round(usage.resident_bytes / 2**20, 1) for usage in own)),
        written_bytes=(after[1] - before[1]) / every
        if postgres is not None
        else sum(usage.written_bytes for usage in own) / cycles,
    )


def _database(postgres: Postgres | None) -> tuple[float, int]:
    """Return the processor time and the log bytes of PostgreSQL so far; ended connections are counted as well."""
    if postgres is None:
        return 0.0, 0
    return postgres.cpu_s(), postgres.written_bytes()


def _statements_on(running: Running, place: Place, extent: Extent) -> float | None:
    """Let PostgreSQL log every statement for a moment, and count."""
    if place.postgres is None:
        return None
    cycles = min(place.users, 200 if extent.runs > 1 else 40)
    with place.postgres.logged_statements() as count:
        plan = plan_for(running, place, _COUNTED_AT_ONCE, measured_s=30, cycles_most=cycles)
        driven = drive(plan, roots=running.roots)
        return count() / max(1, driven.cycles_in_all)


def _statements_counted(subject: Subject, folder: Path, users: int) -> float | None:
    """Start a subject once more so that it counts its own statements, and drive it for a moment."""
    place = Place(
        folder=folder / f"{subject.key}-counted",
        code_port=free_port(),
        postgres=None,
        users=min(users, 1_000),
        counts=True,
    )
    with subject.start(place) as running:
        if running.statements is None:
            return None
        before = running.statements()
        driven = drive(plan_for(running, place, _COUNTED_AT_ONCE, measured_s=30, cycles_most=400), roots=running.roots)
        return (running.statements() - before) / max(1, driven.cycles)


def middle(runs: Sequence[Run], name: str) -> float:
    """Return the median of a field."""
    return float(median(getattr(run, name) for run in runs))
