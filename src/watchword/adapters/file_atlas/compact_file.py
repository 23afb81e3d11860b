"""The compact file of an atlas: tables of one source with its date and its licence, small, and read in milliseconds.

A line that names the format, a line of JSON, and the packed parts it lists, of which it also holds the SHA-256. Numbers
stand as differences, and the bytes of equal weight together, because that is what deflating makes small.
"""

import json
import sys
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256
from itertools import accumulate
from typing import Final, Self

from watchword.adapters.file_atlas.range_table import HOST_BITS, AddressMap, AddressSet, Bounds, Texts
from watchword.domain.errors import ConfigurationError
from watchword.domain.instant import SECOND_MS, Instant

MAGIC: Final = b"watchword-atlas 1\n"
LARGEST_PART_BYTES: Final = 1 << 28
"""No list is near it; a damaged or hostile file must not fill the memory."""
_HEADER_BYTES_AT_MOST: Final = 100_000
_IPV4: Final = 4
_UPPER_HALF: Final = 8
_WHOLE: Final = 16
"""How many bytes a number takes: of IPv4, of IPv6 without its lower half, and of IPv6 with it."""
_EVERY_WIDTH: Final = (1, _IPV4, _UPPER_HALF, _WHOLE)
_WIDTHS: Final = {_IPV4: "I", _UPPER_HALF: "Q"}


class Fact(StrEnum):
    """What a file can tell."""

    COUNTRY = "country"
    ASN = "asn"
    HOSTING = "hosting"
    VPN = "vpn"
    TOR = "tor"
    LISTED = "listed"
    DISPOSABLE = "disposable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Where the data of a file come from."""

    source: str
    dated: date
    licence: str

    @property
    def dated_at(self) -> Instant:
        """The beginning of that day, UTC."""
        return Instant(int(datetime.combine(self.dated, datetime.min.time(), UTC).timestamp()) * SECOND_MS)


@dataclass(frozen=True, slots=True)
class NetworkList:
    """What a list of networks holds: addresses, and whole autonomous systems by number."""

    addresses: AddressSet
    as_numbers: frozenset[int]


class CompactWriter:
    """Gathers parts, and gives the bytes of the file; equal input gives equal bytes."""

    __slots__ = ("_body", "_parts")

    def __init__(self) -> None:
        self._parts: list[dict[str, object]] = []
        self._body: list[bytes] = []

    def add_list(self, fact: Fact, some: NetworkList) -> None:
        """Add a list of networks."""
        for version, bounds in some.addresses.bounds.items():
            self._add_bounds(fact, version, bounds)
        self._add_numbers(fact, "as_numbers", _differences(sorted(some.as_numbers)), 4)

    def add_map(self, fact: Fact, some: AddressMap) -> None:
        """Add what is said of addresses."""
        for version, bounds in some.bounds.items():
            self._add_bounds(fact, version, bounds)
            self._add_numbers(fact, f"ipv{version}_values", some.values[version], 4)
        self._add(fact, "texts", some.texts.joined, width=1)

    def add_names(self, fact: Fact, names: Iterable[str]) -> None:
        """Add a set of names."""
        self._add(fact, "names", "\n".join(sorted(names)).encode(), width=1)

    def file(self, credit: Credit) -> bytes:
        """Return the whole file."""
        body = b"".join(self._body)
        header = {
            "source": credit.source,
            "dated": credit.dated.isoformat(),
            "licence": credit.licence,
            "sha256": sha256(body).hexdigest(),
            "parts": self._parts,
        }
        return MAGIC + json.dumps(header, ensure_ascii=True, separators=(",", ":")).encode() + b"\n" + body

    def _add_bounds(self, fact: Fact, version: int, bounds: Bounds) -> None:
        width = _WHOLE if bounds.lows else _UPPER_HALF if bounds.dropped_bits else _IPV4
        numbers = bounds.numbers() if bounds.lows else bounds.highs
        self._add_numbers(fact, f"ipv{version}", _differences(numbers), width)

    def _add_numbers(self, fact: Fact, name: str, numbers: Sequence[int], width: int) -> None:
        if numbers:
            plain = b"".join(number.to_bytes(width, "little") for number in numbers)
            self._add(fact, name, b"".join(plain[byte::width] for byte in range(width)), width=width)

    def _add(self, fact: Fact, name: str, plain: bytes, *, width: int) -> None:
        packed = zlib.compress(plain, 9)
        self._parts.append({"fact": fact, "name": name, "width": width, "size": len(plain), "packed": len(packed)})
        self._body.append(packed)


