"""How far countries are apart at least: never more than the true way, and enough to tell continents apart."""

from itertools import combinations

import pytest

from watchword.adapters.file_atlas import FileAtlas
from watchword.adapters.file_atlas.country_distances import CountryDistances, cities_by_country, kilometres

# Places that people live in, far from the city that a zone is named after, or close to a border.
PLACES = {
    "DE": (48.57, 7.81),  # Kehl
    "FR": (48.58, 7.75),  # Strasbourg
    "NO": (69.73, 30.05),  # Kirkenes
    "RU": (69.41, 30.22),  # Nikel
    "CN": (39.47, 75.99),  # Kashgar
    "KG": (39.71, 73.15),  # near Irkeshtam
    "ES": (36.01, -5.61),  # Tarifa
    "MA": (35.79, -5.81),  # Tangier
    "US": (25.90, -97.50),  # Brownsville
    "MX": (25.87, -97.50),  # Matamoros
    "IN": (8.09, 77.54),  # Kanyakumari
    "LK": (9.66, 80.02),  # Jaffna
    "JP": (24.34, 124.16),  # Ishigaki
    "TW": (24.98, 121.54),  # Taipei
    "BR": (-33.69, -53.46),  # Chuí
    "UY": (-33.69, -53.45),  # Chuy
    "AU": (-9.23, 142.25),  # Boigu
    "PG": (-9.08, 143.21),  # Daru
    "GB": (49.91, -6.31),  # Isles of Scilly
    "IE": (51.85, -10.36),  # Valentia
}


@pytest.fixture(scope="module")
def distances() -> CountryDistances:
    return CountryDistances.read()


@pytest.mark.parametrize(("a", "b"), list(combinations(PLACES, 2)))
def test_nobody_is_said_to_have_gone_farther_than_he_did(distances: CountryDistances, a: str, b: str) -> None:
    told = distances.km(a, b)
    assert told is not None
    assert told <= kilometres(PLACES[a], PLACES[b])
    assert told == distances.km(b, a)


@pytest.mark.parametrize(
    ("a", "b", "least"),
    [("NO", "BR", 4_000), ("DE", "US", 3_000), ("GB", "NG", 2_000), ("DE", "VN", 6_000), ("AU", "DE", 9_000)],
)
def test_continents_are_far_apart(distances: CountryDistances, a: str, b: str, least: int) -> None:
    told = distances.km(a, b)
    assert told is not None
    assert told >= least


def test_kosovo_has_neighbours_although_the_zone_table_leaves_it_out(distances: CountryDistances) -> None:
    assert distances.km("XK", "RS") == 0.0
    assert (distances.km("BR", "XK") or 0.0) > 5_000


def test_a_country_is_nowhere_far_from_itself(distances: CountryDistances) -> None:
    assert {distances.km(country, country) for country in cities_by_country()} == {0.0}


@pytest.mark.parametrize(
    ("a", "b"), [("DE", "XX"), ("XX", "DE"), ("XX", "XX"), ("local", "DE"), ("", ""), ("de", "FR")]
)
def test_where_nobody_knows_a_country_no_distance_is_made_up(distances: CountryDistances, a: str, b: str) -> None:
    assert distances.km(a, b) is None


def test_the_table_of_zones_is_read_whole() -> None:
    cities = cities_by_country()
    assert len(cities) > 240
    assert cities["DE"][0] == pytest.approx((52.5, 13.367), abs=0.001)
    assert min(latitude for latitude, _ in cities["AQ"]) < -75
    assert kilometres(cities["DE"][0], cities["FR"][0]) == pytest.approx(876, abs=5)


def test_the_atlas_tells_the_distance() -> None:
    atlas = FileAtlas.open()
    assert atlas.distance_km("FR", "DE") == 0.0
    assert atlas.distance_km("DE", "XX") is None
