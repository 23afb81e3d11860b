"""How challenges end: once, with one event, and the live code wiped in the same transaction (I14)."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from watchword.adapters.rows.challenge_reading import shown_state
from watchword.adapters.rows.challenge_rows import find_challenge_row, must_find
from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.kept_rows import keep_outcome
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.domain.challenge import Challenge, ChallengeState
from watchword.domain.event import EventType
from watchword.domain.instant import later
from watchword.domain.user import UserRef
from watchword.ports.store.values import Keep

_LOOKED_BACK_HOURS: Final = 1
"""No challenge lives longer than ten minutes (``lifetime_s``): what is older and still pending, the sweeper ends."""
_EVENTS: Final = {
    ChallengeState.EXHAUSTED: EventType.CHALLENGE_EXHAUSTED,
    ChallengeState.EXPIRED: EventType.CHALLENGE_EXPIRED,
    ChallengeState.CANCELLED: EventType.CHALLENGE_CANCELLED,
    ChallengeState.DENIED: EventType.CHALLENGE_DENIED,
}


def end(transaction: Transaction, row: Row, state: ChallengeState, reason: str) -> bool:
    """End a pending challenge without an approval; a final state absorbs, and then nothing is written."""
    ended_at = row["expires_at"] if state is ChallengeState.EXPIRED else transaction.now
    changed = transaction.run(
        "UPDATE challenges SET state = :state, end_reason = :reason, ended_at = :ended_at, sealed_code = NULL"
        " WHERE id = :id AND application_id = :application_id AND user_key = :user_key AND state = 'pending'",
        application_id=row["application_id"],
        user_key=row["user_key"],
        state=state,
        reason=reason,
        ended_at=ended_at,
        id=row["id"],
    )
    if changed:
        data = {"challenge_id": row["id"], "action_id": row["action_id"], "reason": reason}
        write_event(transaction, ref_of(row), _EVENTS[state], **data)
    return bool(changed)


def end_approved(transaction: Transaction, row: Row, *, contact_id: str, device_id: str | None) -> None:
    """Charge the right guess to a pending challenge and approve it, in one statement; a CHECK is behind its tries.

    ``row`` is the challenge as this transaction found it. Notes the device, where one became known by it.
    """
    transaction.write(
        # Nobody waits to hear that it was pending: one that was not would have no tries, which the table refuses.
        "UPDATE challenges SET tries_spent = CASE state WHEN 'pending' THEN tries_spent + 1 END, state = 'approved',"
        " end_reason = 'approved', ended_at = :now, sealed_code = NULL,"
        " device_id = coalesce(CAST(:device_id AS TEXT), device_id)"
        " WHERE id = :id AND application_id = :application_id AND user_key = :user_key",
        now=transaction.now,
        device_id=device_id,
        application_id=row["application_id"],
        user_key=row["user_key"],
        id=row["id"],
    )
    data = {"challenge_id": row["id"], "action_id": row["action_id"], "reason": "approved"}
    write_event(
        transaction, ref_of(row), EventType.CHALLENGE_APPROVED, **data, contact_id=contact_id, device_id=device_id
    )


def end_challenge(
    transaction: Transaction, challenge_id: str, state: ChallengeState, reason: str, keep: Keep[Challenge] | None
) -> Challenge | None:
    """End a challenge by somebody's wish; one that ended before is returned as it is."""
    if state not in {ChallengeState.CANCELLED, ChallengeState.DENIED}:
        raise ValueError(f"a wish cannot make a challenge {state}")
    row = find_settled(transaction, challenge_id)
    if row is None:
        return None
    end(transaction, row, state, reason)
    return keep_outcome(transaction, keep, must_find(transaction, challenge_id))


def find_settled(transaction: Transaction, challenge_id: str) -> Row | None:
    """Return the row of a challenge, after writing its expiry if that is due."""
    row = find_challenge_row(transaction, challenge_id)
    if row is None or settle(transaction, row).value == row["state"]:
        return row
    return find_challenge_row(transaction, challenge_id)


def settle(transaction: Transaction, row: Row) -> ChallengeState:
    """Return the state of a challenge, after writing its expiry if that is due."""
    state = shown_state(row, transaction.now)
    if state.value != row["state"]:
        end(transaction, row, ChallengeState.EXPIRED, "expired")
    return state


def settle_user(transaction: Transaction, ref: UserRef) -> list[Row]:
    """Write every expiry of a user that is due, and return what is pending then, oldest first."""
    return settle_pending(transaction, pending_rows(transaction, ref))


def settle_pending(transaction: Transaction, rows: Sequence[Row]) -> list[Row]:
    """Write every expiry that is due among pending challenges, and return what is pending then."""
    pending = []
    for row in rows:
        if row["expires_at"] <= transaction.now:
            end(transaction, row, ChallengeState.EXPIRED, "expired")
        else:
            pending.append(row)
    return pending


def pending_rows(transaction: Transaction, ref: UserRef) -> list[Row]:
    """Return the user's challenges of the last hour that nobody has ended, oldest first."""
    return transaction.all(
        "SELECT * FROM challenges WHERE application_id = :application_id AND user_key = :user_key"
        " AND created_at > :since AND state = 'pending' ORDER BY number",
        application_id=ref.application_id,
        user_key=ref.key,
        since=later(transaction.now, hours=-_LOOKED_BACK_HOURS),
    )


def cancel_pending(transaction: Transaction, ref: UserRef, reason: str, *, kept_id: str | None = None) -> None:
    """Cancel the user's pending challenges but one."""
    for row in settle_user(transaction, ref):
        if row["id"] != kept_id:
            end(transaction, row, ChallengeState.CANCELLED, reason)


def kill_codes_to(transaction: Transaction, ref: UserRef, contact_id: str) -> None:
    """Kill the codes that were sent to a contact which no longer counts; their challenges stay pending."""
    for row in pending_rows(transaction, ref):
        transaction.write(
            "UPDATE generations SET mac = NULL WHERE application_id = :application_id AND user_key = :user_key"
            " AND challenge_id = :id AND contact_id = :contact_id",
            application_id=ref.application_id,
            user_key=ref.key,
            id=row["id"],
            contact_id=contact_id,
        )
        transaction.write(
            "UPDATE challenges SET sealed_code = NULL WHERE application_id = :application_id AND user_key = :user_key"
            " AND id = :id AND (SELECT mac FROM generations WHERE application_id = :application_id"
            " AND user_key = :user_key AND challenge_id = :id ORDER BY number DESC LIMIT 1) IS NULL",
            application_id=ref.application_id,
            user_key=ref.key,
            id=row["id"],
        )


def expire_due(transaction: Transaction, limit: int) -> int:
    """Write the expiries that are due, oldest first; return how many."""
    rows = transaction.all(
        # Positive times only, so that PostgreSQL takes the index of what is due here and nowhere else.
        "SELECT * FROM challenges WHERE state = 'pending' AND expires_at > 0 AND expires_at <= :now"
        " ORDER BY expires_at LIMIT :limit",
        now=transaction.now,
        limit=limit,
    )
    held = transaction.reserve([row["user_key"] for row in rows])
    by_user: dict[bytes, list[Row]] = {}
    for row in rows:
        if row["user_key"] in held:
            by_user.setdefault(row["user_key"], []).append(row)

    def expire(of_user: list[Row]) -> int:
        return sum(end(transaction, row, ChallengeState.EXPIRED, "expired") for row in of_user)

    return sum(transaction.side_by_side([partial(expire, of_user) for of_user in by_user.values()]))
