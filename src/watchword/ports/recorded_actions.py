"""Where recorded actions are read for a replay, beside a running server and without holding it up."""

from collections.abc import Iterator
from typing import Protocol

from watchword.domain.instant import Instant
from watchword.risk.replay import Recorded, Unjudged


class RecordedActions(Protocol):
    """The actions of one application, by their numbers, in which they were decided one after the other.

    Nothing is written, and no read lasts longer than one call of ``read`` is iterated, so that whoever reads for a
    minute does not keep a server's log of changes from being folded.
    """

    def span(self, since: Instant, until: Instant) -> range:
        """Return the numbers of the actions that were decided from ``since`` on and before ``until``."""
        ...

    def read(self, numbers: range, *, details: bool) -> Iterator[Recorded | Unjudged]:
        """Yield the actions with these numbers in their order; with the application's own facts where asked for.

        Raises ``StorageUnavailable`` for a sealed value that does not open.
        """
        ...
