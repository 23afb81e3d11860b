"""Rows of the audit log."""

from collections.abc import Sequence

from watchword.adapters.rows.json_columns import read_json, write_json
from watchword.adapters.rows.transaction import Transaction
from watchword.domain.event import Event, EventType
from watchword.domain.ids import ApplicationId, EventId, UserKey
from watchword.domain.instant import Instant
from watchword.domain.user import UserRef


def write_event(transaction: Transaction, ref: UserRef, event_type: EventType, **data: str | int | bool | None) -> None:
    """Write the one event of a transition; ``data`` holds ids, states and counts only."""
    transaction.write(
        "INSERT INTO events (id, type, application_id, user_key, at, data)"
        " VALUES (:id, :type, :application_id, :user_key, :at, :data)",
        id=transaction.make_id("evt", ref.key),
        type=event_type,
        application_id=ref.application_id,
        user_key=ref.key,
        at=transaction.now,
        data=write_json(data),
    )
    transaction.events.append(event_type)


def read_events(
    transaction: Transaction, application_id: ApplicationId, limit: int, after: int
) -> Sequence[tuple[int, Event]]:
    """Return events with their numbers, in the order of their commit."""
    rows = transaction.all(
        "SELECT * FROM settled_events WHERE application_id = :application_id AND number > :after"
        " ORDER BY number LIMIT :limit",
        application_id=application_id,
        after=after,
        limit=limit,
    )
    return [
        (
            row["number"],
            Event(
                id=EventId(row["id"]),
                type=EventType(row["type"]),
                application_id=application_id,
                user_key=UserKey(row["user_key"]),
                at=Instant(row["at"]),
                data=read_json(row["data"]),
            ),
        )
        for row in rows
    ]
