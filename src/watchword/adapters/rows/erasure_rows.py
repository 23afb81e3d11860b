"""Forgets a person: what is left is a keyed tombstone with its budgets, and events that name nobody."""

from typing import Final

from watchword.adapters.rows.action_rows import forget_words
from watchword.adapters.rows.budget_rows import forget_failures
from watchword.adapters.rows.challenge_endings import cancel_pending
from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.grant_rows import revoke_grants
from watchword.adapters.rows.kept_rows import keep_outcome
from watchword.adapters.rows.outbox_rows import fail_all_of
from watchword.adapters.rows.transaction import Transaction
from watchword.adapters.rows.user_rows import find_user_row, set_user
from watchword.domain.event import EventType
from watchword.domain.user import UserRef
from watchword.ports.store.values import Keep

_FORGET: Final = (
    "DELETE FROM contacts WHERE application_id = :application_id AND user_key = :user_key",
    "DELETE FROM devices WHERE application_id = :application_id AND user_key = :user_key",
    "DELETE FROM places WHERE application_id = :application_id AND user_key = :user_key",
    "DELETE FROM memories WHERE application_id = :application_id AND user_key = :user_key",
    (
        "DELETE FROM contributions WHERE application_id = :application_id AND user_key = :user_key AND number IN"
        " (SELECT number FROM actions WHERE application_id = :application_id AND user_key = :user_key)"
    ),
    (
        "UPDATE challenges SET sealed_display = NULL, browser = NULL, device_id = NULL"
        " WHERE application_id = :application_id AND user_key = :user_key"
    ),
)


def erase_user(transaction: Transaction, ref: UserRef, keep: Keep[None] | None) -> bool:
    """Forget the person; return whether he was registered."""
    row = find_user_row(transaction, ref)
    if row is None or row["erased_at"] is not None:
        return False
    cancel_pending(transaction, ref, "erased")
    revoke_grants(transaction, ref, reason="erased")
    fail_all_of(transaction, ref, "erased")
    forget_words(transaction, ref)
    for statement in _FORGET:
        transaction.write(statement, application_id=ref.application_id, user_key=ref.key)
    set_user(
        transaction,
        ref,
        sealed_person=None,
        erased_at=transaction.now,
        disputed_at=None,
        last_seen_at=None,
        reset_at=None,
        reset_contact_id=None,
        changed_at=None,
    )
    write_event(transaction, ref, EventType.USER_ERASED)
    keep_outcome(transaction, keep, None)
    return True


def unlock_user(transaction: Transaction, ref: UserRef, reason: str) -> bool:
    """Forget the wrong guesses of a user, with the operator's reason; return whether there were any."""
    forgotten = forget_failures(transaction, ref)
    if not forgotten:
        return False
    set_user(transaction, ref, locked_until=None)
    write_event(transaction, ref, EventType.USER_UNLOCKED, reason=reason, failures=forgotten)
    return True
