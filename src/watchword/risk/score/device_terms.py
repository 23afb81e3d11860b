"""The term of the device token: it counts much, and never wins alone against everything else."""

from collections.abc import Iterator
from math import log
from typing import Final

from watchword.domain.action import RiskTerm
from watchword.risk.score.evidence import Evidence
from watchword.risk.signals import Signals

TOKEN_COPIED: Final = 0.005
"""Share of attackers who hold a token of the user's (a supposition: no published figure is known)."""
TOKEN_USUAL: Final = 0.5
"""Share of actions that come with a token, before the application has shown its own."""
TOKEN_FROM: Final = 10.0
"""How many actions it takes until that share counts as much as the supposition."""
KNOWN_LEAST: Final = -5.0
"""What a known device takes away at most; a copied token has to fail somewhere."""
KNOWN_MOST: Final = -0.5
TRUSTED_NATS: Final = -0.5
"""What a trusted device takes away besides: its owner chose it."""
NEW_LEAST: Final = 0.5
NEW_MOST: Final = 3.0
STRANGE_FROM: Final = 1.0
STRANGE_SPAN: Final = 3.0
STRANGE_LEAST: Final = 0.2
"""A token counts in full where the rest speaks against the user with 1 nat at most, and from 4 nats on hardly: what
was stolen with everything else proves nothing (chosen on validation traffic, against stolen cookies)."""


def device_terms(signals: Signals, evidence: Evidence, *, strangeness: float) -> Iterator[RiskTerm]:
    """Yield what the device token says; ``strangeness`` is the sum of what speaks against the user elsewhere."""
    usual = _usual(evidence)
    if not signals.device_trusted and not signals.device_known:
        nats = max(NEW_LEAST, min(log((1 - TOKEN_COPIED) / (1 - usual)), NEW_MOST))
        text = f"The device is new; {round(usual * 100)} of 100 actions of such users come with a known one"
        yield RiskTerm(signal="device.state", nats=round(nats, 2), text=text)
        return
    counts = max(STRANGE_LEAST, min(1 - (strangeness - STRANGE_FROM) / STRANGE_SPAN, 1.0))
    known = max(KNOWN_LEAST, min(log(TOKEN_COPIED / usual), KNOWN_MOST))
    nats = (known + TRUSTED_NATS * signals.device_trusted) * counts
    word = "trusted" if signals.device_trusted else "known"
    text = f"The device is {word}" if counts == 1 else f"The device is {word}, which counts less the more is strange"
    yield RiskTerm(signal="device.state", nats=round(nats, 2), text=text)


def _usual(evidence: Evidence) -> float:
    """Return how often users like this one come with a token: those who were seen with one, or those who never were."""
    has_tokens = evidence.memory.weight_with_token > 0
    came, missed = evidence.population.tokens(has_tokens=has_tokens, now=evidence.now)
    return (TOKEN_FROM * TOKEN_USUAL + came) / (TOKEN_FROM + came + missed)
