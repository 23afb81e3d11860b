"""Reads all that an attempt is judged by, and all that an approval has to know, in one statement.

Across a wire a statement that is waited for is a way there and back, for which the user's other calls wait too.
"""

from collections.abc import Sequence
from typing import Final

from watchword.adapters.rows.action_rows import open_action_of
from watchword.adapters.rows.budget_rows import FAILURES_KEPT_MS, WHOLE_USER, Charge
from watchword.adapters.rows.challenge_reading import read_generation, shown_state
from watchword.adapters.rows.challenge_rows import ACTION_COLUMNS, JOIN_ACTION
from watchword.adapters.rows.contact_rows import CONTACT_COLUMNS
from watchword.adapters.rows.device_rows import read_device
from watchword.adapters.rows.transaction import Row, Transaction
from watchword.domain.budget import Lane
from watchword.domain.device import Device
from watchword.domain.ids import ChallengeId, user_key_of
from watchword.domain.instant import DAY_MS, Instant
from watchword.domain.limits import Limits
from watchword.ports.store.attempting import TriedChallenge

_CHALLENGE_COLUMNS: Final = (
    "challenges.application_id, challenges.user_key, challenges.id, challenges.action_id, challenges.type,"
    " challenges.state, challenges.lane, challenges.conceal, challenges.code_length, challenges.bound_digest,"
    " challenges.tries_spent, challenges.tries_allowed, challenges.trust_allowed, challenges.confirms,"
    " challenges.device_id, challenges.expires_at"
)
"""Neither what its page shows nor its code, which are sealed and long."""
_GENERATION_COLUMNS: Final = (
    "generations.number AS generation, generations.mac, generations.mac_key_id, generations.contact_id,"
    " generations.channel"
)
_USER_COLUMNS: Final = (
    "users.created_at AS registered_at, users.erased_at, users.disputed_at, users.reset_at, memories.sealed_memory,"
    " memories.due_at, contributions.number, contributions.sealed_contribution"
)
_DEVICE_COLUMNS: Final = (
    "devices.id AS known_device_id, devices.sealed_name, devices.step, devices.stepped_at, devices.first_seen_at,"
    " devices.last_seen_at AS device_seen_at, devices.last_proven_at AS device_proven_at, devices.trusted_at,"
    " (SELECT count(*) FROM devices AS live WHERE live.application_id = challenges.application_id"
    " AND live.user_key = :user_key AND live.revoked_at IS NULL) AS live_devices"
)
_FAILURES: Final = (
    "(SELECT string_agg(charges.lane || ':' || charges.at, ' ') FROM charges"
    " WHERE charges.application_id = challenges.application_id AND charges.user_key = :user_key"
    " AND charges.budget = 'failures' AND charges.subject = :whole AND charges.at > :failures_since) AS failures"
)
_FOR_ATTEMPT: Final = (
    f"SELECT {_CHALLENGE_COLUMNS}, {ACTION_COLUMNS}, {_GENERATION_COLUMNS}, {CONTACT_COLUMNS}, {_USER_COLUMNS},"  # noqa: S608 our own text, values bound
    f" {_DEVICE_COLUMNS}, {_FAILURES} FROM challenges {JOIN_ACTION}"
    " LEFT JOIN generations ON generations.application_id = challenges.application_id"
    " AND generations.user_key = :user_key AND generations.challenge_id = challenges.id"
    " LEFT JOIN contacts ON contacts.application_id = challenges.application_id AND contacts.user_key = :user_key"
    " AND contacts.id = generations.contact_id"
    " LEFT JOIN users ON users.application_id = challenges.application_id AND users.user_key = :user_key"
    " LEFT JOIN memories ON memories.application_id = challenges.application_id AND memories.user_key = :user_key"
    " LEFT JOIN contributions ON contributions.application_id = challenges.application_id"
    " AND contributions.user_key = :user_key AND contributions.number = actions.number"
    " LEFT JOIN devices ON devices.application_id = challenges.application_id AND devices.user_key = :user_key"
    " AND devices.id = challenges.device_id AND devices.revoked_at IS NULL"
    " WHERE challenges.id = :id AND challenges.user_key = :user_key AND sealed_display IS NOT NULL"
    " AND sealed_action IS NOT NULL ORDER BY generations.number"
)


def rows_for_attempt(transaction: Transaction, challenge_id: str) -> list[Row]:
    """Return all that an attempt asks about: a row for each generation of a challenge, the live one last.

    Each has the challenge with its action, the contact that the code went to, the user, what he is remembered by, what
    the action teaches, its device, and the user's wrong guesses; columns of what is not there are None. One row where
    there is no code; none where there is no challenge, or its user was erased.
    """
    return transaction.all(
        _FOR_ATTEMPT,
        id=challenge_id,
        user_key=user_key_of("chl", challenge_id),
        whole=WHOLE_USER,
        failures_since=transaction.now - FAILURES_KEPT_MS,
    )


def read_tried(transaction: Transaction, rows: Sequence[Row]) -> TriedChallenge:
    """Return what an attempt is told of a challenge."""
    row = rows[0]
    return TriedChallenge(
        id=ChallengeId(row["id"]),
        action=open_action_of(transaction, row),
        state=shown_state(row, transaction.now),
        code_length=row["code_length"],
        generations=tuple(
            read_generation(one, number=one["generation"], mac_key_id=one["mac_key_id"], is_dead=one["mac"] is None)
            for one in rows
            if one["generation"] is not None
        ),
        bound_digest=row["bound_digest"],
        trust_allowed=bool(row["trust_allowed"]),
        attempts_left=max(0, row["tries_allowed"] - row["tries_spent"]),
    )


def failures_in(row: Row, now: Instant, limits: Limits) -> list[Charge]:
    """Return the wrong guesses of the user within the window, oldest first."""
    if row["failures"] is None:
        return []
    charges = [one.split(":") for one in row["failures"].split(" ")]
    since = now - limits.failure_window_days * DAY_MS
    return sorted((Instant(int(at)), Lane(lane)) for lane, at in charges if int(at) > since)


def device_in(transaction: Transaction, row: Row) -> Device | None:
    """Return the device of the action; None where it carried none, or it was revoked since."""
    if row["known_device_id"] is None:
        return None
    named = {
        "id": row["known_device_id"],
        "last_seen_at": row["device_seen_at"],
        "last_proven_at": row["device_proven_at"],
        "revoked_at": None,
    }
    return read_device(transaction, {**row, **named})
