"""Reads recorded actions for a replay, on a connection of its own that writes nothing; a server may run meanwhile."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from watchword.adapters.rows.transaction import place
from watchword.adapters.sqlite.schema import newest_version, open_reader, other_version
from watchword.domain.action import CONTACT_CONFIRMATION, Decision, Label
from watchword.domain.challenge import ChallengeState
from watchword.domain.errors import ConfigurationError, StorageUnavailable
from watchword.domain.instant import Instant
from watchword.ports.keyring import Keyring
from watchword.risk.replay import Asked, Recorded, Truth, Unjudged

_DECISIONS: Final[Mapping[str, Decision]] = {decision.value: decision for decision in Decision}
_LABELS: Final[Mapping[str, Truth]] = {Label.FRAUD.value: Truth.FRAUD, Label.LEGITIMATE.value: Truth.LEGITIMATE}
_COLUMNS: Final = (
    "SELECT a.number, a.id, a.user_key, a.type, a.decision, a.label, a.disputed_at, a.sealed_assessment,"
    " {action}, c.state, c.conceal, c.decoy,"
    " (SELECT group_concat(channel) FROM sends WHERE challenge_id = c.id)"
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

    __slots__ = ("_application_id", "_connection", "_keyring")

    def __init__(self, path: str, keyring: Keyring, application_id: str) -> None:
        """Open the file; ``ConfigurationError`` where there is none, or where its schema is another release's."""
        if not Path(path).is_file():
            raise ConfigurationError((f"{path}: there is no database yet, so nothing is recorded",))
        self._connection = open_reader(path)
        self._application_id = application_id
        self._keyring = keyring
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
            yield self._read(*row)

    def _read(  # noqa: PLR0913 one argument for each column, in their order
        self,
        number: int,
        action_id: str,
        user_key: bytes,
        action_type: str,
        decision: str,
        label: str | None,
        disputed_at: int | None,
        sealed_assessment: bytes | None,
        sealed_action: bytes | None,
        state: str | None,
        conceal: int | None,
        decoy: int | None,
        channels: str | None,
    ) -> Recorded | Unjudged:
        if sealed_assessment is None:
            return Unjudged.ERASED
        if action_type == CONTACT_CONFIRMATION:
            return Unjudged.CONFIRMATION
        assessment = self._open(action_id, "assessment", sealed_assessment)
        return Recorded(
            number=number,
            action_id=action_id,
            user_key=user_key,
            type=action_type,
            decision=_DECISIONS[decision],
            reasons=tuple([reason[0] for reason in assessment["reasons"]]),
            failed_rules=tuple(assessment["failed_rules"]),
            signals=assessment["signals"],
            details={} if sealed_action is None else self._open(action_id, "action", sealed_action)["details"],
            policy_version=assessment["policy_version"],
            truth=_truth(label, disputed_at),
            asked=None if state is None else _asked(state, conceal, decoy, channels),
        )

    def _open(self, action_id: str, purpose: str, sealed: bytes) -> Mapping[str, Any]:
        try:
            text = self._keyring.open(place(self._application_id, "actions", action_id, purpose), sealed)
        except ValueError as error:
            raise StorageUnavailable("a sealed value of actions does not open") from error
        opened: Mapping[str, Any] = json.loads(text.decode())
        return opened

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


def _truth(label: str | None, disputed_at: int | None) -> Truth:
    """Return what an action turned out to be: the application's word, or else the owner's."""
    if label is not None:
        return _LABELS[label]
    return Truth.UNLABELLED if disputed_at is None else Truth.DISPUTED


def _asked(state: str, conceal: int | None, decoy: int | None, channels: str | None) -> Asked:
    return Asked(
        approved=state == ChallengeState.APPROVED,
        concealed=bool(conceal),
        decoy=bool(decoy),
        channels=tuple(channels.split(",")) if channels else (),
    )
