"""Rows of what was counted: exact rolling windows by counting charges, and the breaker's coarse minutes.

A charge at *t* counts in a window of length *l* until, and not including, *t + l*.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from watchword.adapters.rows.attempt_tally import Counts
from watchword.adapters.rows.transaction import ANYBODY, Row, Transaction
from watchword.domain.budget import Budget, Charged, Full, Lane, Window
from watchword.domain.ids import ApplicationId, UserKey
from watchword.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Instant, later
from watchword.domain.limits import Limits, bounds_of
from watchword.domain.user import UserRef
from watchword.ports.store.charging import AddressCharge

Charge = tuple[Instant, Lane]
"""When something was charged, and to which lane."""
BREAKER_MINUTES: Final = 10
"""The span over which the breaker looks at guesses."""
WHOLE_USER: Final = b""
"""The subject of a budget that has no parts."""
FAILURES_KEPT_MS: Final = bounds_of("failure_window_days").high * DAY_MS
"""How long a wrong guess counts at most, by any application's limits."""
_KEPT_MS: Final = {
    Budget.FAILURES: FAILURES_KEPT_MS,
    Budget.STARTS: HOUR_MS,
    Budget.CONTACT_SENDS: DAY_MS,
    Budget.IP_STARTS: DAY_MS,
    Budget.REFERENCE_TRIES: DAY_MS,
}
"""The longest window of each budget: an older charge counts nowhere."""


def charge_failure(transaction: Transaction, ref: UserRef, lane: Lane) -> None:
    """Charge one wrong guess to a user."""
    _charge(transaction, ref.application_id, ref.key, Budget.FAILURES, WHOLE_USER, lane)


def lane_free_after(failures: Sequence[Charge], lane: Lane, limits: Limits) -> Instant | None:
    """Return when the lane has guesses again after these failures, oldest first; None while it has some.

    The open lane ends at its own part of the budget, and either lane where both together have used all of it.
    """
    length_ms = limits.failure_window_days * DAY_MS
    frees = [_free_at([at for at, _ in failures], limits.failures_per_user, length_ms)]
    if lane is Lane.OPEN:
        in_lane = [at for at, charged in failures if charged is Lane.OPEN]
        frees.append(_free_at(in_lane, limits.open_lane_failures, length_ms))
    return max((free for free in frees if free is not None), default=None)


def forget_failures(transaction: Transaction, ref: UserRef) -> int:
    """Forget every wrong guess of a user and return how many there were."""
    return transaction.run(
        "DELETE FROM charges WHERE application_id = :application_id AND user_key = :user_key AND budget = :budget",
        application_id=ref.application_id,
        user_key=ref.key,
        budget=Budget.FAILURES,
    )


def charge_start(
    transaction: Transaction, ref: UserRef, action_type: str, lane: Lane, limits: Limits
) -> Instant | None:
    """Charge one start to user, type and lane; where they are used up, charge nothing and return when one frees."""
    charges = _charges(transaction, ref.application_id, ref.key, Budget.STARTS, action_type.encode(), HOUR_MS)
    free_at = starts_free_after(charges, lane, limits)
    if free_at is None:
        _charge(transaction, ref.application_id, ref.key, Budget.STARTS, action_type.encode(), lane)
    return free_at


def starts_free_after(starts: Sequence[Charge], lane: Lane, limits: Limits) -> Instant | None:
    """Return when a type may be started again in this lane after its starts of the last hour, oldest first."""
    return _free_at([at for at, charged in starts if charged is lane], limits.starts_per_hour, HOUR_MS)


def charge_address(
    transaction: Transaction, application_id: ApplicationId, charge: AddressCharge, lane: Lane, call: bytes | None
) -> Charged | Full:
    """Charge one to an address if every window has room, and the same call has not charged it."""
    rows = address_rows(transaction, application_id, charge)
    if was_charged(rows, call):
        return Charged()
    full_until = address_full_until(rows, charge, lane, transaction.now)
    if full_until is not None:
        return Full(free_at=full_until)
    charge_addresses(transaction, application_id, (charge,), lane, call)
    return Charged()


def address_rows(transaction: Transaction, application_id: ApplicationId, charge: AddressCharge) -> list[Row]:
    """Return the charges of an address that count in one of its windows, oldest first."""
    return _charge_rows(transaction, application_id, ANYBODY, charge.budget, charge.subject, _longest_ms(charge))


def rows_of_two_addresses(
    transaction: Transaction, application_id: ApplicationId, first: AddressCharge, second: AddressCharge
) -> list[Row]:
    """Return the charges of two addresses, each with the ``place`` (0 or 1) of its address, oldest first."""
    rows = transaction.all(
        # Two questions in one, and no OR: each finds its rows by the index, whatever the planner believes of them.
        "SELECT 0 AS place, at, lane, call_scope FROM charges WHERE application_id = :application_id"
        " AND user_key = :user_key AND budget = :budget AND subject = :subject AND at > :since"
        " UNION ALL SELECT 1 AS place, at, lane, call_scope FROM charges WHERE application_id = :application_id"
        " AND user_key = :user_key AND budget = :other_budget AND subject = :other_subject AND at > :other_since",
        application_id=application_id,
        user_key=ANYBODY,
        budget=first.budget,
        subject=first.subject,
        since=transaction.now - _longest_ms(first),
        other_budget=second.budget,
        other_subject=second.subject,
        other_since=transaction.now - _longest_ms(second),
    )
    return sorted(rows, key=itemgetter("at"))


def was_charged(rows: Sequence[Row], call: bytes | None) -> bool:
    """Whether one of these charges was made for the same call."""
    return call is not None and any(row["call_scope"] == call for row in rows)


