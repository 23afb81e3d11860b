"""How far two countries are apart at least: whoever was seen in both may have stood at the nearest ends of them.

The cities are those of the zone table (``zone.tab``, public domain, in the package ``tzdata``). A country has few of
them and is larger, so that the nearest cities alone would put Strasbourg and Kehl 880 km apart. How far a country
reaches from its cities stands in ``reaches.csv``, measured by ``tools/measure_countries.py`` on Natural Earth's
outlines (public domain), and is taken off twice.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from math import asin, cos, radians, sin, sqrt
from typing import Final, Self

Place = tuple[float, float]
"""Latitude and longitude, in degrees."""

EARTH_RADIUS_KM: Final = 6_350
"""The smallest radius of a great circle, rounded down: what comes out is never more than the true way."""
SMALL_REACH_KM: Final = 150
"""Of a territory that is too small for the map that was measured: islands, mostly."""
PAIRS_KEPT: Final = 4_096
_MORE_CITIES: Final = {"XK": (42.67, 21.17)}
"""Pristina: Kosovo's code is given by addresses' files, and has no line in the zone table."""
_COORDINATES: Final = re.compile(r"([+-])(\d{2})(\d{2})(\d{2})?([+-])(\d{3})(\d{2})(\d{2})?")
"""ISO 6709, with degrees and minutes and sometimes seconds."""


class CountryDistances:
    """Answers from two tables that it read once."""

    __slots__ = ("_cities", "_km", "_reaches_km")

    def __init__(self, cities: Mapping[str, Sequence[Place]], reaches_km: Mapping[str, int]) -> None:
        self._cities = cities
        self._reaches_km = reaches_km
        self._km = lru_cache(PAIRS_KEPT)(self._measure)

    @classmethod
    def read(cls) -> Self:
        """Return the distances of the tables that are installed."""
        lines = files(__package__).joinpath("reaches.csv").read_text(encoding="utf-8").splitlines()[1:]
        pairs = (line.split(",") for line in lines)
        return cls(cities_by_country(), {country: int(reach_km) for country, reach_km in pairs})

    def km(self, country_a: str, country_b: str) -> float | None:
        """Return a lower bound of the way; 0 within a country and between neighbours, None for one that is unknown."""
        return self._km(country_a, country_b) if country_a <= country_b else self._km(country_b, country_a)

    def _measure(self, country_a: str, country_b: str) -> float | None:
        cities_a, cities_b = self._cities.get(country_a), self._cities.get(country_b)
        if cities_a is None or cities_b is None:
            return None
        if country_a == country_b:
            return 0.0
        nearest_km = min(kilometres(a, b) for a in cities_a for b in cities_b)
        reach_km = sum(self._reaches_km.get(country, SMALL_REACH_KM) for country in (country_a, country_b))
        return max(0.0, nearest_km - reach_km)


def cities_by_country() -> Mapping[str, Sequence[Place]]:
    """Return the places of the zone table, by ISO 3166 code."""
    cities: dict[str, list[Place]] = {country: [place] for country, place in _MORE_CITIES.items()}
    for line in files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8").splitlines():
        country, _, rest = line.partition("\t")
        found = _COORDINATES.match(rest)
        if found is not None:
            sign_y, *degrees_y = found.groups()[:4]
            sign_x, *degrees_x = found.groups()[4:]
            cities.setdefault(country, []).append((_degrees(sign_y, degrees_y), _degrees(sign_x, degrees_x)))
    return cities


def kilometres(a: Place, b: Place) -> float:
    """Return the length of the great circle between two places (haversine)."""
    (latitude_a, longitude_a), (latitude_b, longitude_b) = (tuple(map(radians, place)) for place in (a, b))
    across = sin((latitude_b - latitude_a) / 2) ** 2
    along = cos(latitude_a) * cos(latitude_b) * sin((longitude_b - longitude_a) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(across + along)))


def _degrees(sign: str | None, parts: Sequence[str | None]) -> float:
    size = sum(int(part or 0) / 60.0**power for power, part in enumerate(parts))
    return -size if sign == "-" else size
