"""Points in time and spans, as whole milliseconds.

Knows no clock: the present is always an argument, and the store is the one who says it (``ARCHITECTURE.md``).
"""

import re
from datetime import UTC, datetime
from typing import Final, NewType

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00:00Z."""

SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60 * SECOND_MS
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

END_OF_TIME: Final = Instant(2**63 - 1)
"""Later than whatever a database can hold."""

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_RFC3339: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII)
"""RFC 3339 §5.6; Python alone would take more, such as week dates."""


def later(moment: Instant, *, seconds: float = 0, hours: float = 0, days: float = 0) -> Instant:
    """Return the instant that lies the given span after ``moment`` (before it, for a negative span)."""
    return Instant(moment + round(seconds * SECOND_MS + hours * HOUR_MS + days * DAY_MS))


def seconds_until(moment: Instant, now: Instant) -> int:
    """Return whole seconds from ``now`` to ``moment``, rounded up and never negative (what ``Retry-After`` needs)."""
    return max(0, -((now - moment) // SECOND_MS))


def rfc3339(moment: Instant) -> str:
    """Return the instant as RFC 3339 in UTC, to the millisecond where there are any (``2026-11-22T10:00:00Z``)."""
    precision = "milliseconds" if moment % SECOND_MS else "seconds"
    text = datetime.fromtimestamp(moment // SECOND_MS, UTC).replace(microsecond=moment % SECOND_MS * 1_000)
    return text.isoformat(timespec=precision).replace("+00:00", "Z")


def read_rfc3339(text: str) -> Instant | None:
    """Return the instant of an RFC 3339 text, cut to the millisecond; None for other texts and times before 1970."""
    if not _RFC3339.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if moment < _EPOCH:
        return None
    return Instant(int(moment.timestamp()) * SECOND_MS + moment.microsecond // 1_000)
