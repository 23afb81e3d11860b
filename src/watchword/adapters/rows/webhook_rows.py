"""Rows of what servers of applications are told: written from the audit log, leased, and finished (I21)."""

from collections.abc import Mapping, Sequence
from typing import Final

from watchword.adapters.rows.endpoint_rows import (
    ASKED_TO_STOP,
    about_nobody,
    disable_endpoint,
    find_endpoint,
    note_failing,
    note_taken,
    of_endpoint,
)
from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.json_columns import read_json, write_json
from watchword.adapters.rows.transaction import Row, Transaction
from watchword.domain.event import EventType, data_outside
from watchword.domain.ids import EventId
from watchword.domain.instant import Instant, later, rfc3339
from watchword.domain.webhook import ATTEMPTS_KEPT_MS, GIVEN_UP_MS, CallResult, Verdict
from watchword.ports.webhooks import ClaimedMessage, Consequence, EndpointKey, Span

NEVER_SENT: Final = "never_sent"
"""Why a message is given up that waited too long for its endpoint."""


def endpoints_with_work(transaction: Transaction, keys: Sequence[EndpointKey]) -> Sequence[EndpointKey]:
    """Return those that have something to read or to send."""
    return [key for key in keys if _has_work(transaction, key)]


def queue_messages(transaction: Transaction, key: EndpointKey, types: frozenset[EventType], limit: int) -> int:
    """Read on in the audit log and write messages; return how many events were read."""
    if not transaction.reserve([_lock(key)]):
        return 0
    endpoint = find_endpoint(transaction, key)
    if endpoint is None:
        _begin_now(transaction, key)
        return 0
    events = [] if endpoint["disabled_at"] is not None else _events_after(transaction, key, endpoint["cursor"], limit)
    if not events:
        transaction.only_asked = True
        return 0
    for event in events:
        if event["type"] in types:
            _write_message(transaction, key, event)
    transaction.write(
        "UPDATE webhook_endpoints SET cursor = :cursor WHERE application_id = :application_id AND name = :name",
        **of_endpoint(key),
        cursor=events[-1]["number"],
    )
    return len(events)


def claim_messages(
    transaction: Transaction, wanted: Mapping[EndpointKey, int], lease_s: int
) -> Sequence[ClaimedMessage]:
    """Lease messages that are due; those of endpoints that somebody else is at come next time."""
    held = transaction.reserve([_lock(key) for key in wanted])
    claimed = [
        _claim(transaction, key, row, lease_s)
        for key, limit in wanted.items()
        if _lock(key) in held
        for row in _due(transaction, key, limit)
    ]
    transaction.only_asked = not claimed
    return claimed


def finish_call(
    transaction: Transaction, claimed: ClaimedMessage, result: CallResult, retry_after_ms: int | None
) -> Consequence:
    """Note what a call came to; return what that led to."""
    _note_attempt(transaction, claimed, result)
    match result.verdict:
        case Verdict.TAKEN:
            _set_delivered(transaction, claimed)
            note_taken(transaction, claimed.to)
            return Consequence()
        case Verdict.GONE:
            _put_back(transaction, claimed, transaction.now, claimed.failures)
            return Consequence(is_disabled=disable_endpoint(transaction, claimed.to, ASKED_TO_STOP))
        case Verdict.FAILED:
            is_given_up = retry_after_ms is None and _give_up(transaction, claimed, result)
            if retry_after_ms is not None:
                _put_back(transaction, claimed, Instant(transaction.now + retry_after_ms), claimed.failures + 1)
            return Consequence(is_given_up=is_given_up, is_disabled=note_failing(transaction, claimed))


def give_back(transaction: Transaction, claimed: ClaimedMessage) -> None:
    """End a lease; the message is due now."""
    _put_back(transaction, claimed, transaction.now, claimed.failures)


def take_back_calls(transaction: Transaction) -> None:
    """End every lease; only for a process that is the only worker."""
    transaction.write(
        "UPDATE webhook_messages SET state = 'waiting', due_at = :now"
        " WHERE due_at IS NOT NULL AND due_at > :now AND state = 'leased'",
        now=transaction.now,
    )


def send_again(transaction: Transaction, key: EndpointKey, message_id: str) -> bool:
    """Let one message be due now with all its tries; one that is being sent is left to that."""
    found = transaction.run(
        "UPDATE webhook_messages SET state = 'waiting', due_at = :now, failures = 0, done_at = NULL"
        " WHERE application_id = :application_id AND endpoint = :name AND event_id = :event_id AND state <> 'leased'",
        **of_endpoint(key),
        event_id=message_id,
        now=transaction.now,
    )
    return bool(found)


