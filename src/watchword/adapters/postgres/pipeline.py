"""One connection in pipeline mode: whatever is sent before an exchange travels together and is answered together.

psycopg connects, with its TLS, its hosts and its errors; the statements go through its low-level interface
``psycopg.pq``, which costs a tenth of the processor time of its pipeline (docs/decisions/0014). Knows nothing of
transactions and of the loop only that it tells when the socket can be read.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import psycopg
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult

from watchword.adapters.postgres.prepared_texts import (
    BINARY,
    Columns,
    Prepared,
    Values,
    columns_of,
    read_rows,
)
from watchword.adapters.rows.transaction import Row

_FATAL: Final = frozenset({b"FATAL", b"PANIC"})
_CARRIED_OUT: Final = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})
_Sent: TypeAlias = tuple[bytes, bool]
"""The name of what was prepared, and whether it is the preparation itself that an answer is awaited to."""


class ConnectionLost(Exception):
    """The connection ended, or its server did not answer in time; what was sent may have happened."""


class StatementFailed(Exception):
    """The server refused a statement; the transaction that it was in can only be rolled back."""

    def __init__(self, position: int, state: str, message: str) -> None:
        super().__init__(f"{state}: {message}")
        self.position = position
        """Which of the statements of the exchange it was, from 0."""
        self.state = state
        """The code of the error (PostgreSQL's documentation, appendix A)."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the server answered to the statements of one exchange, by their positions."""

    _known: dict[bytes, Columns]
    _names: Sequence[bytes]
    _results: Sequence[PGresult]

    def rows(self, position: int) -> list[Row]:
        """Return the rows of one statement."""
        name, result = self._names[position], self._results[position]
        columns = self._known.get(name)
        if columns is None:
            columns = self._known[name] = columns_of(result)
        return read_rows(result, columns)

    def count(self, position: int) -> int:
        """Return how many rows a statement changed, or returned."""
        return self._results[position].command_tuples or 0

    def command(self, position: int) -> bytes:
        """Return the word for what was carried out: ``COMMIT``, or ``ROLLBACK`` where that was asked in vain."""
        return self._results[position].command_status or b""


class Pipeline:
    """An open connection; belongs to one event loop, and to one caller at a time."""

    __slots__ = (
        "_backend",
        "_columns",
        "_connection",
        "_done",
        "_loop",
        "_lost",
        "_pg",
        "_prepared",
        "_results",
        "_sent",
        "_socket",
        "_statements",
        "_warned",
        "_writes",
    )

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection
        self._pg = connection.pgconn
        self._backend = self._pg.backend_pid
        self._columns: dict[bytes, Columns] = {}
        self._prepared: set[bytes] = set()
        self._sent: list[_Sent] = []
        self._results: list[PGresult] = []
        self._statements = 0
        self._done: asyncio.Future[None] | None = None
        self._lost: str | None = None
        self._warned = False
        self._writes = False
        self._loop = asyncio.get_running_loop()
        self._socket = self._pg.socket
        connection.add_notice_handler(self._note)
        self._pg.enter_pipeline_mode()
        self._loop.add_reader(self._socket, self._read)

    @property
    def backend(self) -> int:
        """The number of the server's process at the other end."""
        return self._backend

    @property
    def is_lost(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._lost is not None

    @property
    def warned(self) -> bool:
        """Whether the server warned in the last exchange: of a commit that no standby has confirmed, for one."""
        return self._warned

    def send(self, prepared: Prepared, values: Values) -> int:
        """Put a statement with the next exchange and return its position there; raises ``ConnectionLost``."""
        if self._lost is not None:
            raise ConnectionLost(self._lost)
        name = prepared.name
        try:
            if name not in self._prepared:
                self._pg.send_prepare(name, prepared.sql, prepared.types)
                self._prepared.add(name)
                self._sent.append((name, True))
            self._pg.send_query_prepared(name, values, prepared.formats, BINARY)
        except psycopg.OperationalError as error:
            self._lose(f"nothing can be sent: {error}")
            raise ConnectionLost(self._lost) from error
        self._sent.append((name, False))
        position = self._statements
        self._statements = position + 1
        return position

    async def exchange(self, limit_s: float) -> Answers:
        """Send what was put together, and return the answers.

        Raises ``StatementFailed`` for the first statement that was refused (none after it was carried out), and
        ``ConnectionLost``, also where the answers are not there after ``limit_s`` seconds.
        """
        if self._lost is not None:
            raise ConnectionLost(self._lost)
        sent, self._sent, self._statements = self._sent, [], 0
        self._warned = False
        self._done = self._loop.create_future()
        timer = self._loop.call_later(limit_s, self._lose, "the server did not answer in time")
        try:
            self._start()
            await self._done
        finally:
            self._done = None
            timer.cancel()
        # Not emptied earlier: a long exchange is sent in parts, and answers come while it is still being put together.
        results, self._results = self._results, []
        return self._judged(sent, results)

    def close(self) -> None:
        """Let go of the connection, whatever is under way on it."""
        self._lose("the connection was closed")

    def _start(self) -> None:
        try:
            self._pg.pipeline_sync()
            if self._pg.flush():
                self._writes = True
                self._loop.add_writer(self._socket, self._write)
        except psycopg.OperationalError as error:
            self._lose(f"nothing can be sent: {error}")

    def _write(self) -> None:
        try:
            if not self._pg.flush():
                self._stop_writing()
        except psycopg.OperationalError as error:
            self._lose(f"nothing can be sent: {error}")

    def _read(self) -> None:
        pg, results = self._pg, self._results
        try:
            pg.consume_input()
            between = False
            while not pg.is_busy():
                result = pg.get_result()
                if result is None:
                    # One stands between two answers; a second one says that there is no more.
                    if between:
                        break
                    between = True
                elif result.status == ExecStatus.PIPELINE_SYNC:
                    self._finish()
                    break
                else:
                    between = False
                    results.append(result)
        except psycopg.OperationalError as error:
            self._lose(f"nothing can be read: {error}")
            return
        if pg.status == ConnStatus.BAD:
            self._lose("the server ended the connection")

    def _finish(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _judged(self, sent: Sequence[_Sent], results: Sequence[PGresult]) -> Answers:
        """Return the answers to the statements, or raise for the first that was refused."""
        if len(results) != len(sent):
            self._lose("an answer is missing")
            raise ConnectionLost(self._lost)
        position = 0
        for number, ((_, is_preparation), result) in enumerate(zip(sent, results, strict=True)):
            if result.status not in _CARRIED_OUT:
                self._prepared.difference_update(name for name, is_preparation in sent[number:] if is_preparation)
                raise self._failure(result, position)
            position += not is_preparation
        if position == len(sent):
            return Answers(self._columns, [name for name, _ in sent], results)
        answered = [
            (name, result) for (name, is_preparation), result in zip(sent, results, strict=True) if not is_preparation
        ]
        return Answers(self._columns, [name for name, _ in answered], [result for _, result in answered])

    def _failure(self, result: PGresult, position: int) -> Exception:
        message = _field(result, DiagnosticField.MESSAGE_PRIMARY).decode("utf-8", "replace")
        if _field(result, DiagnosticField.SEVERITY_NONLOCALIZED) in _FATAL:
            self._lose(f"the server ended the connection: {message}")
            return ConnectionLost(self._lost)
        # The details of an error show values of rows, so they are left out.
        return StatementFailed(position, _field(result, DiagnosticField.SQLSTATE).decode(), message)

    def _note(self, notice: psycopg.errors.Diagnostic) -> None:
        self._warned = self._warned or notice.severity_nonlocalized == "WARNING"

    def _stop_writing(self) -> None:
        if self._writes:
            self._writes = False
            self._loop.remove_writer(self._socket)

    def _lose(self, reason: str) -> None:
        if self._lost is None:
            self._lost = reason
            self._stop_writing()
            self._loop.remove_reader(self._socket)
            self._pg.finish()
        if self._done is not None and not self._done.done():
            self._done.set_exception(ConnectionLost(self._lost))


def _field(result: PGresult, field: DiagnosticField) -> bytes:
    return result.error_field(field) or b""
