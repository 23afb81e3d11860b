"""What providers report of messages that they took: late, twice, in disorder, or before we wrote that they had them."""

from typing import Final

from watchword.adapters.rows.challenge_endings import kill_codes_to
from watchword.adapters.rows.contact_rows import change_contact, find_contact
from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.json_columns import read_json, write_json
from watchword.adapters.rows.outbox_rows import fail, ids_of, pass_on, set_delivery
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.domain.event import EventType
from watchword.domain.ids import DeliveryId, user_key_of
from watchword.domain.message import DeliveryStatus
from watchword.ports.sender import Receipt
from watchword.ports.store.outbox import Heard

BOUNCED: Final = "bounced"
"""How an event calls the change of a contact whose messages come back."""
LATE_BOUNCE: Final = "bounced_later"
"""The reason of a message that was said to have arrived, or to have failed for less, before its address was."""
NO_REASON: Final = "reported"
"""What stands for the reason where a provider gives none."""
_RANKS: Final = {
    DeliveryStatus.QUEUED: 0,
    DeliveryStatus.ACCEPTED: 1,
    DeliveryStatus.SENT: 2,
    DeliveryStatus.DELIVERED: 4,
}
_FAILURE_RANK: Final = 3


def find_delivery(transaction: Transaction, sender: str, receipt: Receipt) -> DeliveryId | None:
    """Return which message a receipt speaks of."""
    if receipt.delivery_id is not None:
        return receipt.delivery_id if user_key_of("dlv", receipt.delivery_id) else None
    return None if receipt.provider_message_id is None else _known_by(transaction, sender, receipt.provider_message_id)


def record_receipt(transaction: Transaction, delivery_id: DeliveryId, sender: str, receipt: Receipt) -> Heard:
    """Note what a provider reports of a message, as far as it is news of this sender."""
    row = transaction.one(
        "SELECT * FROM deliveries WHERE id = :id AND user_key = :user_key",
        id=delivery_id,
        user_key=user_key_of("dlv", delivery_id),
    )
    if row is None:
        return Heard.UNKNOWN
    if _has_it(row, sender, receipt):
        return _hear(transaction, row, sender, receipt)
    if (
        receipt.provider_message_id is not None
        and _known_by(transaction, sender, receipt.provider_message_id) == row["id"]
    ):
        return _hear_earlier(transaction, row, sender, receipt)
    if row["sender"] is None and row["state"] != "done":
        return _hear_early(transaction, row, sender, receipt)
    return Heard.UNKNOWN


def apply_early_receipt(transaction: Transaction, delivery_id: str) -> None:
    """Take a receipt into account that came before its hand-over was written, now that it is."""
    row = transaction.one(
        "SELECT * FROM deliveries WHERE id = :id AND user_key = :user_key",
        id=delivery_id,
        user_key=user_key_of("dlv", delivery_id),
    )
    if row is None or row["early_receipt"] is None:
        return
    set_delivery(transaction, row, early_receipt=None)
    sender, provider_message_id, status, reason = read_json(row["early_receipt"])
    receipt = Receipt(
        delivery_id=None,
        provider_message_id=provider_message_id,
        status=DeliveryStatus(status),
        reason=reason,
    )
    if _has_it(row, sender, receipt):
        _hear(transaction, row, sender, receipt)


def fail_or_bounce(transaction: Transaction, row: Row, status: DeliveryStatus, reason: str, sender: str | None) -> None:
    """Report a message as failed for good; where its address is dead, mark the contact and kill its live code."""
    fail(transaction, row, reason, status=status, sender=sender)
    if status is DeliveryStatus.BOUNCED:
        _mark_dead(transaction, row)


def _mark_dead(transaction: Transaction, row: Row) -> None:
    """Mark the contact of a message, unless a code came back from it since: a bounce may be weeks late."""
    ref = ref_of(row)
    contact = find_contact(transaction, ref, row["contact_id"])
    if contact is None or (contact.last_proven_at is not None and contact.last_proven_at > row["created_at"]):
        return
    change_contact(transaction, ref, contact.id, BOUNCED, bounced_at=transaction.now)
    kill_codes_to(transaction, ref, contact.id)


