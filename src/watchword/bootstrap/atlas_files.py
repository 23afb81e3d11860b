"""Opens the files of the atlas, says how old they are, looks an address up in them, and builds compact ones."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import structlog

from watchword.adapters.file_atlas import FileAtlas
from watchword.adapters.file_atlas.compact_building import build_compact
from watchword.adapters.file_atlas.compact_file import Credit, Fact
from watchword.adapters.file_atlas.source_files import SourceFile
from watchword.adapters.system import SystemClock
from watchword.config.settings import AtlasFiles
from watchword.domain.atlas_facts import NetworkFacts
from watchword.domain.errors import ConfigurationError
from watchword.domain.instant import Instant

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtlasFile:
    """What there is to say of one file of the atlas."""

    fact: str
    name: str
    holds: str
    dated_at: Instant | None
    age_days: int | None
    stale: bool
    """Whether its data are older than the settings want them; it is used all the same."""
    in_effect: bool
    """Not so for AS numbers where no file tells the system of an address."""
    credit: str | None
    """Source and licence, where the file says them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtlasReport:
    """The files of the atlas, and what none of them tells."""

    files: tuple[AtlasFile, ...]
    no_data: tuple[str, ...]


def open_atlas(settings: AtlasFiles) -> FileAtlas:
    """Return the atlas; ``ConfigurationError`` for a file that is wrong, and a warning for what is missing or old."""
    atlas = _open(settings)
    if not settings.country_files and not settings.example_places:
        _log.warning("atlas.no_country_file", effect="every public address is a new place; docs/places.md says more")
    for file in _described(atlas, settings):
        if file.stale and file.in_effect:
            _log.warning("atlas.stale_file", fact=file.fact, file=file.name, age_days=file.age_days)
    return atlas


def check_atlas(settings: AtlasFiles) -> AtlasReport:
    """Return what is known of every file; ``ConfigurationError`` for one that is wrong."""
    atlas = _open(settings)
    try:
        return AtlasReport(files=_described(atlas, settings), no_data=atlas.no_data)
    finally:
        atlas.close()


def look_up(settings: AtlasFiles, ip: str) -> NetworkFacts:
    """Return what the files say of an address; ``ValueError`` for what is none."""
    atlas = _open(settings)
    try:
        return atlas.facts(ip)
    finally:
        atlas.close()


def build_atlas_file(
    target: Path, sources: Mapping[str, Sequence[Path]], *, source: str, licence: str, dated: date
) -> AtlasReport:
    """Write a compact file in one step and return what is in it.

    ``sources`` are files by the name of what they tell: ``country``, ``asn``, ``hosting``, ``vpn``, ``tor``,
    ``listed``, ``disposable``. Raises ``ConfigurationError`` for a line that is not understood, and then writes
    nothing.
    """
    by_fact = {Fact(name): paths for name, paths in sources.items() if paths}
    data = build_compact(by_fact, Credit(source=source, licence=licence, dated=dated))
    _write(target, data)
    tables = {fact: [target] if fact in by_fact else [] for fact in (Fact.COUNTRY, Fact.ASN)}
    lists = {fact: [target] for fact in by_fact if fact not in tables}
    atlas = FileAtlas.open(tables[Fact.COUNTRY], asn_files=tables[Fact.ASN], lists=lists)
    try:
        files = tuple(_describe(file, SystemClock().now(), stale_days=None) for file in atlas.files)
        return AtlasReport(files=files, no_data=atlas.no_data)
    finally:
        atlas.close()


def _open(settings: AtlasFiles) -> FileAtlas:
    return FileAtlas.open(
        settings.country_files,
        asn_files=settings.asn_files,
        lists={
            Fact.HOSTING: settings.hosting_lists,
            Fact.VPN: settings.vpn_lists,
            Fact.TOR: settings.tor_lists,
            Fact.LISTED: settings.listed_networks,
            Fact.DISPOSABLE: settings.disposable_domains,
        },
        example_places=settings.example_places,
    )


def _described(atlas: FileAtlas, settings: AtlasFiles) -> tuple[AtlasFile, ...]:
    now = SystemClock().now()
    return tuple(
        _describe(
            file,
            now,
            stale_days=settings.places_stale_days
            if file.fact in (Fact.COUNTRY, Fact.ASN)
            else settings.lists_stale_days,
        )
        for file in atlas.files
    )


def _describe(file: SourceFile, now: Instant, *, stale_days: int | None) -> AtlasFile:
    age_days = file.age_days(now)
    return AtlasFile(
        fact=file.fact.value,
        name=file.name,
        holds=file.holds,
        dated_at=file.dated_at,
        age_days=age_days,
        stale=age_days is not None and stale_days is not None and age_days >= stale_days,
        in_effect=file.is_in_effect,
        credit=None if file.credit is None else f"{file.credit.source}: {file.credit.licence}",
    )


def _write(target: Path, data: bytes) -> None:
    """Put the file there whole, so that a start beside it never reads half of one."""
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            unfinished = Path(file.name)
            file.write(data)
        unfinished.chmod(0o644)
        unfinished.replace(target)
    except OSError as error:
        raise ConfigurationError((f"{target}: cannot be written: {error.strerror}",)) from None
