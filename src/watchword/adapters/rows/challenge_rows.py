"""Rows of challenges with their generations and sends; how they end is told in ``challenge_endings``."""

import hmac
from collections.abc import Mapping
from typing import Any, Final

from watchword.adapters.rows.action_rows import find_action
from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.sealed_text import read_display, read_options, read_reasons, read_route, write_display
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.domain.budget import Lane
from watchword.domain.challenge import Challenge, ChallengeState, Generation, LastSend, Route
from watchword.domain.contact import Channel
from watchword.domain.event import EventType
from watchword.domain.ids import ChallengeId, ContactId, DeviceId, Reference, user_key_of
from watchword.domain.instant import DAY_MS, Instant, later
from watchword.domain.message import DeliveryStatus
from watchword.domain.secret import Secret
from watchword.domain.user import UserRef
from watchword.ports.store.values import LiveCode, Opening

REFERENCE_KEPT_MS: Final = 30 * DAY_MS
_TABLE: Final = "challenges"
_DISPLAY: Final = "display"
_CODE: Final = "code"


def insert_challenge(transaction: Transaction, ref: UserRef, opening: Opening) -> None:
    """Store a new challenge, before its first send."""
    now = transaction.now
    transaction.write(
        "INSERT INTO challenges (application_id, user_key, id, action_id, type, state, lane, decoy, conceal, reference,"
        " code_length, bound_digest, tries_allowed, sends_allowed, high_value, trust_allowed, confirms, device_id,"
        " network, sealed_display, created_at, expires_at, resend_at, others_count_from)"
        " VALUES (:application_id, :user_key, :id, :action_id, :type, 'pending', :lane, :decoy, :conceal, :reference,"
        " :code_length, :bound_digest, :tries_allowed, :sends_allowed, :high_value, :trust_allowed, :confirms,"
        " :device_id, :network, :sealed_display, :now, :expires_at, :resend_at, :others_count_from)",
        application_id=ref.application_id,
        user_key=ref.key,
        id=opening.challenge_id,
        action_id=opening.action.id,
        type=opening.action.type,
        lane=opening.lane,
        decoy=int(opening.decoy),
        conceal=int(opening.action.conceal),
        reference=opening.reference,
        code_length=opening.code_length,
        bound_digest=opening.bound_digest,
        tries_allowed=opening.limits.tries_per_challenge,
        sends_allowed=opening.limits.sends_per_challenge,
        high_value=int(opening.high_value),
        trust_allowed=int(opening.trust_allowed),
        confirms=opening.confirms,
        device_id=opening.device_id,
        network=opening.network,
        sealed_display=_seal_display(transaction, ref, opening),
        now=now,
        expires_at=later(now, seconds=opening.lifetime_s),
        resend_at=now if opening.resend_at is None else opening.resend_at,
        others_count_from=opening.others_count_from,
    )


def count_send(transaction: Transaction, row: Row, route: Route, resend_at: Instant) -> int:
    """Count a send over this route, note where it was for, and return its number."""
    number = int(row["sends"]) + 1
    display = _display(transaction, row)
    shown = write_display(read_options(display), route.masked, read_reasons(display))
    transaction.write(
        "UPDATE challenges SET sends = :number, resend_at = :resend_at, route_option_id = :option_id,"
        " route_contact_id = :contact_id, route_channel = :channel, sealed_display = :sealed_display"
        " WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        application_id=row["application_id"],
        user_key=row["user_key"],
        number=number,
        resend_at=resend_at,
        option_id=route.option_id,
        contact_id=route.contact_id,
        channel=route.channel,
        sealed_display=transaction.seal(ref_of(row), _TABLE, row["id"], _DISPLAY, shown),
        id=row["id"],
    )
    transaction.write(
        "INSERT INTO sends (application_id, user_key, challenge_id, number, option_id, channel, at)"
        " VALUES (:application_id, :user_key, :challenge_id, :number, :option_id, :channel, :now)",
        application_id=row["application_id"],
        user_key=row["user_key"],
        challenge_id=row["id"],
        number=number,
        option_id=route.option_id,
        channel=route.channel,
        now=transaction.now,
    )
    return number


def last_send_at(transaction: Transaction, row: Row, route: Route) -> Instant | None:
    """Return when this option and channel of a challenge was last sent to."""
    last = transaction.one(
        "SELECT max(at) AS at FROM sends WHERE application_id = :application_id AND user_key = :user_key"
        " AND challenge_id = :challenge_id AND option_id = :option_id AND channel = :channel",
        application_id=row["application_id"],
        user_key=row["user_key"],
        challenge_id=row["id"],
        option_id=route.option_id,
        channel=route.channel,
    )
    return None if last is None or last["at"] is None else Instant(last["at"])


