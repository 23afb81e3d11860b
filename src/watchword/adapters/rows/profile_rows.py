"""Reads what an assessment needs to know about a user, as of one moment, in as few statements as there can be.

Three: who he is, with his memory and the device; what counts for or against him of late; and his contacts. Only a user
who bought lately, or whose memory has something to count in full, takes another.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from watchword.adapters.rows.action_rows import BOUGHT, sum_bought
from watchword.adapters.rows.budget_rows import (
    BREAKER_MINUTES,
    WHOLE_USER,
    Charge,
    lane_free_after,
    opens_breaker,
    starts_free_after,
)
from watchword.adapters.rows.device_rows import open_name, take_note
from watchword.adapters.rows.memory_rows import FoundMemory, as_it_counts_now, open_memory
from watchword.adapters.rows.transaction import Row, Transaction
from watchword.adapters.rows.user_rows import Seen, read_user
from watchword.domain.action import CONTACT_CONFIRMATION
from watchword.domain.budget import Lane
from watchword.domain.device import Device, DeviceState, Stolen, state_of
from watchword.domain.ids import ContactId, DeviceId
from watchword.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, Instant, later
from watchword.domain.limits import Limits
from watchword.domain.user import UserRef
from watchword.ports.store.deciding import Known, ProfileQuery
from watchword.risk.memory import NO_MEMORY
from watchword.risk.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """What is known of a user, and what writing a decision about him needs to know besides."""

    known: Known
    seen: Seen | None
    """None for somebody who is not registered."""
    memory: FoundMemory


def recall(transaction: Transaction, query: ProfileQuery) -> Recalled:
    """Take note of the device token, and return what the store knows about its user now."""
    ref, presented = query.ref, query.presented
    row = _find_person(transaction, ref, None if presented is None else presented.device_id)
    device = _device(transaction, ref, row)
    found = take_note(transaction, ref, device, 0 if presented is None else presented.step)
    if isinstance(found, Stolen):
        row = _find_person(transaction, ref, None)  # what the device taught was taken back
    is_known = state_of(found, query.limits, transaction.now) is not DeviceState.NEW
    lane = Lane.OWN if is_known else query.lane
    memory = open_memory(transaction, ref, row["sealed_memory"], row["due_at"])
    profile = _read_profile(transaction, query, lane, row, memory)
    seen = None
    if profile.registered_at is not None:
        seen = Seen(registered_at=profile.registered_at, by_reported_device=row["reported_at"] is not None)
    return Recalled(known=Known(profile=profile, found=found, lane=lane), seen=seen, memory=memory)


def _find_person(transaction: Transaction, ref: UserRef, device_id: DeviceId | None) -> Row:
    """Return the one row of a user, his memory and one of his devices; what is not there is NULL."""
    (row,) = transaction.all(
        "SELECT users.*, memories.sealed_memory, memories.due_at, devices.id AS device_id, devices.sealed_name,"
        " devices.step, devices.stepped_at, devices.first_seen_at, devices.last_seen_at AS device_seen_at,"
        " devices.last_proven_at, devices.trusted_at, devices.reported_at FROM (SELECT 1 AS one) AS here"
        " LEFT JOIN users ON users.application_id = :application_id AND users.user_key = :user_key"
        " LEFT JOIN memories ON memories.application_id = :application_id AND memories.user_key = :user_key"
        " LEFT JOIN devices ON devices.application_id = :application_id AND devices.user_key = :user_key"
        " AND devices.id = :device_id AND devices.revoked_at IS NULL",
        application_id=ref.application_id,
        user_key=ref.key,
        device_id=device_id,
    )
    return row


def _device(transaction: Transaction, ref: UserRef, row: Row) -> Device | None:
    if row["device_id"] is None:
        return None
    return Device(
        id=DeviceId(row["device_id"]),
        name=open_name(transaction, ref, row["device_id"], row["sealed_name"]),
        step=row["step"],
        stepped_at=Instant(row["stepped_at"]),
        first_seen_at=Instant(row["first_seen_at"]),
        last_seen_at=Instant(row["device_seen_at"]),
        last_proven_at=Instant(row["last_proven_at"]),
        trusted_at=row["trusted_at"],
    )


def _read_profile(transaction: Transaction, query: ProfileQuery, lane: Lane, row: Row, memory: FoundMemory) -> Profile:
    ref, limits, now = query.ref, query.limits, transaction.now
    # Neither waits for what the other finds: across a wire they travel together.
    tasks: list[Callable[[], Any]] = [
        lambda: _read_lately(transaction, query, lane, row["proven_through"] or 0),
        lambda: read_user(transaction, ref, row),
    ]
    lately, user = transaction.side_by_side(tasks)
    remembered = NO_MEMORY if user is None else as_it_counts_now(transaction, ref, memory)
    reset_at, reset_contact_id = _reset(row, limits, now)
    last_country, last_country_at = lately.places[0] if lately.places else (None, None)
    return Profile(
        now=now,
        user=user,
        failures=len(lately.failures),
        lane_free_at=lane_free_after(lately.failures, lane, limits),
        starts_free_at=starts_free_after(lately.starts, lane, limits),
        unproven_same_type=query.action_type in lately.unproven_types,
        unproven_networks=len(lately.unproven_networks),
        purchase_count=lately.purchases,
        purchase_sum=sum_bought(
            transaction,
            ref,
            since=_bought_since(limits, now),
            after_number=row["proven_through"] or 0,
            currency=query.currency if lately.purchases else None,
        ),
        countries_seen=frozenset(country for country, _ in lately.places),
        last_seen_at=row["last_seen_at"],
        reset_at=reset_at,
        reset_contact_id=reset_contact_id,
        breaker_open=opens_breaker(lately.compared, lately.wrong, limits),
        memory=NO_MEMORY if remembered is None else remembered,
        memory_is_lost=remembered is None,
        registered_at=None if user is None else user.created_at,
        changed_at=row["changed_at"],
        last_country=last_country,
        last_country_at=last_country_at,
    )


class _Lately:
    """What counts for or against a user of late."""

    __slots__ = (
        "compared",
        "failures",
        "places",
        "purchases",
        "starts",
        "unproven_networks",
        "unproven_types",
        "wrong",
    )

    def __init__(self) -> None:
        self.failures: list[Charge] = []
        self.starts: list[Charge] = []
        self.places: list[tuple[str, Instant]] = []
        """Countries with when he was last seen there, the latest first."""
        self.unproven_types: set[str] = set()
        self.unproven_networks: set[bytes] = set()
        self.purchases = 0
        self.compared = 0
        self.wrong = 0


_UNPROVEN: Final = (
    "SELECT 'unproven' AS fact, type AS word, created_at AS number, network AS subject FROM challenges"
    " WHERE application_id = :application_id AND user_key = :user_key AND created_at > :unproven_since"
    " AND state <> 'approved' AND type <> :confirmation AND (lane = :lane OR :lane = 'open')"
)
"""Seen from the own lane those of that lane: a stranger who keeps asking cannot trouble the owner on his device. Seen
from the open lane all of them, so that leaving a token out never counts less."""
_LATELY: Final = (
    f"{_UNPROVEN} UNION ALL SELECT budget, lane, at, NULL FROM charges WHERE application_id = :application_id"  # noqa: S608 our own text, values bound
    " AND user_key = :user_key AND budget = 'failures' AND subject = :whole AND at > :failures_since"
    " UNION ALL SELECT budget, lane, at, NULL FROM charges WHERE application_id = :application_id"
    " AND user_key = :user_key AND budget = 'starts' AND subject = :started AND at > :starts_since"
    " UNION ALL SELECT 'place', country, last_at, NULL FROM places WHERE application_id = :application_id"
    " AND user_key = :user_key"
    " UNION ALL SELECT 'bought', NULL, count(*), NULL FROM actions WHERE application_id = :application_id"
    f" AND user_key = :user_key AND number > :proven_through AND {BOUGHT} AND created_at > :bought_since"
    " AND sealed_action IS NOT NULL"
    " UNION ALL SELECT 'compared', NULL, CAST(coalesce(sum(compared), 0) AS BIGINT), NULL FROM attempt_minutes"
    " WHERE application_id = :application_id AND minute > :breaker_since"
    " UNION ALL SELECT 'wrong', NULL, CAST(coalesce(sum(wrong), 0) AS BIGINT), NULL FROM attempt_minutes"
    " WHERE application_id = :application_id AND minute > :breaker_since"
)


def _read_lately(transaction: Transaction, query: ProfileQuery, lane: Lane, proven_through: int) -> _Lately:
    ref, limits, now = query.ref, query.limits, transaction.now
    rows = transaction.all(
        _LATELY,
        application_id=ref.application_id,
        user_key=ref.key,
        lane=lane,
        confirmation=CONTACT_CONFIRMATION,
        unproven_since=later(now, hours=-limits.unproven_hours),
        whole=WHOLE_USER,
        failures_since=now - limits.failure_window_days * DAY_MS,
        started=query.action_type.encode(),
        starts_since=now - HOUR_MS,
        proven_through=proven_through,
        bought_since=_bought_since(limits, now),
        breaker_since=now // MINUTE_MS - BREAKER_MINUTES,
    )
    lately = _Lately()
    for row in rows:
        _sort_in(lately, row)
    lately.failures.sort()
    lately.starts.sort()
    lately.places.sort(key=lambda place: (-place[1], place[0]))
    return lately


def _sort_in(lately: _Lately, row: Row) -> None:
    fact, word, number = row["fact"], row["word"], row["number"]
    if fact == "unproven":
        lately.unproven_types.add(word)
        if row["subject"] is not None:
            lately.unproven_networks.add(row["subject"])
    elif fact == "failures":
        lately.failures.append((Instant(number), Lane(word)))
    elif fact == "starts":
        lately.starts.append((Instant(number), Lane(word)))
    elif fact == "place":
        lately.places.append((word, Instant(number)))
    elif fact == "bought":
        lately.purchases = number
    elif fact == "compared":
        lately.compared = number
    else:
        lately.wrong = number


def unproven_networks(transaction: Transaction, ref: UserRef, since: Instant) -> frozenset[bytes]:
    """Return the networks that challenges came from that are not approved, whatever their lane."""
    rows = transaction.all(
        _UNPROVEN,
        application_id=ref.application_id,
        user_key=ref.key,
        unproven_since=since,
        confirmation=CONTACT_CONFIRMATION,
        lane=Lane.OPEN,
    )
    return frozenset({row["subject"] for row in rows} - {None})


def _bought_since(limits: Limits, now: Instant) -> Instant:
    return later(now, hours=-limits.purchase_window_hours)


def _reset(row: Row, limits: Limits, now: Instant) -> tuple[Instant | None, ContactId | None]:
    if row["reset_at"] is None or now >= later(row["reset_at"], seconds=limits.reset_wait_s):
        return None, None
    return Instant(row["reset_at"]), ContactId(row["reset_contact_id"])
