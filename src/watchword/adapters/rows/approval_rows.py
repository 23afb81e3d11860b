"""What a right guess brings: the grant, the proven contact, the known device, and what a reset takes away."""

from watchword.adapters.rows.attempt_reading import device_in
from watchword.adapters.rows.challenge_endings import cancel_pending, end_approved
from watchword.adapters.rows.contact_rows import prove_contact
from watchword.adapters.rows.device_rows import distrust_others, make_room, prove_device
from watchword.adapters.rows.grant_rows import insert_grant, revoke_grants
from watchword.adapters.rows.lesson_rows import teach_approved
from watchword.adapters.rows.memory_rows import open_memory
from watchword.adapters.rows.notice_rows import alert
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.adapters.rows.user_rows import Seen, clear_dispute, note_proof, put_place, set_user
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, Action
from watchword.domain.challenge import Approved
from watchword.domain.contact import Contact
from watchword.domain.device import Device
from watchword.domain.grant import Grant
from watchword.domain.ids import ActionId, ChallengeId, ContactId
from watchword.domain.instant import Instant, later
from watchword.domain.message import NoticeKind
from watchword.domain.user import UserRef
from watchword.ports.store.attempting import Spending


def approve(transaction: Transaction, row: Row, action: Action, spending: Spending, contact: Contact) -> Approved:
    """Approve a pending challenge with this guess, whose right code went to this contact, and all that follows.

    ``row`` is what the attempt was judged by, from before the guess: the statement that approves it charges it.
    """
    ref = ref_of(row)
    # Whoever confirms one more address has shown that it is his, and nothing about the account: a thief with the
    # session could otherwise confirm one of his own, and so make his place known and his purchases add up anew.
    proves_user = row["confirms"] is None or _is_first_proof(transaction, ref, contact)
    known = device_in(transaction, row) if proves_user else None
    device_id = (spending.new_device_id if known is None else known.id) if proves_user else None
    end_approved(transaction, row, contact_id=contact.id, device_id=device_id)
    prove_contact(transaction, ref, contact)
    grant = _write_grant(transaction, ref, row, action, spending)
    device = None
    if proves_user:
        device = _know_device(transaction, ref, row, known, spending)
        _prove_user(transaction, ref, row, action)
    _clear_dispute_if_old(transaction, ref, contact, row, spending)
    if action.type == PASSWORD_RESET and grant is not None:
        _reset(transaction, ref, row, contact.id, grant, device, spending)
    return Approved(attempts_left=row["tries_allowed"] - row["tries_spent"] - 1, grant=grant, device=device)


def _prove_user(transaction: Transaction, ref: UserRef, row: Row, action: Action) -> None:
    """Note that it was the user himself, where he was, and what that teaches."""
    seen = None
    if row["registered_at"] is not None and row["erased_at"] is None:
        seen = Seen(registered_at=Instant(row["registered_at"]), by_reported_device=False)
    if row["action_country"] is not None:
        put_place(transaction, ref, row["action_country"], action.id)
    if seen is not None and row["number"] is not None:
        found = open_memory(transaction, ref, row["sealed_memory"], row["due_at"])
        teach_approved(transaction, ref, row, seen.registered_at, found)
    changes_account = action.type in {PASSWORD_RESET, ACCOUNT_UPDATE}
    note_proof(transaction, ref, changes_account=changes_account)


def _is_first_proof(transaction: Transaction, ref: UserRef, contact: Contact) -> bool:
    """Whether this confirms the user's first contact, and one that counts: what waits was added without a proof."""
    return contact.is_usable(transaction.now) and not _has_confirmed(transaction, ref)


def _has_confirmed(transaction: Transaction, ref: UserRef) -> bool:
    return bool(
        transaction.number(
            "SELECT EXISTS (SELECT 1 FROM contacts WHERE application_id = :application_id AND user_key = :user_key"
            " AND confirmed_at IS NOT NULL)",
            application_id=ref.application_id,
            user_key=ref.key,
        )
    )


def _write_grant(transaction: Transaction, ref: UserRef, row: Row, action: Action, spending: Spending) -> Grant | None:
    """Write what the approval earned; the confirmation of a contact earns nothing."""
    if row["confirms"] is not None:
        return None
    grant = Grant(
        id=spending.grant_id,
        application_id=ref.application_id,
        user_id=action.user_id,
        action_id=ActionId(row["action_id"]),
        action_type=action.type,
        challenge_id=ChallengeId(row["id"]),
        bound_digest=row["bound_digest"],
        assurance=spending.assurance,
        methods=spending.methods,
        issued_at=transaction.now,
        expires_at=later(transaction.now, seconds=spending.limits.grant_lifetime_s),
    )
    insert_grant(transaction, ref, grant)
    return grant


def _know_device(transaction: Transaction, ref: UserRef, row: Row, known: Device | None, spending: Spending) -> Device:
    device, newly_trusted = prove_device(
        transaction,
        ref,
        known,
        fresh_id=spending.new_device_id,
        name=spending.device_name,
        action_id=ActionId(row["action_id"]),
        trust=spending.trust_device and bool(row["trust_allowed"]),
        limits=spending.limits,
    )
    if known is None and row["live_devices"] >= spending.limits.devices_per_user:
        make_room(transaction, ref, device.id, spending.limits)
    if newly_trusted:
        alert(
            transaction,
            ref,
            NoticeKind.DEVICE_TRUSTED,
            action_id=row["action_id"],
            challenge_id=row["id"],
            device_id=device.id,
        )
    return device


def _clear_dispute_if_old(
    transaction: Transaction, ref: UserRef, contact: Contact, row: Row, spending: Spending
) -> None:
    """Believe a proof again after a dispute, if its contact is older than whoever was disputed could have added."""
    is_old = later(contact.added_at, seconds=spending.limits.contact_wait_s) <= transaction.now
    if is_old and row["disputed_at"] is not None:
        clear_dispute(transaction, ref)


def _reset(
    transaction: Transaction,
    ref: UserRef,
    row: Row,
    contact_id: str,
    grant: Grant,
    device: Device | None,
    spending: Spending,
) -> None:
    cancel_pending(transaction, ref, "reset", kept_id=row["id"])
    revoke_grants(transaction, ref, reason="reset", kept_id=grant.id)
    distrust_others(transaction, ref, None if device is None else device.id)
    began_at = row["reset_at"]
    # A further reset while a wait runs does not prolong it, so that nobody can keep the owner waiting.
    if began_at is None or transaction.now >= later(began_at, seconds=spending.limits.reset_wait_s):
        set_user(transaction, ref, reset_at=transaction.now, reset_contact_id=ContactId(contact_id))
