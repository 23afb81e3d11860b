"""The server that does nothing but answer: what the load generator itself can drive, and so no row to be beaten."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from bench.load.driving import build_trivial
from bench.load.plans import Capture, Step
from bench.load.subject import APPLICATION_CORE, Place, Running, Subject, free_port, process, wait_until_it_answers


def trivial() -> Subject:
    """Return a server in C that answers from constants."""
    return Subject(
        key="trivial",
        title="A server that only answers",
        settings="in C, one thread; it keeps nothing",
        install=lambda: "bench/load/driver/trivial.c",
        start=_serving,
        needs_postgres=False,
    )


@contextmanager
def _serving(place: Place) -> Iterator[Running]:
    shutil.rmtree(place.folder, ignore_errors=True)
    place.folder.mkdir(parents=True)
    port, log = free_port(), place.folder / "log.txt"
    command = [str(build_trivial().resolve()), str(port), str(place.code_port)]
    with process(command, log=log, cores=APPLICATION_CORE) as started:
        wait_until_it_answers(port, started, log)
        yield Running(roots=(started.pid,), port=port, steps=_steps(), users=place.users)


def _steps() -> tuple[Step, Step]:
    headers = ("Content-Type: application/json",)
    started = Step(
        name="start",
        path="/start",
        headers=headers,
        body='{"user":"{user}"}',
        status=201,
        expects='"challenge"',
        captures=(Capture(name="challenge", after='"challenge":{"id":"'),),
    )
    checked = Step(
        name="check",
        path="/check/{challenge}",
        headers=headers,
        body='{"code":"{code}"}',
        status=200,
        expects='"approved"',
    )
    return started, checked
