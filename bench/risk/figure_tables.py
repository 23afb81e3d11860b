"""Tables of the figures of merit, each with its intervals."""

from collections.abc import Sequence
from typing import Final

from bench.risk.attackers import (
    BORROWED,
    INSIDER,
    NAIVE,
    REAL_TAKEOVER,
    RESIDENTIAL,
    STOLEN_TOKEN,
    TAKEOVER,
    TAKEOVER_ABROAD,
    TARGETED,
    VPN,
)
from bench.risk.figures import ACHIEVED, CAUGHT_AT, CHALLENGED_AT
from bench.risk.measurement import Panel
from bench.risk.measures import CAUGHT, RATES
from bench.risk.page_parts import table
from bench.risk.percents import point, span

_ORDER: Final = (
    NAIVE,
    VPN,
    TAKEOVER,
    TAKEOVER_ABROAD,
    RESIDENTIAL,
    TARGETED,
    BORROWED,
    STOLEN_TOKEN,
    INSIDER,
    REAL_TAKEOVER,
)


def short_table(panel: Panel, measured: str, at: float, names: Sequence[str]) -> str:
    """Return one figure: a row for each attacker, a column for each contestant."""
    rows = [
        [attack, *(span(panel.figures[name].interval((attack, measured, at))) for name in names)]
        for attack in _attackers(panel)
    ]
    return table(["attacker", *names], rows)


def challenged_table(panel: Panel, names: Sequence[str]) -> str:
    """Return who is challenged where so many are caught."""
    rows = [
        [attack, name, *(span(panel.figures[name].interval((attack, CHALLENGED_AT, caught))) for caught in CAUGHT)]
        for attack in _attackers(panel)
        for name in names
    ]
    return table(["attacker", "", *(f"{point(caught)} caught" for caught in CAUGHT)], rows)


def caught_table(panel: Panel, names: Sequence[str]) -> str:
    """Return who is caught where so many were meant to be challenged."""
    rows = [
        [attack, name, *(span(panel.figures[name].interval((attack, CAUGHT_AT, rate))) for rate in RATES)]
        for attack in _attackers(panel)
        for name in names
    ]
    return table(["attacker", "", *(f"{point(rate)} meant" for rate in RATES)], rows)


def achieved_table(panel: Panel, names: Sequence[str]) -> str:
    """Return how many are challenged in the test time where so many were meant to be."""
    rows = [[name, *(span(panel.figures[name].interval(("", ACHIEVED, rate))) for rate in RATES)] for name in names]
    return table(["", *(f"{point(rate)} meant" for rate in RATES)], rows)


def _attackers(panel: Panel) -> list[str]:
    met = {attack for figures in panel.figures.values() for attack, _, _ in figures.values}
    return [attack for attack in _ORDER if attack in met]