def address_full_until(rows: Sequence[Row], charge: AddressCharge, lane: Lane, now: Instant) -> Instant | None:
    """Return when an address has room again for a charge after these, oldest first; None where it has some."""
    frees = [_full_until([Instant(row["at"]) for row in rows], charge.windows, now)]
    if lane is Lane.OPEN:
        in_lane = [Instant(row["at"]) for row in rows if row["lane"] == Lane.OPEN]
        frees.append(_full_until(in_lane, charge.open_windows, now))
    return max((free for free in frees if free is not None), default=None)


def charge_addresses(
    transaction: Transaction,
    application_id: ApplicationId,
    charges: Sequence[AddressCharge],
    lane: Lane,
    call: bytes | None,
) -> None:
    """Charge one to each of these addresses, which have room."""
    if len(charges) != 2:  # noqa: PLR2004 two of a start are the rule, and go in one statement
        for charge in charges:
            _charge(transaction, application_id, ANYBODY, charge.budget, charge.subject, lane, call)
        return
    first, second = charges
    transaction.write(
        "INSERT INTO charges (application_id, user_key, budget, subject, lane, at, call_scope)"
        " VALUES (:application_id, :user_key, :budget, :subject, :lane, :at, :call),"
        " (:application_id, :user_key, :other_budget, :other_subject, :lane, :at, :call)",
        application_id=application_id,
        user_key=ANYBODY,
        budget=first.budget,
        subject=first.subject,
        other_budget=second.budget,
        other_subject=second.subject,
        lane=lane,
        at=transaction.now,
        call=call,
    )


def count_attempts(transaction: Transaction, counts: Counts) -> None:
    """Count compared guesses in the bucket of this minute, in the slot of whoever writes them."""
    for application_id, (compared, wrong) in sorted(counts.items()):
        transaction.write(
            "INSERT INTO attempt_minutes (application_id, minute, compared, wrong)"
            " VALUES (:application_id, :minute, :compared, :wrong)"
            " ON CONFLICT (application_id, minute, slot) DO UPDATE SET"
            " compared = attempt_minutes.compared + excluded.compared, wrong = attempt_minutes.wrong + excluded.wrong",
            application_id=application_id,
            minute=transaction.now // MINUTE_MS,
            compared=compared,
            wrong=wrong,
        )


def opens_breaker(compared: int, wrong: int, limits: Limits) -> bool:
    """Whether too many of an application's latest guesses were wrong."""
    return compared >= limits.breaker_least_attempts and wrong * 100 > compared * limits.breaker_wrong_percent


def forget_old_charges(transaction: Transaction, limit: int) -> int:
    """Forget charges and minutes that count nowhere any more, at most ``limit`` of each kind."""
    forgotten = transaction.run(
        "DELETE FROM attempt_minutes WHERE minute < :before", before=transaction.now // MINUTE_MS - 2 * BREAKER_MINUTES
    )
    for budget, kept_ms in _KEPT_MS.items():
        forgotten += transaction.run(
            # The index by age counts positive numbers only, so that PostgreSQL takes it here and nowhere else.
            "DELETE FROM charges WHERE number IN"
            " (SELECT number FROM charges WHERE budget = :budget AND at <= :before AND number > 0 LIMIT :limit)",
            budget=budget,
            before=transaction.now - kept_ms,
            limit=limit,
        )
    return forgotten


def _charges(
    transaction: Transaction, application_id: str, user_key: bytes, budget: Budget, subject: bytes, length_ms: int
) -> list[Charge]:
    rows = _charge_rows(transaction, application_id, user_key, budget, subject, length_ms)
    return [(Instant(row["at"]), Lane(row["lane"])) for row in rows]


def _charge_rows(
    transaction: Transaction, application_id: str, user_key: bytes, budget: Budget, subject: bytes, length_ms: int
) -> list[Row]:
    return transaction.all(
        "SELECT at, lane, call_scope FROM charges WHERE application_id = :application_id AND user_key = :user_key"
        " AND budget = :budget AND subject = :subject AND at > :since ORDER BY at",
        application_id=application_id,
        user_key=user_key,
        budget=budget,
        subject=subject,
        since=transaction.now - length_ms,
    )


def _charge(
    transaction: Transaction,
    application_id: ApplicationId,
    user_key: UserKey | bytes,
    budget: Budget,
    subject: bytes,
    lane: Lane,
    call: bytes | None = None,
) -> None:
    transaction.write(
        "INSERT INTO charges (application_id, user_key, budget, subject, lane, at, call_scope)"
        " VALUES (:application_id, :user_key, :budget, :subject, :lane, :at, :call)",
        application_id=application_id,
        user_key=user_key,
        budget=budget,
        subject=subject,
        lane=lane,
        at=transaction.now,
        call=call,
    )


def _longest_ms(charge: AddressCharge) -> int:
    """Return how far back a charge counts in one of the windows."""
    return max(window.length_s for window in (*charge.windows, *charge.open_windows)) * SECOND_MS


def _full_until(moments: Sequence[Instant], windows: Sequence[Window], now: Instant) -> Instant | None:
    frees = []
    for window in windows:
        length_ms = window.length_s * SECOND_MS
        frees.append(_free_at([at for at in moments if at > now - length_ms], window.most, length_ms))
    return max((free for free in frees if free is not None), default=None)


def _free_at(moments: list[Instant], most: int, length_ms: int) -> Instant | None:
    """Return when fewer than ``most`` of these moments (oldest first, all within the window) are left in it."""
    return None if len(moments) < most else later(moments[-most], seconds=length_ms / SECOND_MS)
