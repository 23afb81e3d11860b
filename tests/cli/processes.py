"""Starts our own command as a process, waits for the line it says when it is ready, and stops it by its id."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Far above what a start takes on a busy machine: only a hanging process gets there.
PATIENCE_S = 60
COMMAND = (sys.executable, "-P", "-m", "watchword.cli")


@contextmanager
def running(*arguments: str, cwd: Path) -> Iterator["Running"]:
    """Gives a server that said in one line of JSON that it is ready, and stops it afterwards."""
    with _started((*arguments, "--json"), cwd) as process:
        yield Running(process=process, ready=json.loads(_read_until(process, "\n")))


def greeting(*arguments: str, cwd: Path, end: str) -> str:
    """Gives what a server says to a person up to ``end``, and stops it."""
    with _started(arguments, cwd) as process:
        return _read_until(process, end)


class Running:
    """A server in a process of its own."""

    def __init__(self, *, process: subprocess.Popen[str], ready: dict[str, Any]) -> None:
        self.process = process
        self.ready = ready

    def stop(self, *signals: signal.Signals) -> tuple[int, str, str]:
        """Sends signals and gives the exit code, and what was said after the ready line."""
        for number in signals:
            self.process.send_signal(number)
        said, aside = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, said, aside


def run(
    *arguments: str, cwd: Path, typed: str = "", settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        input=typed,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
        check=False,
        env=_environment() | dict(settings or {}),
    )


def taken_port() -> socket.socket:
    """Gives a socket that listens on a port of its own choice."""
    return socket.create_server(("127.0.0.1", 0))


def free_port() -> int:
    """Gives a port that was free a moment ago."""
    with taken_port() as taken:
        return int(taken.getsockname()[1])


@contextmanager
def _started(arguments: tuple[str, ...], cwd: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(),
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=PATIENCE_S)


def _read_until(process: subprocess.Popen[str], end: str) -> str:
    """Gives everything that the process says up to and with ``end``."""
    assert process.stdout is not None
    text = ""
    while not text.endswith(end):
        readable, _, _ = select.select([process.stdout], [], [], PATIENCE_S)
        chunk = os.read(process.stdout.fileno(), 65_536).decode() if readable else ""
        if not chunk:
            process.kill()
            _, aside = process.communicate()
            raise AssertionError(f"the process was not ready: {text}{aside}")
        text += chunk
    return text


def _environment() -> dict[str, str]:
    """Gives this environment without settings of ours, in a terminal of ordinary width without colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHWORD_")}  # noqa: TID251 what children inherit
    return kept | {"COLUMNS": "100", "NO_COLOR": "1"}
