"""better-auth's e-mail OTP as it is measured; its server is ``bench/peers/better-auth/server.mjs``."""

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.load.plans import ADDRESS, Step
from bench.load.subject import (
    APPLICATION_CORE,
    BOTH_CORES,
    Place,
    Running,
    Subject,
    free_port,
    process,
    statements_told,
    wait_until_it_answers,
)

_SOURCE: Final = Path(__file__).resolve().parents[1] / "peers" / "better-auth"
_INSTALLED: Final = Path("build/bench/better-auth")
_PATH: Final = "/api/auth/email-otp/send-verification-otp"


def better_auth(*, on_postgres: bool, processes: int = 1) -> Subject:
    """Return better-auth on SQLite, or on PostgreSQL with so many processes."""
    database = "PostgreSQL" if on_postgres else "SQLite"
    crowd = f", {processes} processes" if processes > 1 else ""

    @contextmanager
    def start(place: Place) -> Iterator[Running]:
        with _serving(place, on_postgres=on_postgres, processes=processes) as running:
            yield running

    return Subject(
        key=f"better-auth-{database.lower()}" + (f"-{processes}" if processes > 1 else ""),
        title=f"better-auth, {database}{crowd}",
        settings="`NODE_ENV=production`, rate limits off, codes stored as they are (its default); "
        + ("`pg` with a pool of 10" if on_postgres else "better-sqlite3, WAL, `synchronous=FULL`"),
        install=_install,
        start=start,
        needs_postgres=on_postgres,
        has_both_cores=processes > 1,
        can_count=not on_postgres,
    )


def _install() -> str:
    _INSTALLED.mkdir(parents=True, exist_ok=True)
    stamp = _INSTALLED / "installed.json"
    lock = (_SOURCE / "package-lock.json").read_text()
    for name in ("package.json", "package-lock.json", ".npmrc", "server.mjs"):
        shutil.copy(_SOURCE / name, _INSTALLED / name)
    if not stamp.exists() or stamp.read_text() != lock:
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit"], cwd=_INSTALLED, check=True)
        # The only script that has to run builds SQLite, for the Node that comes with the lock.
        node = _node().parents[1]
        environment = {**os.environ, "PATH": f"{node / 'bin'}:{os.environ['PATH']}", "npm_config_nodedir": str(node)}
        rebuild = ["npm", "rebuild", "better-sqlite3", "--build-from-source"]
        subprocess.run(rebuild, cwd=_INSTALLED, check=True, env=environment)
        stamp.write_text(lock)
    node_version = subprocess.run([_node(), "--version"], check=True, capture_output=True, text=True).stdout.strip()
    wanted = json.loads((_SOURCE / "package.json").read_text())["dependencies"]
    return ", ".join([*(f"{name} {version}" for name, version in wanted.items()), f"Node {node_version}"])


def _node() -> Path:
    """Return the Node of the lock, which is a current one whatever the system has."""
    machine = "arm64" if platform.machine() == "aarch64" else "x64"
    return (_INSTALLED / "node_modules" / f"node-linux-{machine}" / "bin" / "node").absolute()


@contextmanager
def _serving(place: Place, *, on_postgres: bool, processes: int) -> Iterator[Running]:
    shutil.rmtree(place.folder, ignore_errors=True)
    place.folder.mkdir(parents=True)
    port, log = free_port(), place.folder / "log.txt"
    database = place.folder.name.replace("-", "_")
    if on_postgres and place.postgres is None:
        raise RuntimeError("there is no PostgreSQL")
    url = (
        place.postgres.make(database)
        if on_postgres and place.postgres
        else str(place.folder.resolve() / "data.sqlite3")
    )
    environment = {
        "NODE_ENV": "production",
        "PORT": str(port),
        "CODE_PORT": str(place.code_port),
        "DATABASE": url,
        "USERS": str(place.users),
        "PROCESSES": str(processes),
        **({"COUNT": "1"} if place.counts else {}),
    }
    cores = APPLICATION_CORE if processes == 1 else BOTH_CORES
    with process([_node(), "server.mjs"], log=log, cores=cores, environment=environment, folder=_INSTALLED) as started:
        wait_until_it_answers(port, started, log, "/api/auth/ok")
        yield Running(
            roots=(started.pid,),
            port=port,
            steps=_steps(),
            users=place.users,
            database=database if on_postgres else None,
            statements=statements_told(started, log) if place.counts else None,
        )


def _steps() -> tuple[Step, Step]:
    headers = ("Content-Type: application/json",)
    started = Step(
        name="start",
        path=_PATH,
        headers=headers,
        body='{"email":"' + ADDRESS + '","type":"sign-in"}',
        status=200,
        expects='"success":true',
    )
    checked = Step(
        name="check",
        path="/api/auth/sign-in/email-otp",
        headers=headers,
        body='{"email":"' + ADDRESS + '","otp":"{code}"}',
        status=200,
        expects='"token":',
    )
    return started, checked
