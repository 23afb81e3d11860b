"""The devices of the made-up traffic and how their browsers and systems change over time.

A device follows the newest version at a distance of its own; some never update. Two settings: the calibrated one has
the novelty and the entropies of the RBA data set, whose versions are made-up too; in the realistic one browsers update
themselves every four weeks, nearly all of them within days.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from bench.risk.chances import Draw, with_tail
from bench.risk.happenings import DAY_MS, Agent
from watchword.domain.instant import Instant

KINDS: Final[Mapping[str, float]] = {"mobile": 0.500, "desktop": 0.475, "tablet": 0.025}
"""Shares among the successful sign-ins at the head of the RBA data set."""
_SYSTEMS: Final[Mapping[str, Mapping[str, float]]] = {
    "mobile": {"iOS": 0.60, "Android": 0.37, "Windows Phone": 0.02, "KaiOS": 0.01},
    "desktop": {"Mac OS X": 0.62, "Chrome OS": 0.20, "Windows": 0.12, "Linux": 0.06},
    "tablet": {"iOS": 0.8, "Android": 0.2},
}
_BROWSERS: Final[Mapping[str, Mapping[str, float]]] = {
    "mobile": {
        "Chrome Mobile WebView": 0.30, "Android": 0.28, "Chrome Mobile": 0.19, "Firefox": 0.15, "Opera Mobile": 0.03,
        "MiuiBrowser": 0.02, "Firefox Mobile": 0.02, "Edge Mobile": 0.01,
    },
    "desktop": {"Chrome": 0.90, "Edge": 0.07, "Opera": 0.03},
    "tablet": {"Chrome": 0.35, "Android": 0.35, "Opera Mini": 0.15, "Chrome Mobile WebView": 0.15},
}  # fmt: skip
_MODELS: Final = with_tail((0.85, 0.09), 6)
"""What else a user agent tells, such as the model of a phone; some models are common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRules:
    """How agents change in one setting."""

    browser_days: float
    """Days between two versions of a browser."""
    system_days: float
    build_days: float
    """Days between two builds, which only the whole user agent names."""
    lag_days: float
    """Mean distance to the newest version."""
    never_updates: float
    """Share of the devices that stay what they were."""
    past_days: float
    """How long ago those stopped, at most."""


CALIBRATED: Final = AgentRules(
    browser_days=44, system_days=140, build_days=19, lag_days=20, never_updates=0.16, past_days=400
)
"""Chosen for the novelty and the entropies of the published statistics."""
REALISTIC: Final = AgentRules(
    browser_days=28, system_days=120, build_days=28, lag_days=6, never_updates=0.04, past_days=400
)
"""Chrome and Firefox publish a version every four weeks."""


@dataclass(slots=True, kw_only=True)
class Machine:
    """One device with its browser."""

    number: int
    kind: str
    system: str
    browser: str
    model: int
    lag_days: float
    stopped_on: float | None
    """The day whose versions it stays with; None for one that updates."""
    seen_at: Instant | None = None

    def agent(self, rules: AgentRules, now: Instant) -> Agent:
        """Return what it sends now."""
        self.seen_at = now
        day = now / DAY_MS - self.lag_days if self.stopped_on is None else self.stopped_on
        # Makers publish on days of their own.
        browser_version = str(int((day + 7 * len(self.browser)) // rules.browser_days))
        system_version = str(int((day + 11 * len(self.system)) // rules.system_days))
        build = int(day // rules.build_days)
        return Agent(
            kind=self.kind,
            system=self.system,
            system_version=system_version,
            browser=self.browser,
            browser_version=browser_version,
            text=f"{self.system} {system_version}; {self.browser} {browser_version}; {self.model}.{build}",
        )


def draw_machine(number: int, kind: str, rules: AgentRules, now: Instant, chance: Random) -> Machine:
    """Return a device that somebody has just begun to use."""
    system = _SYSTEM_DRAWS[kind].one(chance)
    stopped_on = now / DAY_MS - chance.random() * rules.past_days if chance.random() < rules.never_updates else None
    return Machine(
        number=number,
        kind=kind,
        system=system,
        browser=_BROWSER_DRAWS[kind].one(chance),
        model=_MODEL_DRAW.one(chance),
        lag_days=chance.expovariate(1 / rules.lag_days),
        stopped_on=stopped_on,
    )


_SYSTEM_DRAWS: Final = {kind: Draw.of(weights) for kind, weights in _SYSTEMS.items()}
_BROWSER_DRAWS: Final = {kind: Draw.of(weights) for kind, weights in _BROWSERS.items()}
_MODEL_DRAW: Final = Draw(range(len(_MODELS)), _MODELS)
