"""Rows of memories: what was learned of each user, sealed, read once and written once in an operation.

What may be learned is decided by the operations; how, by ``risk.memory``. Nothing here looks inside a memory.

A memory that does not open, or that a newer release wrote, keeps nobody out: its user is asked until the next lesson
begins a new one (``Profile.memory_is_lost``). What an action taught and does not open is skipped.
"""

from dataclasses import dataclass
from typing import Final

from watchword.adapters.rows.contribution_rows import (
    REPORTABLE_MS,
    Contributed,
    due_rows,
    note_state,
    open_contribution,
)
from watchword.adapters.rows.transaction import Transaction
from watchword.domain.action import Label
from watchword.domain.errors import StorageUnavailable
from watchword.domain.instant import DAY_MS, Instant
from watchword.domain.user import UserRef
from watchword.ports.store.values import Lesson
from watchword.risk.memory import (
    NO_MEMORY,
    PROVEN,
    PROVISIONAL,
    Contribution,
    Memory,
    decode_memory,
    learn,
    take_back,
)

_TABLE: Final = "memories"
_MEMORY: Final = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMemory:
    """What the row of a memory holds."""

    is_there: bool
    memory: Memory | None
    """None where it cannot be read; nothing where there is no row."""
    due_at: int | None
    """When the oldest contribution that counts provisionally comes to count in full."""


def open_memory(transaction: Transaction, ref: UserRef, sealed: bytes | None, due_at: int | None) -> FoundMemory:
    """Return what a row holds; None for ``sealed`` where there is no row."""
    if sealed is None:
        return FoundMemory(is_there=False, memory=NO_MEMORY, due_at=None)
    try:
        memory = decode_memory(transaction.open_bytes(ref, _TABLE, ref.key.hex(), _MEMORY, sealed))
    except (StorageUnavailable, ValueError):
        return FoundMemory(is_there=True, memory=None, due_at=due_at)  # damaged, or of another release
    return FoundMemory(is_there=True, memory=memory, due_at=due_at)


def as_it_counts_now(transaction: Transaction, ref: UserRef, found: FoundMemory) -> Memory | None:
    """Return a memory as it will be once what is due counts in full; writes nothing."""
    memory = found.memory
    if memory is not None and _is_due(transaction, found.due_at):
        for due in due_rows(transaction, ref):
            contribution = open_contribution(transaction, ref, due)
            if contribution is not None:
                memory = learn(memory, contribution, PROVEN - PROVISIONAL)
    return memory


class Remembering:
    """The memory of one user within one operation: changed in steps, and written once at the end.

    Whatever is written brings along what is due to count in full since the last time, a bounded number. Rows of
    contributions are brought up to date before: when the next one is due is read off them.
    """

    __slots__ = ("_due_at", "_is_there", "_memory", "_ref", "_registered_at", "_transaction")

    def __init__(
        self, transaction: Transaction, ref: UserRef, registered_at: Instant, found: FoundMemory | None = None
    ) -> None:
        """Begin with what was found in this very operation, or else read it."""
        found = _find(transaction, ref) if found is None else found
        self._transaction = transaction
        self._ref = ref
        self._registered_at = registered_at
        self._is_there = found.is_there
        self._memory = NO_MEMORY if found.memory is None else found.memory
        self._due_at = found.due_at

    def catch_up(self) -> None:
        """Let count in full what is due, each time at most ``PROMOTED_AT_ONCE``."""
        if not _is_due(self._transaction, self._due_at):
            return
        self._due_at = None
        for row in due_rows(self._transaction, self._ref):
            contribution = open_contribution(self._transaction, self._ref, row)
            if contribution is not None:
                self.count_in_full(contribution)
            note_state(self._transaction, self._ref, row, Contributed.PROVEN)

    def learn(self, contribution: Contribution, share: float) -> None:
        """Learn from an action that the memory holds nothing of."""
        self._tell(contribution, self._memory, share)
        self._memory = learn(self._memory, contribution, share)

    def count_in_full(self, contribution: Contribution) -> None:
        """Let an action count in full that counted provisionally."""
        share = PROVEN - PROVISIONAL
        self._tell(contribution, take_back(self._memory, contribution, PROVISIONAL, self._transaction.now), share)
        self._memory = learn(self._memory, contribution, share)

    def take_back(self, contribution: Contribution, share: float) -> None:
        """Forget what an action taught."""
        self._memory = take_back(self._memory, contribution, share, self._transaction.now)
        self._tell(contribution, self._memory, -share)

    def judge(self, contribution: Contribution, verdict: Label) -> None:
        """Tell what an action turned out to be; the memory stays as it is."""
        self._tell(contribution, self._memory, 0.0, verdict)

    def write(self) -> None:
        """Catch up where that was not done before, and write the memory."""
        self.catch_up()
        transaction, ref = self._transaction, self._ref
        transaction.write(
            _UPDATE if self._is_there else _INSERT,
            application_id=ref.application_id,
            user_key=ref.key,
            sealed_memory=transaction.seal_bytes(ref, _TABLE, ref.key.hex(), _MEMORY, self._memory.encode()),
            reportable_ms=REPORTABLE_MS,
        )
        self._is_there = True

    def _tell(
        self, contribution: Contribution, memory_before: Memory, share: float, verdict: Label | None = None
    ) -> None:
        self._transaction.lessons.append(
            Lesson(
                application_id=self._ref.application_id,
                contribution=contribution,
                memory_before=memory_before,
                share=share,
                account_age_days=max(0.0, (contribution.at - self._registered_at) / DAY_MS),
                verdict=verdict,
            )
        )


_NEXT_DUE: Final = (
    "(SELECT min(created_at) + :reportable_ms FROM contributions WHERE application_id = :application_id"
    " AND user_key = :user_key AND state = 'provisional')"
)
_INSERT: Final = (
    "INSERT INTO memories (application_id, user_key, sealed_memory, due_at)"  # noqa: S608 our own text, values bound
    f" VALUES (:application_id, :user_key, :sealed_memory, {_NEXT_DUE})"
)
_UPDATE: Final = (
    f"UPDATE memories SET sealed_memory = :sealed_memory, due_at = {_NEXT_DUE}"  # noqa: S608 our own text, values bound
    " WHERE application_id = :application_id AND user_key = :user_key"
)


def _is_due(transaction: Transaction, due_at: int | None) -> bool:
    return due_at is not None and due_at <= transaction.now


def _find(transaction: Transaction, ref: UserRef) -> FoundMemory:
    row = transaction.one(
        "SELECT sealed_memory, due_at FROM memories WHERE application_id = :application_id AND user_key = :user_key",
        application_id=ref.application_id,
        user_key=ref.key,
    )
    if row is None:
        return open_memory(transaction, ref, None, None)
    return open_memory(transaction, ref, row["sealed_memory"], row["due_at"])
