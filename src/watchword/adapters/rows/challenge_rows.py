"""Rows of challenges with their generations and sends; how they end is told in ``challenge_endings``."""

import hmac
from typing import Final

from watchword.adapters.rows.challenge_reading import DISPLAY, TABLE, open_display, read_challenge, send_at_opening
from watchword.adapters.rows.contact_rows import CONTACT_COLUMNS, read_contact
from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.sealed_text import read_options, read_reasons, write_display
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.domain.challenge import Challenge, LastSend, Route
from watchword.domain.contact import Channel, Contact
from watchword.domain.event import EventType
from watchword.domain.ids import Reference, user_key_of
from watchword.domain.instant import DAY_MS, Instant, later
from watchword.domain.secret import Secret
from watchword.domain.user import UserRef
from watchword.ports.store.values import LiveCode, Opening

REFERENCE_KEPT_MS: Final = 30 * DAY_MS
_CODE: Final = "code"


def insert_challenge(transaction: Transaction, ref: UserRef, opening: Opening) -> None:
    """Store a new challenge, with its first send where it begins with one."""
    now, first = transaction.now, opening.first_send
    route = None if first is None else first.route
    transaction.write(
        "INSERT INTO challenges (application_id, user_key, id, action_id, type, state, lane, decoy, conceal, reference,"
        " code_length, bound_digest, tries_allowed, sends, sends_allowed, high_value, trust_allowed, confirms,"
        " device_id, network, route_option_id, route_contact_id, route_channel, sealed_display, sealed_code,"
        " created_at, expires_at, resend_at, others_count_from)"
        " VALUES (:application_id, :user_key, :id, :action_id, :type, 'pending', :lane, :decoy, :conceal, :reference,"
        " :code_length, :bound_digest, :tries_allowed, :sends, :sends_allowed, :high_value, :trust_allowed, :confirms,"
        " :device_id, :network, :option_id, :contact_id, :channel, :sealed_display, :sealed_code,"
        " :now, :expires_at, :resend_at, :others_count_from)",
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
        sends=0 if first is None else 1,
        sends_allowed=opening.limits.sends_per_challenge,
        high_value=int(opening.high_value),
        trust_allowed=int(opening.trust_allowed),
        confirms=opening.confirms,
        device_id=opening.device_id,
        network=opening.network,
        option_id=None if route is None else route.option_id,
        contact_id=None if route is None else route.contact_id,
        channel=None if route is None else route.channel,
        sealed_display=_seal_display(transaction, ref, opening),
        sealed_code=_seal_first_code(transaction, ref, opening),
        now=now,
        expires_at=opened_until(opening, now),
        resend_at=first_resend_at(opening, now),
        others_count_from=opening.others_count_from,
    )
    live = first_code(opening)
    if live is not None and route is not None:
        _insert_generation(transaction, ref, opening.challenge_id, 1, live, route.channel)


def first_code(opening: Opening) -> LiveCode | None:
    """Return the code that leaves as the challenge opens; None where nothing does."""
    first = opening.first_send
    return None if first is None or first.route.contact_id is None else first.live


def opened_until(opening: Opening, now: Instant) -> Instant:
    """Return when the time of a challenge that opens now is up."""
    return later(now, seconds=opening.lifetime_s)


def first_resend_at(opening: Opening, now: Instant) -> Instant:
    """Return when the same contact can be sent to again."""
    if opening.first_send is not None:
        return later(now, seconds=opening.limits.resend_wait_s(1))
    return now if opening.resend_at is None else opening.resend_at


def count_send(transaction: Transaction, row: Row, route: Route, resend_at: Instant) -> int:
    """Count a send over this route, note where it was for, and return its number."""
    number = int(row["sends"]) + 1
    opened_with = send_at_opening(row)
    if opened_with is not None:
        _insert_send(transaction, row, 1, opened_with)
    display = open_display(transaction, row)
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
        sealed_display=transaction.seal(ref_of(row), TABLE, row["id"], DISPLAY, shown),
        id=row["id"],
    )
    _insert_send(
        transaction, row, number, LastSend(option_id=route.option_id, channel=route.channel, at=transaction.now)
    )
    return number


def _insert_send(transaction: Transaction, row: Row, number: int, send: LastSend) -> None:
    transaction.write(
        "INSERT INTO sends (application_id, user_key, challenge_id, number, option_id, channel, at)"
        " VALUES (:application_id, :user_key, :challenge_id, :number, :option_id, :channel, :at)"
        " ON CONFLICT DO NOTHING",
        application_id=row["application_id"],
        user_key=row["user_key"],
        challenge_id=row["id"],
        number=number,
        option_id=send.option_id,
        channel=send.channel,
        at=send.at,
    )


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
    if last is not None and last["at"] is not None:
        return Instant(last["at"])
    first = send_at_opening(row)
    is_of_route = first is not None and (first.option_id, first.channel) == (route.option_id, route.channel)
    return first.at if first is not None and is_of_route else None


def put_live_code(transaction: Transaction, row: Row, live: LiveCode, channel: Channel) -> int:
    """Make a code the live one; every older one is dead from now on. Return the number of its generation."""
    number = live_number(transaction, row) + 1
    _insert_generation(transaction, ref_of(row), row["id"], number, live, channel)
    transaction.write(
        "UPDATE challenges SET sealed_code = :sealed_code"
        " WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        application_id=row["application_id"],
        user_key=row["user_key"],
        sealed_code=transaction.seal(ref_of(row), TABLE, row["id"], f"{_CODE}-{number}", live.code.reveal()),
        id=row["id"],
    )
    return number


