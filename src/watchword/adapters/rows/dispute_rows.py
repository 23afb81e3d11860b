"""What the owner's "this wasn't me" does: it ends, revokes and suspends, and never locks anybody."""

from watchword.adapters.rows.action_rows import find_action_row, mark_action_disputed
from watchword.adapters.rows.challenge_endings import cancel_pending, end, find_settled, kill_codes_to
from watchword.adapters.rows.challenge_rows import challenge_row_of_action
from watchword.adapters.rows.contact_rows import bring_back, change_contact, contact_rows_of, find_contact
from watchword.adapters.rows.device_rows import revoke, revoke_made_by
from watchword.adapters.rows.grant_rows import revoke_grants
from watchword.adapters.rows.kept_rows import keep_outcome
from watchword.adapters.rows.lesson_rows import dispute_action, dispute_device
from watchword.adapters.rows.notice_rows import find_notice_row
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.adapters.rows.user_rows import find_user_row, mark_disputed
from watchword.domain.challenge import ChallengeState
from watchword.domain.message import NoticeKind
from watchword.domain.user import UserRef
from watchword.ports.store.values import Keep, OwnersWord


def dispute_by_owner(transaction: Transaction, challenge_id: str, keep: Keep[OwnersWord] | None) -> OwnersWord:
    """Take the owner's word about a challenge, and keep the answer with what it does."""
    return keep_outcome(transaction, keep, dispute_challenge(transaction, challenge_id))


def dispute_challenge(transaction: Transaction, challenge_id: str) -> OwnersWord:
    """End a pending challenge, or dispute the action of an approved one."""
    row = find_settled(transaction, challenge_id)
    if row is None:
        return OwnersWord.NOTED
    if row["state"] == ChallengeState.APPROVED:
        return _dispute_action(transaction, ref_of(row), row["action_id"])
    if row["device_id"] is not None:
        # Whoever started it had the token of a device that the owner knows: what that device taught is not his.
        dispute_device(transaction, ref_of(row), row["device_id"])
    was_pending = end(transaction, row, ChallengeState.DENIED, "not_me")
    return OwnersWord.ENDED if was_pending else OwnersWord.NOTED


def dispute_notice(transaction: Transaction, notice_id: str) -> OwnersWord | None:
    """Undo what a notice told about; None if there is no such notice, or it is too old."""
    notice = find_notice_row(transaction, notice_id)
    if notice is None:
        return None
    ref = ref_of(notice)
    user = find_user_row(transaction, ref)
    if user is None or user["erased_at"] is not None:
        return OwnersWord.NOTED
    if notice["kind"] == NoticeKind.CONTACTS_CHANGED:
        return _undo_change(transaction, ref, notice["change_id"])
    if notice["challenge_id"] is not None:
        return dispute_challenge(transaction, notice["challenge_id"])
    if notice["action_id"] is not None:
        return _dispute_action(transaction, ref, notice["action_id"])
    if notice["device_id"] is None:
        return OwnersWord.NOTED
    dispute_device(transaction, ref, notice["device_id"])
    return OwnersWord.UNDONE if revoke(transaction, ref, notice["device_id"], "disputed") else OwnersWord.NOTED


def _dispute_action(transaction: Transaction, ref: UserRef, action_id: str) -> OwnersWord:
    action_row = find_action_row(transaction, ref, action_id)
    if action_row is None or not mark_action_disputed(transaction, ref, action_id):
        return OwnersWord.NOTED
    dispute_action(transaction, ref, action_row)
    cancel_pending(transaction, ref, "disputed")
    revoke_grants(transaction, ref, reason="disputed")
    challenge = challenge_row_of_action(transaction, ref, action_id)
    revoke_made_by(transaction, ref, action_id)
    if challenge is not None and challenge["device_id"] is not None:
        revoke(transaction, ref, challenge["device_id"], "disputed")
    added = [row["id"] for row in contact_rows_of(transaction, ref, "added_by", action_id)]
    if challenge is not None and challenge["confirms"] is not None:
        # Whoever answers for this address says that he is not the one who registered it. A contact that was confirmed
        # before is an older one, and no dispute removes those.
        contact = find_contact(transaction, ref, challenge["confirms"])
        if contact is not None and contact.confirmed_at == challenge["ended_at"]:
            added.append(contact.id)
    for contact_id in added:
        change_contact(transaction, ref, contact_id, "suspended", disabled_at=transaction.now)
        kill_codes_to(transaction, ref, contact_id)
    bring_back(transaction, ref, contact_rows_of(transaction, ref, "removed_by", action_id))
    mark_disputed(transaction, ref)
    return OwnersWord.DISPUTED


def _undo_change(transaction: Transaction, ref: UserRef, change_id: str) -> OwnersWord:
    """Take back a change of contacts that nobody proved anything for."""
    added = [row for row in contact_rows_of(transaction, ref, "added_in", change_id) if _is_listed(transaction, row)]
    for row in added:
        change_contact(transaction, ref, row["id"], "undone", leaves_at=transaction.now)
        kill_codes_to(transaction, ref, row["id"])
    restored = bring_back(transaction, ref, contact_rows_of(transaction, ref, "removed_in", change_id))
    return OwnersWord.UNDONE if added or restored else OwnersWord.NOTED


def _is_listed(transaction: Transaction, row: Row) -> bool:
    return row["leaves_at"] is None or bool(row["leaves_at"] > transaction.now)