def put_live_code(transaction: Transaction, row: Row, live: LiveCode, channel: Channel) -> int:
    """Make a code the live one; every older one is dead from now on. Return the number of its generation."""
    number = live_number(transaction, row) + 1
    transaction.write(
        "INSERT INTO generations (application_id, user_key, challenge_id, number, mac, mac_key_id, contact_id, channel)"
        " VALUES (:application_id, :user_key, :challenge_id, :number, :mac, :mac_key_id, :contact_id, :channel)",
        application_id=row["application_id"],
        user_key=row["user_key"],
        challenge_id=row["id"],
        number=number,
        mac=live.mac,
        mac_key_id=live.mac_key_id,
        contact_id=live.contact_id,
        channel=channel,
    )
    transaction.write(
        "UPDATE challenges SET sealed_code = :sealed_code"
        " WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        application_id=row["application_id"],
        user_key=row["user_key"],
        sealed_code=transaction.seal(ref_of(row), _TABLE, row["id"], f"{_CODE}-{number}", live.code.reveal()),
        id=row["id"],
    )
    return number


def live_code(transaction: Transaction, row: Row, generation: int) -> Secret | None:
    """Return the code of the live generation; None once it was wiped."""
    if row["sealed_code"] is None:
        return None
    return Secret(transaction.open(ref_of(row), _TABLE, row["id"], f"{_CODE}-{generation}", row["sealed_code"]))


def note_device(transaction: Transaction, row: Row, device_id: str) -> None:
    """Note which device the approval of a challenge made known."""
    transaction.write(
        "UPDATE challenges SET device_id = :device_id"
        " WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        device_id=device_id,
        application_id=row["application_id"],
        user_key=row["user_key"],
        id=row["id"],
    )


def generation_rows(transaction: Transaction, row: Row) -> list[Row]:
    """Return the generations of a challenge, the live one last."""
    return transaction.all(
        "SELECT * FROM generations WHERE application_id = :application_id AND user_key = :user_key"
        " AND challenge_id = :challenge_id ORDER BY number",
        application_id=row["application_id"],
        user_key=row["user_key"],
        challenge_id=row["id"],
    )


def live_number(transaction: Transaction, row: Row) -> int:
    """Return the number of the live generation; 0 before the first."""
    return transaction.number(
        "SELECT coalesce(max(number), 0) FROM generations WHERE application_id = :application_id"
        " AND user_key = :user_key AND challenge_id = :challenge_id",
        application_id=row["application_id"],
        user_key=row["user_key"],
        challenge_id=row["id"],
    )


def find_challenge_row(transaction: Transaction, challenge_id: str) -> Row | None:
    """Return the row of a challenge, unless its user was erased."""
    return transaction.one(
        "SELECT * FROM challenges WHERE id = :id AND user_key = :user_key AND sealed_display IS NOT NULL",
        id=challenge_id,
        user_key=user_key_of("chl", challenge_id),
    )


def challenge_row_of_action(transaction: Transaction, ref: UserRef, action_id: str) -> Row | None:
    """Return the row of the challenge of an action of this user."""
    return transaction.one(
        "SELECT * FROM challenges WHERE action_id = :action_id AND application_id = :application_id"
        " AND user_key = :user_key AND sealed_display IS NOT NULL",
        action_id=action_id,
        application_id=ref.application_id,
        user_key=ref.key,
    )


def find_of_reference(transaction: Transaction, reference: Reference) -> Challenge | None:
    """Return the newest challenge of this reference within 30 days."""
    row = transaction.one(
        "SELECT * FROM challenges WHERE reference = :reference AND created_at > :since AND sealed_display IS NOT NULL"
        " ORDER BY created_at DESC, number DESC",
        reference=reference,
        since=transaction.now - REFERENCE_KEPT_MS,
    )
    return None if row is None else read_challenge(transaction, row)


def find_challenge(transaction: Transaction, challenge_id: str) -> Challenge | None:
    """Return a challenge as it stands now."""
    row = find_challenge_row(transaction, challenge_id)
    return None if row is None else read_challenge(transaction, row)


def must_find(transaction: Transaction, challenge_id: str) -> Challenge:
    """Return a challenge that this transaction has just written."""
    found = find_challenge(transaction, challenge_id)
    if found is None:
        raise LookupError("a challenge vanished inside its own transaction")
    return found


