"""Opens the files of an atlas, whatever their format, and says of each what it holds and how old it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final, Protocol

from watchword.adapters.file_atlas.address_reading import Address
from watchword.adapters.file_atlas.compact_file import MAGIC, CompactFile, Credit, Fact, NetworkList
from watchword.adapters.file_atlas.database_file import Database, open_database
from watchword.adapters.file_atlas.range_table import AddressMap
from watchword.adapters.file_atlas.text_lists import read_domains, read_network_list, read_text, read_values
from watchword.domain.errors import ConfigurationError
from watchword.domain.instant import DAY_MS, SECOND_MS, Instant

SHIPPED: Final = {
    Fact.HOSTING: "x4bnet.atlas",
    Fact.VPN: "x4bnet.atlas",
    Fact.LISTED: "bad_asn.atlas",
    Fact.DISPOSABLE: "disposable_domains.atlas",
}
"""The lists that come with us (``NOTICE``). Of Tor there is none: no list at hand had a licence that allows it."""


class Table(Protocol):
    """Says a text of an address."""

    def text(self, address: Address) -> str | None:
        """Return the country, or ``number name`` of the autonomous system."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file that the atlas works with."""

    fact: Fact
    name: str
    dated_at: Instant | None
    """When its data were made: by its own word, or else when the file was last written. None where they never age."""
    holds: str
    """What is in it, in words: ``29,070 ranges``."""
    credit: Credit | None = None
    is_in_effect: bool = True
    """Not so for a list of AS numbers alone, where no file tells the system of an address."""

    def age_days(self, now: Instant) -> int | None:
        """Return whole days since its data were made; None where they never age."""
        return None if self.dated_at is None else max(0, now - self.dated_at) // DAY_MS


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A file that says a text of an address."""

    source: SourceFile
    table: Table


@dataclass(frozen=True, slots=True)
class OpenList:
    """A file that lists networks."""

    source: SourceFile
    networks: NetworkList


@dataclass(frozen=True, slots=True)
class OpenNames:
    """A file that lists domains."""

    source: SourceFile
    names: frozenset[str]


def open_tables(fact: Fact, paths: Iterable[Path]) -> list[OpenTable]:
    """Return the files of countries or systems, each opened; ``ConfigurationError`` for one that is wrong."""
    opened: list[OpenTable] = []
    try:
        for path in paths:
            opened.append(_open_table(fact, path))  # noqa: PERF401 what is open must be known if the next one fails
    except ConfigurationError:
        close_tables(opened)
        raise
    return opened


def close_tables(tables: Iterable[OpenTable]) -> None:
    """Close what holds a file open."""
    for one in tables:
        if isinstance(one.table, Database):
            one.table.close()


def open_examples() -> OpenTable:
    """Return the networks set aside for documentation, in made-up countries."""
    name = "example_places.csv"
    table = read_values(Fact.COUNTRY, {name: files(__package__).joinpath(name).read_text(encoding="utf-8")})
    return OpenTable(_of_map(Fact.COUNTRY, f"shipped: {name}", None, table, None), table)


def open_lists(fact: Fact, paths: Iterable[Path | None]) -> Sequence[OpenList]:
    """Return lists of networks; None stands for the one that comes with us."""
    return [_open_list(fact, path) for path in paths]


def open_names(paths: Iterable[Path | None]) -> Sequence[OpenNames]:
    """Return lists of domains; None stands for the one that comes with us."""
    return [_open_names(path) for path in paths]


def _open_table(fact: Fact, path: Path) -> OpenTable:
    if path.suffix.lower() == ".csv":
        table = read_values(fact, {str(path): read_text(path)})
        return OpenTable(_of_map(fact, str(path), written_at(path), table, None), table)
    compact = _read_compact(fact, path)
    if compact is not None:
        table = compact.address_map(fact)
        return OpenTable(_of_map(fact, str(path), compact.credit.dated_at, table, compact.credit), table)
    database = open_database(path, fact)
    source = SourceFile(fact=fact, name=str(path), dated_at=database.built_at, holds=database.described)
    return OpenTable(source, database)


def _open_list(fact: Fact, path: Path | None) -> OpenList:
    compact = _read_compact(fact, path)
    if compact is not None:
        networks, dated_at = compact.network_list(fact), compact.credit.dated_at
    else:
        given = _given(fact, path)
        networks, dated_at = read_network_list(read_text(given), str(given)), written_at(given)
    counted = {"range": networks.addresses.range_count, "AS number": len(networks.as_numbers)}
    source = SourceFile(
        fact=fact,
        name=_named(fact, path),
        dated_at=dated_at,
        holds=", ".join(_counted(count, what) for what, count in counted.items() if count),
        credit=compact.credit if compact is not None else None,
    )
    return OpenList(source, networks)


def _open_names(path: Path | None) -> OpenNames:
    fact = Fact.DISPOSABLE
    compact = _read_compact(fact, path)
    if compact is not None:
        names, dated_at = compact.names(fact), compact.credit.dated_at
    else:
        given = _given(fact, path)
        names, dated_at = read_domains(read_text(given), str(given)), written_at(given)
    credit = compact.credit if compact is not None else None
    holds = _counted(len(names), "domain")
    return OpenNames(
        SourceFile(fact=fact, name=_named(fact, path), dated_at=dated_at, holds=holds, credit=credit), names
    )


def _of_map(fact: Fact, name: str, dated_at: Instant | None, table: AddressMap, credit: Credit | None) -> SourceFile:
    holds = _counted(table.range_count, "range")
    return SourceFile(fact=fact, name=name, dated_at=dated_at, holds=holds, credit=credit)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _read_compact(fact: Fact, path: Path | None) -> CompactFile | None:
    """Return a compact file, or None for a file of another format."""
    if path is None:
        name = _shipped_name(fact)
        data = files(__package__).joinpath("shipped", name).read_bytes()
        return CompactFile.read(data, _named(fact, None))
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                return None
            return CompactFile.read(MAGIC + file.read(), str(path))
    except OSError as error:
        raise ConfigurationError((f"{path}: the {fact} file cannot be read: {error.strerror}",)) from None


def _named(fact: Fact, path: Path | None) -> str:
    return f"shipped: {_shipped_name(fact)}" if path is None else str(path)


def _given(fact: Fact, path: Path | None) -> Path:
    if path is None:
        raise ConfigurationError((f"the {fact} list that comes with Watchword is not in its compact form",))
    return path


def _shipped_name(fact: Fact) -> str:
    name = SHIPPED.get(fact)
    if name is None:
        raise ConfigurationError((f"no {fact} list comes with Watchword: name files of your own",))
    return name


def written_at(path: Path) -> Instant:
    """Return when a file was last written."""
    try:
        return Instant(int(path.stat().st_mtime) * SECOND_MS)
    except OSError as error:
        raise ConfigurationError((f"{path}: cannot be read: {error.strerror}",)) from None
