"""What the score looks at besides the signals: hashed values, the user's memory and the application's traffic."""

from dataclasses import dataclass, field

from watchword.domain.instant import Instant
from watchword.risk.memory import NO_MEMORY, Memory
from watchword.risk.population import Population
from watchword.risk.traits import UNKNOWN_TRAITS, Traits


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The facts of one action that rules never see; left out, they are the least that can be known."""

    now: Instant
    traits: Traits = UNKNOWN_TRAITS
    memory: Memory = NO_MEMORY
    population: Population = field(default_factory=Population)
    log_amount: float | None = None
    """As in ``Contribution``, like the two below."""
    currency: str | None = None
    payee: int | None = None