def bind_browser(transaction: Transaction, challenge_id: str, browser: bytes) -> bool:
    """Bind a challenge to a browser if it has none; return whether it is bound to this one."""
    row = find_challenge_row(transaction, challenge_id)
    if row is None:
        return False
    if row["browser"] is not None:
        return hmac.compare_digest(row["browser"], browser)
    transaction.write(
        "UPDATE challenges SET browser = :browser"
        " WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        browser=browser,
        application_id=row["application_id"],
        user_key=row["user_key"],
        id=challenge_id,
    )
    write_event(transaction, ref_of(row), EventType.CHALLENGE_BOUND, challenge_id=challenge_id)
    return True


def shown_state(row: Row, now: Instant) -> ChallengeState:
    """Return the state of a challenge, an expiry that nobody has written yet included."""
    state = ChallengeState(row["state"])
    is_due = state is ChallengeState.PENDING and row["expires_at"] <= now
    return ChallengeState.EXPIRED if is_due else state


def read_challenge(transaction: Transaction, row: Row) -> Challenge | None:
    """Return a row as a challenge; None if its user was erased."""
    ref, state = ref_of(row), shown_state(row, transaction.now)
    action = find_action(transaction, ref, row["action_id"])
    if action is None:
        return None
    display = _display(transaction, row)
    generations = generation_rows(transaction, row)
    status, status_at = _delivery_status(transaction, row, len(generations))
    is_unwritten = state.value != row["state"]
    return Challenge(
        id=ChallengeId(row["id"]),
        action=action,
        state=state,
        end_reason="expired" if is_unwritten else row["end_reason"],
        lane=Lane(row["lane"]),
        decoy=bool(row["decoy"]),
        reference=Reference(row["reference"]),
        code_length=row["code_length"],
        generations=tuple(_read_generation(entry) for entry in generations),
        bound_digest=row["bound_digest"],
        options=read_options(display),
        route=read_route(row, display["masked"]),
        delivery_status=status,
        delivery_updated_at=status_at,
        sends=row["sends"],
        tries_spent=row["tries_spent"],
        tries_allowed=row["tries_allowed"],
        high_value=bool(row["high_value"]),
        trust_allowed=bool(row["trust_allowed"]),
        reasons=read_reasons(display),
        confirms=None if row["confirms"] is None else ContactId(row["confirms"]),
        device_id=None if row["device_id"] is None else DeviceId(row["device_id"]),
        browser=row["browser"],
        created_at=Instant(row["created_at"]),
        expires_at=Instant(row["expires_at"]),
        ended_at=row["expires_at"] if is_unwritten else row["ended_at"],
        resend_at=Instant(row["resend_at"]),
        others_count_from=row["others_count_from"],
        last_sends=_last_sends(transaction, row),
    )


def _last_sends(transaction: Transaction, row: Row) -> tuple[LastSend, ...]:
    sends = transaction.all(
        "SELECT option_id, channel, max(at) AS at FROM sends WHERE application_id = :application_id"
        " AND user_key = :user_key AND challenge_id = :challenge_id GROUP BY option_id, channel",
        application_id=row["application_id"],
        user_key=row["user_key"],
        challenge_id=row["id"],
    )
    return tuple(
        LastSend(option_id=ContactId(send["option_id"]), channel=Channel(send["channel"]), at=Instant(send["at"]))
        for send in sends
    )


def _read_generation(row: Row) -> Generation:
    contact_id = row["contact_id"]
    return Generation(
        number=row["number"],
        mac_key_id=row["mac_key_id"],
        contact_id=None if contact_id is None else ContactId(contact_id),
        channel=Channel(row["channel"]),
    )


def _delivery_status(
    transaction: Transaction, row: Row, generation: int
) -> tuple[DeliveryStatus | None, Instant | None]:
    """Return what is known of the newest delivery of the live code."""
    newest = transaction.one(
        "SELECT status, status_at FROM deliveries WHERE application_id = :application_id AND user_key = :user_key"
        " AND challenge_id = :challenge_id AND generation = :generation ORDER BY number DESC LIMIT 1",
        application_id=row["application_id"],
        user_key=row["user_key"],
        challenge_id=row["id"],
        generation=generation,
    )
    return (None, None) if newest is None else (DeliveryStatus(newest["status"]), Instant(newest["status_at"]))


def _seal_display(transaction: Transaction, ref: UserRef, opening: Opening) -> bytes:
    text = write_display(opening.options, None, opening.reasons)
    return transaction.seal(ref, _TABLE, opening.challenge_id, _DISPLAY, text)


def _display(transaction: Transaction, row: Row) -> Mapping[str, Any]:
    return read_display(transaction.open(ref_of(row), _TABLE, row["id"], _DISPLAY, row["sealed_display"]))
