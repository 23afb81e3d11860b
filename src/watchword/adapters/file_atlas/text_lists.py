"""Reads lists that people and projects publish as text: networks, AS numbers, ranges with a value, mail domains.

A line that is not understood is an error with its file and number: half a list would look like a whole one.
"""

import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final

from watchword.adapters.file_atlas.compact_file import LARGEST_PART_BYTES, Fact, NetworkList
from watchword.adapters.file_atlas.range_table import VERSIONS, AddressMap, AddressSet
from watchword.domain.errors import ConfigurationError

LINES_AT_MOST: Final = 100_000
"""What is read at every start; ``watchword atlas build`` makes a file of more that is there at once."""
SOURCE_LINES_AT_MOST: Final = 10_000_000
_GZIP: Final = b"\x1f\x8b"
_COMMENT: Final = ("#", ";", "//")
_FIRST_FIELD: Final = re.compile(r'"?([^\s,;#"]+)')
_AS_NUMBER: Final = re.compile(r"(?:AS)?([0-9]{1,10})", re.IGNORECASE)
LARGEST_AS_NUMBER: Final = (1 << 32) - 1
"""RFC 6793 §2."""
_IPV4_NETWORK: Final = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:/(\d{1,2}))?", re.ASCII)
_DOMAIN: Final = re.compile(r"(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")
_HEADERS: Final = ("asn", "network", "start", "ip_range_start", "range_start", "cidr")
_UNKNOWN_COUNTRIES: Final = frozenset({"-", "ZZ", "NONE", "UNKNOWN"})
"""How files of ranges write that they do not know."""
_COUNTRY_LETTERS: Final = 2
_LONGEST_NAME: Final = 80

