"""What a right guess brings: the grant, the proven contact, the known device, and what a reset takes away."""

from watchword.adapters.rows.action_rows import find_action_row, newest_number, open_action
from watchword.adapters.rows.challenge_endings import cancel_pending, end
from watchword.adapters.rows.challenge_rows import generation_rows, must_find, note_device
from watchword.adapters.rows.contact_rows import find_contact, prove_contact
from watchword.adapters.rows.device_rows import distrust_others, find_device, prove_device
from watchword.adapters.rows.grant_rows import insert_grant, revoke_grants
from watchword.adapters.rows.lesson_rows import teach_approved
from watchword.adapters.rows.notice_rows import alert
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.adapters.rows.user_rows import clear_dispute, find_seen, find_user_row, note_place, set_user
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, Action
from watchword.domain.challenge import Approved, ChallengeState
from watchword.domain.device import Device
from watchword.domain.grant import Grant
from watchword.domain.ids import ActionId, ChallengeId, ContactId
from watchword.domain.instant import later
from watchword.domain.message import NoticeKind
from watchword.domain.user import UserRef
from watchword.ports.store.values import Spending


def approve(transaction: Transaction, row: Row, spending: Spending) -> Approved:
    """Approve a pending challenge with everything that follows from it."""
    ref = ref_of(row)
    action_row = find_action_row(transaction, ref, row["action_id"])
    contact_id = generation_rows(transaction, row)[-1]["contact_id"]
    # Whoever confirms one more address has shown that it is his, and nothing about the account: a thief with the
    # session could otherwise confirm one of his own, and so make his place known and his purchases add up anew.
    proves_user = row["confirms"] is None or _is_first_proof(transaction, ref, contact_id)
    proven = {"contact_id": contact_id, "device_id": _device_id(transaction, row, spending) if proves_user else None}
    if action_row is None or not end(transaction, row, ChallengeState.APPROVED, "approved", **proven):
        raise LookupError("a challenge changed inside its own transaction")
    action = open_action(transaction, action_row)
    prove_contact(transaction, ref, contact_id)
    grant = _write_grant(transaction, ref, row, action, spending)
    device = None
    if proves_user:
        device = _know_device(transaction, ref, row, spending)
        seen = find_seen(transaction, ref, None)
        note_place(transaction, ref, seen, action_row["country"], action.id)
        if seen is not None:
            teach_approved(transaction, ref, action_row, seen.registered_at)
        set_user(transaction, ref, proven_through=newest_number(transaction, ref), **_changed(transaction, action))
    _clear_dispute_if_old(transaction, ref, contact_id, spending)
    if action.type == PASSWORD_RESET and grant is not None:
        _reset(transaction, ref, row, contact_id, grant, device, spending)
    return Approved(challenge=must_find(transaction, row["id"]), grant=grant, device=device)


def _changed(transaction: Transaction, action: Action) -> dict[str, int]:
    """Return the time from which the account counts as changed, where this proof changes it."""
    return {"changed_at": transaction.now} if action.type in {PASSWORD_RESET, ACCOUNT_UPDATE} else {}


def _is_first_proof(transaction: Transaction, ref: UserRef, contact_id: str) -> bool:
    """Whether this confirms the user's first contact, and one that counts: what waits was added without a proof."""
    contact = find_contact(transaction, ref, contact_id)
    return contact is not None and contact.is_usable(transaction.now) and not _has_confirmed(transaction, ref)


def _has_confirmed(transaction: Transaction, ref: UserRef) -> bool:
    return bool(
        transaction.number(
            "SELECT EXISTS (SELECT 1 FROM contacts WHERE application_id = :application_id AND user_key = :user_key"
            " AND confirmed_at IS NOT NULL)",
            application_id=ref.application_id,
            user_key=ref.key,
        )
    )


def _device_id(transaction: Transaction, row: Row, spending: Spending) -> str:
    """Return the device that the approval proves: the one the action carried, or one that is known from now on."""
    known = find_device(transaction, ref_of(row), row["device_id"])
    return spending.new_device_id if known is None else known.id


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


def _know_device(transaction: Transaction, ref: UserRef, row: Row, spending: Spending) -> Device:
    device, newly_trusted = prove_device(
        transaction,
        ref,
        row["device_id"],
        fresh_id=spending.new_device_id,
        name=spending.device_name,
        action_id=ActionId(row["action_id"]),
        trust=spending.trust_device and bool(row["trust_allowed"]),
        limits=spending.limits,
    )
    note_device(transaction, row, device.id)
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


def _clear_dispute_if_old(transaction: Transaction, ref: UserRef, contact_id: str, spending: Spending) -> None:
    """Believe a proof again after a dispute, if its contact is older than whoever was disputed could have added."""
    contact = find_contact(transaction, ref, contact_id)
    if contact is not None and later(contact.added_at, seconds=spending.limits.contact_wait_s) <= transaction.now:
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
    user = find_user_row(transaction, ref)
    began_at = None if user is None else user["reset_at"]
    # A further reset while a wait runs does not prolong it, so that nobody can keep the owner waiting.
    if began_at is None or transaction.now >= later(began_at, seconds=spending.limits.reset_wait_s):
        set_user(transaction, ref, reset_at=transaction.now, reset_contact_id=ContactId(contact_id))
