"""``python -m bench.load``: how fast Watchword is beside others of its kind. ``make bench`` runs it.

What was measured is kept in build/bench/results, so that a run that was cut off goes on where it stopped: as long as
the commit is the same, and not after a run that reached its end.
"""

import argparse
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.load.allowing import allowed_record, drive_allowed, prove_devices
from bench.load.benchmark_page import Found, write_page
from bench.load.better_auth_subject import better_auth
from bench.load.driving import BUILD
from bench.load.lasting import measure_cold_start, soak
from bench.load.measuring import Extent, measure
from bench.load.population import measure_population
from bench.load.postgres_server import Postgres, postgres
from bench.load.python_peers import django_allauth, privacyidea
from bench.load.results import Results, commit
from bench.load.same_rows import measure_same_rows
from bench.load.subject import Place, Subject, free_port
from bench.load.trivial_subject import trivial
from bench.load.watchword_subject import watchword_on_postgres, watchword_on_sqlite, watchword_without_store

FULL: Final = Extent(connections=(1, 16, 64), runs=3, warm_s=1.0, measured_s=3.0, users=20_000)
QUICK: Final = Extent(connections=(16,), runs=1, warm_s=0.5, measured_s=2.0, users=500)
_POPULATIONS: Final = (1_000, 100_000, 5_000_000)
_QUICK_POPULATIONS: Final = (1_000,)
_SOAK_MINUTES: Final = 10.0
_DATA: Final = (BUILD / "data").absolute()
_RESULTS: Final = Results(folder=BUILD / "results")
_SOAKED: Final = Results(folder=BUILD)
_PAGE: Final = Path("docs/benchmarks.md")
_QUICK_PAGE: Final = Path("build/benchmarks-quick.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One thing that is measured and kept."""

    key: str
    title: str
    needs_postgres: bool
    measure: Callable[[Postgres | None], dict[str, Any]]


def subjects() -> Sequence[Subject]:
    """Return the rows of the table, in their order."""
    return (
        trivial(),
        watchword_on_sqlite(),
        better_auth(on_postgres=False),
        watchword_on_postgres(processes=1),
        better_auth(on_postgres=True),
        watchword_on_postgres(processes=2),
        better_auth(on_postgres=True, processes=2),
        watchword_without_store(),
        watchword_on_sqlite(mail=True),
        django_allauth(),
        privacyidea(),
    )


def jobs(*, quick: bool) -> Sequence[Job]:
    """Return everything that is measured, in this order."""
    extent = QUICK if quick else FULL
    found = [
        Job(
            key=one.key,
            title=one.title,
            needs_postgres=one.needs_postgres,
            measure=partial(_rounds, one, extent),
        )
        for one in subjects()
    ]
    rows = Job(
        key="same-rows",
        title="pgbench, the rows of a cycle",
        needs_postgres=True,
        measure=partial(_same_rows, extent),
    )
    return [*found, rows, *_further_jobs(quick=quick)]


def _further_jobs(*, quick: bool) -> list[Job]:
    """Return what is measured of Watchword alone, on both stores."""
    seconds, acting = (1.0, 200) if quick else (5.0, 4_000)
    found: list[Job] = []
    for store, on in (("sqlite", False), ("postgres", True)):
        subject = watchword_on_postgres(processes=1) if on else watchword_on_sqlite()
        found.append(
            Job(
                key=f"allow-{store}",
                title=f"allowed actions, {subject.title}",
                needs_postgres=on,
                measure=partial(_allow, subject, seconds, acting),
            )
        )
        found.append(
            Job(
                key=f"cold-{store}",
                title=f"cold start, {subject.title}",
                needs_postgres=on,
                measure=partial(measure_cold_start, _DATA / "cold"),
            )
        )
        found += [
            Job(
                key=f"population-{store}-{users}",
                title=f"{users:,} users, {subject.title}",
                needs_postgres=on,
                measure=partial(
                    measure_population, _DATA / "population", users=users, seconds=seconds, most_acting=acting
                ),
            )
            for users in (_QUICK_POPULATIONS if quick else _POPULATIONS)
        ]
    return found


def _allow(subject: Subject, seconds: float, users: int, server: Postgres | None) -> dict[str, Any]:
    place = Place(folder=_DATA / "allow", code_port=free_port(), postgres=server, users=users)
    if server is not None:
        server.place_on("1")
    with subject.start(place) as running:
        values = prove_devices(running, place)
        driven = drive_allowed(running, place, values, 16, seconds)
    return allowed_record(subject.title, 16, driven)


def _rounds(subject: Subject, extent: Extent, server: Postgres | None) -> dict[str, Any]:
    return measure(subject, _DATA, server, extent).record()


def _same_rows(extent: Extent, server: Postgres | None) -> dict[str, Any]:
    if server is None:
        raise RuntimeError("there is no PostgreSQL")
    subject = watchword_on_postgres(processes=1)
    return measure_same_rows(subject, _DATA, server, extent.connections, extent.runs, extent.measured_s + 1)


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, to build/benchmarks-quick.md")
    keys = [job.key for quick in (False, True) for job in jobs(quick=quick)]
    parser.add_argument(
        "--only", action="append", choices=keys, metavar="KEY", help="measure it now, and write no page"
    )
    parser.add_argument("--soak", action="store_true", help="ten minutes of load on SQLite, for the memory")
    parser.add_argument("--minutes", type=float, default=_SOAK_MINUTES, help="with --soak")
    parser.add_argument("--page", action="store_true", help="write the page from the last run that reached its end")
    asked = parser.parse_args()
    # Whoever ends it ends its servers too: they are stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if asked.soak:
        _soak(asked.minutes)
    elif asked.page:
        _write_page(quick=bool(_RESULTS.run().get("quick")))
    elif asked.only:
        _try(asked.only, quick=asked.quick)
    else:
        _bench(quick=asked.quick)


def _soak(minutes: float) -> None:
    """Keep the result for this and later pages: it takes too long for every run."""
    _SOAKED.keep("soak", {**soak(_DATA / "soak", FULL.users, minutes), "commit": commit()})
    if _RESULTS.kept("finished") is not None:
        _write_page(quick=bool(_RESULTS.run().get("quick")))


def _try(keys: Sequence[str], *, quick: bool) -> None:
    """Measure what is named, and show it; nothing is kept."""
    with ExitStack() as stack:
        server: Postgres | None = None
        for job in jobs(quick=quick):
            if job.key not in keys:
                continue
            print(job.title, flush=True)
            if job.needs_postgres and server is None:
                server = stack.enter_context(postgres(_postgres_folder()))
            record = job.measure(server if job.needs_postgres else None)
            print("   ", {name: value for name, value in record.items() if name not in {"runs", "tables"}})


def _bench(*, quick: bool) -> None:
    """Measure what was not measured yet, and write the page."""
    all_jobs = jobs(quick=quick)
    _RESULTS.begin({"commit": commit(), "quick": quick})
    failed: list[str] = []
    with ExitStack() as stack:
        server: Postgres | None = None
        for number, job in enumerate(all_jobs, start=1):
            spent_s = float(_RESULTS.run().get("spent_s", 0))
            print(f"[{number}/{len(all_jobs)}, {spent_s:4.0f} s] {job.title}", flush=True)
            if _RESULTS.kept(job.key) is not None:
                print("    measured before")
                continue
            began = time.monotonic()
            if job.needs_postgres and server is None:
                server = stack.enter_context(postgres(_postgres_folder()))
                _RESULTS.add(postgres=server.version)
            if not _measured(job, server if job.needs_postgres else None):
                failed.append(job.title)
            _RESULTS.add(spent_s=spent_s + time.monotonic() - began)
    _RESULTS.finish()
    _write_page(quick=quick)
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}")


