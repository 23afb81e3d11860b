"""Reads what an assessment needs to know about a user, as of one moment."""

from watchword.adapters.rows.action_rows import allowed_purchases
from watchword.adapters.rows.budget_rows import failure_count, is_breaker_open, lane_free_at, starts_free_at
from watchword.adapters.rows.device_rows import present
from watchword.adapters.rows.memory_rows import read_memory
from watchword.adapters.rows.transaction import Row, Transaction
from watchword.adapters.rows.user_rows import find_user_row, places_of, read_user
from watchword.domain.action import CONTACT_CONFIRMATION
from watchword.domain.budget import Lane
from watchword.domain.device import DeviceState, Found, Unrecognised, state_of
from watchword.domain.ids import ContactId
from watchword.domain.instant import Instant, later
from watchword.domain.limits import Limits
from watchword.domain.user import UserRef
from watchword.ports.store.deciding import Known, ProfileQuery
from watchword.risk.memory import NO_MEMORY
from watchword.risk.profile import Profile


def read_known(transaction: Transaction, query: ProfileQuery) -> Known:
    """Take note of the device token, and return what the store knows about its user now."""
    presented = query.presented
    found: Found = Unrecognised()
    if presented is not None:
        found = present(transaction, query.ref, presented.device_id, presented.step)
    is_known = state_of(found, query.limits, transaction.now) is not DeviceState.NEW
    lane = Lane.OWN if is_known else query.lane
    return Known(profile=_read_profile(transaction, query, lane), found=found, lane=lane)


def _read_profile(transaction: Transaction, query: ProfileQuery, lane: Lane) -> Profile:
    ref, limits, now = query.ref, query.limits, transaction.now
    row = find_user_row(transaction, ref)
    unproven_since = later(now, hours=-limits.unproven_hours)
    purchase_count, purchase_sum = allowed_purchases(
        transaction,
        ref,
        since=later(now, hours=-limits.purchase_window_hours),
        after_number=0 if row is None else row["proven_through"],
        currency=query.currency,
    )
    reset_at, reset_contact_id = _reset(row, limits, now)
    user, places = read_user(transaction, ref, row), places_of(transaction, ref)
    memory = NO_MEMORY if user is None else read_memory(transaction, ref)
    return Profile(
        now=now,
        user=user,
        failures=failure_count(transaction, ref, limits),
        lane_free_at=lane_free_at(transaction, ref, lane, limits),
        starts_free_at=starts_free_at(transaction, ref, query.action_type, lane, limits),
        unproven_same_type=_has_unproven(transaction, query, lane, unproven_since),
        unproven_networks=unproven_networks(transaction, ref, unproven_since, lane=lane),
        purchase_count=purchase_count,
        purchase_sum=purchase_sum,
        countries_seen=frozenset(country for country, _ in places),
        last_seen_at=None if row is None else row["last_seen_at"],
        reset_at=reset_at,
        reset_contact_id=reset_contact_id,
        breaker_open=is_breaker_open(transaction, ref.application_id, limits),
        memory=memory or NO_MEMORY,
        memory_is_lost=memory is None,
        registered_at=None if user is None else user.created_at,
        changed_at=None if row is None else row["changed_at"],
        last_country=places[0][0] if places else None,
        last_country_at=places[0][1] if places else None,
    )


def unproven_networks(transaction: Transaction, ref: UserRef, since: Instant, *, lane: Lane = Lane.OPEN) -> int:
    """Return from how many networks challenges came that are not approved.

    Seen from the own lane those of that lane: a stranger who keeps asking cannot trouble the owner on his device. Seen
    from the open lane all of them, so that leaving a token out never counts less.
    """
    return transaction.number(
        "SELECT count(DISTINCT network) FROM challenges WHERE application_id = :application_id AND user_key = :user_key"
        " AND created_at > :since AND state <> 'approved' AND type <> :confirmation"
        " AND (lane = :lane OR :lane = 'open')",
        application_id=ref.application_id,
        user_key=ref.key,
        since=since,
        confirmation=CONTACT_CONFIRMATION,
        lane=lane,
    )


def _has_unproven(transaction: Transaction, query: ProfileQuery, lane: Lane, since: Instant) -> bool:
    """Whether a challenge of this type is not approved, seen from a lane; confirming a contact counts not."""
    if query.action_type == CONTACT_CONFIRMATION:
        return False
    return bool(
        transaction.number(
            "SELECT EXISTS (SELECT 1 FROM challenges WHERE application_id = :application_id AND user_key = :user_key"
            " AND created_at > :since AND state <> 'approved' AND type = :type AND (lane = :lane OR :lane = 'open'))",
            application_id=query.ref.application_id,
            user_key=query.ref.key,
            since=since,
            type=query.action_type,
            lane=lane,
        )
    )


def _reset(row: Row | None, limits: Limits, now: Instant) -> tuple[Instant | None, ContactId | None]:
    if row is None or row["reset_at"] is None or now >= later(row["reset_at"], seconds=limits.reset_wait_s):
        return None, None
    return Instant(row["reset_at"]), ContactId(row["reset_contact_id"])
