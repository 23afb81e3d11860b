"""``python -m bench.load``: how fast Watchword is beside others of its kind. ``make bench`` runs it.

What was measured is kept in build/bench/results, so that a run that was cut off goes on where it stopped: as long as
the commit is the same, and not after a run that reached its end.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.load.benchmark_page import Found, write_page
from bench.load.better_auth_subject import better_auth
from bench.load.driving import BUILD
from bench.load.measuring import Extent, measure
from bench.load.postgres_server import Postgres, postgres
from bench.load.python_peers import django_allauth, privacyidea
from bench.load.subject import Subject
from bench.load.trivial_subject import trivial
from bench.load.watchword_subject import watchword_on_postgres, watchword_on_sqlite, watchword_without_store

FULL: Final = Extent(connections=(1, 16, 64), runs=3, warm_s=1.5, measured_s=4.0, users=20_000)
QUICK: Final = Extent(connections=(16,), runs=1, warm_s=0.5, measured_s=2.0, users=1_000)
_RESULTS: Final = BUILD / "results"


def subjects() -> Sequence[Subject]:
    """Return what is measured, in this order."""
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


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, to build/benchmarks-quick.md")
    parser.add_argument("--only", action="append", choices=[one.key for one in subjects()], help="and write no page")
    asked = parser.parse_args()
    extent = QUICK if asked.quick else FULL
    chosen = [one for one in subjects() if not asked.only or one.key in asked.only]
    _begin(quick=asked.quick, afresh=bool(asked.only))
    began = time.monotonic()
    with ExitStack() as stack:
        server: Postgres | None = None
        for number, subject in enumerate(chosen, start=1):
            print(f"[{number}/{len(chosen)}, {time.monotonic() - began:4.0f} s] {subject.title}", flush=True)
            if subject.needs_postgres and server is None:
                server = stack.enter_context(postgres((BUILD / "postgres").absolute()))
            _measure_once(subject, server if subject.needs_postgres else None, extent)
    if not asked.only:
        page = Path("build/benchmarks-quick.md" if asked.quick else "docs/benchmarks.md")
        write_page(_found(chosen, extent, minutes=(time.monotonic() - began) / 60), page)
        print(f"written: {page}")
        (_RESULTS / "run.json").unlink()


def _measure_once(subject: Subject, server: Postgres | None, extent: Extent) -> None:
    """Measure a subject and keep what came out, unless that was done already; one that fails stops nothing."""
    kept = _RESULTS / f"{subject.key}.json"
    if kept.exists():
        print("    measured before")
        return
    try:
        record = measure(subject, (BUILD / "data").absolute(), server, extent).record()
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        print(f"    NOT MEASURED: {error}", file=sys.stderr)
        return
    _write(kept, record)


def _found(chosen: Sequence[Subject], extent: Extent, *, minutes: float) -> Found:
    """Return everything that is kept, with what a reader wants to know of the run."""
    run = _kept("run") or {}
    return Found(
        run={
            "date": f"{datetime.now(UTC):%d %B %Y}",
            "short": str(run.get("commit", ""))[:7],
            "machine": _machine(),
            "kernel": platform.release(),
            "minutes": max(1, round(minutes)),
            "runs": extent.runs,
            "measured_s": extent.measured_s,
            "postgres": run.get("postgres", ""),
        },
        subjects=[record for one in chosen if (record := _kept(one.key)) is not None],
        allows=[],
        populations=[],
        pgbench=_kept("pgbench"),
        cold_starts=[],
        soak=None,
    )


def _kept(name: str) -> dict[str, Any] | None:
    path = _RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def _machine() -> str:
    """Return what the processor calls itself, and how many cores there are."""
    named = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{os.cpu_count()} cores of {named.group(1) if named else platform.machine()}"


def _begin(*, quick: bool, afresh: bool) -> None:
    """Keep earlier results where they belong to this run, and forget them otherwise."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    run: dict[str, Any] = {"commit": head, "quick": quick}
    stamp = _RESULTS / "run.json"
    if afresh or not stamp.exists() or json.loads(stamp.read_text()) != run:
        shutil.rmtree(_RESULTS, ignore_errors=True)
        _RESULTS.mkdir(parents=True)
        _write(stamp, run)


def _write(path: Path, record: dict[str, Any]) -> None:
    path.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