_Ranges = dict[int, list[tuple[int, int]]]
_Texts = dict[int, list[tuple[int, int, str]]]


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, also where it is compressed with gzip."""
    try:
        data = path.read_bytes()
        if data.startswith(_GZIP):
            data = _unzipped(data)
        return data.decode("utf-8-sig")
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise ConfigurationError((f"{path}: the gzip file is damaged or too large",)) from None
    except OSError as error:
        raise ConfigurationError((f"{path}: the list cannot be read: {error.strerror or error}",)) from None
    except UnicodeDecodeError:
        raise ConfigurationError((f"{path}: the list is not UTF-8",)) from None


def read_network_list(text: str, name: str, *, lines_at_most: int = LINES_AT_MOST) -> NetworkList:
    """Return the networks, addresses and AS numbers that stand at the beginning of each line."""
    ranges: _Ranges = {version: [] for version in VERSIONS}
    as_numbers = set()
    for place, line in _lines(text, name, lines_at_most):
        found = _FIRST_FIELD.match(line)
        field = found[1] if found else line
        as_number = _AS_NUMBER.fullmatch(field)
        if as_number is not None:
            as_numbers.add(_as_number(as_number[1], place))
        else:
            version, first, end = _network(field, place)
            ranges[version].append((first, end))
    if not as_numbers and not any(ranges.values()):
        raise ConfigurationError((f"{name}: there is no network in this list",))
    return NetworkList(AddressSet.of(ranges), frozenset(as_numbers))


def read_domains(text: str, name: str, *, lines_at_most: int = LINES_AT_MOST * 10) -> frozenset[str]:
    """Return the domains of a list, one a line, in lower case and with the ASCII form of other letters."""
    domains = set()
    for place, line in _lines(text, name, lines_at_most):
        domain = line.lower().removesuffix(".")
        if _DOMAIN.fullmatch(domain) is None:
            raise ConfigurationError((f"{place}: a line is a domain such as throwaway.example",))
        domains.add(domain)
    if not domains:
        raise ConfigurationError((f"{name}: there is no domain in this list",))
    return frozenset(domains)


def read_values(fact: Fact, texts: Mapping[str, str], *, lines_at_most: int = LINES_AT_MOST) -> AddressMap:
    """Return countries or autonomous systems of lists of ``network,value`` or ``first,last,value``, by their names.

    Between the fields are commas or tabs. The layout with number, country and name of a network together is understood
    too. A value is a country of two letters, or an AS number and the text ``number name`` it becomes.
    """
    ranges: _Texts = {version: [] for version in VERSIONS}
    for name, text in texts.items():
        for place, fields in _rows(text, name, lines_at_most):
            version, first, end, values = _range(fields, place)
            value = _country(values, place) if fact is Fact.COUNTRY else _system(values, place)
            if value is not None:
                ranges[version].append((first, end, value))
    if not any(ranges.values()):
        raise ConfigurationError((f"{', '.join(texts)}: there is no network in this list",))
    return AddressMap.of(ranges)


def read_country_code(code: object) -> str | None:
    """Return an ISO 3166 code of two letters; ``ZZ`` and whatever else is written for "unknown" is None."""
    if not isinstance(code, str) or len(code) != _COUNTRY_LETTERS or not (code.isascii() and code.isalpha()):
        return None
    folded = code.upper()
    return None if folded == "ZZ" else folded


def _unzipped(data: bytes) -> bytes:
    with gzip.GzipFile(fileobj=BytesIO(data)) as file:
        plain = file.read(LARGEST_PART_BYTES)
        if file.read(1):
            raise EOFError("the file is too large")
    return plain


def _lines(text: str, name: str, lines_at_most: int) -> Iterator[tuple[str, str]]:
    """Yield what is written in each line, and its place; a heading of columns is no line."""
    for number, line in enumerate(_bounded(text.split("\n"), name, lines_at_most), start=1):
        entry = line.strip()
        if entry and not entry.startswith(_COMMENT) and not (number == 1 and _is_heading(entry.split(","))):
            yield f"{name}:{number}", entry


def _rows(text: str, name: str, lines_at_most: int) -> Iterator[tuple[str, Sequence[str]]]:
    lines = _bounded(text.split("\n"), name, lines_at_most)
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith(_COMMENT)), "")
    # In lines with tabs, a quotation mark is one; read as in CSV, a lone one would swallow the lines after it.
    rows = csv.reader(lines, csv.excel_tab, quoting=csv.QUOTE_NONE) if "\t" in first else csv.reader(lines)
    seen_heading = False
    try:
        for row in rows:
            fields = [field.strip() for field in row]
            if not any(fields) or fields[0].startswith(_COMMENT):
                continue
            if not seen_heading and _is_heading(fields):
                seen_heading = True
                continue
            yield f"{name}:{rows.line_num}", fields
    except csv.Error as error:
        raise ConfigurationError((f"{name}:{rows.line_num}: {error}",)) from None


def _bounded(lines: Sequence[str], name: str, at_most: int) -> Sequence[str]:
    if len(lines) > at_most:
        hint = "`watchword atlas build` makes a compact file of a longer one"
        raise ConfigurationError((f"{name}: a list has at most {at_most:,} lines; {hint}",))
    return lines


def _is_heading(fields: Sequence[str]) -> bool:
    return fields[0].strip(' "').lower() in _HEADERS


def _network(text: str, place: str) -> tuple[int, int, int]:
    """Return version, first address and the one after the last of a network, an address or ``first-last``."""
    first, dash, last = text.partition("-")
    if dash:
        return _between(first, last, place)
    quick = _IPV4_NETWORK.fullmatch(text)
    if quick is not None:
        # Ten times as fast as ``ip_network``, and there may be fifty thousand of them; what is odd goes the long way.
        a, b, c, d = (int(part) for part in quick.groups()[:4])
        size = 1 << (32 - int(quick[5] or 32)) if int(quick[5] or 32) <= VERSIONS[4] else 0
        number = a << 24 | b << 16 | c << 8 | d
        is_plain = str(a) == quick[1] and str(b) == quick[2] and str(c) == quick[3] and str(d) == quick[4]
        if size and is_plain and max(a, b, c, d) < 256 and number % size == 0:  # noqa: PLR2004 values of a byte
            return 4, number, number + size
    try:
        network = ip_network(text)
    except ValueError as error:
        raise ConfigurationError((f"{place}: {error}",)) from None
    return network.version, int(network.network_address), int(network.broadcast_address) + 1


def _between(first: str, last: str, place: str) -> tuple[int, int, int]:
    try:
        start, end = ip_address(first.strip()), ip_address(last.strip())
    except ValueError as error:
        raise ConfigurationError((f"{place}: {error}",)) from None
    if start.version != end.version or int(end) < int(start):
        raise ConfigurationError((f"{place}: {first} to {last} is no range of addresses",))
    return start.version, int(start), int(end) + 1


def _range(fields: Sequence[str], place: str) -> tuple[int, int, int, Sequence[str]]:
    is_first_and_last = len(fields) > 2 and "/" not in fields[0] and _looks_like_address(fields[1])  # noqa: PLR2004 two addresses and a value
    if is_first_and_last:
        return *_between(fields[0], fields[1], place), fields[2:]
    return *_network(fields[0], place), fields[1:]


def _looks_like_address(text: str) -> bool:
    return "." in text or ":" in text


def _country(values: Sequence[str], place: str) -> str | None:
    is_with_system = len(values) > 1 and values[0].isdecimal()
    text = values[1] if is_with_system else values[0] if values else ""
    code = read_country_code(text)
    if code is None and text.upper() not in _UNKNOWN_COUNTRIES:
        raise ConfigurationError((f"{place}: a line is a network and a country of two letters: 192.0.2.0/24,US",))
    return code


def _system(values: Sequence[str], place: str) -> str | None:
    found = _AS_NUMBER.fullmatch(values[0]) if values else None
    if found is None:
        raise ConfigurationError((f"{place}: a line is a network and an AS number: 192.0.2.0/24,64500",))
    number = int(found[1])
    if number == 0:
        return None
    return system_text(_as_number(found[1], place), values[-1] if len(values) > 1 else None)


def system_text(number: int, name: str | None) -> str:
    """Return how a table keeps an autonomous system: its number, and its name in one line of at most 80 characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in name or "").split())[:_LONGEST_NAME]
    return f"{number} {line}".rstrip()


def _as_number(digits: str, place: str) -> int:
    number = int(digits)
    if not 0 < number <= LARGEST_AS_NUMBER:
        raise ConfigurationError((f"{place}: an AS number is between 1 and {LARGEST_AS_NUMBER}",))
    return number
