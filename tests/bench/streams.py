"""Small streams written by hand, for the tests of the measurement."""

from dataclasses import replace
from typing import Any

from bench.risk.happenings import DAY_MS, Agent, Happening, Place
from watchword.domain.instant import Instant

START = Instant(1_580_688_000_000)
HOME = Place(country="NO", network=100, address=1)
PHONE = Agent(kind="mobile", system="iOS", system_version="13", browser="Safari", browser_version="13", text="phone")
DESK = Agent(kind="desktop", system="Windows", system_version="10", browser="Edge", browser_version="80", text="desk")


def sign_in(day: float = 0.0, **other: Any) -> Happening:
    """Return user 1 signing in at home with his phone, but for what is said otherwise."""
    usual = Happening(
        at=Instant(START + round(day * DAY_MS)),
        user=1,
        place=HOME,
        agent=PHONE,
        device=1,
        has_token=False,
        is_successful=True,
    )
    return replace(usual, **other)


def at(**other: Any) -> Place:
    """Return home, but for what is said otherwise."""
    return replace(HOME, **other)
