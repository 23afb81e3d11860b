"""Measures how fast Watchword is there after its start, and how its memory stands under ten minutes of load."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.load.driving import drive
from bench.load.measuring import plan_for
from bench.load.postgres_server import Postgres
from bench.load.processes import family_of, usage_of
from bench.load.subject import Place, Running, free_port
from bench.load.watchword_subject import prepare, served, watchword_on_sqlite

_STARTS: Final = 5
_SAMPLE_S: Final = 5.0
_CONNECTIONS: Final = 16


def measure_cold_start(folder: Path, server: Postgres | None) -> dict[str, Any]:
    """Return the seconds from the command to the first answer: the median of some starts on a store that is there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    place = Place(folder=folder, code_port=free_port(), postgres=server, users=0)
    store = "sqlite:///watchword.sqlite3" if server is None else server.make("cold_start")
    port = free_port()
    key = prepare(folder, port=port, store=store, mail_port=place.code_port)
    found = []
    for _ in range(_STARTS):
        began = time.perf_counter()
        with served(place, port=port, key=key, environment={}):
            found.append(time.perf_counter() - began)
    title = "Watchword on SQLite" if server is None else "Watchword on PostgreSQL"
    return {"title": title, "seconds": sorted(found)[_STARTS // 2], "all": found}


def soak(folder: Path, users: int, minutes: float) -> dict[str, Any]:
    """Return what became of the memory of one process under so many minutes of starts and checks."""
    subject = watchword_on_sqlite()
    place = Place(folder=folder, code_port=free_port(), postgres=None, users=users)
    with subject.start(place) as running, _sampled(running) as samples:
        driven = drive(plan_for(running, place, _CONNECTIONS, measured_s=minutes * 60), roots=running.roots)
    first = next((size for at, size in samples if at >= 60), samples[-1][1])
    return {
        "title": subject.title,
        "minutes": minutes,
        "cycles": driven.cycles,
        "errors": driven.errors,
        "minute_mb": first / 2**20,
        "end_mb": samples[-1][1] / 2**20,
        "samples": [(round(at, 1), round(size / 2**20, 1)) for at, size in samples],
    }


@contextmanager
def _sampled(running: Running) -> Iterator[list[tuple[float, int]]]:
    """Note the memory of the processes together every few seconds, with the seconds since the beginning."""
    samples: list[tuple[float, int]] = []
    stopping, began = threading.Event(), time.monotonic()

    def sample() -> None:
        while not stopping.wait(_SAMPLE_S):
            resident = sum(usage.resident_bytes for usage in usage_of(family_of(running.roots)).values())
            if resident:
                samples.append((time.monotonic() - began, resident))
                print(f"    {samples[-1][0]:5.0f} s: {resident / 2**20:6.1f} MB", flush=True)

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        stopping.set()
        thread.join()
