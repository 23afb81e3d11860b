"""How a challenge opens, and how a further message for it is ordered."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from watchword.adapters.rows.action_rows import insert_action
from watchword.adapters.rows.budget_rows import charge_start
from watchword.adapters.rows.challenge_endings import end, find_settled, pending_rows, settle_pending
from watchword.adapters.rows.challenge_rows import (
    count_send,
    first_code,
    first_resend_at,
    insert_challenge,
    last_send_at,
    live_generation,
    live_number,
    must_find,
    opened_until,
    put_live_code,
)
from watchword.adapters.rows.claim_rows import claimed_at_opening
from watchword.adapters.rows.contact_rows import find_contact, may_carry, read_contact
from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.kept_rows import keep_outcome
from watchword.adapters.rows.notice_rows import alert
from watchword.adapters.rows.outbox_rows import queue_code
from watchword.adapters.rows.profile_rows import unproven_networks
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.adapters.rows.user_rows import find_recipient, locale_in, require_user
from watchword.domain.action import CONTACT_CONFIRMATION, Decision
from watchword.domain.challenge import Challenge, ChallengeState, Generation, LastSend, Route
from watchword.domain.contact import Contact
from watchword.domain.event import EventType
from watchword.domain.instant import Instant, later
from watchword.domain.limits import Limits
from watchword.domain.message import DeliveryStatus, NoticeKind
from watchword.domain.user import UserRef
from watchword.ports.store.outbox import ClaimedDelivery
from watchword.ports.store.values import (
    Keep,
    LiveCode,
    Opened,
    Opening,
    SendOrder,
    SendRefused,
    StartsFull,
    TooSoon,
    UserGone,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def open_challenge(transaction: Transaction, opening: Opening, keep: Keep[Opened] | None) -> Opened | StartsFull:
    """Write action, challenge and first delivery, if the user has a start left."""
    if opening.assessment.decision is not Decision.CHALLENGE:
        raise ValueError("a challenge opens for an action that is challenged")
    ref = UserRef(application_id=opening.action.application_id, key=opening.action.user_key)
    begun = _begin(transaction, ref, opening)
    if begun.free_at is not None:
        return StartsFull(free_at=begun.free_at)
    _make_room(transaction, begun.pending, opening)
    insert_action(transaction, opening, contribution=opening.contribution)
    insert_challenge(transaction, ref, opening)
    _write_created(transaction, ref, opening)
    challenge = _opened(opening, transaction.now)
    first = _send_first(transaction, ref, opening, challenge, begun.recipient)
    _watch_networks(transaction, ref, begun.networks, opening)
    return keep_outcome(transaction, keep, Opened(challenge=challenge, first=first))


class _Begun(NamedTuple):
    """What an opening has to know before it writes."""

    recipient: Row | None
    """Who is to get a message that is leased at once."""
    free_at: Instant | None
    """When the user has a start again, if he has none."""
    pending: list[Row]
    """His pending challenges, oldest first."""
    networks: frozenset[bytes]
    """Where challenges came from that are not approved."""


def _begin(transaction: Transaction, ref: UserRef, opening: Opening) -> _Begun:
    """Charge the start, and find what else has to be known.

    Nothing is written for a user who was erased since this was decided.
    """
    send, has_code = opening.first_send, first_code(opening) is not None

    def find() -> Row | None:
        if not opening.registered:
            return None
        if opening.lease_s is None or send is None or send.route.contact_id is None or not has_code:
            require_user(transaction, ref)
            return None
        found = find_recipient(transaction, ref, send.route.contact_id)
        if found is None:
            raise UserGone
        return found

    def charge() -> Instant | None:
        return charge_start(transaction, ref, opening.action.type, opening.lane, opening.limits)

    def watch() -> frozenset[bytes]:
        if opening.network is None:
            return frozenset()
        since = Instant(later(transaction.now, hours=-opening.limits.unproven_hours))
        return unproven_networks(transaction, ref, since)

    # None waits for what the others find: across a wire they travel together.
    tasks: list[Callable[[], Any]] = [find, charge, lambda: pending_rows(transaction, ref), watch]
    return _Begun(*transaction.side_by_side(tasks))


def _send_first(
    transaction: Transaction, ref: UserRef, opening: Opening, challenge: Challenge, recipient: Row | None
) -> ClaimedDelivery | None:
    """Queue the message that the challenge opens with; return it where it is leased to whoever opens it."""
    first, live = opening.first_send, first_code(opening)
    if first is None:
        return None
    contact_id = first.route.contact_id
    if live is None or contact_id is None:
        _write_withheld(transaction, ref, opening.challenge_id)
        return None
    # One that may carry no code any more is queued like any other: the claim that comes for it says what became of it.
    contact = _carrier(transaction, opening, recipient)
    lease_s = None if contact is None else opening.lease_s
    delivery_id = queue_code(
        transaction,
        ref,
        opening.challenge_id,
        challenge.expires_at,
        generation=1,
        contact_id=contact_id,
        channel=first.route.channel,
        lease_s=lease_s,
    )
    if contact is None or lease_s is None or recipient is None:
        return None
    locale = opening.action.locale or locale_in(transaction, ref, recipient)
    return claimed_at_opening(transaction, delivery_id, challenge, live.code, contact, locale, lease_s)


def _carrier(transaction: Transaction, opening: Opening, recipient: Row | None) -> Contact | None:
    """Return the contact of the first message, as long as it may carry one (I7)."""
    if recipient is None or recipient["sealed_address"] is None:
        return None
    contact = read_contact(transaction, recipient)
    return contact if may_carry(contact, transaction.now, confirms=opening.confirms) else None


def _opened(opening: Opening, now: Instant) -> Challenge:
    """Return the challenge as whoever reads it now finds it."""
    first, live = opening.first_send, first_code(opening)
    route = None if first is None else first.route
    generation = None
    if live is not None and route is not None:
        generation = Generation(number=1, mac_key_id=live.mac_key_id, contact_id=live.contact_id, channel=route.channel)
    return Challenge(
        id=opening.challenge_id,
        action=opening.action,
        state=ChallengeState.PENDING,
        end_reason=None,
        lane=opening.lane,
        decoy=opening.decoy,
        reference=opening.reference,
        code_length=opening.code_length,
        generations=() if generation is None else (generation,),
        bound_digest=opening.bound_digest,
        options=opening.options,
        route=route,
        delivery_status=None if generation is None else DeliveryStatus.QUEUED,
        delivery_updated_at=None if generation is None else now,
        sends=0 if first is None else 1,
        tries_spent=0,
        tries_allowed=opening.limits.tries_per_challenge,
        high_value=opening.high_value,
        trust_allowed=opening.trust_allowed,
        reasons=opening.reasons,
        confirms=opening.confirms,
        device_id=opening.device_id,
        browser=None,
        created_at=now,
        expires_at=opened_until(opening, now),
        ended_at=None,
        resend_at=first_resend_at(opening, now),
        others_count_from=opening.others_count_from,
        last_sends=() if route is None else (LastSend(option_id=route.option_id, channel=route.channel, at=now),),
    )


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
    found = live_generation(transaction, row)
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
        _write_withheld(transaction, ref_of(row), row["id"])
        return
    number = live_number(transaction, row) if live is None else put_live_code(transaction, row, live, route.channel)
    queue_code(
        transaction,
        ref_of(row),
        row["id"],
        Instant(row["expires_at"]),
        generation=number,
        contact_id=route.contact_id,
        channel=route.channel,
    )


def _write_withheld(transaction: Transaction, ref: UserRef, challenge_id: str) -> None:
    write_event(transaction, ref, EventType.DELIVERY_QUEUED, delivery_id=None, challenge_id=challenge_id, withheld=True)


def _make_room(transaction: Transaction, found: Sequence[Row], opening: Opening) -> None:
    """Cancel the lane's oldest pending challenges, of the same type first; the other lane is left alone."""
    pending = [row for row in settle_pending(transaction, found) if row["lane"] == opening.lane]
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
        expires_at=opened_until(opening, transaction.now),
    )


def _watch_networks(transaction: Transaction, ref: UserRef, others: frozenset[bytes], opening: Opening) -> None:
    """Tell the owner of challenges from many networks, this one included; confirming a contact is not counted."""
    if opening.network is None:
        return
    networks = others if opening.action.type == CONTACT_CONFIRMATION else others | {opening.network}
    if len(networks) < opening.limits.unproven_networks:
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
