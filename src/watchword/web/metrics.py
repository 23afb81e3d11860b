"""Counts what happens, for Prometheus; no label holds a user, an address, an application's secret or a path."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

METRICS_TYPE: Final = CONTENT_TYPE_LATEST
_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_LATENCY_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._decisions = Counter(
            "watchword_decisions", "Decisions about actions", ("type", "decision"), registry=registry
        )
        self._challenges = Counter(
            "watchword_challenges", "Challenges created, and ended by outcome", ("outcome",), registry=registry
        )
        self._attempts = Counter("watchword_attempts", "Attempts by outcome", ("outcome",), registry=registry)
        self._deliveries = Counter(
            "watchword_deliveries", "Deliveries by channel and status", ("channel", "status"), registry=registry
        )
        self._grants = Counter("watchword_grants_redeemed", "Grants redeemed", ("assurance",), registry=registry)
        self._requests = Histogram(
            "watchword_request_seconds",
            "Time from a request to its answer",
            ("method", "route", "status"),
            buckets=_LATENCY_BUCKETS_S,
            registry=registry,
        )

    def count_decision(self, action_type: str, decision: str) -> None:
        """Count one decision; the type is built in or declared, so there are few."""
        self._decisions.labels(action_type, decision).inc()

    def count_challenges(self, outcome: str, number: int = 1) -> None:
        """Count challenges that were ``created`` or came to an end."""
        self._challenges.labels(outcome).inc(number)

    def count_attempt(self, outcome: str) -> None:
        """Count one attempt by what it came to."""
        self._attempts.labels(outcome).inc()

    def count_delivery(self, channel: str, status: str) -> None:
        """Count one delivery that a worker finished."""
        self._deliveries.labels(channel, status).inc()

    def count_redemption(self, assurance: str) -> None:
        """Count one redeemed grant."""
        self._grants.labels(assurance).inc()

    def observe_request(self, method: str, route: str, status: int, duration_s: float) -> None:
        """Note how long one request took; ``route`` is a template."""
        known_method = method if method in _METHODS else "other"
        self._requests.labels(known_method, route, str(status)).observe(duration_s)

    def render(self) -> bytes:
        """Return everything in the text format of Prometheus."""
        return generate_latest(self._registry)
