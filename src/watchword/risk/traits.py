"""What the model looks at in an action: where it came from and what with, as keyed hashes along two chains.

The values are made by the flow (``Purpose.TRAIT``); neither the model nor the store ever sees a country or an agent.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Level(IntEnum):
    """The levels of the two chains, each from what many users share to what few do."""

    COUNTRY = 0
    NETWORK = 1
    """The autonomous system; its hash stands alone, because one network spans countries."""
    ADDRESS = 2
    """The IPv4 address or the /64 of an IPv6 address."""
    KIND = 3
    """Desktop, mobile, tablet, bot or unknown."""
    SYSTEM = 4
    """The kind and the family of the operating system."""
    BROWSER = 5
    """The kind, the operating system and the family of the browser."""
    AGENT = 6
    """Those and the versions."""


WHERE: Final = (Level.COUNTRY, Level.NETWORK, Level.ADDRESS)
WHAT_WITH: Final = (Level.KIND, Level.SYSTEM, Level.BROWSER, Level.AGENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """The values of one action, one for each ``Level``."""

    values: tuple[int | None, ...]
    """Unsigned 64-bit keyed hashes; None for what is not known, which counts as new (I12)."""


UNKNOWN_TRAITS: Final = Traits(values=(None,) * len(Level))
"""Nothing is known of where and what with."""
