"""Reads a challenge from its row, which holds its action too, and from what stands in tables of its own."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, Final, NamedTuple

from watchword.adapters.rows.action_rows import open_action_of
from watchword.adapters.rows.sealed_text import read_display, read_options, read_reasons, read_route
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.domain.budget import Lane
from watchword.domain.challenge import Challenge, ChallengeState, Generation, LastSend
from watchword.domain.contact import Channel
from watchword.domain.ids import ChallengeId, ContactId, DeviceId, Reference
from watchword.domain.instant import Instant
from watchword.domain.message import DeliveryStatus

TABLE: Final = "challenges"
DISPLAY: Final = "display"
"""What the options, the masked destination and the reasons of a challenge are sealed for."""


def shown_state(row: Row, now: Instant) -> ChallengeState:
    """Return the state of a challenge, an expiry that nobody has written yet included."""
    state = ChallengeState(row["state"])
    is_due = state is ChallengeState.PENDING and row["expires_at"] <= now
    return ChallengeState.EXPIRED if is_due else state


def read_challenge(transaction: Transaction, row: Row) -> Challenge | None:
    """Return a row as a challenge; None if its user was erased."""
    if row["sealed_action"] is None:
        return None
    state = shown_state(row, transaction.now)
    display, parts = open_display(transaction, row), _read_parts(transaction, row)
    is_unwritten = state.value != row["state"]
    return Challenge(
        id=ChallengeId(row["id"]),
        action=open_action_of(transaction, row),
        state=state,
        end_reason="expired" if is_unwritten else row["end_reason"],
        lane=Lane(row["lane"]),
        decoy=bool(row["decoy"]),
        reference=Reference(row["reference"]),
        code_length=row["code_length"],
        generations=parts.generations,
        bound_digest=row["bound_digest"],
        options=read_options(display),
        route=read_route(row, display["masked"]),
        delivery_status=parts.status,
        delivery_updated_at=parts.status_at,
        delivery_going_on=parts.going_on,
        delivery_reported=parts.reported,
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
        last_sends=parts.last_sends,
    )


class _Parts(NamedTuple):
    """What stands in tables of its own."""

    generations: tuple[Generation, ...]
    status: DeliveryStatus | None
    """Of the newest delivery of the live code."""
    status_at: Instant | None
    going_on: bool
    reported: bool
    last_sends: tuple[LastSend, ...]


_NOT_ARRIVED: Final = frozenset({DeliveryStatus.UNDELIVERED, DeliveryStatus.BLOCKED, DeliveryStatus.UNKNOWN})
_OF_CHALLENGE: Final = "application_id = :application_id AND user_key = :user_key AND challenge_id = :challenge_id"
_PARTS: Final = (
    # A code that was killed has no hash; what says so stands where the others have their time.
    "SELECT 'generation' AS part, number, mac_key_id AS word, contact_id, channel,"  # noqa: S608 our own text, values bound
    " CASE WHEN mac IS NULL THEN 1 END AS at FROM generations"
    f" WHERE {_OF_CHALLENGE}"
    f" UNION ALL SELECT 'send', number, option_id, NULL, channel, at FROM sends WHERE {_OF_CHALLENGE}"
    f" UNION ALL SELECT 'delivery', number, status, provider, state, status_at FROM deliveries"
    f" WHERE {_OF_CHALLENGE}"
    f" AND generation = (SELECT max(number) FROM generations WHERE {_OF_CHALLENGE})"
)


def _read_parts(transaction: Transaction, row: Row) -> _Parts:
    rows = transaction.all(
        _PARTS, application_id=row["application_id"], user_key=row["user_key"], challenge_id=row["id"]
    )
    rows.sort(key=itemgetter("number"))
    newest = next((one for one in reversed(rows) if one["part"] == "delivery"), None)
    sends = {(one["word"], one["channel"]): one["at"] for one in rows if one["part"] == "send"}
    first = None if sends else send_at_opening(row)
    if first is not None:
        sends[first.option_id, first.channel] = first.at
    return _Parts(
        generations=tuple(
            read_generation(one, number=one["number"], mac_key_id=one["word"], is_dead=one["at"] is not None)
            for one in rows
            if one["part"] == "generation"
        ),
        status=None if newest is None else DeliveryStatus(newest["word"]),
        status_at=None if newest is None else Instant(newest["at"]),
        # As all parts stand in the same columns: its state as the channel, its provider as the contact.
        going_on=newest is not None and newest["channel"] != "done" and newest["word"] in _NOT_ARRIVED,
        reported=newest is not None and newest["contact_id"] is not None,
        last_sends=tuple(
            LastSend(option_id=ContactId(option_id), channel=Channel(channel), at=Instant(at))
            for (option_id, channel), at in sorted(sends.items())
        ),
    )


def send_at_opening(row: Row) -> LastSend | None:
    """Return the send that a challenge opened with, from its own row, as long as it is the only one.

    It has a row in ``sends`` from the second one on, as most challenges have but one; a row that is there counts.
    """
    if row["sends"] != 1:
        return None
    return LastSend(
        option_id=ContactId(row["route_option_id"]),
        channel=Channel(row["route_channel"]),
        at=Instant(row["created_at"]),
    )


def read_generation(row: Row, *, number: int, mac_key_id: str, is_dead: bool) -> Generation:
    """Return a generation from a row with the contact and the channel of its code."""
    contact_id = row["contact_id"]
    return Generation(
        number=number,
        mac_key_id=mac_key_id,
        contact_id=None if contact_id is None else ContactId(contact_id),
        channel=Channel(row["channel"]),
        is_dead=is_dead,
    )


def open_display(transaction: Transaction, row: Row) -> Mapping[str, Any]:
    """Return what the page of a challenge shows."""
    return read_display(transaction.open(ref_of(row), TABLE, row["id"], DISPLAY, row["sealed_display"]))
