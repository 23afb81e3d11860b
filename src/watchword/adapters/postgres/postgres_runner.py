"""Carries out operations on PostgreSQL: some connections for what writes, and some for what reads."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from watchword.adapters.postgres.group_lanes import GroupLanes, LaneSettings
from watchword.adapters.postgres.outage import Outage
from watchword.adapters.postgres.partitions import keep_months
from watchword.adapters.postgres.postgres_connection import open_pipeline
from watchword.adapters.postgres.told_time import ToldTime
from watchword.adapters.postgres.waiting_operation import WaitingOperation
from watchword.adapters.rows.transaction import Transaction
from watchword.domain.instant import END_OF_TIME, Instant
from watchword.ports.clock import Entropy
from watchword.ports.keyring import Keyring
from watchword.ports.store.values import Lesson

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms a process deals with its database."""

    connections: int = 4
    """At least two: enough that a group is made ready while another one is committed."""
    patience_s: float = 5.0
    """How long a caller waits for the database before he is told that it is not there: a standby takes over in less."""
    answer_limit_s: float = 8.0
    """Longer than any statement may take on the server; whoever is silent for so long is gone."""
    latest: Callable[[], Instant] = lambda: END_OF_TIME
    """How late it can be: a database that says it is later is not believed."""
    elapsed_ms: Callable[[], int] | None = None
    """How long this machine has run. With it a time that the database told is gone by for a second; None: each asks."""
    on_outage: Callable[[str | None], None] = lambda _: None
    """Told once why the database is away, in words that name no place, and None when it is back; must not fail."""


USUAL_TERMS: Final = Terms()
_CONFIRMABLE: Final = "SELECT pg_logical_emit_message(true, 'watchword', '') IS NOT NULL AS written"


class PostgresRunner:
    """Keeps the promise of ``rows.row_store.Runner``; belongs to one event loop."""

    __slots__ = ("_loop", "_on_event", "_on_lesson", "_reading", "_settings", "_terms", "_time", "_writing")

    def __init__(
        self,
        settings: Mapping[str, str],
        entropy: Entropy,
        keyring: Keyring,
        *,
        on_event: Callable[[str], None],
        on_lesson: Callable[[Lesson], None],
        terms: Terms = USUAL_TERMS,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._settings = settings
        self._terms = terms
        self._time = ToldTime(terms.elapsed_ms)
        self._on_event = on_event
        self._on_lesson = on_lesson
        connect = partial(open_pipeline, settings)
        for_reading = max(1, terms.connections // 2)
        outage = Outage(terms.on_outage, self._loop.time)

        def lanes(count: int, *, writes: bool, on_committed: Callable[[WaitingOperation], None]) -> GroupLanes:
            how = LaneSettings(
                writes=writes,
                connections=count,
                patience_s=terms.patience_s,
                answer_limit_s=terms.answer_limit_s,
                latest=terms.latest,
            )
            return GroupLanes(how, connect, entropy, keyring, on_committed, outage, self._time)

        self._reading = lanes(for_reading, writes=False, on_committed=_tell_nothing)
        self._writing = lanes(max(1, terms.connections - for_reading), writes=True, on_committed=self._tell)

    async def write(
        self,
        owner: bytes | None,
        operation: Callable[[Transaction], Answer],
        *,
        soon: bool = False,
    ) -> Answer:
        """Carry out an operation and return its result once it is committed, ``soon`` without waiting for a disk.

        A group in which all are ``soon`` is committed with ``synchronous_commit`` off, and everybody sees it before its
        callers are answered. Its log is written within three times ``wal_writer_delay`` (0.6 s by default), or with the
        next commit of the same server that waits, whosever that is, and a synchronous standby confirms that one only
        with all before it. So a crash of the server, and a standby that takes over, can lose only what nothing durable
        came after. In a group with others it waits with them.
        """
        return await self._answer_of(self._writing, owner, operation, soon=soon)

    async def ask(self, question: Callable[[Transaction], Answer], *, is_one_query: bool = False) -> Answer:
        """Answer a question from one consistent view of what is committed; one query is one exchange."""
        return await self._answer_of(self._reading, None, question, is_one_query=is_one_query)

    async def now(self) -> Instant:
        """Return the time of the database: by what it said a second ago at most, or by asking it."""
        told = self._time.tell(self._terms.latest())
        if told is not None:
            return told
        asked_at_ms = self._time.mark()
        told = await self.ask(lambda read: read.now)
        # Whoever was stopped meanwhile would go by a time from before, and hand over what is dead since.
        return await self.ask(lambda read: read.now) if self._time.is_old(asked_at_ms) else told

    async def forget_events(self, before: Instant, limit: int) -> int:  # noqa: ARG002 a month goes at once, however many it has
        """Make the months to come, drop those that ended before a moment, and return how many these were."""
        return await asyncio.to_thread(keep_months, self._settings, before, await self.now())

    async def confirm(self) -> None:
        """Return once the standbys that have to confirm commits have everything that was committed up to now.

        A commit whose wait for them was cancelled can be read all the same, and is lost with the primary. A message in
        the log, which nobody reads, makes a commit that they confirm with all before it.
        """
        await self.write(None, lambda write: write.all(_CONFIRMABLE))

    async def close(self) -> None:
        """Commit what is open, answer everybody, and let go of the database."""
        await self._writing.close()
        await self._reading.close()
        self._time.forget()

    async def _answer_of(
        self,
        lanes: GroupLanes,
        owner: bytes | None,
        operation: Callable[[Transaction], Answer],
        *,
        soon: bool = False,
        is_one_query: bool = False,
    ) -> Answer:
        waiting = WaitingOperation(
            owner, operation, self._loop.create_future(), self._loop.time(), soon=soon, is_one_query=is_one_query
        )
        lanes.submit(waiting)
        answer: Answer = await waiting.answer
        return answer

    def _tell(self, committed: WaitingOperation) -> None:
        transaction = committed.transaction
        if transaction is None:
            return
        for event_type in transaction.events:
            self._on_event(event_type)
        for lesson in transaction.lessons:
            self._on_lesson(lesson)


def _tell_nothing(_: WaitingOperation) -> None:
    """Keep silent: a question writes no event."""
