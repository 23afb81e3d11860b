"""Starts a server for one tour, with a folder that goes away with it."""

import json
import select
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import IO, Final, NoReturn

from watchword.cli.failing import CommandFailed
from watchword.cli.tour.whereabouts import Whereabouts
from watchword.domain.secret import Secret

START_S: Final = 60.0
"""How long a start may take on a machine that is busy with other things."""
END_S: Final = 20.0


@contextmanager
def own_server() -> Generator[Whereabouts, None, None]:
    """Run ``watchword dev`` in a process of its own, and say where it answers.

    Stops it and forgets everything at the end, also if this process is told to stop.
    """
    with TemporaryDirectory(prefix="watchword-tour-") as folder, _told_to_stop(), _start(Path(folder)) as process:
        try:
            yield _read_whereabouts(process, Path(folder))
        finally:
            _stop(process)


def _start(folder: Path) -> subprocess.Popen[bytes]:
    # -P: a folder of the same name where the user happens to be must not be taken for the program.
    command = [
        sys.executable,
        "-P",
        "-m",
        "watchword.cli",
        "dev",
        "--json",
        "--port",
        "0",
        "--data",
        str(folder / "data"),
    ]
    with _log_of(folder).open("wb") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)  # noqa: S603 our own command, without a shell


def _read_whereabouts(process: subprocess.Popen[bytes], folder: Path) -> Whereabouts:
    line = _first_line(process.stdout)
    try:
        ready = json.loads(line)
        return Whereabouts(api=ready["api"], key=Secret(ready["secret_key"]), inbox=ready["inbox"])
    except (ValueError, KeyError):
        said = _log_of(folder).read_text(encoding="utf-8", errors="replace").splitlines()
        problems = [text.removeprefix("error: ") for text in said if text.startswith("error: ")]
        raise CommandFailed("the server of the tour did not start", *problems) from None


def _first_line(stream: IO[bytes] | None) -> bytes:
    if stream is None:
        raise RuntimeError("the process was started without a pipe")
    readable, _, _ = select.select([stream], [], [], START_S)
    return stream.readline() if readable else b""


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()


def _log_of(folder: Path) -> Path:
    return folder / "server.log"


@contextmanager
def _told_to_stop() -> Generator[None, None, None]:
    """Take SIGTERM like Ctrl-C, so that the server does not outlive its tour."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
