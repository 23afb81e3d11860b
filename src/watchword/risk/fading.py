"""How what was learned fades: by half in 60 days, counted forward from a landmark.

What is learned later weighs more, by a factor that only grows, and whoever asks divides by the factor of the present.
So nothing that is stored ever has to be rescaled, and what several processes learn simply adds up (Cormode et al.,
"Forward decay", ICDE 2009).
"""

from functools import lru_cache
from typing import Final

from watchword.domain.instant import DAY_MS, Instant

HALF_LIFE_DAYS: Final = 60
"""TOPS 2022 found that what is older than six months can be dropped; after six months an eighth is left."""
LANDMARK: Final = Instant(1_767_225_600_000)
"""2026-01-01T00:00:00Z, where the factor is 1. Moving it would change what every stored number means."""
_HALF_LIFE_MS: Final = float(HALF_LIFE_DAYS * DAY_MS)
_MOST_HALF_LIVES: Final = 120.0
"""A bound on the exponent: 20 years after the landmark the factor stops to grow, before a 32-bit number overflows."""


@lru_cache(maxsize=256)  # one decision asks for the factor of the present twenty times
def growth(at: Instant) -> float:
    """Return the factor by which something learned at this time counts, against the landmark."""
    half_lives = (at - LANDMARK) / _HALF_LIFE_MS
    if -_MOST_HALF_LIVES < half_lives < _MOST_HALF_LIVES:
        return float(2.0**half_lives)
    return float(2.0 ** (_MOST_HALF_LIVES if half_lives > 0 else -_MOST_HALF_LIVES))