def _postgres_folder() -> Path:
    """Return a folder for the server of this process, and remove those of processes that were killed."""
    for left in BUILD.glob("postgres-*"):
        if not Path("/proc", left.name.rpartition("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)
    return (BUILD / f"postgres-{os.getpid()}").absolute()


def _measured(job: Job, server: Postgres | None) -> bool:
    """Measure and keep it, or say what went wrong; one that fails stops nothing."""
    try:
        _RESULTS.keep(job.key, job.measure(server))
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        print(f"    NOT MEASURED: {error}", file=sys.stderr)
        return False
    return True


def _write_page(*, quick: bool) -> None:
    page, extent, run = (_QUICK_PAGE if quick else _PAGE), (QUICK if quick else FULL), _RESULTS.run()
    keys = [job.key for job in jobs(quick=quick)]
    kept = {key: record for key in keys if (record := _RESULTS.kept(key)) is not None}
    found = Found(
        run={
            "date": f"{datetime.now(UTC):%d %B %Y}",
            "short": str(run.get("commit", ""))[:7],
            "machine": _machine(),
            "kernel": platform.release(),
            "minutes": max(1, round(float(run.get("spent_s", 0)) / 60)),
            "runs": extent.runs,
            "measured_s": extent.measured_s,
            "postgres": run.get("postgres", ""),
        },
        subjects=[kept[one.key] for one in subjects() if one.key in kept],
        allows=[record for key, record in kept.items() if key.startswith("allow-")],
        populations=[record for key, record in kept.items() if key.startswith("population-")],
        pgbench=kept.get("same-rows"),
        cold_starts=[record for key, record in kept.items() if key.startswith("cold-")],
        soak=_SOAKED.kept("soak"),
        not_measured=[job.title for job in jobs(quick=quick) if job.key not in kept],
    )
    write_page(found, page)
    print(f"written: {page}")


def _machine() -> str:
    """Return what the processor calls itself, and how many cores there are."""
    named = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{os.cpu_count()} cores of {named.group(1) if named else platform.machine()}"


if __name__ == "__main__":
    main()
