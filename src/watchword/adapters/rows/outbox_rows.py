"""Rows of the outbox: what is to leave, who has leased it, and what became of it."""

from operator import itemgetter
from typing import Final

from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.transaction import Row, Transaction, Value, ref_of
from watchword.domain.contact import Channel
from watchword.domain.event import EventType
from watchword.domain.instant import DAY_MS, Instant, later
from watchword.domain.message import DeliveryStatus
from watchword.domain.user import UserRef
from watchword.ports.store.outbox import QUEUED_AND_LEASED

OUTBOX_KEPT_MS: Final = 30 * DAY_MS
"""As long as a notice's link counts."""
OVERDUE: Final = "receipt_overdue"
"""No receipt came in time."""
_IDS: Final = ("challenge_id", "generation", "notice_id", "contact_id", "channel")
"""What a message is about and where it goes."""
_AWAITING: Final = frozenset({DeliveryStatus.ACCEPTED, DeliveryStatus.SENT})
_DUE: Final = (
    "SELECT * FROM (SELECT * FROM deliveries WHERE state <> 'done' AND notice_id IS NULL AND due_at <= :now"
    " ORDER BY due_at, number LIMIT :codes) AS due_codes"
    " UNION ALL SELECT * FROM (SELECT * FROM deliveries WHERE state <> 'done' AND notice_id IS NOT NULL"
    " AND due_at <= :now ORDER BY due_at, number LIMIT :notices) AS due_notices"
)


def queue_code(
    transaction: Transaction,
    ref: UserRef,
    challenge_id: str,
    expires_at: Instant,
    *,
    generation: int,
    contact_id: str,
    channel: Channel,
    lease_s: int | None = None,
) -> str:
    """Queue the live code of a challenge, and return its id; it may leave until the challenge's time is up.

    With ``lease_s`` it is leased at once, as by a claim: then it leaves with whoever asked for that, or comes back.
    """
    return _queue(
        transaction,
        ref,
        expires_at,
        lease_s,
        challenge_id=challenge_id,
        generation=generation,
        contact_id=contact_id,
        channel=channel,
    )


def queue_notice_to(transaction: Transaction, ref: UserRef, notice_id: str, contact_id: str, channel: Channel) -> None:
    """Queue one copy of a notice; it may leave for a day."""
    _queue(
        transaction,
        ref,
        later(transaction.now, days=1),
        notice_id=notice_id,
        contact_id=contact_id,
        channel=channel,
    )


def due_rows(transaction: Transaction, codes: int, notices: int) -> list[Row]:
    """Return codes and notices that are due, and those whose lease or wait for a receipt has run out, oldest first."""
    rows = transaction.all(_DUE, now=transaction.now, codes=codes, notices=notices)
    return sorted(rows, key=itemgetter("due_at", "number"))


def is_overdue(row: Row) -> bool:
    """Whether a message that is due was handed over, and no receipt came in time."""
    return row["state"] == "queued" and row["status"] in _AWAITING


def step_of(row: Row) -> int:
    """Return which sender of its route a message that is due is for."""
    return int(row["next_step"] if is_overdue(row) and row["next_step"] is not None else row["step"])


def lease(transaction: Transaction, row: Row, lease_s: int) -> None:
    """Lease a message and count the try, so that one that kills its worker does not come back for ever.

    One that is overdue goes on to its next sender, and nobody knows what became of it with the one before.
    """
    transaction.write(
        "UPDATE deliveries SET state = 'leased', tries = tries + 1, due_at = :due_at"
        " WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        application_id=row["application_id"],
        user_key=row["user_key"],
        id=row["id"],
        due_at=later(transaction.now, seconds=lease_s),
    )
    if is_overdue(row):
        _move(transaction, row, step_of(row), OVERDUE, DeliveryStatus.UNKNOWN)
        _tell_queued(transaction, row, OVERDUE, sender=row["sender"], step=step_of(row), due_at=transaction.now)


def fail(
    transaction: Transaction,
    row: Row,
    reason: str,
    *,
    status: DeliveryStatus = DeliveryStatus.UNDELIVERED,
    sender: str | None = None,
) -> None:
    """Report a message as failed for good; one that a sender took without a word remains unknown."""
    if row["status"] == DeliveryStatus.UNKNOWN and status is not DeliveryStatus.BOUNCED:
        status = DeliveryStatus.UNKNOWN
    set_delivery(transaction, row, state="done", status=status, status_at=transaction.now, reason=reason)
    write_event(
        transaction,
        ref_of(row),
        EventType.DELIVERY_FAILED,
        **ids_of(row),
        reason=reason,
        status=status,
        sender=sender or row["sender"],
    )


def withdraw(transaction: Transaction, row: Row, reason: str) -> None:
    """Let a message leave no more: reported as failed, unless a sender has it already and only its receipt is out."""
    if is_overdue(row):
        set_delivery(transaction, row, state="done")
    else:
        fail(transaction, row, reason)


