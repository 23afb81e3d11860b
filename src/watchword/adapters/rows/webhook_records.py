"""Reads how endpoints, their messages and the calls about them stand, for the operator."""

from collections.abc import Sequence

from watchword.adapters.rows.transaction import Row, Transaction
from watchword.domain.event import EventType
from watchword.domain.ids import ApplicationId, EventId
from watchword.domain.instant import Instant
from watchword.domain.webhook import CallResult
from watchword.ports.webhooks import AttemptRecord, EndpointKey, EndpointRecord, MessageRecord, MessageState


def endpoint_records(transaction: Transaction, application_id: ApplicationId) -> Sequence[EndpointRecord]:
    """Return every endpoint of an application, by name."""
    rows = transaction.all(
        "SELECT *, (SELECT count(*) FROM webhook_messages WHERE application_id = :application_id"
        " AND endpoint = webhook_endpoints.name AND due_at IS NOT NULL) AS waiting,"
        " (SELECT min(webhook_messages.created_at) FROM webhook_messages WHERE application_id = :application_id"
        " AND endpoint = webhook_endpoints.name AND due_at IS NOT NULL) AS oldest_waiting_at,"
        " (SELECT count(*) FROM webhook_messages WHERE application_id = :application_id"
        " AND endpoint = webhook_endpoints.name AND state = 'dead') AS dead"
        " FROM webhook_endpoints WHERE application_id = :application_id ORDER BY name",
        application_id=application_id,
    )
    return [_read_endpoint(transaction, row) for row in rows]


def message_records(
    transaction: Transaction, key: EndpointKey, state: MessageState | None, limit: int
) -> Sequence[MessageRecord]:
    """Return the newest messages of an endpoint, all or those of one state."""
    of_endpoint = {"application_id": key.application_id, "name": key.name}
    if state is None:
        rows = transaction.all(
            "SELECT * FROM webhook_messages WHERE application_id = :application_id AND endpoint = :name"
            " ORDER BY number DESC LIMIT :limit",
            **of_endpoint,
            limit=limit,
        )
    else:
        rows = transaction.all(
            "SELECT * FROM webhook_messages WHERE application_id = :application_id AND endpoint = :name"
            " AND state = :state ORDER BY number DESC LIMIT :limit",
            **of_endpoint,
            state=state,
            limit=limit,
        )
    return [
        MessageRecord(
            id=EventId(row["event_id"]),
            type=EventType(row["type"]),
            state=MessageState(row["state"]),
            failures=row["failures"],
            created_at=Instant(row["created_at"]),
            due_at=row["due_at"],
            done_at=row["done_at"],
        )
        for row in rows
    ]


def attempt_records(
    transaction: Transaction, key: EndpointKey, message_id: str | None, limit: int
) -> Sequence[AttemptRecord]:
    """Return the newest calls of an endpoint, all or those about one message."""
    of_endpoint = {"application_id": key.application_id, "name": key.name}
    if message_id is None:
        rows = transaction.all(
            "SELECT * FROM webhook_attempts WHERE application_id = :application_id AND endpoint = :name"
            " ORDER BY number DESC LIMIT :limit",
            **of_endpoint,
            limit=limit,
        )
    else:
        rows = transaction.all(
            "SELECT * FROM webhook_attempts WHERE application_id = :application_id AND endpoint = :name"
            " AND event_id = :event_id ORDER BY number DESC LIMIT :limit",
            **of_endpoint,
            event_id=message_id,
            limit=limit,
        )
    return [_read_attempt(row) for row in rows]


def _read_endpoint(transaction: Transaction, row: Row) -> EndpointRecord:
    key = EndpointKey(application_id=ApplicationId(row["application_id"]), name=row["name"])
    return EndpointRecord(
        key=key,
        created_at=Instant(row["created_at"]),
        disabled_at=row["disabled_at"],
        disabled_reason=row["disabled_reason"],
        failing_since=row["first_failed_at"],
        waiting=row["waiting"],
        dead=row["dead"],
        oldest_waiting_at=row["oldest_waiting_at"],
        last_attempt=next(iter(attempt_records(transaction, key, None, 1)), None),
    )


def _read_attempt(row: Row) -> AttemptRecord:
    return AttemptRecord(
        message_id=EventId(row["event_id"]),
        at=Instant(row["at"]),
        result=CallResult(status=row["status"], error=row["error"], took_ms=row["took_ms"]),
    )