def _insert_generation(
    transaction: Transaction, ref: UserRef, challenge_id: str, number: int, live: LiveCode, channel: Channel
) -> None:
    transaction.write(
        "INSERT INTO generations (application_id, user_key, challenge_id, number, mac, mac_key_id, contact_id, channel)"
        " VALUES (:application_id, :user_key, :challenge_id, :number, :mac, :mac_key_id, :contact_id, :channel)",
        application_id=ref.application_id,
        user_key=ref.key,
        challenge_id=challenge_id,
        number=number,
        mac=live.mac,
        mac_key_id=live.mac_key_id,
        contact_id=live.contact_id,
        channel=channel,
    )


def live_code(transaction: Transaction, row: Row, generation: int) -> Secret | None:
    """Return the code of the live generation; None once it was wiped."""
    if row["sealed_code"] is None:
        return None
    return Secret(transaction.open(ref_of(row), TABLE, row["id"], f"{_CODE}-{generation}", row["sealed_code"]))


def live_generation(transaction: Transaction, row: Row) -> Row | None:
    """Return contact, channel and keyed hash of the live code of a challenge; None where there never was one."""
    return transaction.one(
        "SELECT contact_id, channel, mac FROM generations WHERE application_id = :application_id"
        " AND user_key = :user_key AND challenge_id = :id ORDER BY number DESC LIMIT 1",
        application_id=row["application_id"],
        user_key=row["user_key"],
        id=row["id"],
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


ACTION_COLUMNS: Final = (
    "actions.number AS action_number, actions.country AS action_country, actions.created_at AS action_created_at,"
    " actions.sealed_action"
)
JOIN_ACTION: Final = (
    "JOIN actions ON actions.application_id = challenges.application_id AND actions.user_key = :user_key"
    " AND actions.id = challenges.action_id"
)
_WITH_ACTION: Final = f"SELECT challenges.*, {ACTION_COLUMNS} FROM challenges {JOIN_ACTION}"  # noqa: S608 our own text, values bound
"""Nobody looks at a challenge without its action."""
_FOR_MESSAGE: Final = (
    f"SELECT challenges.*, {ACTION_COLUMNS}, contacts.id AS contact_id, {CONTACT_COLUMNS}, users.sealed_person"  # noqa: S608 our own text, values bound
    f" FROM challenges {JOIN_ACTION}"
    " LEFT JOIN contacts ON contacts.application_id = challenges.application_id AND contacts.user_key = :user_key"
    " AND contacts.id = :contact_id"
    " LEFT JOIN users ON users.application_id = challenges.application_id AND users.user_key = :user_key"
    " WHERE challenges.id = :id AND challenges.user_key = :user_key AND sealed_display IS NOT NULL"
)


def row_for_message(transaction: Transaction, challenge_id: str, contact_id: str) -> Row | None:
    """Return a challenge with its action, the contact that a message of it is for, and the person, in one row."""
    return transaction.one(
        _FOR_MESSAGE, id=challenge_id, user_key=user_key_of("chl", challenge_id), contact_id=contact_id
    )


def contact_in(transaction: Transaction, row: Row) -> Contact | None:
    """Return the contact that stands in a row beside its challenge; None for one that is gone."""
    if row["sealed_address"] is None:
        return None
    return read_contact(transaction, {**row, "id": row["contact_id"]})


def find_challenge_row(transaction: Transaction, challenge_id: str) -> Row | None:
    """Return the row of a challenge with what its action says, unless its user was erased."""
    return transaction.one(
        f"{_WITH_ACTION} WHERE challenges.id = :id AND challenges.user_key = :user_key AND sealed_display IS NOT NULL",
        id=challenge_id,
        user_key=user_key_of("chl", challenge_id),
    )


def challenge_row_of_action(transaction: Transaction, ref: UserRef, action_id: str) -> Row | None:
    """Return the row of the challenge of an action of this user."""
    return transaction.one(
        f"{_WITH_ACTION} WHERE challenges.action_id = :action_id AND challenges.application_id = :application_id"
        " AND challenges.user_key = :user_key AND sealed_display IS NOT NULL",
        action_id=action_id,
        application_id=ref.application_id,
        user_key=ref.key,
    )


def find_of_reference(transaction: Transaction, reference: Reference) -> Challenge | None:
    """Return the newest challenge of this reference within 30 days."""
    row = transaction.one(
        "SELECT id FROM challenges WHERE reference = :reference AND created_at > :since AND sealed_display IS NOT NULL"
        " ORDER BY created_at DESC, number DESC",
        reference=reference,
        since=transaction.now - REFERENCE_KEPT_MS,
    )
    return None if row is None else find_challenge(transaction, row["id"])


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


def _seal_display(transaction: Transaction, ref: UserRef, opening: Opening) -> bytes:
    masked = None if opening.first_send is None else opening.first_send.route.masked
    text = write_display(opening.options, masked, opening.reasons)
    return transaction.seal(ref, TABLE, opening.challenge_id, DISPLAY, text)


def _seal_first_code(transaction: Transaction, ref: UserRef, opening: Opening) -> bytes | None:
    live = first_code(opening)
    if live is None:
        return None
    return transaction.seal(ref, TABLE, opening.challenge_id, f"{_CODE}-1", live.code.reveal())
