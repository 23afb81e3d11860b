"""Writes down every statement that a store carries out, by the operation it belongs to, and hands it on untouched."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from watchword.adapters.rows.event_rows import carry_out as carry_events_out
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.rows.runner import Runner
from watchword.adapters.rows.transaction import Row, Statements, Transaction, Value
from watchword.domain.instant import Instant

Answer = TypeVar("Answer")
Statement = tuple[str, Mapping[str, Value]]
"""A text and what is bound in it."""


@dataclass(slots=True, kw_only=True)
class RecordedOperation:
    """One operation with its statements in their order."""

    owner: bytes | None
    """Whose rows it may change, as the runner was told; None for a question, and for what meets many users."""
    is_question: bool
    statements: list[Statement] = field(default_factory=list)
    reserved: list[tuple[bytes, int]] = field(default_factory=list)
    """Whom it reserved besides, and how many statements it had said before."""


def record_statements(store: RowStore) -> tuple[RowStore, list[RecordedOperation]]:
    """Return a store that works on the other one's runner, and the list that its operations are written to."""
    operations: list[RecordedOperation] = []
    return RowStore(_RecordingRunner(store.runner, operations)), operations


class _RecordingRunner:
    """Keeps the promise of ``rows.row_store.Runner`` by another runner."""

    def __init__(self, runner: Runner, operations: list[RecordedOperation]) -> None:
        self._runner = runner
        self._operations = operations

    async def write(
        self, owner: bytes | None, operation: Callable[[Transaction], Answer], *, soon: bool = False
    ) -> Answer:
        return await self._runner.write(owner, self._recorded(operation, owner, is_question=False), soon=soon)

    async def ask(self, question: Callable[[Transaction], Answer], *, is_one_query: bool = False) -> Answer:
        recorded = self._recorded(question, None, is_question=True)
        return await self._runner.ask(recorded, is_one_query=is_one_query)

    async def now(self) -> Instant:
        return await self._runner.now()

    async def forget_events(self, before: Instant, limit: int) -> int:
        return await self._runner.forget_events(before, limit)

    async def confirm(self) -> None:
        await self._runner.confirm()

    async def close(self) -> None:
        await self._runner.close()

    def _recorded(
        self, operation: Callable[[Transaction], Answer], owner: bytes | None, *, is_question: bool
    ) -> Callable[[Transaction], Answer]:
        def carry_out(transaction: Transaction) -> Answer:
            recorded = RecordedOperation(owner=owner, is_question=is_question)
            statements = transaction._statements
            transaction._statements = _RecordingStatements(statements, recorded)
            try:
                result = carry_events_out(transaction, operation)
            except Exception:
                self._operations.append(recorded)
                raise
            finally:
                transaction._statements = statements
            # Not where it was ended in the middle, because its owner is held elsewhere: nothing is kept of that.
            self._operations.append(recorded)
            return result

        return carry_out


class _RecordingStatements:
    """Keeps the promise of ``rows.transaction.Statements`` by other statements."""

    def __init__(self, statements: Statements, recorded: RecordedOperation) -> None:
        self._statements = statements
        self._recorded = recorded

    def all(self, sql: str, values: Mapping[str, Value]) -> list[Row]:
        self._recorded.statements.append((sql, dict(values)))
        return self._statements.all(sql, values)

    def run(self, sql: str, values: Mapping[str, Value]) -> int:
        self._recorded.statements.append((sql, dict(values)))
        return self._statements.run(sql, values)

    def write(self, sql: str, values: Mapping[str, Value]) -> None:
        self._recorded.statements.append((sql, dict(values)))
        self._statements.write(sql, values)

    def side_by_side(self, tasks: Sequence[Callable[[], Answer]]) -> list[Answer]:
        return self._statements.side_by_side(tasks)

    def reserve(self, user_keys: Sequence[bytes]) -> frozenset[bytes]:
        self._recorded.reserved += [(key, len(self._recorded.statements)) for key in user_keys]
        return self._statements.reserve(user_keys)
