"""Rows of what is counted against burnt money: hand-overs that were paid for, new contacts, ranges of numbers.

Whoever admits holds the application's country, so that what is read here does not change until the commit.
"""

from collections.abc import Sequence
from typing import Final

from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.transaction import Row, Transaction
from watchword.domain.closures import Completion
from watchword.domain.event import NOBODY, EventType
from watchword.domain.guards import (
    CLOSURE_KEPT_MS,
    NEW_CONTACT_MS,
    Counted,
    Guard,
    Shut,
    Toll,
    closed_until,
    closes,
    prefix_shut,
    spending_shut,
    window_ms,
)
from watchword.domain.ids import ApplicationId
from watchword.domain.instant import DAY_MS, Instant
from watchword.domain.user import UserRef

NEWEST_MOST: Final = 200
"""Contacts of a range that are looked at: what is older than so many says nothing of today, and costs time to count."""


def admit(transaction: Transaction, toll: Toll) -> Shut | None:
    """Charge a message about to be handed over and count its contact, or return what shuts it."""
    known = _known(transaction, toll)
    if known["paid"]:
        return None
    shut = None
    if toll.is_code:
        by_prefix = None if toll.is_proven else _prefix_shut(transaction, toll, known)
        if by_prefix is not None:
            _count_refused(transaction, toll)
        shut = by_prefix or _spending_shut(transaction, toll, known)
    if shut is not None and toll.guards.enforced:
        return shut
    _charge(transaction, toll)
    is_new = transaction.now - toll.first_seen_at <= NEW_CONTACT_MS
    if toll.is_code and is_new and not toll.is_proven:
        _count(transaction, toll)
    return None


def take_back(transaction: Transaction, toll: Toll) -> None:
    """Give back what a try was charged, and count its contact no more."""
    charge = transaction.one(
        "SELECT day, country, price FROM guard_charges"
        " WHERE delivery_id = :delivery_id AND tries = :tries AND sender = :sender",
        delivery_id=toll.delivery_id,
        tries=toll.tries,
        sender=toll.sender,
    )
    if charge is None:
        return
    transaction.write(
        "DELETE FROM guard_charges WHERE delivery_id = :delivery_id AND tries = :tries AND sender = :sender",
        delivery_id=toll.delivery_id,
        tries=toll.tries,
        sender=toll.sender,
    )
    transaction.write(
        "UPDATE guard_spending SET spent = spent - :price, messages = messages - 1"
        " WHERE application_id = :application_id AND day = :day AND country = :country",
        application_id=toll.application_id,
        day=charge["day"],
        country=charge["country"],
        price=charge["price"],
    )
    _reopen(transaction, toll, charge["day"], charge["country"])
    transaction.write(
        "DELETE FROM guard_contacts WHERE application_id = :application_id AND contact_id = :contact_id"
        " AND channel = :channel AND delivery_id = :delivery_id AND completed_at IS NULL",
        application_id=toll.application_id,
        contact_id=toll.contact_id,
        channel=toll.channel,
        delivery_id=toll.delivery_id,
    )


def _reopen(transaction: Transaction, toll: Toll, day: int, country: str) -> None:
    """Open a country in which there is room again: the next message that finds none says so anew."""
    row = transaction.one(
        "SELECT spent, lifted, allowed FROM guard_spending WHERE application_id = :application_id AND day = :day"
        " AND country = :country AND full_at IS NOT NULL",
        application_id=toll.application_id,
        day=day,
        country=country,
    )
    if row is None or row["spent"] >= row["allowed"]:
        return
    rest = toll.guards.rest(toll.guards.cap(country) + row["lifted"])
    is_open = row["spent"] < rest
    transaction.write(
        "UPDATE guard_spending SET full_at = CASE WHEN :is_open = 1 THEN NULL ELSE full_at END, allowed = :rest"
        " WHERE application_id = :application_id AND day = :day AND country = :country",
        application_id=toll.application_id,
        day=day,
        country=country,
        is_open=int(is_open),
        rest=rest,
    )
    # While only the share for proven contacts has room again, the country stays closed for everybody else.
    if is_open:
        tell_of_guard(
            transaction,
            toll.application_id,
            EventType.GUARD_RELEASED,
            guard=Guard.SPENDING.value,
            place=country,
            reason="taken_back",
        )


