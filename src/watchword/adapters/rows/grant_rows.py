"""Rows of grants: stored as claims, never as text; each is redeemed at most once (I1)."""

import hmac

from watchword.adapters.rows.action_rows import find_action
from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.json_columns import read_json, write_json
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.domain.action import Action
from watchword.domain.event import EventType
from watchword.domain.grant import Assurance, Grant, GrantState
from watchword.domain.ids import ActionId, ApplicationId, ChallengeId, GrantId, user_key_of
from watchword.domain.instant import Instant
from watchword.domain.user import UserRef
from watchword.ports.store.values import GrantProblem


def insert_grant(transaction: Transaction, ref: UserRef, grant: Grant) -> None:
    """Store the claims of a new grant."""
    transaction.write(
        "INSERT INTO grants (application_id, user_key, id, action_id, challenge_id, bound_digest, assurance, methods,"
        " issued_at, expires_at, state)"
        " VALUES (:application_id, :user_key, :id, :action_id, :challenge_id, :bound_digest, :assurance, :methods,"
        " :issued_at, :expires_at, 'issued')",
        application_id=ref.application_id,
        user_key=ref.key,
        id=grant.id,
        action_id=grant.action_id,
        challenge_id=grant.challenge_id,
        bound_digest=grant.bound_digest,
        assurance=grant.assurance,
        methods=write_json(grant.methods),
        issued_at=grant.issued_at,
        expires_at=grant.expires_at,
    )
    write_event(
        transaction,
        ref,
        EventType.GRANT_ISSUED,
        grant_id=grant.id,
        action_id=grant.action_id,
        challenge_id=grant.challenge_id,
        expires_at=grant.expires_at,
    )


def find_grant_row(transaction: Transaction, ref: UserRef, grant_id: str) -> Row | None:
    """Return the row of a grant of this user."""
    return transaction.one(
        "SELECT * FROM grants WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        application_id=ref.application_id,
        user_key=ref.key,
        id=grant_id,
    )


def find_grant(transaction: Transaction, grant_id: str) -> Grant | None:
    """Return the claims of a grant, unless its user was erased."""
    row = transaction.one(
        "SELECT * FROM grants WHERE id = :id AND user_key = :user_key",
        id=grant_id,
        user_key=user_key_of("grt", grant_id),
    )
    return None if row is None else read_grant(transaction, row)


def grant_of_action(transaction: Transaction, ref: UserRef, action_id: str) -> Grant | None:
    """Return the grant that an action of this user earned."""
    row = transaction.one(
        "SELECT * FROM grants WHERE action_id = :action_id AND application_id = :application_id"
        " AND user_key = :user_key",
        action_id=action_id,
        application_id=ref.application_id,
        user_key=ref.key,
    )
    return None if row is None else read_grant(transaction, row)


def live_grant_of_action(transaction: Transaction, ref: UserRef, action_id: str) -> Grant | None:
    """Return the grant of an action while it can be redeemed."""
    grant = grant_of_action(transaction, ref, action_id)
    if grant is None or grant.state is not GrantState.ISSUED or grant.expires_at <= transaction.now:
        return None
    return grant


def digest_matches(row: Row, bound_digest: str) -> bool:
    """Whether a grant is for exactly these bound fields."""
    return hmac.compare_digest(str(row["bound_digest"]).encode(), bound_digest.encode())


def problem_of(row: Row, now: Instant) -> GrantProblem | None:
    """Return why a grant that matches cannot be used now; what was used says so, however old it is."""
    if row["state"] == GrantState.REDEEMED:
        return GrantProblem.ALREADY_REDEEMED
    if row["expires_at"] <= now:
        return GrantProblem.EXPIRED
    return GrantProblem.REVOKED if row["state"] == GrantState.REVOKED else None


def use_grant(transaction: Transaction, ref: UserRef, row: Row) -> None:
    """Redeem a grant; the condition on its state is the last line of defence behind ``problem_of``."""
    changed = transaction.run(
        "UPDATE grants SET state = 'redeemed', redeemed_at = :now WHERE application_id = :application_id"
        " AND user_key = :user_key AND id = :id AND state = 'issued' AND expires_at > :now",
        now=transaction.now,
        application_id=ref.application_id,
        user_key=ref.key,
        id=row["id"],
    )
    if changed != 1:
        raise LookupError("a grant changed inside its own transaction")
    write_event(transaction, ref, EventType.GRANT_REDEEMED, grant_id=row["id"], action_id=row["action_id"])


def write_mismatch(transaction: Transaction, ref: UserRef, row: Row) -> GrantProblem:
    """Write that a grant was shown for something else; it is not consumed."""
    write_event(transaction, ref, EventType.GRANT_MISMATCHED, grant_id=row["id"], action_id=row["action_id"])
    return GrantProblem.MISMATCH


def revoke_grants(transaction: Transaction, ref: UserRef, *, reason: str, kept_id: str | None = None) -> None:
    """Revoke the user's unredeemed grants but one; one that has expired by itself is left as it is."""
    rows = transaction.all(
        "SELECT id, action_id FROM grants WHERE application_id = :application_id AND user_key = :user_key"
        " AND state = 'issued' AND expires_at > :now AND id IS DISTINCT FROM :kept_id",
        application_id=ref.application_id,
        user_key=ref.key,
        now=transaction.now,
        kept_id=kept_id,
    )
    for row in rows:
        transaction.write(
            "UPDATE grants SET state = 'revoked'"
            " WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
            application_id=ref.application_id,
            user_key=ref.key,
            id=row["id"],
        )
        write_event(
            transaction, ref, EventType.GRANT_REVOKED, grant_id=row["id"], action_id=row["action_id"], reason=reason
        )


def read_grant(transaction: Transaction, row: Row) -> Grant | None:
    """Return a row as a grant; None if its user was erased."""
    action = find_action(transaction, ref_of(row), row["action_id"])
    return None if action is None else grant_of(row, action)


def grant_of(row: Row, action: Action) -> Grant:
    """Return a row as the grant that this action earned."""
    challenge_id, redeemed_at = row["challenge_id"], row["redeemed_at"]
    return Grant(
        id=GrantId(row["id"]),
        application_id=ApplicationId(row["application_id"]),
        user_id=action.user_id,
        action_id=ActionId(row["action_id"]),
        action_type=action.type,
        challenge_id=None if challenge_id is None else ChallengeId(challenge_id),
        bound_digest=row["bound_digest"],
        assurance=Assurance(row["assurance"]),
        methods=tuple(read_json(row["methods"])),
        issued_at=Instant(row["issued_at"]),
        expires_at=Instant(row["expires_at"]),
        state=GrantState(row["state"]),
        redeemed_at=None if redeemed_at is None else Instant(redeemed_at),
    )
