"""What another policy would have said of recorded actions, and how that adds up; reads and prints nothing."""

from watchword.risk.replay.distinct import Distinct
from watchword.risk.replay.estimate import Estimate, estimate
from watchword.risk.replay.judge import Judge, Ruling
from watchword.risk.replay.recorded import Asked, Recorded, Truth, Unjudged
from watchword.risk.replay.tally import Changes, Tally

__all__ = [
    "Asked",
    "Changes",
    "Distinct",
    "Estimate",
    "Judge",
    "Recorded",
    "Ruling",
    "Tally",
    "Truth",
    "Unjudged",
    "estimate",
]
