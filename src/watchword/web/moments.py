"""Reads points in time as they stand in requests: RFC 3339, with an offset, and nothing else."""

import re
from datetime import UTC, datetime
from typing import Final

from watchword.domain.instant import Instant

_FORM: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII)
"""RFC 3339 §5.6; Python alone would take more, such as week dates."""


def read_moment(text: str) -> Instant | None:
    """Return an RFC 3339 time to the millisecond, or None for anything else and for times before 1970."""
    if not _FORM.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    milliseconds = int(moment.timestamp()) * 1_000 + moment.microsecond // 1_000
    return Instant(milliseconds) if moment.year >= _FIRST_YEAR else None


_FIRST_YEAR: Final = 1970
