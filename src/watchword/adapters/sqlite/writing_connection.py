"""The connection that writes: its transactions, the time in them, and the thread that waits for the disk."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import apsw

from watchword.adapters.rows.transaction import Transaction
from watchword.adapters.sqlite.open_group import OpenGroup
from watchword.adapters.sqlite.schema import BUSY_TIMEOUT_MS
from watchword.adapters.sqlite.sqlite_statements import SqliteStatements
from watchword.domain.errors import NOT_BELIEVED, StorageUnavailable
from watchword.domain.instant import Instant
from watchword.ports.clock import Clock, Entropy
from watchword.ports.keyring import Keyring


class WritingConnection:
    """One transaction after the other; while a step of it is awaited nobody else may ask for one."""

    __slots__ = ("_clock", "_connection", "_entropy", "_highest", "_keyring", "_latest", "_statements", "_threads")

    def __init__(
        self,
        connection: apsw.Connection,
        clock: Clock,
        entropy: Entropy,
        keyring: Keyring,
        *,
        in_memory: bool,
        latest: Callable[[], Instant],
    ) -> None:
        self._connection = connection
        self._statements = SqliteStatements(connection)
        self._clock = clock
        self._latest = latest
        self._entropy = entropy
        self._keyring = keyring
        self._highest = Instant(int(connection.execute("SELECT highest FROM clock").get))
        # In memory nothing waits for a disk, and readers share the connection: no thread, no await inside a group.
        self._threads = None if in_memory else ThreadPoolExecutor(1, thread_name_prefix="watchword-commit")

    @property
    def waits_for_disk(self) -> bool:
        """Whether there is a file, and a connection of their own for those who ask."""
        return self._threads is not None

    def close(self) -> None:
        """Close it; nobody may be waiting."""
        if self._threads is not None:
            self._threads.shutdown(wait=True)
        self._connection.close()

    # Time ------------------------------------------------------------------------------------------------------------

    def now(self) -> Instant:
        """Return the time, never below what was committed or shown before.

        Raises ``StorageUnavailable`` where that is later than it can be; nothing is kept of it then.
        """
        return self._not_before(self._highest)

    def keep_time(self, now: Instant) -> None:
        """Write down the time of the open transaction."""
        self._connection.execute("UPDATE clock SET highest = ?", (now,))

    def _not_before(self, highest: Instant) -> Instant:
        now = max(highest, self._clock.now())
        if now > self._latest():
            raise StorageUnavailable(NOT_BELIEVED)
        self._highest = now
        return now

    # Transactions ----------------------------------------------------------------------------------------------------

    def begin(self, *, is_careful: bool = False) -> OpenGroup:
        """Begin a transaction; raises ``apsw.BusyError`` where another process is writing, and what ``now`` raises."""
        self._connection.execute("BEGIN IMMEDIATE")
        return self._begun(is_careful=is_careful)

    async def begin_patiently(self, *, is_careful: bool = False) -> OpenGroup:
        """Begin a transaction, after the short one of another process if there is one."""
        try:
            return self.begin(is_careful=is_careful)
        except apsw.BusyError:
            await self._in_thread(self._wait_and_begin)
            return self._begun(is_careful=is_careful)

    def _wait_and_begin(self) -> None:
        self._connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        finally:
            self._connection.set_busy_timeout(0)

    def _begun(self, *, is_careful: bool) -> OpenGroup:
        highest = int(self._connection.execute("SELECT highest FROM clock").get)  # another process may have moved it
        now = self._not_before(Instant(max(highest, self._highest)))
        transaction = Transaction(self._statements, now, self._entropy, self._keyring)
        return OpenGroup(self._connection, transaction, is_careful=is_careful)

    def is_open(self) -> bool:
        """Whether a transaction is open: an error of the disk may have ended it."""
        return self._connection.in_transaction

    def question(self) -> Transaction:
        """Return what a question is handed that is asked inside the open transaction."""
        return Transaction(self._statements, self.now(), self._entropy, self._keyring)

    async def commit(self) -> None:
        """Return once the disk has the transaction."""
        await self._in_thread(self.commit_at_once)

    def commit_at_once(self) -> None:
        """End a transaction that wrote nothing, so that nothing waits for the disk."""
        self._connection.execute("COMMIT")

    async def roll_back(self) -> None:
        """Take back the open transaction, if there is one."""
        await self._in_thread(self.roll_back_at_once)

    def roll_back_at_once(self) -> None:
        """Take back a transaction in which one operation wrote at most."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    async def _in_thread(self, step: Callable[[], None]) -> None:
        if self._threads is None:
            step()
        else:
            await asyncio.get_running_loop().run_in_executor(self._threads, step)
