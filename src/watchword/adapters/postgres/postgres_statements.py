"""Statements of an operation that shares its transaction: it gives way wherever it waits for an answer.

An operation is a plain function. It runs in a greenlet, so that it can stop in the middle of a call of ``all`` while
others of its group go on, and what all of them ask travels together.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Final, Protocol, TypeVar

from watchword.adapters.postgres.pipeline import Answers
from watchword.adapters.postgres.prepared_texts import Bigints
from watchword.adapters.rows.transaction import Row, Value

Result = TypeVar("Result")
_RESERVE: Final = "SELECT reserved FROM unnest(:locks) AS reserved WHERE pg_try_advisory_xact_lock(reserved)"
_KEY_BYTES: Final = 8


class Asking(Protocol):
    """What an operation needs of the transaction that it shares."""

    def put(self, sql: str, values: Mapping[str, Value]) -> int:
        """Put a statement with the next exchange, and return its position there."""
        ...

    def give_way(self) -> Answers:
        """Let the others go on, and return the answers of the exchange once they are there."""
        ...

    def side_by_side(self, tasks: Sequence[Callable[[], Result]]) -> list[Result]:
        """Carry out tasks whose statements travel together, and return what they come to once all are done."""
        ...

    def lay_hold(self, user_keys: Sequence[bytes]) -> Sequence[bytes]:
        """Return those users whom no other operation of the group changes; from now on this one does."""
        ...


class PostgresStatements:
    """Keeps the promise of ``rows.transaction.Statements``."""

    __slots__ = ("_asking",)

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def all(self, sql: str, values: Mapping[str, Value]) -> list[Row]:
        """Return every row of a query."""
        position = self._asking.put(sql, values)
        return self._asking.give_way().rows(position)

    def run(self, sql: str, values: Mapping[str, Value]) -> int:
        """Carry out a statement and return how many rows it changed."""
        position = self._asking.put(sql, values)
        return self._asking.give_way().count(position)

    def write(self, sql: str, values: Mapping[str, Value]) -> None:
        """Have a statement carried out with the next one that is waited for, or with the commit."""
        self._asking.put(sql, values)

    def side_by_side(self, tasks: Sequence[Callable[[], Result]]) -> list[Result]:
        """Carry out tasks in as few exchanges as the longest of them needs, and return what they come to."""
        return self._asking.side_by_side(tasks)

    def reserve(self, user_keys: Sequence[bytes]) -> frozenset[bytes]:
        """Return those of these users whom nobody else is changing, in this process or another."""
        by_lock = {lock_of(key): key for key in self._asking.lay_hold(user_keys)}
        if not by_lock:
            return frozenset()
        rows = self.all(_RESERVE, {"locks": Bigints.of(sorted(by_lock))})
        return frozenset(by_lock[row["reserved"]] for row in rows)


def lock_of(owner: bytes) -> int:
    """Return the number that an owner is locked by: the key of a user as it is, and a hash of anything else."""
    key = owner if len(owner) == _KEY_BYTES else blake2b(owner, digest_size=_KEY_BYTES).digest()
    return int.from_bytes(key, "big", signed=True)
