"""Rows of what the traffic of an application is like: counters that processes add to, each table of a bounded size."""

from collections.abc import Mapping

from watchword.adapters.rows.transaction import Transaction, Value
from watchword.domain.ids import ApplicationId
from watchword.risk.counts import ENTRIES_MOST


def read_population(transaction: Transaction, application_id: ApplicationId) -> Mapping[bytes, float]:
    """Return every counter of an application."""
    rows = transaction.all(
        "SELECT key, weight FROM population WHERE application_id = :application_id", application_id=application_id
    )
    return {row["key"]: row["weight"] for row in rows}


def add_to_population(transaction: Transaction, application_id: ApplicationId, deltas: Mapping[bytes, float]) -> None:
    """Add to the counters of an application."""
    added: dict[bytes, int] = {}
    for key, weight in deltas.items():
        if not _increase(transaction, application_id, key, weight):
            _insert(transaction, application_id, key, weight)
            added[key[:1]] = added.get(key[:1], 0) + 1
    for first_byte, count in added.items():
        _change_size(transaction, application_id, first_byte, count)


def prune_population(transaction: Transaction, limit: int) -> int:
    """Forget the lightest counters of a table that holds too many; return how many."""
    full = transaction.one(
        "SELECT application_id, first_byte, size - :most AS beyond FROM population_sizes WHERE size > :most",
        most=ENTRIES_MOST,
    )
    if full is None:
        return 0
    application_id, first_byte = full["application_id"], full["first_byte"]
    gone = transaction.run(
        "DELETE FROM population WHERE application_id = :application_id AND key IN (SELECT key FROM population"
        " WHERE application_id = :application_id AND substr(key, 1, 1) = :first_byte ORDER BY weight LIMIT :limit)",
        application_id=application_id,
        first_byte=first_byte,
        limit=min(limit, full["beyond"]),
    )
    _change_size(transaction, application_id, first_byte, -gone)
    return gone


def _increase(transaction: Transaction, application_id: str, key: bytes, weight: float) -> bool:
    changed = transaction.run(
        "UPDATE population SET weight = weight + :weight WHERE application_id = :application_id AND key = :key",
        weight=weight,
        application_id=application_id,
        key=key,
    )
    return bool(changed)


def _insert(transaction: Transaction, application_id: str, key: bytes, weight: float) -> None:
    transaction.write(
        "INSERT INTO population (application_id, key, weight) VALUES (:application_id, :key, :weight)",
        application_id=application_id,
        key=key,
        weight=weight,
    )


def _change_size(transaction: Transaction, application_id: str, first_byte: bytes, count: int) -> None:
    named: dict[str, Value] = {"application_id": application_id, "first_byte": first_byte, "count": count}
    changed = transaction.run(
        "UPDATE population_sizes SET size = size + :count"
        " WHERE application_id = :application_id AND first_byte = :first_byte",
        **named,
    )
    if not changed:
        transaction.write(
            "INSERT INTO population_sizes (application_id, first_byte, size)"
            " VALUES (:application_id, :first_byte, :count)",
            **named,
        )
