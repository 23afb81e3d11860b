"""Tables beside the figures of merit: by history, by user, with first sign-ins, and of attackers who really act."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from bench.risk.attackers import BORROWED, NAIVE, TAKEOVER, TAKEOVER_ABROAD, TARGETED, VPN
from bench.risk.figures import median_challenged
from bench.risk.freeman import FREEMAN
from bench.risk.live_attacks import BURST, POISONER, WEEKS
from bench.risk.measurement import Measurement, Panel
from bench.risk.measures import (
    challenged_at_caught,
    exact_interval,
    share_from,
    threshold_at_caught,
    threshold_at_rate,
)
from bench.risk.page_parts import table
from bench.risk.percents import percent
from bench.risk.plain_models import DIRICHLET
from bench.risk.rounds import OURS, OURS_TOKEN

SIZES: Final = (4, 12, 39)
"""Sizes of the history at which the literature tells how often a user is asked."""
_PUBLISHED_AT_12: Final = {NAIVE: "2 of 12", VPN: "3 of 12", TARGETED: "4 of 12"}
_DEPTHS: Final = (("first sign-in", 0, 0), ("1 to 4 before", 1, 4), ("5 and more", 5, 10**9))
MODELS: Final = (OURS, OURS_TOKEN, FREEMAN, DIRICHLET)


def median_table(panel: Panel, names: Sequence[str] = MODELS) -> str:
    """Return how often the user in the middle is asked within his first n rated sign-ins, at 99 % caught."""
    rows = []
    for attack in (NAIVE, VPN, TARGETED):
        for name in names:
            scores = panel.scores[name]
            chosen = (scores.attack == attack) & (scores.depth > 0)
            threshold = threshold_at_caught(scores.of(name)[chosen], 0.99)
            shares = [median_challenged(scores, name, threshold, size) for size in SIZES]
            counted = [f"{share * size:g} of {size}" for share, size in zip(shares, SIZES, strict=True)]
            rows.append([attack, name, *counted, _PUBLISHED_AT_12[attack] if name == FREEMAN else ""])
    return table(["attacker", "", *(f"n = {size}" for size in SIZES), "published, n = 12"], rows)


def depth_table(panel: Panel, names: Sequence[str] = MODELS) -> str:
    """Return, by history, who is challenged and who is caught at the threshold for 1 %."""
    rows = []
    for name in names:
        scores = panel.scores[name]
        rated = scores.where(scores.day >= panel.split.validation_from)
        is_user = rated.attack == ""
        validation = is_user & (rated.depth > 0) & (rated.day < panel.split.test_from)
        threshold = threshold_at_rate(rated.of(name)[validation], 0.01)
        tested = rated.where(rated.day >= panel.split.test_from)
        for text, fewest, most in _DEPTHS:
            within = (tested.depth >= fewest) & (tested.depth <= most)
            shares = [
                share_from(tested.of(name)[within & (tested.attack == attack)], threshold)
                for attack in ("", NAIVE, VPN, TAKEOVER)
            ]
            rows.append([name, text, *map(percent, shares)])
    return table(["", "history", "users challenged", *(f"{attack} caught" for attack in (NAIVE, VPN, TAKEOVER))], rows)


def pooled_table(panel: Panel, names: Sequence[str] = MODELS) -> str:
    """Return the challenges at 90 % caught with first sign-ins among both users and victims."""
    rows = []
    for name in names:
        scores = panel.scores[name]
        tested = scores.where(scores.day >= panel.split.test_from)
        users = tested.of(name)[tested.attack == ""]
        shares = [
            challenged_at_caught(users, tested.of(name)[tested.attack == attack], 0.90)
            for attack in (NAIVE, VPN, TAKEOVER, TAKEOVER_ABROAD, BORROWED)
        ]
        rows.append([name, *map(percent, shares)])
    return table(["", NAIVE, VPN, TAKEOVER, TAKEOVER_ABROAD, BORROWED], rows)


def live_table(measurement: Measurement) -> str:
    """Return how many of those who really act are caught at the threshold for 1 %."""
    heads = [f"sign-in {week}" for week in (1, 2, 4, WEEKS)]
    rows = []
    for name, scores in measurement.live.items():
        seeds = scores.user // 10_000_000
        caught = scores.of(name) >= np.array(measurement.thresholds[name])[seeds]
        shown = [_counted(caught[scores.attack == f"{POISONER} {week}"]) for week in (1, 2, 4, WEEKS)]
        rows.append([name, *shown, _counted(caught[scores.attack == BURST])])
    return table(["", *heads, BURST], rows)


def _counted(caught: Sequence[bool] | np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    total, found = len(caught), int(np.sum(caught))
    low, high = exact_interval(found, total)
    return f"{percent(found / total)} [{100 * low:.0f}–{100 * high:.0f}]"
