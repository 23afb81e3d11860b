"""Rows of answers that are kept for 24 hours under an idempotency key, with the effect of their call."""

from typing import Final

from watchword.adapters.rows.transaction import Transaction, place
from watchword.domain.errors import StorageUnavailable
from watchword.domain.ids import ApplicationId
from watchword.domain.instant import DAY_MS
from watchword.domain.secret import Secret
from watchword.ports.store.values import AlreadyKept, Keep, KeptAnswer, Outcome

KEPT_MS: Final = DAY_MS
"""How long a repeated call gets the answer of the first: a day, longer than a client tries again."""


def keep_outcome(transaction: Transaction, keep: Keep[Outcome] | None, outcome: Outcome) -> Outcome:
    """Store what ``keep`` makes of the outcome, if anything, and return the outcome.

    Raises ``AlreadyKept`` where another call with the same key came first; the caller's operation is rolled back then.
    """
    kept = None if keep is None else keep(outcome)
    if kept is not None and not insert_kept(transaction, kept):
        raise AlreadyKept
    return outcome


def insert_kept(transaction: Transaction, kept: KeptAnswer) -> bool:
    """Store an answer unless there is one under this key; return whether it is ours that stands now."""
    row = place(kept.application_id, "kept_answers", kept.scope.hex(), "body")
    return bool(
        transaction.run(
            "INSERT INTO kept_answers (application_id, scope, fingerprint, status, sealed_body, kept_at)"
            " VALUES (:application_id, :scope, :fingerprint, :status, :sealed_body, :now)"
            " ON CONFLICT (application_id, scope) DO UPDATE SET fingerprint = excluded.fingerprint,"
            " status = excluded.status, sealed_body = excluded.sealed_body, kept_at = excluded.kept_at"
            " WHERE kept_answers.kept_at <= :gone",
            application_id=kept.application_id,
            scope=kept.scope,
            fingerprint=kept.fingerprint,
            status=kept.status,
            sealed_body=transaction.keyring.seal(row, kept.body.reveal().encode()),
            now=transaction.now,
            gone=transaction.now - KEPT_MS,
        )
    )


def keep_first(transaction: Transaction, kept: KeptAnswer) -> KeptAnswer:
    """Store an answer unless there is one under this key, and return the one that stands."""
    if insert_kept(transaction, kept):
        return kept
    return read_kept(transaction, kept.application_id, kept.scope) or kept


def read_kept(transaction: Transaction, application_id: ApplicationId, scope: bytes) -> KeptAnswer | None:
    """Return the answer that is kept under this key."""
    row = transaction.one(
        "SELECT * FROM kept_answers WHERE application_id = :application_id AND scope = :scope AND kept_at > :gone",
        application_id=application_id,
        scope=scope,
        gone=transaction.now - KEPT_MS,
    )
    if row is None:
        return None
    bound_to = place(application_id, "kept_answers", scope.hex(), "body")
    try:
        body = transaction.keyring.open(bound_to, row["sealed_body"]).decode()
    except ValueError as error:
        raise StorageUnavailable("a kept answer does not open") from error
    return KeptAnswer(
        application_id=application_id,
        scope=scope,
        fingerprint=row["fingerprint"],
        status=row["status"],
        body=Secret(body),
    )


def forget_old_answers(transaction: Transaction, limit: int) -> int:
    """Forget answers that are kept no longer."""
    return transaction.run(
        "DELETE FROM kept_answers WHERE (application_id, scope) IN"
        " (SELECT application_id, scope FROM kept_answers WHERE kept_at <= :gone LIMIT :limit)"
        # Said once more of the row itself: PostgreSQL looks again at that alone where another transaction changed it.
        " AND kept_at <= :gone",
        gone=transaction.now - KEPT_MS,
        limit=limit,
    )
