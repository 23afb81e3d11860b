"""Makes compact files of the lists and tables that others publish."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from watchword.adapters.file_atlas.compact_file import CompactFile, CompactWriter, Credit, Fact, NetworkList
from watchword.adapters.file_atlas.range_table import VERSIONS, AddressSet
from watchword.adapters.file_atlas.text_lists import (
    SOURCE_LINES_AT_MOST,
    read_domains,
    read_network_list,
    read_text,
    read_values,
)

_TABLES: Final = (Fact.COUNTRY, Fact.ASN)


def build_compact(sources: Mapping[Fact, Sequence[Path]], credit: Credit) -> bytes:
    """Return a compact file of the lists of one source; several files of one fact become one list.

    The same files and words give the same bytes. Raises ``ConfigurationError`` for a line that is not understood.
    """
    writer = CompactWriter()
    for fact in Fact:
        paths = sources.get(fact, ())
        if paths:
            _add(writer, fact, paths)
    data = writer.file(credit)
    CompactFile.read(data, "what was just built")
    return data


def _add(writer: CompactWriter, fact: Fact, paths: Sequence[Path]) -> None:
    most = SOURCE_LINES_AT_MOST
    if fact in _TABLES:
        texts = {str(path): read_text(path) for path in paths}
        writer.add_map(fact, read_values(fact, texts, lines_at_most=most))
    elif fact is Fact.DISPOSABLE:
        names = (read_domains(read_text(path), str(path), lines_at_most=most) for path in paths)
        writer.add_names(fact, frozenset[str]().union(*names))
    else:
        lists = (read_network_list(read_text(path), str(path), lines_at_most=most) for path in paths)
        writer.add_list(fact, _together(lists))


def _together(lists: Iterable[NetworkList]) -> NetworkList:
    ranges: dict[int, list[tuple[int, int]]] = {version: [] for version in VERSIONS}
    as_numbers: set[int] = set()
    for one in lists:
        as_numbers |= one.as_numbers
        for version, some in one.addresses.ranges().items():
            ranges[version].extend(some)
    return NetworkList(AddressSet.of(ranges), frozenset(as_numbers))