def _known_by(transaction: Transaction, sender: str, provider_message_id: str) -> DeliveryId | None:
    row = transaction.one(
        "SELECT delivery_id FROM provider_messages"
        " WHERE sender = :sender AND provider_message_id = :provider_message_id",
        sender=sender,
        provider_message_id=provider_message_id,
    )
    return None if row is None else DeliveryId(row["delivery_id"])


def _has_it(row: Row, sender: str, receipt: Receipt) -> bool:
    """Whether the message is with this sender, and the receipt is for this try of his."""
    known = row["provider_message_id"]
    is_same = known is None or receipt.provider_message_id is None or receipt.provider_message_id == known
    return bool(row["sender"] == sender) and is_same


def _hear(transaction: Transaction, row: Row, sender: str, receipt: Receipt) -> Heard:
    status = receipt.status
    if _rank(status) <= _rank(DeliveryStatus(row["status"])):
        return _hear_late(transaction, row, status)
    if status is DeliveryStatus.DELIVERED:
        _arrive(transaction, row, sender)
    elif _rank(status) < _FAILURE_RANK:
        set_delivery(transaction, row, status=status, status_at=transaction.now)
        _tell(transaction, row, EventType.DELIVERY_SENT, sender, status)
    else:
        _hear_failure(transaction, row, sender, receipt)
    return Heard.NEWS


def _hear_late(transaction: Transaction, row: Row, status: DeliveryStatus) -> Heard:
    """Of words that change no status only a bounce counts, once: mail servers take what they give back later."""
    if status is not DeliveryStatus.BOUNCED or row["reason"] == LATE_BOUNCE or row["status"] == status:
        return Heard.NOTHING_NEW
    set_delivery(transaction, row, reason=LATE_BOUNCE)
    _mark_dead(transaction, row)
    return Heard.NEWS


def _hear_failure(transaction: Transaction, row: Row, sender: str, receipt: Receipt) -> None:
    reason = receipt.reason or NO_REASON
    may_go_on = row["next_step"] is not None and transaction.now < row["expires_at"]
    if may_go_on and receipt.status is not DeliveryStatus.BOUNCED:
        pass_on(transaction, row, row["next_step"], reason, sender=sender, status=receipt.status)
    else:
        fail_or_bounce(transaction, row, receipt.status, reason, sender)


def _hear_earlier(transaction: Transaction, row: Row, sender: str, receipt: Receipt) -> Heard:
    """Only that it arrived counts from a sender, or of a try, that the message has left: then it needs no other."""
    if receipt.status is not DeliveryStatus.DELIVERED or row["status"] == DeliveryStatus.DELIVERED:
        return Heard.NOTHING_NEW
    _arrive(transaction, row, sender)
    return Heard.NEWS


def _hear_early(transaction: Transaction, row: Row, sender: str, receipt: Receipt) -> Heard:
    """Keep a failure for the hand-over that is about to be written; what arrived needs none."""
    if receipt.status is DeliveryStatus.DELIVERED:
        _arrive(transaction, row, sender)
        return Heard.NEWS
    if _rank(receipt.status) < _FAILURE_RANK:
        return Heard.NOTHING_NEW
    words = (sender, receipt.provider_message_id, receipt.status, receipt.reason)
    set_delivery(transaction, row, early_receipt=write_json(words))
    return Heard.NEWS


def _arrive(transaction: Transaction, row: Row, sender: str) -> None:
    set_delivery(
        transaction,
        row,
        state="done",
        status=DeliveryStatus.DELIVERED,
        status_at=transaction.now,
        sender=sender,
        reason=None,
    )
    _tell(transaction, row, EventType.DELIVERY_DELIVERED, sender, DeliveryStatus.DELIVERED)


def _tell(transaction: Transaction, row: Row, event_type: EventType, sender: str, status: DeliveryStatus) -> None:
    write_event(
        transaction, ref_of(row), event_type, **ids_of(row), sender=sender, provider=row["provider"], status=status
    )


def _rank(status: DeliveryStatus) -> int:
    return _RANKS.get(status, _FAILURE_RANK)
