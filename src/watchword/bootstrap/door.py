"""Takes connections from a socket that several processes listen on, so that each comes to its part of them.

Whoever is woken first would take all that wait, and under a burst one process would have every connection while the
others idle (measured: 64 of 64). A process does not know how many the others have, and need not: each waits the longer
the more it has itself, so the one with fewer is there first.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Final

import structlog

EACH_PAUSE_CONNECTIONS: Final = 5
"""Connections for which a process waits a millisecond; the loop's timers know nothing shorter."""
PAUSES_MOST: Final = 4
"""Milliseconds that it waits at most."""
EACH_PLACE_CONNECTIONS: Final = 16
"""Connections for which it takes one more at once, so that many are taken as quickly as few."""
FAILURE_PAUSE_S: Final = 1.0

_log = structlog.get_logger(__name__)


class Door:
    """The way of one process to the connections of a shared socket."""

    __slots__ = ("_admit", "_coming", "_count", "_loop", "_socket", "_waiting")

    def __init__(self, opened: socket.socket, admit: Callable[[], asyncio.Protocol], count: Callable[[], int]) -> None:
        """``admit`` makes the protocol of a connection, ``count`` tells how many there are in this process."""
        self._socket = opened
        self._admit = admit
        self._count = count
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.TimerHandle | None = None
        self._coming: set[asyncio.Task[object]] = set()

    def open(self) -> None:
        """Begin to take connections."""
        self._loop.add_reader(self._socket, self._look)

    def close(self) -> None:
        """Take none from now on; what waits is for the others."""
        self._loop.remove_reader(self._socket)
        if self._waiting is not None:
            self._waiting.cancel()

    def _look(self) -> None:
        pause_ms = min(self._count() // EACH_PAUSE_CONNECTIONS, PAUSES_MOST)
        if pause_ms > 0:
            self._wait(pause_ms / 1_000)
        elif not self._take():
            self._wait(FAILURE_PAUSE_S)

    def _wait(self, pause_s: float) -> None:
        self._loop.remove_reader(self._socket)
        self._waiting = self._loop.call_later(pause_s, self._take_and_look)

    def _take_and_look(self) -> None:
        if self._take():
            self.open()
        else:
            self._wait(FAILURE_PAUSE_S)

    def _take(self) -> bool:
        """Take what is there, as much as is this process's part; False where the system gives none just now."""
        for _ in range(1 + self._count() // EACH_PLACE_CONNECTIONS):
            try:
                connection, _address = self._socket.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return True  # another process was there first, or the caller has gone
            except OSError as error:  # no descriptors are left, or no memory
                _log.error("door.nothing_taken", reason=error.strerror, pause_s=FAILURE_PAUSE_S)
                return False
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task: asyncio.Task[object] = self._loop.create_task(
                self._loop.connect_accepted_socket(self._admit, connection)
            )
            self._coming.add(task)
            task.add_done_callback(self._has_come)
        return True

    def _has_come(self, task: asyncio.Task[object]) -> None:
        self._coming.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.warning("door.connection_lost", error=type(task.exception()).__name__)
