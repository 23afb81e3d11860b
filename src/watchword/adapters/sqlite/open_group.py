"""One transaction of a group: what is carried out in it, one operation after the other, until it is committed.

Operations run bare. A savepoint makes SQLite copy every page that is changed after it, and nearly no operation fails
after it wrote; so for one that does the whole group is rolled back and carried out again, with savepoints then. Where
somebody was already answered nothing may be carried out again: from there on each operation has a savepoint.
"""

from collections.abc import Callable
from typing import TypeVar

import apsw

from watchword.adapters.rows.event_rows import carry_out
from watchword.adapters.rows.transaction import Transaction

Result = TypeVar("Result")


class Entangled(Exception):
    """An operation failed after it had written, and cannot be taken back without the others of its group."""


class Lost(Exception):
    """SQLite rolled the whole transaction back."""


class OpenGroup:
    """What was carried out since BEGIN; whoever holds it is alone with the connection."""

    __slots__ = ("_connection", "_is_careful", "count", "has_answered", "has_to_be_kept", "transaction")

    def __init__(self, connection: apsw.Connection, transaction: Transaction, *, is_careful: bool = False) -> None:
        self._connection = connection
        self.transaction = transaction
        """What operations are handed; its time is that of the last one."""
        self._is_careful = is_careful
        self.count = 0
        """How many operations were carried out."""
        self.has_answered = False
        """Whether somebody knows already what his operation came to; set by whoever tells him."""
        self.has_to_be_kept = False
        """Whether an operation did more than ask, so that the disk has to keep something of it."""

    def perform(self, operation: Callable[[Transaction], Result]) -> Result:
        """Carry out an operation; it raises what it raised, and has left no trace then.

        Raises ``Entangled`` where it left some, and ``Lost`` where all that was in the transaction is gone.
        """
        transaction = self.transaction
        transaction.only_asked = False
        events_before, lessons_before = len(transaction.events), len(transaction.lessons)
        has_savepoint = self._is_careful or self.has_answered
        if has_savepoint:
            self._connection.execute("SAVEPOINT operation")
        changes_before = self._connection.total_changes()
        self.count += 1
        try:
            result = carry_out(transaction, operation)
        except Exception as error:
            del transaction.events[events_before:]
            del transaction.lessons[lessons_before:]
            # What it raised may tell the time, unless it says that it only asked.
            self.has_to_be_kept = self.has_to_be_kept or not transaction.only_asked
            self._take_back(error, has_savepoint, changes_before)
            raise
        if has_savepoint:
            self._connection.execute("RELEASE operation")
        self.has_to_be_kept = self.has_to_be_kept or not transaction.only_asked
        return result

    def _take_back(self, error: Exception, has_savepoint: bool, changes_before: int) -> None:
        if not self._connection.in_transaction:
            # A full disk or the like made SQLite roll everything back: the group is lost, not this operation alone.
            raise Lost from error
        if has_savepoint:
            self._connection.execute("ROLLBACK TO operation")
            self._connection.execute("RELEASE operation")
        elif self._connection.total_changes() != changes_before:
            raise Entangled from error
