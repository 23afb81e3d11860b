"""What an operation on the database is handed: statements, the one time of its transaction, ids and sealing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from watchword.domain.errors import StorageUnavailable
from watchword.domain.ids import RANDOM_BYTES, UserKey, make_id
from watchword.domain.instant import Instant
from watchword.domain.user import UserRef
from watchword.ports.clock import Entropy
from watchword.ports.keyring import Keyring

if TYPE_CHECKING:
    from watchword.ports.store.values import Lesson

Result = TypeVar("Result")
Row = Mapping[str, Any]
"""One row by the names of its columns."""
Value = str | int | float | bytes | None
ANYBODY: Final = b""
"""The user key of what belongs to an address and not to a user."""


class Statements(Protocol):
    """The statements of one open transaction, in SQL with parameters such as ``:name``."""

    def all(self, sql: str, values: Mapping[str, Value]) -> list[Row]:
        """Return every row of a query."""
        ...

    def run(self, sql: str, values: Mapping[str, Value]) -> int:
        """Carry out a statement and return how many rows it changed."""
        ...

    def write(self, sql: str, values: Mapping[str, Value]) -> None:
        """Carry out a statement by the end of the transaction, before whatever is asked after it.

        Nobody waits for it: where the database is across a wire it travels with the next question.
        """
        ...

    def side_by_side(self, tasks: Sequence[Callable[[], Result]]) -> list[Result]:
        """Carry out tasks that touch different users, and return what they come to, in their order.

        Where the database is across a wire the statements of all travel together, those that each asks first in the
        order of the tasks. Raises what the first one raised.
        """
        ...

    def reserve(self, user_keys: Sequence[bytes]) -> frozenset[bytes]:
        """Return those of these users whom nobody else is changing; nobody can until this transaction ends."""
        ...


@dataclass(frozen=True, slots=True)
class UnwrittenEvent:
    """An event as it will stand in its row."""

    ref: UserRef
    id: str
    type: str
    data: str


class Transaction:
    """Statements of one operation; everything in it happens at the same ``now``."""

    __slots__ = (
        "_entropy",
        "_now",
        "_statements",
        "_tell_now",
        "events",
        "keyring",
        "lessons",
        "only_asked",
        "unwritten",
    )

    def __init__(
        self,
        statements: Statements,
        now: Instant | None,
        entropy: Entropy,
        keyring: Keyring,
        *,
        tell_now: Callable[[], Instant] | None = None,
    ) -> None:
        """Where ``now`` is None, ``tell_now`` is asked as soon as somebody wants to know it."""
        self._statements = statements
        self._entropy = entropy
        self.events: list[str] = []
        """Types of the events that were told in this transaction so far."""
        self.unwritten: list[UnwrittenEvent] = []
        """What the operation that is under way tells: its last statement writes them (``event_rows.carry_out``)."""
        self.lessons: list[Lesson] = []
        """What was learned in it so far."""
        self.keyring = keyring
        self._now = now
        self._tell_now = tell_now
        self.only_asked = False
        """Set by an operation that wrote nothing and said nothing of the time: no disk has to keep anything of it."""

    @property
    def now(self) -> Instant:
        """The one time of the operation."""
        if self._now is None:
            if self._tell_now is None:
                raise RuntimeError("nobody knows the time of this transaction")
            self._now = self._tell_now()
        return self._now

    @now.setter
    def now(self, now: Instant) -> None:
        self._now = now

    def all(self, sql: str, **values: Value) -> list[Row]:
        """Return every row of a query."""
        return self._statements.all(sql, values)

    def one(self, sql: str, **values: Value) -> Row | None:
        """Return the first row of a query, or None."""
        rows = self._statements.all(sql, values)
        return rows[0] if rows else None

    def number(self, sql: str, **values: Value) -> int:
        """Return the whole number that a query counts."""
        (row,) = self._statements.all(sql, values)
        (number,) = row.values()
        return int(number)

    def run(self, sql: str, **values: Value) -> int:
        """Carry out a statement and return how many rows it changed."""
        return self._statements.run(sql, values)

    def write(self, sql: str, **values: Value) -> None:
        """Carry out a statement whose outcome nobody asks for."""
        self._statements.write(sql, values)

    def side_by_side(self, tasks: Sequence[Callable[[], Result]]) -> list[Result]:
        """Carry out tasks that touch different users, and return what they come to, in their order."""
        return self._statements.side_by_side(tasks)

    def reserve(self, user_keys: Sequence[bytes]) -> frozenset[bytes]:
        """Return those of these users whom nobody else is changing; nobody can until this transaction ends.

        For operations that meet many users. What was read before has to be read again.
        """
        return self._statements.reserve(user_keys)

    def make_id(self, prefix: str, user_key: UserKey) -> str:
        """Return a fresh id of this user."""
        return make_id(prefix, user_key, self._entropy.token(RANDOM_BYTES))

    def seal(self, ref: UserRef, table: str, row: str, purpose: str, text: str) -> bytes:
        """Return a text sealed for one column of one row."""
        return self.seal_bytes(ref, table, row, purpose, text.encode())

    def open(self, ref: UserRef, table: str, row: str, purpose: str, sealed: bytes) -> str:
        """Return a sealed text; a value that does not open here is a damaged or exchanged database."""
        return self.open_bytes(ref, table, row, purpose, sealed).decode()

    def seal_bytes(self, ref: UserRef, table: str, row: str, purpose: str, plain: bytes) -> bytes:
        """Return bytes sealed for one column of one row."""
        return self.keyring.seal(place(ref.application_id, table, row, purpose), plain)

    def open_bytes(self, ref: UserRef, table: str, row: str, purpose: str, sealed: bytes) -> bytes:
        """Return what was sealed for this place; raises like ``open``."""
        try:
            return self.keyring.open(place(ref.application_id, table, row, purpose), sealed)
        except ValueError as error:
            raise StorageUnavailable(f"a sealed value of {table} does not open") from error


def place(application_id: str, table: str, row: str, purpose: str) -> str:
    """Return what a sealed value is bound to, so that one moved to another row does not open."""
    return f"{application_id}/{table}/{row}/{purpose}"


def ref_of(row: Row) -> UserRef:
    """Return whose row this is."""
    return UserRef(application_id=row["application_id"], key=UserKey(row["user_key"]))