def send_dead_again(transaction: Transaction, key: EndpointKey) -> int:
    """Let every message that was given up be due now."""
    return transaction.run(
        "UPDATE webhook_messages SET state = 'waiting', due_at = :now, failures = 0, done_at = NULL"
        " WHERE application_id = :application_id AND endpoint = :name AND state = 'dead'",
        **of_endpoint(key),
        now=transaction.now,
    )


def send_span_again(
    transaction: Transaction, key: EndpointKey, types: frozenset[EventType], span: Span, after: int, limit: int
) -> tuple[int, int | None]:
    """Let events of a span be sent that come after a number; return how many, and where to go on."""
    events = transaction.all(
        "SELECT number, id, type, at, data FROM settled_events WHERE application_id = :application_id"
        " AND number > :after AND at >= :since AND at < :until ORDER BY number LIMIT :limit",
        application_id=key.application_id,
        after=after,
        since=span.since,
        until=span.until,
        limit=limit,
    )
    chosen = [event for event in events if event["type"] in types]
    for event in chosen:
        _write_message(transaction, key, event)
        send_again(transaction, key, event["id"])
    return len(chosen), events[-1]["number"] if len(events) == limit else None


def forget_old_calls(transaction: Transaction, limit: int) -> int:
    """Forget messages that are over and calls of a month ago, and give up what waits for nobody."""
    before = transaction.now - ATTEMPTS_KEPT_MS
    forgotten = transaction.run(
        "DELETE FROM webhook_messages WHERE number IN"
        " (SELECT number FROM webhook_messages WHERE done_at <= :before LIMIT :limit)"
        # Said once more of the row itself, for one that is sent again at this moment (kept_rows).
        " AND done_at <= :before",
        before=before,
        limit=limit,
    ) + transaction.run(
        "DELETE FROM webhook_attempts WHERE number IN"
        " (SELECT number FROM webhook_attempts WHERE at <= :before LIMIT :limit)",
        before=before,
        limit=limit,
    )
    return forgotten + _give_up_waiting(transaction, limit)


def _lock(key: EndpointKey) -> bytes:
    """Return what is reserved, like a user, so that of many processes one reads on and leases for an endpoint."""
    return f"\x00webhook\x00{key.application_id}\x00{key.name}".encode()


def _has_work(transaction: Transaction, key: EndpointKey) -> bool:
    row = transaction.one(
        "SELECT disabled_at, EXISTS (SELECT 1 FROM settled_events WHERE application_id = :application_id"
        " AND number > cursor) AS has_events, EXISTS (SELECT 1 FROM webhook_messages"
        " WHERE application_id = :application_id AND endpoint = :name AND due_at <= :now) AS has_due"
        " FROM webhook_endpoints WHERE application_id = :application_id AND name = :name",
        **of_endpoint(key),
        now=transaction.now,
    )
    return row is None or (row["disabled_at"] is None and bool(row["has_events"] or row["has_due"]))


def _begin_now(transaction: Transaction, key: EndpointKey) -> None:
    transaction.write(
        "INSERT INTO webhook_endpoints (application_id, name, cursor, created_at)"
        " SELECT :application_id, :name, coalesce(max(number), 0), :now FROM settled_events"
        " WHERE application_id = :application_id",
        **of_endpoint(key),
        now=transaction.now,
    )


def _events_after(transaction: Transaction, key: EndpointKey, after: int, limit: int) -> list[Row]:
    return transaction.all(
        "SELECT number, id, type, at, data FROM settled_events WHERE application_id = :application_id"
        " AND number > :after ORDER BY number LIMIT :limit",
        application_id=key.application_id,
        after=after,
        limit=limit,
    )


def _write_message(transaction: Transaction, key: EndpointKey, event: Row) -> None:
    """Write a message unless there is one about this event."""
    payload = {
        "type": event["type"],
        "timestamp": rfc3339(Instant(event["at"])),
        "data": data_outside(read_json(event["data"])),
    }
    transaction.write(
        "INSERT INTO webhook_messages (application_id, endpoint, event_id, type, payload, state, due_at, created_at)"
        " VALUES (:application_id, :name, :event_id, :type, :payload, 'waiting', :now, :at)"
        " ON CONFLICT (application_id, endpoint, event_id) DO NOTHING",
        **of_endpoint(key),
        event_id=event["id"],
        type=event["type"],
        payload=write_json(payload),
        now=transaction.now,
        at=event["at"],
    )


