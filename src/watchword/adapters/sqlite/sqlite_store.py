"""The store in one SQLite file: writes in groups, reads on a connection of their own."""

from collections.abc import Callable
from typing import TypeVar

import apsw

from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.rows.transaction import Transaction
from watchword.adapters.sqlite.group_commit import GroupCommit
from watchword.adapters.sqlite.schema import IN_MEMORY, open_reader, open_writer, require_time
from watchword.adapters.sqlite.sqlite_statements import SqliteStatements
from watchword.adapters.sqlite.writing_connection import WritingConnection
from watchword.domain.errors import StorageUnavailable
from watchword.domain.instant import END_OF_TIME, Instant
from watchword.ports.clock import Clock, Entropy
from watchword.ports.keyring import Keyring
from watchword.ports.store.values import Lesson

Answer = TypeVar("Answer")


def open_sqlite_store(
    path: str,
    clock: Clock,
    entropy: Entropy,
    keyring: Keyring,
    *,
    on_event: Callable[[str], None] = lambda _: None,
    on_lesson: Callable[[Lesson], None] = lambda _: None,
    on_loss: Callable[[str], None] = lambda _: None,
    latest: Callable[[], Instant] = lambda: END_OF_TIME,
) -> RowStore:
    """Return the store in a file; it belongs to one event loop, and to one serving process per file.

    ``path`` is a migrated file (``schema.migrate``), or ``:memory:`` for a store that lives as long as the object.
    ``on_event`` is told of each event of the audit log after its commit, ``on_lesson`` of what was learned, in the
    order of learning, ``on_loss`` why something was lost that had been answered before its commit; they must not fail.
    A time after ``latest`` is not believed: whatever is asked then is refused.
    Raises ``ConfigurationError`` for a file that is not exactly ours, or that was written at such a time.
    """
    writer = open_writer(path)
    require_time(writer, path, latest())
    writing = WritingConnection(writer, clock, entropy, keyring, in_memory=path == IN_MEMORY, latest=latest)
    group = GroupCommit(writing, on_event=on_event, on_lesson=on_lesson, on_loss=on_loss)
    reader = writer if path == IN_MEMORY else open_reader(path)
    return RowStore(SqliteRunner(group, writing, reader, entropy, keyring))


class SqliteRunner:
    """Keeps the promise of ``rows.row_store.Runner``.

    Reads have a connection of their own and see what is committed. Where somebody was answered before his commit they
    see that too: inside his transaction while it is held open, and after its commit once that has begun. In memory,
    where there is only one connection, no transaction is ever open while somebody else runs.
    """

    __slots__ = ("_entropy", "_group", "_keyring", "_reader", "_statements", "_writing")

    def __init__(
        self,
        group: GroupCommit,
        writing: WritingConnection,
        reader: apsw.Connection,
        entropy: Entropy,
        keyring: Keyring,
    ) -> None:
        self._group = group
        self._writing = writing
        self._reader = reader
        self._statements = SqliteStatements(reader)
        self._entropy = entropy
        self._keyring = keyring

    async def write(
        self,
        owner: bytes | None,  # noqa: ARG002 here one operation after the other is alone with everybody's rows
        operation: Callable[[Transaction], Answer],
        *,
        soon: bool = False,
    ) -> Answer:
        """Carry out an operation and return its result: once it is on the disk, or once it was carried out."""
        return await self._group.run(operation, soon=soon)

    async def ask(
        self,
        question: Callable[[Transaction], Answer],
        *,
        is_one_query: bool = False,  # noqa: ARG002 a transaction costs next to nothing here
    ) -> Answer:
        """Answer a question from one consistent view of what is committed or was answered."""
        await self._group.settled()
        try:
            if self._group.is_held:
                return self._group.ask_held(question)
            self._reader.execute("BEGIN")
            try:
                return question(Transaction(self._statements, self._writing.now(), self._entropy, self._keyring))
            finally:
                self._reader.execute("COMMIT")
        except apsw.Error as error:
            raise StorageUnavailable(f"the question failed: {type(error).__name__}") from error

    async def now(self) -> Instant:
        """Return the time."""
        return self._writing.now()

    async def forget_events(self, before: Instant, limit: int) -> int:
        """Forget some events from before a moment: the lowest numbers are the oldest."""
        return await self._group.run(
            lambda write: write.run(
                "DELETE FROM events WHERE number IN (SELECT number FROM"
                " (SELECT number, at FROM events ORDER BY number LIMIT :limit) AS oldest WHERE at < :before)",
                before=before,
                limit=limit,
            )
        )

    async def confirm(self) -> None:
        """Return once what was answered is on the disk; there is no other."""
        await self._group.confirm()

    async def close(self) -> None:
        """Commit what is open, answer everybody and close the file."""
        await self._group.close()
        self._reader.close()
