"""Reads recorded actions for a replay, on a connection of its own that writes nothing; a server may run meanwhile."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from watchword.adapters.rows.recorded_reading import RecordedReading
from watchword.adapters.sqlite.schema import newest_version, open_reader, other_version
from watchword.domain.errors import ConfigurationError
from watchword.domain.instant import Instant
from watchword.ports.keyring import Keyring
from watchword.risk.replay import Recorded, Unjudged

_COLUMNS: Final = (
    "SELECT a.number, a.id, a.user_key, a.type, a.decision, a.label, a.disputed_at, a.sealed_assessment,"
    " {action}, c.state, c.conceal, c.decoy,"
    " coalesce((SELECT group_concat(channel) FROM sends WHERE challenge_id = c.id),"
    " CASE WHEN c.sends = 1 THEN c.route_channel END)"
    " FROM actions AS a LEFT JOIN challenges AS c ON a.decision = 'challenge' AND c.action_id = a.id"
    " WHERE a.number BETWEEN ? AND ? AND +a.application_id = ? ORDER BY a.number"
)
"""The plus keeps SQLite from its index by application: it would walk through all of them for every few thousand."""
PLAIN_ROWS: Final = _COLUMNS.format(action="NULL")
"""Takes the first number, the last and the application; yields the columns that ``RecordedRows`` reads."""
ROWS_WITH_DETAILS: Final = _COLUMNS.format(action="a.sealed_action")
"""The same with what the action said."""


class RecordedRows:
    """Keeps the promise of ``ports.recorded_actions`` on one SQLite file; belongs to one thread."""

    __slots__ = ("_application_id", "_connection", "_reading")

    def __init__(self, path: str, keyring: Keyring, application_id: str) -> None:
        """Open the file; ``ConfigurationError`` where there is none, or where its schema is another release's."""
        if not Path(path).is_file():
            raise ConfigurationError((f"{path}: there is no database yet, so nothing is recorded",))
        self._connection = open_reader(path)
        self._application_id = application_id
        self._reading = RecordedReading(keyring, application_id)
        found = self._number("PRAGMA user_version")
        if found != newest_version():
            self.close()
            raise ConfigurationError((other_version(path, found),))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def span(self, since: Instant, until: Instant) -> range:
        """Return the numbers of the actions in a time: the store's time never goes back, so they are in order."""
        return range(self._first_from(since), self._first_from(until))

    def read(self, numbers: range, *, details: bool) -> Iterator[Recorded | Unjudged]:
        """Yield the actions with these numbers."""
        rows = self._connection.execute(
            ROWS_WITH_DETAILS if details else PLAIN_ROWS, (numbers.start, numbers.stop - 1, self._application_id)
        )
        for row in rows:
            yield self._reading.read(*row)

    def _first_from(self, moment: Instant) -> int:
        """Return the number of the first action that was decided at a moment or later; beyond the last for none."""
        low, high = 1, self._number("SELECT coalesce(max(number), 0) + 1 FROM actions")
        while low < high:
            middle = (low + high) // 2
            row = self._connection.execute(
                "SELECT number, created_at FROM actions WHERE number >= ? ORDER BY number LIMIT 1", (middle,)
            ).fetchone()
            if row is None or row[1] >= moment:
                high = middle
            else:
                low = int(row[0]) + 1
        return low

    def _number(self, sql: str) -> int:
        return int(self._connection.execute(sql).get)
