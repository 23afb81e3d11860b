"""Rows of memories: what was learned of each user, sealed, read once and written once in an operation.

What may be learned is decided by the operations; how, by ``risk.memory``. Nothing here looks inside a memory.
"""

from typing import Final

from watchword.adapters.sqlite.transaction import Row, Transaction
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
    decode_contribution,
    decode_memory,
    learn,
    take_back,
)

REPORTABLE_MS: Final = DAY_MS
"""How long an allowed action counts provisionally: an owner who gets a notice reads it within a day, or later."""
PROMOTED_AT_ONCE: Final = 16
"""Most contributions that come to count in full in one read or write; more than one a write, so that none piles up."""
_TABLE: Final = "memories"
_MEMORY: Final = "memory"
_CONTRIBUTION: Final = "contribution"


def seal_contribution(transaction: Transaction, ref: UserRef, action_id: str, contribution: Contribution) -> bytes:
    """Return a contribution sealed for the row of its action."""
    return transaction.seal_bytes(ref, "actions", action_id, _CONTRIBUTION, contribution.encode())


def open_contribution(transaction: Transaction, ref: UserRef, row: Row) -> Contribution:
    """Return what the action of a row taught or would teach."""
    encoded = transaction.open_bytes(ref, "actions", row["id"], _CONTRIBUTION, row["sealed_contribution"])
    try:
        return decode_contribution(encoded)
    except ValueError as error:
        raise StorageUnavailable("a contribution cannot be read") from error


def read_memory(transaction: Transaction, ref: UserRef) -> Memory:
    """Return what is known of a user, as it will be once what is due counts in full; writes nothing."""
    row = _find_row(transaction, ref)
    if row is None:
        return NO_MEMORY
    memory = _open(transaction, ref, row)
    for due in _due_rows(transaction, ref, row["due_at"]):
        memory = learn(memory, open_contribution(transaction, ref, due), PROVEN - PROVISIONAL)
    return memory


class Remembering:
    """The memory of one user within one operation: changed in steps, and written once at the end.

    Whatever is written brings along what is due to count in full since the last time, a bounded number.
    """

    __slots__ = ("_due_at", "_memory", "_ref", "_registered_at", "_transaction")

    def __init__(self, transaction: Transaction, ref: UserRef, registered_at: Instant) -> None:
        row = _find_row(transaction, ref)
        self._transaction = transaction
        self._ref = ref
        self._registered_at = registered_at
        self._memory = NO_MEMORY if row is None else _open(transaction, ref, row)
        self._due_at: int | None = None if row is None else row["due_at"]

    def learn(self, contribution: Contribution, share: float) -> None:
        """Learn from an action that the memory holds nothing of."""
        self._tell(contribution, self._memory, share)
        self._memory = learn(self._memory, contribution, share)

    def learn_provisionally(self, contribution: Contribution, allowed_at: Instant) -> None:
        """Learn from an action that was allowed then, and have it count in full a day later."""
        self.learn(contribution, PROVISIONAL)
        due_at = allowed_at + REPORTABLE_MS
        self._due_at = due_at if self._due_at is None else min(self._due_at, due_at)

    def count_in_full(self, contribution: Contribution) -> None:
        """Let an action count in full that counted provisionally."""
        transaction, share = self._transaction, PROVEN - PROVISIONAL
        without = take_back(self._memory, contribution, PROVISIONAL, transaction.now)
        self._tell(contribution, without, share)
        self._memory = learn(self._memory, contribution, share)

    def take_back(self, contribution: Contribution, share: float) -> None:
        """Forget what an action taught."""
        self._memory = take_back(self._memory, contribution, share, self._transaction.now)
        self._tell(contribution, self._memory, -share)

    def judge(self, contribution: Contribution, verdict: Label) -> None:
        """Tell what an action turned out to be; the memory stays as it is."""
        self._tell(contribution, self._memory, 0.0, verdict)

    def write(self) -> None:
        """Let count in full what is due, and write the memory."""
        transaction, ref = self._transaction, self._ref
        self._promote_due()
        transaction.run(
            "INSERT INTO memories (application_id, user_key, sealed_memory, due_at)"
            " VALUES (:application_id, :user_key, :sealed_memory, :due_at)"
            " ON CONFLICT DO UPDATE SET sealed_memory = excluded.sealed_memory, due_at = excluded.due_at",
            application_id=ref.application_id,
            user_key=ref.key,
            sealed_memory=transaction.seal_bytes(ref, _TABLE, ref.key.hex(), _MEMORY, self._memory.encode()),
            due_at=self._due_at,
        )

    def _promote_due(self) -> None:
        if self._due_at is None or self._due_at > self._transaction.now:
            return
        for row in _due_rows(self._transaction, self._ref, self._due_at):
            self.count_in_full(open_contribution(self._transaction, self._ref, row))
            note_contributed(self._transaction, row, "proven")
        self._due_at = _next_due_at(self._transaction, self._ref)

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


def note_contributed(transaction: Transaction, row: Row, state: str, *, taken_back_by: str | None = None) -> None:
    """Note how much the memory holds of an action."""
    transaction.run(
        "UPDATE actions SET contributed = :state, taken_back_by = :taken_back_by WHERE number = :number",
        state=state,
        taken_back_by=taken_back_by,
        number=row["number"],
    )


def _find_row(transaction: Transaction, ref: UserRef) -> Row | None:
    return transaction.one(
        "SELECT sealed_memory, due_at FROM memories WHERE application_id = :application_id AND user_key = :user_key",
        application_id=ref.application_id,
        user_key=ref.key,
    )


def _open(transaction: Transaction, ref: UserRef, row: Row) -> Memory:
    encoded = transaction.open_bytes(ref, _TABLE, ref.key.hex(), _MEMORY, row["sealed_memory"])
    try:
        return decode_memory(encoded)
    except ValueError as error:
        raise StorageUnavailable("a memory cannot be read") from error


def _due_rows(transaction: Transaction, ref: UserRef, due_at: int | None) -> list[Row]:
    """Return the oldest actions that come to count in full by now, if the row says that there are any."""
    if due_at is None or due_at > transaction.now:
        return []
    return transaction.all(
        "SELECT number, id, sealed_contribution FROM actions WHERE application_id = :application_id"
        " AND user_key = :user_key AND contributed = 'provisional' AND sealed_contribution IS NOT NULL"
        " AND created_at <= :before ORDER BY created_at, number LIMIT :limit",
        application_id=ref.application_id,
        user_key=ref.key,
        before=transaction.now - REPORTABLE_MS,
        limit=PROMOTED_AT_ONCE,
    )


def _next_due_at(transaction: Transaction, ref: UserRef) -> int | None:
    row = transaction.one(
        "SELECT created_at FROM actions WHERE application_id = :application_id AND user_key = :user_key"
        " AND contributed = 'provisional' AND sealed_contribution IS NOT NULL ORDER BY created_at LIMIT 1",
        application_id=ref.application_id,
        user_key=ref.key,
    )
    return None if row is None else row["created_at"] + REPORTABLE_MS
