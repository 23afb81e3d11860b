"""How shares are written on the page."""

from math import isnan

from bench.risk.resampling import Interval

MISSING = "–"


def percent(share: float) -> str:
    """Return a share as a percentage with one decimal; two below one per cent."""
    if isnan(share):
        return MISSING
    digits = 1 if abs(share) >= 0.01 or share == 0 else 2
    return f"{100 * share:.{digits}f} %"


def point(share: float) -> str:
    """Return an operating point, with as few decimals as it has."""
    return f"{100 * share:g} %"


def span(figure: Interval) -> str:
    """Return a share with its interval."""
    if isnan(figure.value):
        return MISSING
    return f"{percent(figure.value)} [{100 * figure.low:.1f}–{100 * figure.high:.1f}]"


def points(figure: Interval) -> str:
    """Return a difference of two shares in percentage points with its interval."""
    if isnan(figure.value):
        return MISSING
    return f"{100 * figure.value:+.1f} [{100 * figure.low:+.1f} to {100 * figure.high:+.1f}]"
