"""Makes the stream of a store's sign-ins, calibrated on the published statistics of the RBA data set.

The same seed gives the same stream. No attackers are in it but for the guessing that every store sees, all of it wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, pi
from random import Random
from typing import Final

from bench.risk.agents import CALIBRATED, REALISTIC, AgentRules, draw_machine
from bench.risk.chances import Draw
from bench.risk.happenings import DAY_MS, HOUR_MS, Happening
from bench.risk.people import draw_person, sign_in_count
from bench.risk.places import Geography, draw_geography, utc_offset_h
from watchword.domain.instant import Instant

STARTS_AT: Final = Instant(1_580_688_000_000)
"""3 February 2020, as the data set; nothing depends on it but the day of the week."""
DAYS: Final = 390
USERS: Final = 12_000
_GROWS_ON_DAY: Final = 271
"""1 November 2020: from here on there is 1.4 times the traffic."""
_GROWTH: Final = 1.4
_MISTYPED: Final = 0.155
"""Share of sign-ins before which the user mistyped his password; with the guesses, failures are 22 % of attempts."""
_GUESSED: Final = 0.109
"""Guesses of strangers for each sign-in: attempts from attacking addresses are 9.9 % of the data set's rows."""
_GUESSING_COUNTRIES: Final = Draw.of({"US": 0.40, "NO": 0.14, "RU": 0.11, "BR": 0.04, "DE": 0.03, "": 0.28})
"""Countries of failed attempts that are not the users' own, from the shares and success rates by country of §2.2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A stream in the order of time, with what made it."""

    seed: int
    happenings: tuple[Happening, ...]
    geography: Geography
    is_realistic: bool


def make_traffic(seed: int, *, users: int = USERS, is_realistic: bool = False) -> Traffic:
    """Return the stream of one seed; ``is_realistic`` chooses user agents that update themselves."""
    chance = Random(seed)
    geography = draw_geography(Random(seed + 1_000_003))
    rules = REALISTIC if is_realistic else CALIBRATED
    happenings = [happening for number in range(users) for happening in _visits(number, geography, rules, chance)]
    happenings.extend(_guesses(happenings, geography, rules, chance))
    happenings.sort(key=lambda happening: happening.at)
    return Traffic(seed=seed, happenings=tuple(happenings), geography=geography, is_realistic=is_realistic)


def guessing_country(geography: Geography, chance: Random) -> str:
    """Return a country that strangers guess from."""
    return _GUESSING_COUNTRIES.one(chance) or chance.choice(list(geography.networks))


def _visits(number: int, geography: Geography, rules: AgentRules, chance: Random) -> Iterator[Happening]:
    country = geography.homes.one(chance)
    times = _times(country, chance)
    person = draw_person(number, country, geography, rules, times[0], chance)
    for at in times:
        place = person.place(at, geography, chance)
        machine = person.machine(at, rules, chance)
        agent = machine.agent(rules, at)
        right = Happening(
            at=at,
            user=person.number,
            place=place,
            agent=agent,
            device=machine.number,
            has_token=person.has_token(machine, at, chance),
            is_successful=True,
        )
        if chance.random() < _MISTYPED:
            yield Happening(
                at=Instant(at - chance.randrange(4_000, 90_000)),
                user=person.number,
                place=place,
                agent=agent,
                device=machine.number,
                has_token=right.has_token,
                is_successful=False,
            )
        yield right


def _times(country: str, chance: Random) -> list[Instant]:
    count = sign_in_count(chance)
    first = _day(0.0, chance)
    days = [first, *(_day(first, chance) for _ in range(count - 1))]
    return sorted(_time(day, country, chance) for day in days)


def _day(earliest: float, chance: Random) -> float:
    """Return a day from ``earliest`` on, the days after the growth more often."""
    while True:
        day = earliest + chance.random() * (DAYS - earliest)
        if day >= _GROWS_ON_DAY or chance.random() < 1 / _GROWTH:
            return float(int(day))


def _time(day: float, country: str, chance: Random) -> Instant:
    hour = (_HOURS.one(chance) - utc_offset_h(country)) % 24
    return Instant(STARTS_AT + int(day * DAY_MS) + hour * HOUR_MS + chance.randrange(HOUR_MS))


def _guesses(visits: list[Happening], geography: Geography, rules: AgentRules, chance: Random) -> Iterator[Happening]:
    for index in range(round(len(visits) * _GUESSED)):
        near = chance.choice(visits)
        network = geography.networks[guessing_country(geography, chance)].one(chance)
        machine = draw_machine(-index - 1, "desktop" if chance.random() < 0.85 else "mobile", rules, near.at, chance)
        yield Happening(
            at=Instant(near.at + chance.randrange(HOUR_MS)),
            user=near.user,
            place=network.fresh(chance),
            agent=machine.agent(rules, near.at),
            device=machine.number,
            has_token=False,
            is_successful=False,
            attack="guess",
            is_attack_address=True,
        )


_HOURS: Final = Draw(range(24), [19 + 14 * cos((hour - 15) / 24 * 2 * pi) for hour in range(24)])
"""About 5 sign-ins a minute at night and 33 in the afternoon (§5.6, by eye)."""