class CompactFile:
    """Reads the parts of one file; what does not fit together is a ``ConfigurationError``."""

    __slots__ = ("_name", "_parts", "credit")

    def __init__(self, name: str, credit: Credit, parts: Mapping[tuple[str, str], tuple[int, int, bytes]]) -> None:
        self.credit = credit
        self._name = name
        self._parts = parts

    @classmethod
    def read(cls, data: bytes, name: str) -> Self:
        """Return the file of these bytes, which messages call ``name``."""
        try:
            return cls(name, *_read_header(data))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ConfigurationError((f"{name}: this compact file is damaged; build it again",)) from None

    @property
    def facts(self) -> frozenset[str]:
        """What the file tells."""
        return frozenset(fact for fact, _ in self._parts)

    def network_list(self, fact: Fact) -> NetworkList:
        """Return a list of networks."""
        self._must_tell(fact)
        bounds = {version: self._bounds(fact, version) for version in (4, 6) if (fact, f"ipv{version}") in self._parts}
        numbers = accumulate(self._numbers(fact, "as_numbers"))
        return NetworkList(AddressSet(bounds), frozenset(numbers))

    def address_map(self, fact: Fact) -> AddressMap:
        """Return what is said of addresses."""
        self._must_tell(fact)
        versions = [version for version in (4, 6) if (fact, f"ipv{version}") in self._parts]
        bounds = {version: self._bounds(fact, version) for version in versions}
        values = {version: self._numbers(fact, f"ipv{version}_values") for version in versions}
        texts = Texts.of(self._plain(fact, "texts"))
        for version in versions:
            if len(values[version]) != len(bounds[version].highs) or max(values[version]) > len(texts.ends):
                raise self._damage()
        return AddressMap(bounds, values, texts)

    def names(self, fact: Fact) -> frozenset[str]:
        """Return a set of names."""
        self._must_tell(fact)
        return frozenset(self._plain(fact, "names").decode().split("\n"))

    def _must_tell(self, fact: Fact) -> None:
        if fact not in self.facts:
            told = ", ".join(sorted(self.facts))
            raise ConfigurationError((f"{self._name}: this file tells {told or 'nothing'}, and not {fact}",))

    def _bounds(self, fact: Fact, version: int) -> Bounds:
        name = f"ipv{version}"
        width = self._parts[fact, name][0]
        numbers = accumulate(self._numbers(fact, name))
        if width == _WHOLE:
            return Bounds.of(list(numbers), version)
        try:
            return Bounds(array(_WIDTHS[width], numbers), (), 0 if width == _IPV4 else HOST_BITS)
        except (KeyError, OverflowError):
            raise self._damage() from None

    def _numbers(self, fact: Fact, name: str) -> Sequence[int]:
        """Return the numbers of a part, as they were written."""
        if (fact, name) not in self._parts:
            return ()
        width, planes = self._parts[fact, name][0], self._plain(fact, name)
        count = len(planes) // width
        plain = bytearray(len(planes))
        for byte in range(width):
            plain[byte::width] = planes[byte * count : (byte + 1) * count]
        if width not in _WIDTHS:
            return [int.from_bytes(plain[start : start + width], "little") for start in range(0, len(plain), width)]
        numbers = array(_WIDTHS[width], bytes(plain))
        if sys.byteorder == "big":
            numbers.byteswap()
        return numbers

    def _plain(self, fact: Fact, name: str) -> bytes:
        _, size, packed = self._parts.get((fact, name), (1, 0, zlib.compress(b"")))
        unpacking = zlib.decompressobj()
        try:
            plain = unpacking.decompress(packed, size + 1)
        except zlib.error:
            raise self._damage() from None
        if len(plain) != size or not unpacking.eof:
            raise self._damage()
        return plain

    def _damage(self) -> ConfigurationError:
        return ConfigurationError((f"{self._name}: this compact file is damaged; build it again",))


def _read_header(data: bytes) -> tuple[Credit, Mapping[tuple[str, str], tuple[int, int, bytes]]]:
    line_end = data.index(b"\n", len(MAGIC), len(MAGIC) + _HEADER_BYTES_AT_MOST)
    header = json.loads(data[len(MAGIC) : line_end])
    body = memoryview(data)[line_end + 1 :]
    if sha256(body).hexdigest() != header["sha256"]:
        raise ValueError("the parts are not those that the header was written for")
    parts: dict[tuple[str, str], tuple[int, int, bytes]] = {}
    start = 0
    for part in header["parts"]:
        width, size, packed = part["width"], part["size"], part["packed"]
        if (
            width not in (1, _IPV4, _UPPER_HALF, _WHOLE)
            or not 0 <= size <= LARGEST_PART_BYTES
            or size % width
            or packed < 0
        ):
            raise ValueError("a part is impossible")
        parts[part["fact"], part["name"]] = (width, size, bytes(body[start : start + packed]))
        start += packed
    credit = Credit(
        source=str(header["source"]), dated=date.fromisoformat(header["dated"]), licence=str(header["licence"])
    )
    return credit, parts


def _differences(numbers: Sequence[int]) -> list[int]:
    return [number - before for before, number in zip([0, *numbers], numbers, strict=False)]
