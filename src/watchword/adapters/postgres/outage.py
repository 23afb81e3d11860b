"""Notices that the database is away and that it is back, and tells each once, however many connections there are.

What libpq says names hosts and users, and may name more: only words that are known to be harmless are passed on.
"""

from collections.abc import Callable
from typing import Final

_HARMLESS: Final = (
    "Connection refused",
    "timeout expired",
    "could not translate host name",
    "password authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "the database system is starting up",
    "the database system is shutting down",
    "the database system is in recovery mode",
    "terminating connection due to administrator command",
    "session is read-only",
    "sorry, too many clients already",
    "remaining connection slots are reserved",
    "does not exist",
    "SSL",
)


class Outage:
    """What is known of one database; shared by all connections of a process."""

    __slots__ = ("_back_s", "_is_away", "_now_s", "_tell")

    def __init__(self, tell: Callable[[str | None], None], now_s: Callable[[], float]) -> None:
        self._tell = tell
        self._now_s = now_s
        self._is_away = False
        self._back_s = 0.0

    def begin(self, said: str, *, connected_s: float | None) -> None:
        """Note a connection that was lost, made at ``connected_s``, or one that could not be made (None)."""
        # A connection from before the last outage was lost in it, whenever somebody came to use it again.
        if self._is_away or (connected_s is not None and connected_s < self._back_s):
            return
        self._is_away = True
        self._tell(_without_places(said))

    def end(self) -> None:
        """Note that a connection was made."""
        if self._is_away:
            self._is_away = False
            self._back_s = self._now_s()
            self._tell(None)


def _without_places(said: str) -> str:
    """Return what we say of the loss ourselves, and of the words of others those that are harmless."""
    ours, _, theirs = said.partition(": ")
    known = [words for words in _HARMLESS if words in theirs]
    return f"{ours}: {', '.join(known)}" if known else ours
