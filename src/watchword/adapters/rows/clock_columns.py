"""What is to be done with moments that were written while a clock was ahead, once it is right again.

A step back revives nothing (I18): whatever lies ahead of now is brought to now, so that each code and each grant that
was live at any time up to then has ended, and waits that protect a user are never made shorter than they are.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from watchword.domain.instant import DAY_MS, MINUTE_MS, Instant

LONGEST_WAIT_MS: Final = 7 * DAY_MS
"""The hard bound of every wait that a setting can name (168 hours)."""
_KEPT: Final = frozenset({"events", "clock"})
"""The audit log says what was written at the time, and the clock itself comes last."""
_A_MOMENT: Final = re.compile(r"(?:.+_)?(?:at|until|from)")
_A_WAIT: Final = re.compile(r".+_(?:until|from)")
_STILL_TO_COME: Final = frozenset({("contacts", "leaves_at"), ("deliveries", "expires_at")})
"""A contact that somebody else removed stays for its time, and a notice about it still leaves."""


class Column(NamedTuple):
    """A column of numbers that belongs to no primary key."""

    table: str
    name: str


def bringing_back(columns: Iterable[Column], now: Instant) -> Iterator[tuple[str, Instant]]:
    """Yield a statement for each column of moments, with the bound that its one parameter ``:bound`` has."""
    for table, name in columns:
        if table in _KEPT or not _A_MOMENT.fullmatch(name):
            continue
        waits = _A_WAIT.fullmatch(name) or (table, name) in _STILL_TO_COME
        bound = Instant(now + LONGEST_WAIT_MS) if waits else now
        yield f'UPDATE "{table}" SET "{name}" = :bound WHERE "{name}" > :bound', bound  # noqa: S608 names from the catalogue
    yield "DELETE FROM attempt_minutes WHERE minute > :bound", Instant(now // MINUTE_MS)
