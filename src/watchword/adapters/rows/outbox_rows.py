"""Rows of the outbox: what is to leave, who has leased it, and what became of it."""

from typing import Final, assert_never

from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.domain.contact import Channel
from watchword.domain.event import EventType
from watchword.domain.ids import DeliveryId, user_key_of
from watchword.domain.instant import DAY_MS, Instant, later
from watchword.domain.message import DeliveryStatus
from watchword.domain.user import UserRef
from watchword.ports.store.values import HandedOver, NotHandedOver

OUTBOX_KEPT_MS: Final = 30 * DAY_MS
"""As long as a notice's link counts."""


def queue_code(
    transaction: Transaction,
    ref: UserRef,
    challenge_id: str,
    expires_at: Instant,
    *,
    generation: int,
    contact_id: str,
    channel: Channel,
) -> None:
    """Queue the live code of a challenge; it may leave until the challenge's time is up."""
    _queue(
        transaction,
        ref,
        contact_id=contact_id,
        channel=channel,
        expires_at=expires_at,
        challenge_id=challenge_id,
        generation=generation,
    )


def queue_notice_to(transaction: Transaction, ref: UserRef, notice_id: str, contact_id: str, channel: Channel) -> None:
    """Queue one copy of a notice; it may leave for a day."""
    _queue(
        transaction,
        ref,
        contact_id=contact_id,
        channel=channel,
        expires_at=later(transaction.now, days=1),
        notice_id=notice_id,
    )


def due_rows(transaction: Transaction, limit: int) -> list[Row]:
    """Return messages that are due and those whose lease has run out, oldest first."""
    return transaction.all(
        "SELECT * FROM deliveries WHERE state <> 'done' AND due_at <= :now ORDER BY due_at, number LIMIT :limit",
        now=transaction.now,
        limit=limit,
    )


def lease(transaction: Transaction, row: Row, lease_s: int) -> None:
    """Lease a message and count the try, so that one that kills its worker does not come back for ever."""
    transaction.write(
        "UPDATE deliveries SET state = 'leased', tries = tries + 1, due_at = :due_at"
        " WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        application_id=row["application_id"],
        user_key=row["user_key"],
        id=row["id"],
        due_at=later(transaction.now, seconds=lease_s),
    )


def fail(transaction: Transaction, row: Row, reason: str) -> None:
    """Report a message as failed for good."""
    _finish(transaction, row, DeliveryStatus.UNDELIVERED, reason)
    write_event(transaction, ref_of(row), EventType.DELIVERY_FAILED, **_ids(row), reason=reason)


def finish(transaction: Transaction, delivery_id: DeliveryId, result: HandedOver | NotHandedOver) -> None:
    """Record what became of a leased message; a word about one that is done already changes nothing."""
    row = transaction.one(
        "SELECT * FROM deliveries WHERE id = :id AND user_key = :user_key AND state = 'leased'",
        id=delivery_id,
        user_key=user_key_of("dlv", delivery_id),
    )
    if row is None:
        return
    match result:
        case HandedOver(provider=provider, provider_message_id=message_id, status=status):
            _finish(transaction, row, status, None, provider=provider, provider_message_id=message_id)
            event_type = EventType.DELIVERY_DELIVERED if status is DeliveryStatus.DELIVERED else EventType.DELIVERY_SENT
            write_event(transaction, ref_of(row), event_type, **_ids(row), provider=provider)
        case NotHandedOver(reason=reason, retry_after_ms=retry_after_ms):
            due_at = None if retry_after_ms is None else Instant(transaction.now + retry_after_ms)
            if due_at is None or due_at >= row["expires_at"]:
                fail(transaction, row, reason)
            else:
                _put_back(transaction, row, due_at, reason)
        case _:
            assert_never(result)


