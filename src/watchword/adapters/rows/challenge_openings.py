"""How a challenge opens, and how a further message for it is ordered."""

from watchword.adapters.rows.action_rows import insert_action
from watchword.adapters.rows.budget_rows import charge_start
from watchword.adapters.rows.challenge_endings import end, find_settled, pending_rows, settle_user
from watchword.adapters.rows.challenge_rows import (
    count_send,
    find_challenge_row,
    insert_challenge,
    last_send_at,
    live_number,
    must_find,
    put_live_code,
)
from watchword.adapters.rows.contact_rows import find_contact, may_carry
from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.kept_rows import keep_outcome
from watchword.adapters.rows.notice_rows import alert
from watchword.adapters.rows.outbox_rows import queue_code
from watchword.adapters.rows.profile_rows import unproven_networks
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.domain.action import Decision
from watchword.domain.challenge import Challenge, ChallengeState, Route
from watchword.domain.event import EventType
from watchword.domain.instant import Instant, later
from watchword.domain.limits import Limits
from watchword.domain.message import NoticeKind
from watchword.domain.user import UserRef
from watchword.ports.store.values import (
    Keep,
    LiveCode,
    Opened,
    Opening,
    SendOrder,
    SendRefused,
    StartsFull,
    TooSoon,
)


def open_challenge(transaction: Transaction, opening: Opening, keep: Keep[Opened] | None) -> Opened | StartsFull:
    """Write action, challenge and first delivery, if the user has a start left."""
    if opening.assessment.decision is not Decision.CHALLENGE:
        raise ValueError("a challenge opens for an action that is challenged")
    action, limits = opening.action, opening.limits
    ref = UserRef(application_id=action.application_id, key=action.user_key)
    free_at = charge_start(transaction, ref, action.type, opening.lane, limits)
    if free_at is not None:
        return StartsFull(free_at=free_at)
    _make_room(transaction, ref, opening)
    insert_action(transaction, opening, contribution=opening.contribution)
    insert_challenge(transaction, ref, opening)
    _write_created(transaction, ref, opening)
    row = find_challenge_row(transaction, opening.challenge_id)
    if row is not None and opening.first_send is not None:
        first = opening.first_send
        _send(transaction, row, first.route, first.live, limits, withheld=first.live is None)
    _watch_networks(transaction, ref, opening)
    return keep_outcome(transaction, keep, Opened(challenge=must_find(transaction, opening.challenge_id)))


def order_delivery(
    transaction: Transaction, order: SendOrder, keep: Keep[Challenge] | None
) -> Challenge | TooSoon | SendRefused:
    """Queue a further message, within the sends and waits of the challenge."""
    row = find_settled(transaction, order.challenge_id)
    if row is None or row["state"] != ChallengeState.PENDING:
        return SendRefused.ENDED
    refused = _refuse(transaction, row, order)
    if refused is not None:
        return refused
    _send(transaction, row, order.route, order.live, order.limits, withheld=order.withheld)
    return keep_outcome(transaction, keep, must_find(transaction, order.challenge_id))


def _refuse(transaction: Transaction, row: Row, order: SendOrder) -> TooSoon | SendRefused | None:
    if order.generation != live_number(transaction, row):
        return SendRefused.OVERTAKEN
    if row["sends"] >= row["sends_allowed"]:
        return SendRefused.SPENT
    if row["conceal"] and transaction.now < row["resend_at"]:
        return TooSoon(free_at=Instant(row["resend_at"]))
    sent_at = last_send_at(transaction, row, order.route)
    if sent_at is not None:
        free_at = later(sent_at, seconds=order.limits.resend_wait_s(row["sends"]))
        if transaction.now < free_at:
            return TooSoon(free_at=free_at)
    if order.withheld:
        return None
    if not _route_counts(transaction, row, order.route):
        return SendRefused.UNUSABLE
    if order.live is None and not _repeats_live(transaction, row, order.route):
        return SendRefused.OVERTAKEN
    return None


def _route_counts(transaction: Transaction, row: Row, route: Route) -> bool:
    """Whether a code may leave over this route: its contact counts, and did before the challenge (I7)."""
    if route.contact_id is None:
        return False
    contact = find_contact(transaction, ref_of(row), route.contact_id)
    if contact is None or not may_carry(contact, transaction.now, confirms=row["confirms"]):
        return False
    return bool(contact.added_at <= row["created_at"])


def _repeats_live(transaction: Transaction, row: Row, route: Route) -> bool:
    """Whether the live code belongs to this route, so that repeating it sends the code where it was meant to go."""
    found = transaction.one(
        "SELECT contact_id, channel, mac FROM generations WHERE application_id = :application_id"
        " AND user_key = :user_key AND challenge_id = :id ORDER BY number DESC LIMIT 1",
        application_id=row["application_id"],
        user_key=row["user_key"],
        id=row["id"],
    )
    if found is None or found["mac"] is None:
        return False
    return (found["contact_id"], found["channel"]) == (route.contact_id, route.channel)


def _send(
    transaction: Transaction, row: Row, route: Route, live: LiveCode | None, limits: Limits, *, withheld: bool
) -> None:
    """Count a send and queue its message; a withheld one is counted like any other and nothing leaves."""
    resend_at = later(transaction.now, seconds=limits.resend_wait_s(row["sends"] + 1))
    count_send(transaction, row, route, resend_at)
    if withheld or route.contact_id is None:
        write_event(
            transaction, ref_of(row), EventType.DELIVERY_QUEUED, delivery_id=None, challenge_id=row["id"], withheld=True
        )
        return
    if live is not None:
        put_live_code(transaction, row, live, route.channel)
    queue_code(transaction, row, live_number(transaction, row), route.contact_id, route.channel)


def _make_room(transaction: Transaction, ref: UserRef, opening: Opening) -> None:
    """Cancel the lane's oldest pending challenges, of the same type first; the other lane is left alone."""
    settle_user(transaction, ref)
    pending = [row for row in pending_rows(transaction, ref) if row["lane"] == opening.lane]
    while len(pending) >= opening.limits.pending(opening.lane):
        oldest = next((row for row in pending if row["type"] == opening.action.type), pending[0])
        end(transaction, oldest, ChallengeState.CANCELLED, "replaced")
        pending.remove(oldest)


def _write_created(transaction: Transaction, ref: UserRef, opening: Opening) -> None:
    write_event(
        transaction,
        ref,
        EventType.CHALLENGE_CREATED,
        challenge_id=opening.challenge_id,
        action_id=opening.action.id,
        type=opening.action.type,
        lane=opening.lane,
        decoy=opening.decoy,
        code_length=opening.code_length,
        tries_allowed=opening.limits.tries_per_challenge,
        sends_allowed=opening.limits.sends_per_challenge,
        expires_at=later(transaction.now, seconds=opening.lifetime_s),
    )


def _watch_networks(transaction: Transaction, ref: UserRef, opening: Opening) -> None:
    limits = opening.limits
    since = Instant(later(transaction.now, hours=-limits.unproven_hours))
    if opening.network is None or unproven_networks(transaction, ref, since) < limits.unproven_networks:
        return
    told = alert(
        transaction,
        ref,
        NoticeKind.ATTACK_SUSPECTED,
        action_id=opening.action.id,
        challenge_id=opening.challenge_id,
    )
    if told:
        write_event(transaction, ref, EventType.ATTACK_SUSPECTED, challenge_id=opening.challenge_id)
