"""One transaction that several operations go through together, in as many exchanges as the longest of them asks.

Each operation runs in a greenlet until it waits for an answer; when all wait, everything they put down travels at once.
The lock order is stated here and nowhere else: first the owners, ascending, each by an advisory lock that ends with the
transaction; then rows.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from greenlet import getcurrent, greenlet

from watchword.adapters.postgres.pipeline import Answers, Pipeline, StatementFailed
from watchword.adapters.postgres.postgres_statements import PostgresStatements, lock_of
from watchword.adapters.postgres.prepared_texts import Bigints, PreparedTexts
from watchword.adapters.postgres.waiting_operation import WaitingOperation
from watchword.adapters.rows.transaction import Transaction, Value
from watchword.domain.errors import StorageUnavailable
from watchword.domain.instant import Instant
from watchword.ports.clock import Entropy
from watchword.ports.keyring import Keyring

_HELD_MOST_S: Final = 0.002
"""How long the loop is kept before others get their turn; one operation takes less between two waits."""
_BEGIN_WRITING: Final = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE"
_BEGIN_READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
# An array is unnested in its order, and nothing here could change it: no join, no sorting, no parallel plan.
_LOCK: Final = "SELECT count(pg_advisory_xact_lock(lock)) FROM unnest(:locks) AS lock"
_NOW: Final = "SELECT watchword_now() AS now"
_NOTHING: Final[Mapping[str, Value]] = {}


class OperationRaised(Exception):
    """An operation raised after it had changed something; the whole transaction has to be rolled back."""

    def __init__(self, operation: WaitingOperation) -> None:
        super().__init__("an operation raised")
        self.operation = operation


class SharedTransaction:
    """A transaction on one connection from its BEGIN to its end; used once."""

    __slots__ = (
        "_answers",
        "_askers",
        "_entropy",
        "_held",
        "_keyring",
        "_limit_s",
        "_members",
        "_now",
        "_pipeline",
        "_running",
        "_texts",
        "_writes",
        "commit_sent",
    )

    def __init__(
        self, pipeline: Pipeline, texts: PreparedTexts, entropy: Entropy, keyring: Keyring, *, limit_s: float
    ) -> None:
        self._pipeline = pipeline
        self._texts = texts
        self._entropy = entropy
        self._keyring = keyring
        self._limit_s = limit_s
        self._members: Sequence[WaitingOperation] = ()
        self._running: WaitingOperation | None = None
        self._askers: list[WaitingOperation | None] = []
        self._held: dict[bytes, WaitingOperation] = {}
        self._answers: Answers | None = None
        self._now = Instant(0)
        self._writes = False
        self.commit_sent = False
        """Whether the server may have committed."""

    async def begin(self, members: Sequence[WaitingOperation], *, writes: bool, not_before: Instant) -> Instant:
        """Begin, lock the owners of these operations, and return the time of the database, or that one if it is later.

        It is the time of everything in the transaction.
        """
        self._members = members
        self._writes = writes
        self._held = {member.owner: member for member in members if member.owner is not None}
        self.put(_BEGIN_WRITING if writes else _BEGIN_READING, _NOTHING)
        if self._held:
            locks = sorted(map(lock_of, self._held))
            self.put(_LOCK, {"locks": Bigints.of(locks)})
        position = self.put(_NOW, _NOTHING)
        answers = await self._exchange()
        self._now = max(not_before, Instant(answers.rows(position)[0]["now"]))
        return self._now

    async def carry_out(self, on_done: Callable[[WaitingOperation], None]) -> None:
        """Carry out every operation up to its end; ``on_done`` is told of each as it gets there.

        Raises ``OperationRaised``, and what ``Pipeline.exchange`` raises.
        """
        under_way = self._members
        while True:
            await self._advance(under_way, on_done)
            under_way = [member for member in under_way if not member.is_done]
            if not under_way:
                return
            self._answers = await self._exchange()

    async def commit(self) -> bool:
        """Commit; return whether it is certain that it was, and to as many standbys as have to confirm it.

        Raises ``StatementFailed`` where it is certain that it was not.
        """
        position = self.put("COMMIT", _NOTHING)
        self.commit_sent = True
        answers = await self._exchange()
        return answers.command(position) == b"COMMIT" and not self._pipeline.warned

    async def roll_back(self) -> None:
        """End every operation where it stands, and the transaction."""
        self.abandon()
        self.put("ROLLBACK", _NOTHING)
        try:
            await self._exchange()
        except StatementFailed:
            # Something that was put down before the end came was refused, and the server skipped the rest.
            self.put("ROLLBACK", _NOTHING)
            await self._exchange()

    def abandon(self) -> None:
        """End every operation where it stands."""
        for member in self._members:
            if member.run is not None and not member.run.dead:
                member.run.throw()

    def asker(self, position: int) -> WaitingOperation | None:
        """Return whose the statement of the last exchange was."""
        return self._askers[position]

    # What ``PostgresStatements`` asks for, always from within the greenlet of an operation ---------------------------

    def put(self, sql: str, values: Mapping[str, Value]) -> int:
        """Put a statement with the next exchange, and return its position there."""
        prepared, encoded = self._texts.bind(sql, values)
        member = self._running
        if member is not None and not member.changed:
            member.changed = self._texts.changes(sql)
            if member.changed and not self._writes:
                raise StorageUnavailable("a question changes nothing")
        position = self._pipeline.send(prepared, encoded)
        if position == 0:
            self._askers = []
        self._askers.append(member)
        return position

    def give_way(self) -> Answers:
        """Let the others go on, and return the answers of the exchange once they are there."""
        parent = getcurrent().parent
        if parent is None or self._running is None:
            raise RuntimeError("only an operation that is carried out can wait")
        parent.switch()
        if self._answers is None:
            raise RuntimeError("an operation went on without its answers")
        return self._answers

    def lay_hold(self, user_keys: Sequence[bytes]) -> Sequence[bytes]:
        """Return those users whom no other operation of the group changes; from now on this one does."""
        member = self._running
        if member is None:
            raise RuntimeError("only an operation that is carried out can reserve")
        # The locks of the database are the transaction's, which all operations of the group share.
        return [key for key in user_keys if self._held.setdefault(key, member) is member]

    async def _advance(self, members: Sequence[WaitingOperation], on_done: Callable[[WaitingOperation], None]) -> None:
        """Let each operation go on to its next wait, or its end."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        for member in members:
            self._go_on(member)
            if member.is_done:
                if member.error is not None and member.changed:
                    raise OperationRaised(member)
                on_done(member)
            if loop.time() - since > _HELD_MOST_S:
                await asyncio.sleep(0)
                since = loop.time()

    def _go_on(self, member: WaitingOperation) -> None:
        if member.run is None:
            statements = PostgresStatements(self)
            member.transaction = Transaction(statements, self._now, self._entropy, self._keyring)
            member.run = greenlet(_perform)
        self._running = member
        try:
            member.run.switch(member)
        finally:
            self._running = None

    async def _exchange(self) -> Answers:
        return await self._pipeline.exchange(self._limit_s)


def _perform(member: WaitingOperation) -> None:
    if member.transaction is None:
        raise RuntimeError("an operation was started without its transaction")
    try:
        member.result = member.operation(member.transaction)
    except Exception as error:  # noqa: BLE001 whatever it is belongs to its caller, and not to the rest of the group
        member.error = error
    member.is_done = True
