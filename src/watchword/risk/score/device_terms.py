"""The term of the device token: it counts much, and never wins alone against everything else."""

from collections.abc import Iterator
from typing import Final

from watchword.domain.action import RiskTerm
from watchword.risk.score.evidence import Evidence
from watchword.risk.signals import Signals

TRUSTED_NATS: Final = -1.5
KNOWN_NATS: Final = -0.5
NEW_NATS: Final = 1.5
STRANGE_PLACE_NATS: Final = 4.0
"""From here on a token counts half: the place is so strange that the token may have been copied."""


def device_terms(signals: Signals, evidence: Evidence, *, strangeness: float) -> Iterator[RiskTerm]:  # noqa: ARG001 the share of tokens comes next
    """Yield what the device token says; ``strangeness`` is the sum of the terms about the place."""
    if signals.device_trusted or signals.device_known:
        nats = TRUSTED_NATS if signals.device_trusted else KNOWN_NATS
        word = "trusted" if signals.device_trusted else "known"
        if strangeness >= STRANGE_PLACE_NATS:
            text = f"The device is {word}, which counts half: the place is strange, so its token may be copied"
            yield RiskTerm(signal="device.state", nats=nats / 2, text=text)
        else:
            yield RiskTerm(signal="device.state", nats=nats, text=f"The device is {word}")
    else:
        yield RiskTerm(signal="device.state", nats=NEW_NATS, text="The device is new")
