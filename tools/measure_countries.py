"""Measures how far a country reaches from its nearest city in the table of time zones, for the atlas.

Takes a TopoJSON file of Natural Earth's countries (public domain; the npm package ``world-atlas`` has one) and writes
``reaches.csv``: for each ISO 3166 code, how many kilometres its farthest place is from the nearest city that the
zone table of ``tzdata`` lists for it, rounded up. What lies far away and beside another code's city, such as French
Guiana, belongs to that code. Run: ``python tools/measure_countries.py countries-50m.json > …/reaches.csv``.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any, Final

from babel.core import get_global

from watchword.adapters.file_atlas.country_distances import cities_by_country, kilometres

Place = tuple[float, float]
"""Latitude and longitude, in degrees."""

GRID_DEGREES: Final = 1.0
SLACK_KM: Final = 60
"""The grid and the outline, which is drawn at 1:50 million, may miss the farthest place by this much."""
ROUNDED_TO_KM: Final = 50
APART_KM: Final = 1_500
NEAR_KM: Final = 700
UNINHABITED_KM: Final = 5_000
EXTRA_CODES: Final = {"Kosovo": "XK"}


def main(path: Path) -> None:
    """Print a line for each country."""
    cities = cities_by_country()
    reaches: dict[str, float] = defaultdict(float)
    for code, ring in _rings(json.loads(path.read_text())):
        own = cities.get(code)
        if own is None:
            continue
        owner = _owner(code, ring, cities)
        if owner is not None:
            places = [*ring, *_inside(ring)] if len(cities[owner]) > 1 else ring
            farthest = max(_nearest_km(place, cities[owner]) for place in places)
            reaches[owner] = max(reaches[owner], farthest)
    print("country,reach_km")
    for code in sorted(reaches):
        print(f"{code},{ceil((reaches[code] + SLACK_KM) / ROUNDED_TO_KM) * ROUNDED_TO_KM}")


def _owner(code: str, ring: Sequence[Place], cities: Mapping[str, Sequence[Place]]) -> str | None:
    own_km = min(_nearest_km(place, cities[code]) for place in ring)
    if own_km < APART_KM:
        return code
    near_km, near = min((_nearest_km(ring[0], some), other) for other, some in cities.items())
    if near_km < NEAR_KM:
        return near
    return code if own_km < UNINHABITED_KM else None


def _nearest_km(place: Place, cities: Sequence[Place]) -> float:
    return min(kilometres(place, city) for city in cities)


def _rings(topology: Mapping[str, Any]) -> Iterator[tuple[str, list[Place]]]:
    numeric = get_global("territory_aliases")
    arcs = [list(_unpacked(arc, topology["transform"])) for arc in topology["arcs"]]
    for geometry in topology["objects"]["countries"]["geometries"]:
        aliases = numeric.get(geometry.get("id", ""))
        code = aliases[0] if aliases else EXTRA_CODES.get(geometry["properties"]["name"])
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for polygon in polygons if code else []:
            yield str(code), _unwrapped([place for index in polygon[0] for place in _arc(arcs, index)])


def _arc(arcs: Sequence[list[Place]], index: int) -> list[Place]:
    return arcs[index] if index >= 0 else arcs[~index][::-1]


def _unwrapped(ring: Sequence[Place]) -> list[Place]:
    """Return an outline that goes on beyond 180 degrees where it crosses them, instead of once around the world."""
    unwrapped = [ring[0]]
    for latitude, longitude in ring[1:]:
        turns = round((longitude - unwrapped[-1][1]) / 360)
        unwrapped.append((latitude, longitude - turns * 360))
    return unwrapped


def _unpacked(arc: Sequence[Sequence[int]], transform: Mapping[str, Sequence[float]]) -> Iterator[Place]:
    x = y = 0
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        longitude = x * transform["scale"][0] + transform["translate"][0]
        yield y * transform["scale"][1] + transform["translate"][1], longitude


def _inside(ring: Sequence[Place]) -> Iterator[Place]:
    """Yield the places of a grid that lie inside of an outline."""
    south, north = min(place[0] for place in ring), max(place[0] for place in ring)
    west, east = min(place[1] for place in ring), max(place[1] for place in ring)
    latitude = south + GRID_DEGREES / 2
    while latitude < north:
        crossings = sorted(_crossings(ring, latitude))
        longitude = west + GRID_DEGREES / 2
        while longitude < east:
            if sum(crossing < longitude for crossing in crossings) % 2:
                yield latitude, longitude
            longitude += GRID_DEGREES
        latitude += GRID_DEGREES


def _crossings(ring: Sequence[Place], latitude: float) -> Iterator[float]:
    for (south, west), (north, east) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (south > latitude) != (north > latitude):
            yield west + (latitude - south) / (north - south) * (east - west)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
