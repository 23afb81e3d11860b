"""One serving process per database file: SQLite has one writer, and a second one would only wait for the first.

Measured (two server processes on one file): no more work done, and the slowest percentile above a quarter of a second.
"""

import fcntl
import os
from pathlib import Path
from typing import Final, Self

from watchword.domain.errors import ConfigurationError

_OWNER_ONLY: Final = 0o600


class ProcessLock:
    """Holds ``<database>.lock`` for as long as this process serves; the system frees it even after ``kill -9``.

    Commands that write in short transactions (keys, users, migrate) do not take it.
    """

    __slots__ = ("_descriptor", "_path")

    def __init__(self, database: str) -> None:
        self._path = Path(f"{database}.lock")
        self._descriptor: int | None = None

    def acquire(self) -> Self:
        """Take the lock; raises ``ConfigurationError`` with the other process's number where one holds it."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY)
        except OSError as error:
            raise ConfigurationError((f"{self._path}: {error.strerror}",)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            other = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            reason = f"{self._path}: another Watchword (process {other}) serves this database; one file has one server"
            raise ConfigurationError((reason,)) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
        self._descriptor = descriptor
        return self

    def release(self) -> None:
        """Give the lock back; the file stays, because removing it would let two others hold two different ones."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()
