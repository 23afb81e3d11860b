"""The files of the atlas at a start: what is missing or old is told, and what is wrong stops it."""

import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.adapters.mmdb_writer import write_mmdb
from watchword.bootstrap.atlas_files import build_atlas_file, check_atlas, look_up, open_atlas
from watchword.config.settings import AtlasFiles
from watchword.domain.errors import ConfigurationError


def _settings(**changed: Any) -> AtlasFiles:
    nothing: dict[str, Any] = {
        "country_files": (),
        "asn_files": (),
        "hosting_lists": (),
        "vpn_lists": (),
        "tor_lists": (),
        "listed_networks": (),
        "disposable_domains": (),
        "places_stale_days": 90,
        "lists_stale_days": 180,
        "example_places": False,
    }
    return AtlasFiles(**{**nothing, **changed})


def _warnings(settings: AtlasFiles) -> list[tuple[str, object, object]]:
    with capture_logs() as logs:
        open_atlas(settings).close()
    return [(line["event"], line.get("fact"), line.get("file")) for line in logs if line["log_level"] == "warning"]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.txt"
    path.write_text("192.0.2.0/24\nAS64500\n")
    os.utime(path, (1_700_000_000, 1_700_000_000))  # 2023
    return path


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    path = tmp_path / "fresh.csv"
    path.write_text("192.0.2.0/24,US\n")
    return path


def test_fresh_files_are_not_worth_a_word(fresh: Path) -> None:
    assert _warnings(_settings(country_files=(fresh,))) == []


def test_without_a_country_file_the_start_warns() -> None:
    assert _warnings(_settings()) == [("atlas.no_country_file", None, None)]
    assert _warnings(_settings(example_places=True)) == []


def test_an_old_list_is_told_and_counts_as_before(fresh: Path, old: Path) -> None:
    settings = _settings(country_files=(fresh,), vpn_lists=(old,))
    assert _warnings(settings) == [("atlas.stale_file", "vpn", str(old))]
    facts = look_up(settings, "192.0.2.9")
    assert (facts.country, facts.vpn) == ("US", True)


def test_an_old_country_file_is_told_by_the_day_it_was_built(tmp_path: Path) -> None:
    path = tmp_path / "c.mmdb"
    write_mmdb(path, {"192.0.2.0/24": {"country": "US"}})  # says that it was built in 2026-09
    assert _warnings(_settings(country_files=(path,), places_stale_days=1)) == [
        ("atlas.stale_file", "country", str(path))
    ]
    assert _warnings(_settings(country_files=(path,), places_stale_days=10_000)) == []


def test_the_day_inside_a_compact_file_counts_and_not_when_it_was_copied(fresh: Path, tmp_path: Path) -> None:
    built = tmp_path / "places.atlas"
    report = build_atlas_file(built, {"country": [fresh]}, source="x", licence="y", dated=date(2020, 1, 1))
    assert [(file.fact, file.holds, file.credit, file.stale) for file in report.files] == [
        ("country", "1 range", "x: y", False)
    ]
    assert _warnings(_settings(country_files=(built,))) == [("atlas.stale_file", "country", str(built))]
    assert look_up(_settings(country_files=(built,)), "192.0.2.9").country == "US"


def test_an_old_list_without_an_effect_is_shown_and_not_warned_of(fresh: Path, tmp_path: Path) -> None:
    path = tmp_path / "as.txt"
    path.write_text("AS64500\n")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    settings = _settings(country_files=(fresh,), listed_networks=(path,))
    assert _warnings(settings) == []
    (_, listed) = check_atlas(settings).files
    assert (listed.stale, listed.in_effect) == (True, False)
    systems = tmp_path / "asn.csv"
    systems.write_text("192.0.2.0/24,64500\n")
    assert _warnings(_settings(country_files=(fresh,), asn_files=(systems,), listed_networks=(path,))) == [
        ("atlas.stale_file", "listed", str(path))
    ]


def test_a_wrong_file_stops_the_start(tmp_path: Path, fresh: Path) -> None:
    (tmp_path / "wrong.txt").write_text("192.0.2.0/24\nhome\n")
    with pytest.raises(ConfigurationError, match=r"wrong\.txt:2: "):
        open_atlas(_settings(country_files=(fresh,), tor_lists=(tmp_path / "wrong.txt",)))


def test_what_nothing_tells_is_named(fresh: Path, old: Path) -> None:
    report = check_atlas(_settings(country_files=(fresh,), tor_lists=(old,)))
    assert report.no_data == ("asn", "hosting", "vpn", "listed")


def test_a_build_that_fails_leaves_what_was_there(tmp_path: Path, fresh: Path) -> None:
    built = tmp_path / "places.atlas"
    built.write_text("as it was")
    (tmp_path / "wrong.csv").write_text("192.0.2.0/24,US\n198.51.100.0/24,Germany\n")
    with pytest.raises(ConfigurationError, match=r"wrong\.csv:2: "):
        build_atlas_file(built, {"country": [tmp_path / "wrong.csv"]}, source="x", licence="y", dated=date(2026, 1, 1))
    assert built.read_text() == "as it was"
    with pytest.raises(ConfigurationError, match="cannot be written"):
        build_atlas_file(
            tmp_path / "missing" / "x.atlas", {"country": [fresh]}, source="x", licence="y", dated=date(2026, 1, 1)
        )
    assert {path.name for path in tmp_path.iterdir()} == {"places.atlas", "wrong.csv", "fresh.csv"}
