"""The promise of what carries out operations on a database."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from watchword.adapters.rows.transaction import Transaction
from watchword.domain.instant import Instant

Answer = TypeVar("Answer")


class Runner(Protocol):
    """Carries out operations on a database."""

    async def write(
        self, owner: bytes | None, operation: Callable[[Transaction], Answer], *, soon: bool = False
    ) -> Answer:
        """Carry out an operation and return its result once it is on the disk.

        ``owner`` names whose rows it changes: an 8-byte user key, an application, or the subject of an address budget.
        Nobody else changes them meanwhile. None where it changes rows of many, or one row in one statement. An
        operation may be carried out again from its beginning, as long as nothing of it was committed.

        ``soon``: return its result once every later question sees it, and without waiting for the disk. A write that
        begins afterwards is on the disk only with it or after it, so it is for what matters to nobody before another
        write of the same matter is on the disk: nothing may be shown, sent or paid because of it alone. It is on the
        disk a moment later; where the process, the machine or the database ends before, or the disk is full, it is
        lost, and who asked is not told.

        Raises what the operation raised (it left no trace then), or ``StorageUnavailable``.
        """
        ...

    async def ask(self, question: Callable[[Transaction], Answer], *, is_one_query: bool = False) -> Answer:
        """Answer a question from one consistent view of what is committed, or was answered before its commit.

        ``is_one_query``: it is a single query and does not ask for the time, so that it needs no transaction.
        """
        ...

    async def now(self) -> Instant:
        """Return the store's time."""
        ...

    async def forget_events(self, before: Instant, limit: int) -> int:
        """Forget events from before a moment, as ``ports.store`` says: how is what databases differ in."""
        ...

    async def confirm(self) -> None:
        """Return once everything that was ever read is as safe as what is acknowledged, on standbys too."""
        ...

    async def close(self) -> None:
        """Commit what is open, answer everybody, and let go of the database."""
        ...
