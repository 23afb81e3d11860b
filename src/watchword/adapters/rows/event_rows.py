"""Rows of the audit log."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from watchword.adapters.rows.json_columns import read_json, write_json
from watchword.adapters.rows.transaction import Result, Transaction, UnwrittenEvent, Value
from watchword.domain.event import Event, EventType
from watchword.domain.ids import ApplicationId, EventId, UserKey
from watchword.domain.instant import Instant
from watchword.domain.user import UserRef

_AT_ONCE: Final = 16
"""Events in one statement at most; an operation of one user tells one to five of them, and rarely more."""


def write_event(
    transaction: Transaction,
    ref: UserRef,
    event_type: EventType,
    told_as: str | None = None,
    /,
    **data: str | int | bool | None,
) -> None:
    """Tell the one event of a transition; ``data`` holds ids, states and counts only.

    It is written with the others of its operation, by ``carry_out``. ``told_as`` is what this process is told after
    the commit where that says more than the type.
    """
    event_id = transaction.make_id("evt", ref.key)
    transaction.unwritten.append(UnwrittenEvent(ref, event_id, event_type, write_json(data)))
    transaction.events.append(event_type if told_as is None else told_as)


def carry_out(transaction: Transaction, operation: Callable[[Transaction], Result]) -> Result:
    """Carry out an operation, then write its events: those of a user in one statement, in the order of their telling.

    Where the operation raises they are forgotten with all else that it did.
    """
    transaction.unwritten.clear()
    result = operation(transaction)
    by_user: dict[UserRef, list[UnwrittenEvent]] = {}
    for event in transaction.unwritten:
        by_user.setdefault(event.ref, []).append(event)
    transaction.unwritten.clear()
    for ref, events in by_user.items():
        for first in range(0, len(events), _AT_ONCE):
            _insert(transaction, ref, events[first : first + _AT_ONCE])
    return result


def _insert(transaction: Transaction, ref: UserRef, events: Sequence[UnwrittenEvent]) -> None:
    values: dict[str, Value] = {"application_id": ref.application_id, "user_key": ref.key, "now": transaction.now}
    for place, event in enumerate(events):
        values |= {f"id_{place}": event.id, f"type_{place}": event.type, f"data_{place}": event.data}
    transaction.write(_insertion(len(events)), **values)


@cache
def _insertion(count: int) -> str:
    """Return the statement for so many events of one user; there are few different ones, and each is planned once.

    PostgreSQL numbers them by its transaction, and is asked for all of their numbers at once.
    """
    row = (
        "(:id_{0}, :type_{0}, :application_id, :user_key, :now, :data_{0}"
        '/*postgres , (SELECT first + {0} FROM "numbers")*/)'
    )
    rows = ", ".join(row.format(place) for place in range(count))
    return (
        f'/*postgres WITH "numbers" AS MATERIALIZED (SELECT watchword_event_numbers({count}) AS first)*/'  # noqa: S608 our own text, values bound
        f" INSERT INTO events (id, type, application_id, user_key, at, data/*postgres , number*/) VALUES {rows}"
    )


def read_events(
    transaction: Transaction, application_id: ApplicationId, limit: int, after: int
) -> Sequence[tuple[int, Event]]:
    """Return events with their numbers, in the order of their commit."""
    rows = transaction.all(
        "SELECT * FROM settled_events WHERE application_id = :application_id AND number > :after"
        " ORDER BY number LIMIT :limit",
        application_id=application_id,
        after=after,
        limit=limit,
    )
    return [
        (
            row["number"],
            Event(
                id=EventId(row["id"]),
                type=EventType(row["type"]),
                application_id=application_id,
                user_key=UserKey(row["user_key"]),
                at=Instant(row["at"]),
                data=read_json(row["data"]),
            ),
        )
        for row in rows
    ]
