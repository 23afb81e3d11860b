"""Counts what happens, for Prometheus; no label holds a user, an address, an application's secret or a path.

Where several processes share an address, whoever asks reaches any of them. So each writes what it counts into files of
one folder (the library's way, chosen by its variable before it is imported), and each shows the sum of them all, of
processes that have ended too: a counter never goes back.
"""

from functools import cache
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

METRICS_TYPE: Final = CONTENT_TYPE_LATEST
_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_LATENCY_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """The counters of one process, in a registry of their own; with ``shared`` in a folder of several processes."""

    def __init__(self, registry: CollectorRegistry, *, shared: Path | None = None) -> None:
        self._registry = registry
        self._shared = shared
        self._decisions = Counter(
            "watchword_decisions", "Decisions about actions", ("type", "decision"), registry=registry
        )
        self._events = Counter("watchword_events", "Committed events of the audit log", ("type",), registry=registry)
        self._attempts = Counter("watchword_attempts", "Attempts by outcome", ("outcome",), registry=registry)
        self._requests = Histogram(
            "watchword_request_seconds",
            "Time from a request to its answer",
            ("method", "route", "status"),
            buckets=_LATENCY_BUCKETS_S,
            registry=registry,
        )
        # Finding the counter of some labels takes the library longer than counting; the labels are few and stay.
        self._decision = cache(self._decisions.labels)
        self._event = cache(self._events.labels)
        self._attempt = cache(self._attempts.labels)
        self._request = cache(self._request_of)

    def count_decision(self, action_type: str, decision: str) -> None:
        """Count one decision; the type is built in or declared, so there are few."""
        self._decision(action_type, decision).inc()

    def count_event(self, event_type: str) -> None:
        """Count one event once it is committed: what happened to challenges, deliveries, grants, devices and users."""
        self._event(event_type).inc()

    def count_attempt(self, outcome: str) -> None:
        """Count one attempt by what it came to."""
        self._attempt(outcome).inc()

    def observe_request(self, method: str, route: str, status: int, duration_s: float) -> None:
        """Note how long one request took; ``route`` is a template."""
        self._request(method if method in _METHODS else "other", route, status).observe(duration_s)

    def _request_of(self, method: str, route: str, status: int) -> Histogram:
        return self._requests.labels(method, route, str(status))

    def render(self) -> bytes:
        """Return everything in the text format of Prometheus."""
        if self._shared is None:
            return generate_latest(self._registry)
        sums = CollectorRegistry()
        MultiProcessCollector(sums, path=str(self._shared))  # type: ignore[no-untyped-call]  # the library tells none
        return generate_latest(sums)