def _due(transaction: Transaction, key: EndpointKey, limit: int) -> list[Row]:
    return transaction.all(
        "SELECT event_id, type, payload, claims, failures FROM webhook_messages"
        " WHERE application_id = :application_id AND endpoint = :name AND due_at <= :now"
        " AND EXISTS (SELECT 1 FROM webhook_endpoints WHERE application_id = :application_id AND name = :name"
        " AND disabled_at IS NULL) ORDER BY due_at, number LIMIT :limit",
        **of_endpoint(key),
        now=transaction.now,
        limit=limit,
    )


def _claim(transaction: Transaction, key: EndpointKey, row: Row, lease_s: int) -> ClaimedMessage:
    transaction.write(
        "UPDATE webhook_messages SET state = 'leased', claims = claims + 1, due_at = :due_at"
        " WHERE application_id = :application_id AND endpoint = :name AND event_id = :event_id AND due_at <= :now",
        **of_endpoint(key),
        event_id=row["event_id"],
        now=transaction.now,
        due_at=later(transaction.now, seconds=lease_s),
    )
    return ClaimedMessage(
        to=key,
        id=EventId(row["event_id"]),
        type=EventType(row["type"]),
        payload=row["payload"],
        claims=row["claims"] + 1,
        failures=row["failures"],
    )


def _note_attempt(transaction: Transaction, claimed: ClaimedMessage, result: CallResult) -> None:
    transaction.write(
        "INSERT INTO webhook_attempts (application_id, endpoint, event_id, at, status, error, took_ms)"
        " VALUES (:application_id, :name, :event_id, :now, :status, :error, :took_ms)",
        **of_endpoint(claimed.to),
        event_id=claimed.id,
        now=transaction.now,
        status=result.status,
        error=result.error,
        took_ms=result.took_ms,
    )


def _set_delivered(transaction: Transaction, claimed: ClaimedMessage) -> None:
    """Good news is believed from whoever brings it."""
    transaction.write(
        "UPDATE webhook_messages SET state = 'delivered', due_at = NULL, done_at = :now"
        " WHERE application_id = :application_id AND endpoint = :name AND event_id = :event_id"
        " AND state <> 'delivered'",
        **of_endpoint(claimed.to),
        event_id=claimed.id,
        now=transaction.now,
    )


def _put_back(transaction: Transaction, claimed: ClaimedMessage, due_at: Instant, failures: int) -> None:
    transaction.write(
        "UPDATE webhook_messages SET state = 'waiting', due_at = :due_at, failures = :failures"
        " WHERE application_id = :application_id AND endpoint = :name AND event_id = :event_id"
        " AND state = 'leased' AND claims = :claims",
        **of_endpoint(claimed.to),
        event_id=claimed.id,
        claims=claimed.claims,
        due_at=due_at,
        failures=failures,
    )


def _give_up(transaction: Transaction, claimed: ClaimedMessage, result: CallResult) -> bool:
    found = transaction.run(
        "UPDATE webhook_messages SET state = 'dead', due_at = NULL, done_at = :now, failures = failures + 1"
        " WHERE application_id = :application_id AND endpoint = :name AND event_id = :event_id"
        " AND state = 'leased' AND claims = :claims",
        **of_endpoint(claimed.to),
        event_id=claimed.id,
        claims=claimed.claims,
        now=transaction.now,
    )
    if found:
        _tell_given_up(transaction, claimed.to, claimed.id, claimed.type, result.status, result.error)
    return bool(found)


def _give_up_waiting(transaction: Transaction, limit: int) -> int:
    """Give up what waits for an endpoint that is disabled or not declared any more."""
    given_up = 0
    for endpoint in transaction.all("SELECT application_id, name FROM webhook_endpoints"):
        key = EndpointKey(application_id=endpoint["application_id"], name=endpoint["name"])
        rows = transaction.all(
            "SELECT event_id, type FROM webhook_messages WHERE application_id = :application_id AND endpoint = :name"
            " AND due_at <= :before ORDER BY due_at, number LIMIT :limit",
            **of_endpoint(key),
            before=transaction.now - GIVEN_UP_MS,
            limit=limit,
        )
        for row in rows:
            transaction.write(
                "UPDATE webhook_messages SET state = 'dead', due_at = NULL, done_at = :now"
                " WHERE application_id = :application_id AND endpoint = :name AND event_id = :event_id",
                **of_endpoint(key),
                event_id=row["event_id"],
                now=transaction.now,
            )
            _tell_given_up(transaction, key, row["event_id"], row["type"], None, NEVER_SENT)
        given_up += len(rows)
    return given_up


def _tell_given_up(
    transaction: Transaction, key: EndpointKey, message_id: str, type_: str, status: int | None, error: str | None
) -> None:
    write_event(
        transaction,
        about_nobody(key),
        EventType.WEBHOOK_FAILED,
        endpoint=key.name,
        message_id=message_id,
        type=type_,
        status=status,
        error=error,
    )
