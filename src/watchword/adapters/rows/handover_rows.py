"""What a worker says of a message that it had leased: handed over, or not."""

from typing import assert_never

from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.outbox_rows import fail, ids_of, pass_on, put_back, set_delivery
from watchword.adapters.rows.receipt_rows import apply_early_receipt, fail_or_bounce
from watchword.adapters.rows.transaction import Row, Transaction, Value, ref_of
from watchword.domain.event import EventType
from watchword.domain.ids import DeliveryId, user_key_of
from watchword.domain.instant import Instant
from watchword.domain.message import DeliveryStatus
from watchword.ports.store.outbox import HandedOver, NotHandedOver


def finish(transaction: Transaction, delivery_id: DeliveryId, tries: int, result: HandedOver | NotHandedOver) -> None:
    """Record what became of a leased message; a word about a lease that has ended changes nothing."""
    row = transaction.one(
        "SELECT * FROM deliveries WHERE id = :id AND user_key = :user_key AND state = 'leased' AND tries = :tries",
        id=delivery_id,
        user_key=user_key_of("dlv", delivery_id),
        tries=tries + 1,
    )
    if row is None:
        return
    match result:
        case HandedOver():
            _hand_over(transaction, row, result)
        case NotHandedOver():
            _refuse(transaction, row, result)
        case _:
            assert_never(result)


def _hand_over(transaction: Transaction, row: Row, result: HandedOver) -> None:
    due_at = _overdue_at(transaction, row, result)
    waits: dict[str, Value] = {"state": "done"} if due_at is None else {"state": "queued", "due_at": due_at}
    set_delivery(
        transaction,
        row,
        status=result.status,
        status_at=transaction.now,
        reason=None,
        sender=result.sender,
        provider=result.provider,
        provider_message_id=result.provider_message_id,
        next_step=result.next_step,
        **waits,
    )
    is_there = result.status is DeliveryStatus.DELIVERED
    event_type = EventType.DELIVERY_DELIVERED if is_there else EventType.DELIVERY_SENT
    write_event(
        transaction,
        ref_of(row),
        event_type,
        **ids_of(row),
        sender=result.sender,
        provider=result.provider,
        status=result.status,
    )
    if result.heard and result.provider_message_id is not None:
        _remember(transaction, row, result.sender, result.provider_message_id)
    if row["early_receipt"] is not None:
        apply_early_receipt(transaction, row["id"])


def _overdue_at(transaction: Transaction, row: Row, result: HandedOver) -> Instant | None:
    """Return when a message goes on to its next sender if nothing is heard of it; None where it does not."""
    if result.receipt_within_ms is None or result.next_step is None or result.status is DeliveryStatus.DELIVERED:
        return None
    due_at = Instant(transaction.now + result.receipt_within_ms)
    return due_at if due_at < row["expires_at"] else None


def _remember(transaction: Transaction, row: Row, sender: str, provider_message_id: str) -> None:
    """Remember whose message it is that a provider will speak of by his own id."""
    transaction.write(
        "INSERT INTO provider_messages (sender, provider_message_id, delivery_id, at)"
        " VALUES (:sender, :provider_message_id, :delivery_id, :now) ON CONFLICT DO NOTHING",
        sender=sender,
        provider_message_id=provider_message_id,
        delivery_id=row["id"],
        now=transaction.now,
    )


def _refuse(transaction: Transaction, row: Row, result: NotHandedOver) -> None:
    due_at = None if result.retry_after_ms is None else Instant(transaction.now + result.retry_after_ms)
    if result.status is DeliveryStatus.BOUNCED:
        fail_or_bounce(transaction, row, result.status, result.reason, result.sender)
    elif result.next_step is not None and transaction.now < row["expires_at"]:
        pass_on(transaction, row, result.next_step, result.reason, sender=result.sender, status=result.status)
    elif due_at is not None and due_at < row["expires_at"]:
        put_back(transaction, row, due_at, result.reason, sender=result.sender)
    else:
        fail(transaction, row, result.reason, status=result.status, sender=result.sender)