def complete(transaction: Transaction, completed: Sequence[Completion]) -> None:
    """Note that codes came back; always in the same order, so that two who write do not wait for each other."""
    for one in sorted(completed, key=lambda one: (one.application_id, one.contact_id, one.channel)):
        transaction.write(
            "UPDATE guard_contacts SET completed_at = :now WHERE application_id = :application_id"
            " AND contact_id = :contact_id AND channel = :channel AND completed_at IS NULL",
            application_id=one.application_id,
            contact_id=one.contact_id,
            channel=one.channel,
            now=transaction.now,
        )


def tell_of_guard(
    transaction: Transaction, application_id: ApplicationId, event_type: EventType, **data: str | int | bool | None
) -> None:
    """Write an event of a guard, which is about no user."""
    write_event(transaction, UserRef(application_id=application_id, key=NOBODY), event_type, **data)


def _known(transaction: Transaction, toll: Toll) -> Row:
    """Return what there is of this hand-over, its range and its country; what there is nothing of is empty."""
    (row,) = transaction.all(
        "SELECT prefixes.closed_until, prefixes.counted_since, prefixes.times, prefixes.sent, prefixes.completed,"
        " spending.spent, spending.lifted, spending.full_at, spending.allowed, charges.price AS paid"
        " FROM (SELECT 1 AS one) AS asked"
        " LEFT JOIN guard_prefixes AS prefixes ON prefixes.application_id = :application_id"
        " AND prefixes.channel = :channel AND prefixes.prefix = :prefix"
        " LEFT JOIN guard_spending AS spending ON spending.application_id = :application_id"
        " AND spending.day = :day AND spending.country = :country"
        " LEFT JOIN guard_charges AS charges ON charges.delivery_id = :delivery_id"
        " AND charges.tries = :tries AND charges.sender = :sender",
        application_id=toll.application_id,
        channel=toll.channel,
        prefix=toll.prefix,
        day=transaction.now // DAY_MS,
        country=toll.country,
        delivery_id=toll.delivery_id,
        tries=toll.tries,
        sender=toll.sender,
    )
    return row


def _prefix_shut(transaction: Transaction, toll: Toll, known: Row) -> Shut | None:
    """Return what keeps the range of numbers closed, after closing it where it has to be."""
    until = known["closed_until"]
    if until is not None and transaction.now < until:
        counted = Counted(sent=known["sent"], completed=known["completed"])
        return prefix_shut(toll.channel, toll.prefix, counted, Instant(until))
    times = known["times"] if until is not None and transaction.now < until + CLOSURE_KEPT_MS else 0
    counted = _counted(transaction, toll, since=known["counted_since"])
    if not closes(counted, toll.guards, is_trial=times > 0):
        return None
    until = closed_until(transaction.now, toll.guards, times=times)
    transaction.write(
        "INSERT INTO guard_prefixes (application_id, channel, prefix, closed_at, closed_until, counted_since, times,"
        " sent, completed) VALUES (:application_id, :channel, :prefix, :now, :until, :until, :times, :sent, :completed)"
        " ON CONFLICT (application_id, channel, prefix) DO UPDATE SET closed_at = excluded.closed_at,"
        " closed_until = excluded.closed_until, counted_since = excluded.counted_since, times = excluded.times,"
        " sent = excluded.sent, completed = excluded.completed",
        application_id=toll.application_id,
        channel=toll.channel,
        prefix=toll.prefix,
        now=transaction.now,
        until=until,
        times=times + 1,
        sent=counted.sent,
        completed=counted.completed,
    )
    tell_of_guard(
        transaction,
        toll.application_id,
        EventType.GUARD_CLOSED,
        guard=Guard.PREFIX.value,
        channel=toll.channel.value,
        place=toll.prefix,
        until=until,
        sent=counted.sent,
        completed=counted.completed,
        times=times + 1,
        enforced=toll.guards.enforced,
    )
    return prefix_shut(toll.channel, toll.prefix, counted, until)


