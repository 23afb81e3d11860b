"""What the sign-in decision was asked to reach, beside what it reached. Nothing here is fitted to anything."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bench.risk.attackers import NAIVE, TAKEOVER, TAKEOVER_ABROAD, VPN
from bench.risk.figures import CAUGHT_AT, CAUGHT_EVEN, CHALLENGED_AT, Key, best
from bench.risk.freeman import FREEMAN
from bench.risk.measurement import Panel
from bench.risk.percents import percent, points, span
from bench.risk.rounds import BASELINES, OURS, OURS_TOKEN, TOKEN_BASELINES

_MOST_CHALLENGED: Final = (
    (OURS, NAIVE, 0.01),
    (OURS, VPN, 0.06),
    (OURS, TAKEOVER, 0.02),
    (OURS, TAKEOVER_ABROAD, 0.02),
    (OURS_TOKEN, NAIVE, 0.005),
    (OURS_TOKEN, VPN, 0.03),
    (OURS_TOKEN, TAKEOVER, 0.01),
    (OURS_TOKEN, TAKEOVER_ABROAD, 0.01),
)
"""At 90 % caught, at most so many of the legitimate sign-ins challenged."""
_TIMES_FREEMAN: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One figure that was asked for."""

    text: str
    asked: str
    measured: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One figure of ours beside the best baseline's, on the same draws of users."""

    ours: str
    rival: str
    key: Key
    difference: str
    is_worse: bool
    """The whole interval lies on the wrong side."""
    is_better: bool


def demands(panel: Panel) -> Iterator[Demand]:
    """Yield every figure that was asked for, with a verdict."""
    for ours, attack, most in _MOST_CHALLENGED:
        reached = panel.figures[ours].interval((attack, CHALLENGED_AT, 0.90))
        yield Demand(
            text=f"{ours}, {attack}: challenged where 90 % are caught",
            asked=f"at most {percent(most)}",
            measured=span(reached),
            verdict=_verdict(reached.value <= most, reached.low <= most),
        )
    for attack in (NAIVE, VPN, TAKEOVER, TAKEOVER_ABROAD):
        yield _twice_freeman(panel, attack)
    compared = list(comparisons(panel))
    worse = [one for one in compared if one.is_worse]
    yield Demand(
        text="Every attacker and operating point against the best baseline",
        asked="nowhere worse, within its interval",
        measured=f"{len(worse)} of {len(compared)} worse, {sum(one.is_better for one in compared)} better",
        verdict=_verdict(not worse, not worse),
    )


def comparisons(panel: Panel, measured: Collection[str] = (CAUGHT_EVEN, CHALLENGED_AT)) -> Iterator[Compared]:
    """Yield each figure of ours beside the best of the baselines, without tokens and with them."""
    for name, baselines in ((OURS, BASELINES), (OURS_TOKEN, TOKEN_BASELINES)):
        for key in panel.figures[name].values:
            if key[1] in measured:
                yield _compared(panel, name, baselines, key)


def _compared(panel: Panel, name: str, baselines: Sequence[str], key: Key) -> Compared:
    rival = best(baselines, panel.figures, key)
    difference = panel.figures[name].difference(panel.figures[rival], key)
    is_less_good = key[1] == CHALLENGED_AT
    above, below = difference.low > 0, difference.high < 0
    return Compared(
        ours=name,
        rival=rival,
        key=key,
        difference=points(difference),
        is_worse=above if is_less_good else below,
        is_better=below if is_less_good else above,
    )


def _twice_freeman(panel: Panel, attack: str) -> Demand:
    key: Key = (attack, CAUGHT_AT, 0.01)
    ours, freeman = panel.figures[OURS], panel.figures[FREEMAN]
    wanted = _TIMES_FREEMAN * float(freeman.values[key][0])
    reached = ours.interval(key)
    return Demand(
        text=f"{OURS}, {attack}: caught where 1 % are challenged",
        asked=f"at least twice Freeman's {percent(float(freeman.values[key][0]))}",
        measured=span(reached),
        verdict=_verdict(reached.value >= wanted, reached.high >= wanted),
    )


def _verdict(is_met: bool, is_within: bool) -> str:
    if is_met:
        return "met"
    return "within its interval" if is_within else "**missed**"
