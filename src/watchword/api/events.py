"""Events: the audit feed, in the order in which things were committed."""

from msgspec import Struct

from watchword.api.cursors import read_wanted, write_cursor
from watchword.api.operation import Call, Operation, Scope, Served
from watchword.api.responses import answer_with
from watchword.domain.errors import InvalidField
from watchword.domain.event import Event, EventType, data_outside
from watchword.domain.instant import rfc3339
from watchword.web.exchange import Answer

_LARGEST_NUMBER_DIGITS = 18


class EventAnswer(Struct, kw_only=True):
    """One line of the feed; ``cursor`` asks for what happened after it, whenever that will be."""

    id: str
    type: EventType
    created_at: str
    data: dict[str, str | int | bool | None]
    cursor: str


class EventList(Struct, kw_only=True):
    """Events, oldest first; ``next_cursor`` is null at the present end."""

    data: list[EventAnswer]
    next_cursor: str | None


def event_calls() -> tuple[Served, ...]:
    """Return the call that reads the feed."""
    operation = Operation(
        method="GET",
        path="/v1/events",
        name="listEvents",
        summary="Read the audit feed",
        scope=Scope.EVENTS,
        parameters=("limit", "cursor"),
        answers={200: EventList},
        refusals=(InvalidField,),
    )
    return (Served(operation=operation, handle=list_events),)


async def list_events(call: Call) -> Answer:
    """Read on in the feed."""
    wanted = read_wanted(call.request, "events")
    after = _number(wanted.after)
    found = await call.ports.store.events(call.application.id, limit=wanted.limit + 1, after=after)
    shown = [_event_answer(number, event) for number, event in found[: wanted.limit]]
    has_more = len(found) > len(shown)
    return answer_with(200, EventList(data=shown, next_cursor=shown[-1].cursor if has_more else None))


def _number(after: str | None) -> int:
    if after is None:
        return 0
    if not after.isdigit() or len(after) > _LARGEST_NUMBER_DIGITS:
        raise InvalidField("cursor is a next_cursor of this very list")
    return int(after)


def _event_answer(number: int, event: Event) -> EventAnswer:
    return EventAnswer(
        id=event.id,
        type=event.type,
        created_at=rfc3339(event.at),
        data=dict(data_outside(event.data)),
        cursor=write_cursor("events", str(number)),
    )