def put_back(transaction: Transaction, row: Row, due_at: Instant, reason: str, *, sender: str | None) -> None:
    """Queue a message again for the same sender."""
    set_delivery(transaction, row, state="queued", due_at=due_at, reason=reason)
    _tell_queued(transaction, row, reason, sender=sender, step=row["step"], due_at=due_at)


def pass_on(
    transaction: Transaction, row: Row, step: int, reason: str, *, sender: str | None, status: DeliveryStatus
) -> None:
    """Queue a message at once for the sender of another step, with what became of it until now."""
    set_delivery(transaction, row, state="queued", due_at=transaction.now)
    _move(transaction, row, step, reason, status)
    _tell_queued(transaction, row, reason, sender=sender, step=step, due_at=transaction.now)


def _move(transaction: Transaction, row: Row, step: int, reason: str, status: DeliveryStatus) -> None:
    # Whoever had it before may have delivered it after all: a failure of the next one does not make that known.
    status = DeliveryStatus.UNKNOWN if row["status"] == DeliveryStatus.UNKNOWN else status
    set_delivery(
        transaction,
        row,
        step=step,
        next_step=None,
        sender=None,
        provider_message_id=None,
        early_receipt=None,
        status=status,
        status_at=transaction.now,
        reason=reason,
    )


def _tell_queued(
    transaction: Transaction, row: Row, reason: str, *, sender: str | None, step: int, due_at: Instant
) -> None:
    write_event(
        transaction,
        ref_of(row),
        EventType.DELIVERY_QUEUED,
        **ids_of(row),
        reason=reason,
        sender=sender,
        tries=row["tries"],
        step=step,
        due_at=due_at,
    )


def set_delivery(transaction: Transaction, row: Row, **columns: Value) -> None:
    """Set columns of one message; their names come from our own code."""
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    transaction.write(
        f"UPDATE deliveries SET {assignments}"  # noqa: S608 names from our own code, values bound
        " WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        application_id=row["application_id"],
        user_key=row["user_key"],
        id=row["id"],
        **columns,
    )


def take_back_leases(transaction: Transaction) -> int:
    """End every lease now; those that are done are left out twice, because the index of the others is found by that."""
    return transaction.run(
        "UPDATE deliveries SET state = 'queued', due_at = :now WHERE state = 'leased' AND state <> 'done'",
        now=transaction.now,
    )


def fail_all_of(transaction: Transaction, ref: UserRef, reason: str) -> None:
    """Report every message to a user that has not left as failed, and await no receipt any more."""
    rows = transaction.all(
        "SELECT * FROM deliveries WHERE application_id = :application_id AND user_key = :user_key AND state <> 'done'",
        application_id=ref.application_id,
        user_key=ref.key,
    )
    for row in rows:
        withdraw(transaction, row, reason)


def forget_old_messages(transaction: Transaction, limit: int) -> int:
    """Forget deliveries and notices of the month before."""
    before = transaction.now - OUTBOX_KEPT_MS
    transaction.write(
        "DELETE FROM provider_messages WHERE (sender, provider_message_id) IN"
        " (SELECT sender, provider_message_id FROM provider_messages WHERE at <= :before LIMIT :limit)",
        before=before,
        limit=limit,
    )
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
    expires_at: Instant,
    lease_s: int | None = None,
    **named: str | int | None,
) -> str:
    """Write a message with what it is about and where it goes, which its event says as well; return its id."""
    delivery_id, now, ids = transaction.make_id("dlv", ref.key), transaction.now, dict.fromkeys(_IDS) | named
    transaction.write(
        "INSERT INTO deliveries (application_id, user_key, id, challenge_id, generation, notice_id, contact_id,"
        " channel, state, status, status_at, tries, due_at, created_at, expires_at)"
        " VALUES (:application_id, :user_key, :id, :challenge_id, :generation, :notice_id, :contact_id, :channel,"
        " :state, 'queued', :now, :tries, :due_at, :now, :expires_at)",
        application_id=ref.application_id,
        user_key=ref.key,
        id=delivery_id,
        state="queued" if lease_s is None else "leased",
        tries=0 if lease_s is None else 1,
        due_at=now if lease_s is None else later(now, seconds=lease_s),
        now=now,
        expires_at=expires_at,
        **ids,
    )
    told_as = None if lease_s is None else QUEUED_AND_LEASED
    write_event(transaction, ref, EventType.DELIVERY_QUEUED, told_as, delivery_id=delivery_id, **ids)
    return delivery_id


def ids_of(row: Row) -> dict[str, str | int | bool | None]:
    """Return what every event of a message says."""
    return {
        "delivery_id": row["id"],
        "challenge_id": row["challenge_id"],
        "notice_id": row["notice_id"],
        "contact_id": row["contact_id"],
        "channel": row["channel"],
    }
