"""An operation that somebody waits for, with what is known of it from its call to its answer."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from watchword.adapters.rows.transaction import Transaction
from watchword.domain.errors import StorageUnavailable

if TYPE_CHECKING:
    import asyncio


class WaitingOperation:
    """One caller with his operation, which may be carried out again as long as nothing of it was committed."""

    __slots__ = (
        "answer",
        "changed",
        "conflicts",
        "error",
        "goes_alone",
        "has_begun",
        "holds_others",
        "is_done",
        "is_one_query",
        "losses",
        "operation",
        "owner",
        "refusals",
        "rejections",
        "result",
        "since_s",
        "soon",
        "transaction",
        "waits_for_lock",
    )

    def __init__(
        self,
        owner: bytes | None,
        operation: Callable[[Transaction], Any],
        answer: "asyncio.Future[Any]",
        since_s: float,
        *,
        soon: bool = False,
        is_one_query: bool = False,
    ) -> None:
        self.owner = owner
        self.operation = operation
        self.answer = answer
        self.since_s = since_s
        """When it was called, on the clock of the loop."""
        self.is_one_query = is_one_query
        """Whether it is a question that needs no transaction."""
        self.soon = soon
        """Whether its caller needs what it comes to once all others see it, and waits for no disk."""
        self.losses = 0
        """How often its connection was lost before its commit was sent."""
        self.refusals = 0
        """How often its connection turned out to be of no use, as those are that were made before a migration."""
        self.conflicts = 0
        """How often it was in a transaction that was rolled back for the sake of another one."""
        self.rejections = 0
        """How often it was in a transaction that was rolled back because of another operation."""
        self.goes_alone = False
        """Whether it gets a transaction to itself, so that its failure is nobody else's."""
        self.waits_for_lock = False
        """Whether its owner was held elsewhere when it came; it goes with others of that kind then, and waits."""
        self.restart()

    def restart(self) -> None:
        """Forget how far it had come."""
        self.has_begun = False
        self.transaction: Transaction | None = None
        self.result: Any = None
        self.error: Exception | None = None
        self.is_done = False
        self.changed = False
        """Whether it has put a statement that may change something."""
        self.holds_others = False
        """Whether it has asked for locks that last until the commit: whoever had its answer before that would find them
        held."""

    @property
    def only_asked(self) -> bool:
        """Whether it came to its end, wrote nothing and said nothing of the time: no commit has to keep any of it."""
        is_over = self.error is None and not self.changed and not self.holds_others
        return is_over and self.transaction is not None and self.transaction.only_asked

    def deliver(self) -> None:
        """Answer the caller, if he still waits."""
        if self.answer.done():
            return
        if self.error is None:
            self.answer.set_result(self.result)
        else:
            self.answer.set_exception(self.error)

    def fail(self, reason: str, cause: Exception | None = None) -> None:
        """Answer the caller that the store is not available; he can learn nothing from it about what happened."""
        if not self.answer.done():
            unavailable = StorageUnavailable(reason)
            unavailable.__cause__ = cause
            self.answer.set_exception(unavailable)
