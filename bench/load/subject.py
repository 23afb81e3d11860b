"""What is measured: a service that is installed, started on its own data, driven, and stopped. It measures nothing."""

import http.client
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.load.plans import Step
from bench.load.postgres_server import Postgres

APPLICATION_CORE: Final = "0"
"""Where the processes of a service run; PostgreSQL and the load generator have the other core."""
BOTH_CORES: Final = "0,1"
_PATIENCE_S: Final = 60.0
_TOLD: Final = re.compile(rb"statements (\d+)\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A service that answers."""

    roots: tuple[int, ...]
    """Its processes; those that descend from them count as well."""
    port: int
    steps: Sequence[Step]
    users: int
    allow: Step | None = None
    """The request of a known device, which is allowed."""
    takes_datagrams: bool = True
    """Whether codes come as datagrams; else as e-mail."""
    database: str | None = None
    """The name of its PostgreSQL database."""
    statements: Callable[[], int] | None = None
    """How many statements ran so far; only where it was started to count them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a service is started: its folder, the ports of the load generator, and the database server."""

    folder: Path
    code_port: int
    """Where the load generator takes codes, as datagrams or as e-mail."""
    postgres: Postgres | None
    users: int
    counts: bool = False
    """Whether it should count its statements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Something that is measured."""

    key: str
    title: str
    settings: str
    """How it runs, for the page."""
    install: Callable[[], str]
    """Install it if it is not there yet, and return its versions."""
    start: Callable[[Place], AbstractContextManager[Running]]
    needs_postgres: bool
    users: int = 20_000
    """How many can be registered in good time."""
    has_both_cores: bool = False
    """Whether it runs in several processes, which PostgreSQL and the load generator then make room for."""
    patience: float = 1.0
    """How many times as long as others it is driven in a run: where a request takes seconds, few would end."""
    can_count: bool = False
    """Whether it counts its own statements when it is asked to."""


def free_port() -> int:
    """Return a port of this machine that nobody listens on, neither for datagrams nor for connections."""
    while True:
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            stream.bind(("127.0.0.1", 0))
            port = int(stream.getsockname()[1])
            try:
                datagrams.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@contextmanager
def process(
    command: Sequence[str | Path],
    *,
    log: Path,
    cores: str,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    user: str | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command on these cores until the block ends; then it gets SIGTERM, and after ten seconds SIGKILL."""
    with log.open("ab") as output:
        started = subprocess.Popen(
            ["taskset", "-c", cores, *map(str, command)],
            stdout=output,
            stderr=output,
            env={**os.environ, **(environment or {})},
            cwd=folder,
            user=user,
            start_new_session=True,
        )
    try:
        yield started
    finally:
        _stop(started)


def _stop(started: subprocess.Popen[bytes]) -> None:
    if started.poll() is not None:
        return
    # Its own session, so that this reaches what it started and nothing else.
    os.killpg(started.pid, signal.SIGTERM)
    try:
        started.wait(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def wait_until_it_answers(port: int, started: subprocess.Popen[bytes], log: Path, path: str = "/") -> None:
    """Return as soon as the service answers anything to this path.

    Raises ``RuntimeError`` with the end of its log where it ended instead, or took longer than a minute.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and started.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            connection.getresponse().read()
        except OSError:
            time.sleep(0.02)
        else:
            return
        finally:
            connection.close()
    said = log.read_text(errors="replace")[-2_000:]
    raise RuntimeError(f"it does not answer on port {port}: {said}")


def statements_told(started: subprocess.Popen[bytes], log: Path) -> Callable[[], int]:
    """Return what asks a service that counts how many statements ran; it answers SIGUSR2 in its log."""

    def ask() -> int:
        before = log.stat().st_size
        started.send_signal(signal.SIGUSR2)
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            found = _TOLD.search(log.read_bytes()[before:])
            if found is not None:
                return int(found.group(1))
            time.sleep(0.02)
        raise RuntimeError("the service does not say how many statements ran")

    return ask
