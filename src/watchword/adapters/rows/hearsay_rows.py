"""Rows of what processes tell each other of the traffic: written by one, read by all others, soon forgotten."""

from collections.abc import Mapping, Sequence
from typing import Final

from watchword.adapters.rows.transaction import Transaction
from watchword.domain.ids import ApplicationId
from watchword.domain.instant import MINUTE_MS, Instant
from watchword.ports.store.values import Overheard

TOLD_MS: Final = 2 * MINUTE_MS
"""How long word is kept: longer than anybody takes to hear it, and what a process that starts hears of before it."""


def tell(transaction: Transaction, teller: bytes, told: Mapping[ApplicationId, bytes]) -> None:
    """Leave word for the other processes."""
    for application_id, words in told.items():
        transaction.write(
            "INSERT INTO hearsay (application_id, teller, told_at, words)"
            " VALUES (:application_id, :teller, :now, :words)",
            application_id=application_id,
            teller=teller,
            now=transaction.now,
            words=words,
        )


def told_by_others(transaction: Transaction, teller: bytes, since: Instant) -> Sequence[Overheard]:
    """Return what everybody else has told after a moment."""
    rows = transaction.all(
        "SELECT number, application_id, words FROM hearsay WHERE told_at > :since AND teller <> :teller"
        " ORDER BY number",
        since=since,
        teller=teller,
    )
    return [Overheard(number=row["number"], application_id=row["application_id"], words=row["words"]) for row in rows]


def forget_old_words(transaction: Transaction, limit: int) -> int:
    """Forget what everybody has heard."""
    return transaction.run(
        "DELETE FROM hearsay WHERE number IN"
        " (SELECT number FROM hearsay WHERE told_at <= :gone ORDER BY told_at LIMIT :limit)",
        gone=transaction.now - TOLD_MS,
        limit=limit,
    )