def take_back_leases(transaction: Transaction) -> int:
    """End every lease now; those that are done are left out twice, because the index of the others is found by that."""
    return transaction.run(
        "UPDATE deliveries SET state = 'queued', due_at = :now WHERE state = 'leased' AND state <> 'done'",
        now=transaction.now,
    )


def fail_all_of(transaction: Transaction, ref: UserRef, reason: str) -> None:
    """Report every message to a user that has not left as failed."""
    rows = transaction.all(
        "SELECT * FROM deliveries WHERE application_id = :application_id AND user_key = :user_key AND state <> 'done'",
        application_id=ref.application_id,
        user_key=ref.key,
    )
    for row in rows:
        fail(transaction, row, reason)


def forget_old_messages(transaction: Transaction, limit: int) -> int:
    """Forget deliveries and notices of the month before."""
    before = transaction.now - OUTBOX_KEPT_MS
    return transaction.run(
        "DELETE FROM deliveries WHERE id IN"
        " (SELECT id FROM deliveries WHERE created_at <= :before AND state = 'done' LIMIT :limit)",
        before=before,
        limit=limit,
    ) + transaction.run(
        "DELETE FROM notices WHERE id IN (SELECT id FROM notices WHERE created_at <= :before LIMIT :limit)",
        before=before,
        limit=limit,
    )


def _queue(
    transaction: Transaction,
    ref: UserRef,
    *,
    contact_id: str,
    channel: Channel,
    expires_at: Instant,
    challenge_id: str | None = None,
    generation: int | None = None,
    notice_id: str | None = None,
) -> None:
    delivery_id = transaction.make_id("dlv", ref.key)
    transaction.write(
        "INSERT INTO deliveries (application_id, user_key, id, challenge_id, generation, notice_id, contact_id,"
        " channel, state, status, status_at, due_at, created_at, expires_at)"
        " VALUES (:application_id, :user_key, :id, :challenge_id, :generation, :notice_id, :contact_id, :channel,"
        " 'queued', 'queued', :now, :now, :now, :expires_at)",
        application_id=ref.application_id,
        user_key=ref.key,
        id=delivery_id,
        challenge_id=challenge_id,
        generation=generation,
        notice_id=notice_id,
        contact_id=contact_id,
        channel=channel,
        now=transaction.now,
        expires_at=expires_at,
    )
    write_event(
        transaction,
        ref,
        EventType.DELIVERY_QUEUED,
        delivery_id=delivery_id,
        challenge_id=challenge_id,
        generation=generation,
        notice_id=notice_id,
        contact_id=contact_id,
        channel=channel,
    )


def _finish(
    transaction: Transaction,
    row: Row,
    status: DeliveryStatus,
    reason: str | None,
    *,
    provider: str | None = None,
    provider_message_id: str | None = None,
) -> None:
    transaction.write(
        "UPDATE deliveries SET state = 'done', status = :status, status_at = :now, reason = :reason,"
        " provider = :provider, provider_message_id = :provider_message_id"
        " WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        application_id=row["application_id"],
        user_key=row["user_key"],
        id=row["id"],
        status=status,
        now=transaction.now,
        reason=reason,
        provider=provider,
        provider_message_id=provider_message_id,
    )


def _put_back(transaction: Transaction, row: Row, due_at: Instant, reason: str) -> None:
    transaction.write(
        "UPDATE deliveries SET state = 'queued', due_at = :due_at, reason = :reason"
        " WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        application_id=row["application_id"],
        user_key=row["user_key"],
        id=row["id"],
        due_at=due_at,
        reason=reason,
    )
    write_event(
        transaction,
        ref_of(row),
        EventType.DELIVERY_QUEUED,
        **_ids(row),
        reason=reason,
        tries=row["tries"],
        due_at=due_at,
    )


def _ids(row: Row) -> dict[str, str | int | bool | None]:
    return {
        "delivery_id": row["id"],
        "challenge_id": row["challenge_id"],
        "notice_id": row["notice_id"],
        "contact_id": row["contact_id"],
        "channel": row["channel"],
    }
