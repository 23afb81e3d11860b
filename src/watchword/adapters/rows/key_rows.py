"""Rows of the applications' secret keys, of which only hashes are stored."""

from collections.abc import Sequence

from watchword.adapters.rows.transaction import Row, Transaction
from watchword.domain.ids import ApplicationId
from watchword.domain.instant import Instant
from watchword.ports.store.values import ApiKey


def insert_key(transaction: Transaction, key: ApiKey, key_hash: bytes) -> None:
    """Store a key by its hash."""
    transaction.write(
        "INSERT INTO api_keys (id, application_id, key_hash, scopes, created_at, revoked_at)"
        " VALUES (:id, :application_id, :key_hash, :scopes, :created_at, :revoked_at)",
        id=key.id,
        application_id=key.application_id,
        key_hash=key_hash,
        scopes=" ".join(sorted(key.scopes)),
        created_at=key.created_at,
        revoked_at=key.revoked_at,
    )


def revoke_key(transaction: Transaction, application_id: ApplicationId, key_id: str) -> bool:
    """Revoke a live key of this application."""
    return bool(
        transaction.run(
            "UPDATE api_keys SET revoked_at = :now"
            " WHERE id = :id AND application_id = :application_id AND revoked_at IS NULL",
            now=transaction.now,
            id=key_id,
            application_id=application_id,
        )
    )


def find_key(transaction: Transaction, key_hash: bytes) -> ApiKey | None:
    """Return the key of this hash."""
    row = transaction.one("SELECT * FROM api_keys WHERE key_hash = :key_hash", key_hash=key_hash)
    return None if row is None else _read_key(row)


def list_keys(transaction: Transaction, application_id: ApplicationId) -> Sequence[ApiKey]:
    """Return every key of an application, oldest first."""
    rows = transaction.all(
        "SELECT * FROM api_keys WHERE application_id = :application_id ORDER BY created_at, id",
        application_id=application_id,
    )
    return [_read_key(row) for row in rows]


def _read_key(row: Row) -> ApiKey:
    revoked_at = row["revoked_at"]
    return ApiKey(
        id=row["id"],
        application_id=ApplicationId(row["application_id"]),
        scopes=frozenset(row["scopes"].split()),
        created_at=Instant(row["created_at"]),
        revoked_at=None if revoked_at is None else Instant(revoked_at),
    )
