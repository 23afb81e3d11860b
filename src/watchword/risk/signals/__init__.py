"""The signals: every observed fact that rules and score may look at, declared once, observed of an action, or read."""

from watchword.risk.signals.declaring import Declaration, SignalType, SignalValue
from watchword.risk.signals.known_facts import UNCOUNTED, KnownFacts
from watchword.risk.signals.observing import observe
from watchword.risk.signals.signal_fields import AMOUNT_LEFT_OUT, LONG_AGO_HOURS, NEVER_HOURS, UNLIMITED, Signals
from watchword.risk.signals.signal_reading import SCORE, declarations, read_signals

__all__ = [
    "AMOUNT_LEFT_OUT",
    "LONG_AGO_HOURS",
    "NEVER_HOURS",
    "SCORE",
    "UNCOUNTED",
    "UNLIMITED",
    "Declaration",
    "KnownFacts",
    "SignalType",
    "SignalValue",
    "Signals",
    "declarations",
    "observe",
    "read_signals",
]
