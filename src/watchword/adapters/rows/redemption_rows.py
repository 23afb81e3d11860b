"""Redeems a grant once, and queues the confirmation that follows."""

from watchword.adapters.rows.action_rows import find_action
from watchword.adapters.rows.challenge_rows import live_generation
from watchword.adapters.rows.contact_rows import reachable_contacts
from watchword.adapters.rows.grant_rows import (
    digest_matches,
    find_grant_row,
    grant_of,
    problem_of,
    use_grant,
    write_mismatch,
)
from watchword.adapters.rows.kept_rows import keep_outcome
from watchword.adapters.rows.notice_rows import routes_to, tell
from watchword.adapters.rows.transaction import Row, Transaction
from watchword.domain.action import ALWAYS_CHALLENGED
from watchword.domain.contact import Channel, ContactKind, best_first
from watchword.domain.grant import GrantState, Redeemed
from watchword.domain.message import NoticeKind
from watchword.domain.user import UserRef
from watchword.ports.store.values import GrantProblem, Keep, Redemption


def redeem_grant(
    transaction: Transaction, redemption: Redemption, keep: Keep[Redeemed] | None
) -> Redeemed | GrantProblem:
    """Use a grant for exactly the bound fields it was given for."""
    ref = redemption.ref
    row = find_grant_row(transaction, ref, redemption.grant_id)
    if row is None:
        return GrantProblem.INVALID
    action = find_action(transaction, ref, row["action_id"])
    session_id = None if action is None else action.session_id
    is_same_session = session_id is None or session_id == redemption.session_id
    if not digest_matches(row, redemption.bound_digest) or not is_same_session:
        return write_mismatch(transaction, ref, row)
    problem = problem_of(row, transaction.now)
    if problem is not None or action is None:
        return problem or GrantProblem.REVOKED
    use_grant(transaction, ref, row)
    _confirm(transaction, ref, row, action.type)
    used = {**row, "state": GrantState.REDEEMED, "redeemed_at": transaction.now}
    return keep_outcome(transaction, keep, Redeemed(grant=grant_of(used, action)))


def _confirm(transaction: Transaction, ref: UserRef, row: Row, action_type: str) -> None:
    """Queue the confirmation (B10): to all contacts for what decides over the account, else once."""
    contacts = reachable_contacts(transaction, ref)
    if action_type in ALWAYS_CHALLENGED:
        routes = routes_to(contacts)
    elif row["challenge_id"] is None:
        return
    else:
        mailboxes = best_first(contact for contact in contacts if contact.kind is ContactKind.EMAIL)
        routes = routes_to(mailboxes[:1]) or _proven_route(transaction, ref, row["challenge_id"])
    tell(
        transaction,
        ref,
        NoticeKind.CONFIRMATION,
        routes,
        action_id=row["action_id"],
        challenge_id=row["challenge_id"],
    )


def _proven_route(transaction: Transaction, ref: UserRef, challenge_id: str) -> list[tuple[str, Channel]]:
    """Return the contact and channel over which the right code came."""
    named = {"application_id": ref.application_id, "user_key": ref.key, "id": challenge_id}
    live = live_generation(transaction, named)
    return [] if live is None else [(live["contact_id"], Channel(live["channel"]))]