def _counted(transaction: Transaction, toll: Toll, *, since: int | None) -> Counted:
    row = transaction.one(
        "SELECT count(*) AS sent, count(completed_at) AS completed FROM"
        " (SELECT completed_at FROM guard_contacts WHERE application_id = :application_id AND channel = :channel"
        " AND prefix = :prefix AND sent_at >= :since ORDER BY sent_at DESC LIMIT :most) AS newest",
        application_id=toll.application_id,
        channel=toll.channel,
        prefix=toll.prefix,
        since=max(transaction.now - window_ms(toll.guards) + 1, since or 0),
        most=max(NEWEST_MOST, toll.guards.prefix_sends),
    )
    return Counted(sent=0, completed=0) if row is None else Counted(sent=row["sent"], completed=row["completed"])


def _spending_shut(transaction: Transaction, toll: Toll, known: Row) -> Shut | None:
    """Return what is said of a country whose cap this message would exceed, after noting that it is reached.

    A contact that was not proven before today finds it reached where the share of the others begins.
    """
    allowed = toll.guards.cap(toll.country) + (known["lifted"] or 0)
    reached = toll.within(allowed, transaction.now)
    if (known["spent"] or 0) + toll.price <= reached:
        return None
    _count_refused(transaction, toll)
    day = transaction.now // DAY_MS
    shut = spending_shut(toll.guards, toll.country, day, reached=reached, allowed=allowed)
    if known["full_at"] is not None and known["allowed"] >= reached:
        return shut
    transaction.write(
        "UPDATE guard_spending SET full_at = :now, allowed = :reached"
        " WHERE application_id = :application_id AND day = :day AND country = :country",
        application_id=toll.application_id,
        day=day,
        country=toll.country,
        now=transaction.now,
        reached=reached,
    )
    tell_of_guard(
        transaction,
        toll.application_id,
        EventType.GUARD_CLOSED,
        guard=Guard.SPENDING.value,
        place=toll.country,
        until=shut.free_at,
        enforced=toll.guards.enforced,
    )
    return shut


def _count_refused(transaction: Transaction, toll: Toll) -> None:
    transaction.write(
        "INSERT INTO guard_spending (application_id, day, country, refused)"
        " VALUES (:application_id, :day, :country, 1)"
        " ON CONFLICT (application_id, day, country) DO UPDATE SET refused = guard_spending.refused + 1",
        application_id=toll.application_id,
        day=transaction.now // DAY_MS,
        country=toll.country,
    )


def _charge(transaction: Transaction, toll: Toll) -> None:
    day = transaction.now // DAY_MS
    transaction.write(
        "INSERT INTO guard_charges (delivery_id, tries, sender, application_id, day, country, price, at)"
        " VALUES (:delivery_id, :tries, :sender, :application_id, :day, :country, :price, :now)",
        delivery_id=toll.delivery_id,
        tries=toll.tries,
        sender=toll.sender,
        application_id=toll.application_id,
        day=day,
        country=toll.country,
        price=toll.price,
        now=transaction.now,
    )
    transaction.write(
        "INSERT INTO guard_spending (application_id, day, country, spent, messages)"
        " VALUES (:application_id, :day, :country, :price, 1)"
        " ON CONFLICT (application_id, day, country) DO UPDATE SET spent = guard_spending.spent + excluded.spent,"
        " messages = guard_spending.messages + 1",
        application_id=toll.application_id,
        day=day,
        country=toll.country,
        price=toll.price,
    )


def _count(transaction: Transaction, toll: Toll) -> None:
    """Count a contact once, as of the last message that it got; once its code came back it stays as it is."""
    transaction.write(
        "INSERT INTO guard_contacts (application_id, contact_id, channel, prefix, delivery_id, sent_at)"
        " VALUES (:application_id, :contact_id, :channel, :prefix, :delivery_id, :now)"
        " ON CONFLICT (application_id, contact_id, channel) DO UPDATE SET delivery_id = excluded.delivery_id,"
        " sent_at = excluded.sent_at WHERE guard_contacts.completed_at IS NULL",
        application_id=toll.application_id,
        contact_id=toll.contact_id,
        channel=toll.channel,
        prefix=toll.prefix,
        delivery_id=toll.delivery_id,
        now=transaction.now,
    )
