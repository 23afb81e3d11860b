"""Rows of what guards keep closed: read, released by the operator, and forgotten."""

from collections.abc import Sequence
from typing import Final

from watchword.adapters.rows.guard_rows import tell_of_guard
from watchword.adapters.rows.transaction import Row, Transaction
from watchword.domain.closures import Closure
from watchword.domain.contact import Channel
from watchword.domain.event import EventType
from watchword.domain.guards import CLOSURE_KEPT_MS, Counted, Guard
from watchword.domain.ids import ApplicationId
from watchword.domain.instant import DAY_MS, Instant
from watchword.ports.guarding import Spent

COUNTED_MS: Final = 3 * DAY_MS
"""The longest window in which contacts are counted, and more than a hand-over that was paid for may still be of use."""
SPENDING_DAYS: Final = 90
"""How many days what was spent is kept for the operator."""


def closed_now(transaction: Transaction) -> Sequence[Closure]:
    """Return what is closed now, of every application."""
    prefixes = transaction.all("SELECT * FROM guard_prefixes WHERE closed_until > :now", now=transaction.now)
    countries = transaction.all(
        "SELECT * FROM guard_spending WHERE day = :day AND full_at IS NOT NULL", day=transaction.now // DAY_MS
    )
    return [*map(_prefix_of, prefixes), *map(_country_of, countries)]


def list_closures(transaction: Transaction, application_id: ApplicationId) -> Sequence[Closure]:
    """Return what is closed and what was within the last days, the newest first."""
    since = transaction.now - CLOSURE_KEPT_MS
    prefixes = transaction.all(
        "SELECT * FROM guard_prefixes WHERE application_id = :application_id AND closed_until > :since",
        application_id=application_id,
        since=since,
    )
    countries = transaction.all(
        "SELECT * FROM guard_spending WHERE application_id = :application_id AND day >= :day AND full_at IS NOT NULL",
        application_id=application_id,
        day=since // DAY_MS,
    )
    found = [*map(_prefix_of, prefixes), *map(_country_of, countries)]
    return sorted(found, key=lambda one: one.closed_at, reverse=True)


def spent_today(transaction: Transaction, application_id: ApplicationId) -> Sequence[Spent]:
    """Return what was spent today, the dearest country first."""
    rows = transaction.all(
        "SELECT country, spent, lifted, messages, refused FROM guard_spending"
        " WHERE application_id = :application_id AND day = :day ORDER BY spent DESC, country",
        application_id=application_id,
        day=transaction.now // DAY_MS,
    )
    return [Spent(**row) for row in rows]


def release(
    transaction: Transaction, application_id: ApplicationId, guard: Guard, place: str, reason: str, cap: int
) -> int:
    """Open what a guard keeps closed; return how many closures that were."""
    if guard is Guard.PREFIX:
        return _release_prefix(transaction, application_id, place, reason)
    lifted = transaction.run(
        "UPDATE guard_spending SET lifted = lifted + :cap, full_at = NULL"
        " WHERE application_id = :application_id AND day = :day AND country = :country AND full_at IS NOT NULL",
        application_id=application_id,
        day=transaction.now // DAY_MS,
        country=place,
        cap=cap,
    )
    if lifted:
        tell_of_guard(
            transaction, application_id, EventType.GUARD_RELEASED, guard=guard.value, place=place, reason=reason
        )
    return lifted


def forget_old_guards(transaction: Transaction, limit: int) -> int:
    """Forget what counts no more, at most ``limit`` of each kind."""
    counted = transaction.run(
        "DELETE FROM guard_contacts WHERE sent_at <= :before AND (application_id, contact_id, channel) IN"
        " (SELECT application_id, contact_id, channel FROM guard_contacts WHERE sent_at <= :before LIMIT :limit)",
        before=transaction.now - COUNTED_MS,
        limit=limit,
    )
    paid = transaction.run(
        "DELETE FROM guard_charges WHERE (delivery_id, tries, sender) IN"
        " (SELECT delivery_id, tries, sender FROM guard_charges WHERE at <= :before LIMIT :limit)",
        before=transaction.now - COUNTED_MS,
        limit=limit,
    )
    closed = transaction.run(
        "DELETE FROM guard_prefixes WHERE closed_until <= :before", before=transaction.now - CLOSURE_KEPT_MS
    )
    spent = transaction.run(
        "DELETE FROM guard_spending WHERE day < :before", before=transaction.now // DAY_MS - SPENDING_DAYS
    )
    return counted + paid + closed + spent


def _release_prefix(transaction: Transaction, application_id: ApplicationId, prefix: str, reason: str) -> int:
    rows = transaction.all(
        "SELECT channel FROM guard_prefixes"
        " WHERE application_id = :application_id AND prefix = :prefix AND closed_until > :now ORDER BY channel",
        application_id=application_id,
        prefix=prefix,
        now=transaction.now,
    )
    released = 0
    for row in rows:
        opened = transaction.run(
            "UPDATE guard_prefixes SET closed_until = :now, counted_since = :now + 1, times = 0"
            " WHERE application_id = :application_id AND channel = :channel AND prefix = :prefix"
            " AND closed_until > :now",
            application_id=application_id,
            channel=row["channel"],
            prefix=prefix,
            now=transaction.now,
        )
        if opened:
            released += 1
            tell_of_guard(
                transaction,
                application_id,
                EventType.GUARD_RELEASED,
                guard=Guard.PREFIX.value,
                channel=row["channel"],
                place=prefix,
                reason=reason,
            )
    return released


def _prefix_of(row: Row) -> Closure:
    return Closure(
        application_id=ApplicationId(row["application_id"]),
        guard=Guard.PREFIX,
        channel=Channel(row["channel"]),
        place=row["prefix"],
        closed_at=Instant(row["closed_at"]),
        closed_until=Instant(row["closed_until"]),
        times=row["times"],
        counted=Counted(sent=row["sent"], completed=row["completed"]),
    )


def _country_of(row: Row) -> Closure:
    return Closure(
        application_id=ApplicationId(row["application_id"]),
        guard=Guard.SPENDING,
        channel=None,
        place=row["country"],
        closed_at=Instant(row["full_at"]),
        closed_until=Instant((row["day"] + 1) * DAY_MS),
        times=1,
        counted=Counted(sent=row["messages"], completed=0),
        spent=row["spent"],
        reached=row["allowed"],
        lifted=row["lifted"],
    )
