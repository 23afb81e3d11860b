"""What every surface needs to answer a request, bound once by ``bootstrap``."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from structlog.typing import FilteringBoundLogger

from watchword.domain.instant import Instant
from watchword.ports.clock import Entropy
from watchword.web.metrics import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The things around a request that are not the story itself."""

    address_base: str
    """Our public address, without a slash at the end; never taken from a request."""
    entropy: Entropy
    log: FilteringBoundLogger
    metrics: Metrics
    monotonic_s: Callable[[], float]
    """Seconds on a clock that never steps, for durations."""
    now: Callable[[], Awaitable[Instant]]
    """The store's time."""
