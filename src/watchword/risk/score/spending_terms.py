"""Terms about amount and payee."""

from collections.abc import Iterator

from watchword.domain.action import RiskTerm
from watchword.risk.score.evidence import Evidence
from watchword.risk.signals import Signals


def spending_terms(signals: Signals, evidence: Evidence) -> Iterator[RiskTerm]:  # noqa: ARG001 nothing is known of spending yet
    """Yield what the amount and the payee say; each is at least 0.0 and never falls with a higher amount."""
    if signals.high_value:
        yield RiskTerm(signal="purchase.high_value", nats=1.0, text="The purchase is of high value")
