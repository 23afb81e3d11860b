"""Tables of address ranges say what a walk through the ranges would, and so does their compact file."""

from collections.abc import Sequence
from datetime import date
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.adapters.file_atlas.compact_file import CompactFile, CompactWriter, Credit, Fact, NetworkList
from watchword.adapters.file_atlas.range_table import VERSIONS, AddressMap, AddressSet, flatten
from watchword.domain.errors import ConfigurationError

CREDIT = Credit(source="a test", dated=date(2026, 11, 1), licence="none")
SMALL = st.integers(min_value=0, max_value=40)
RANGES = st.lists(st.tuples(SMALL, st.integers(min_value=1, max_value=12), st.integers(min_value=1, max_value=4)))
EDGES = {
    4: [0, 1, 255, 256, 1 << 24, (1 << 32) - 2, (1 << 32) - 1],
    6: [1 << 96, (1 << 96) + 1, 1 << 110, (1 << 110) + (1 << 64), (1 << 110) + (1 << 64) + 7, (1 << 128) - 1],
}


def _walked(ranges: Sequence[tuple[int, int, int]], at: int) -> int:
    """Give the value that holds, in the slow way: of all ranges around, the last and then the shortest."""
    around = [(first, -end, place, value) for place, (first, end, value) in enumerate(ranges) if first <= at < end]
    return max(around)[3] if around else 0


@given(RANGES)
def test_the_narrowest_range_holds_everywhere(ranges: list[tuple[int, int, int]]) -> None:
    spans = [(first, first + length, value) for first, length, value in ranges]
    changes, held = flatten(spans)
    assert changes == sorted(set(changes))
    for at in range(60):
        before = [value for change, value in zip(changes, held, strict=True) if change <= at]
        assert (before[-1] if before else 0) == _walked(spans, at)


def _networks(version: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    most = 1 << VERSIONS[version]
    edges = st.sampled_from(EDGES[version]) | st.integers(min_value=0, max_value=most - 1)
    sizes = st.sampled_from([1, 2, 256, 1 << 20, 1 << 31, most >> 1])
    return st.lists(st.tuples(edges, sizes).map(lambda pair: (pair[0], min(most, pair[0] + pair[1]))), max_size=8)


@given(_networks(4), _networks(6), st.frozensets(st.integers(min_value=1, max_value=(1 << 32) - 1), max_size=5))
def test_a_list_is_the_same_after_its_compact_file(
    ipv4: list[tuple[int, int]], ipv6: list[tuple[int, int]], as_numbers: frozenset[int]
) -> None:
    ranges = {4: ipv4, 6: ipv6}
    writer = CompactWriter()
    writer.add_list(Fact.VPN, NetworkList(AddressSet.of(ranges), as_numbers))
    if not (ipv4 or ipv6 or as_numbers):
        return
    read = CompactFile.read(writer.file(CREDIT), "x.atlas").network_list(Fact.VPN)
    assert read.as_numbers == as_numbers
    for version, address in ((4, IPv4Address), (6, IPv6Address)):
        edges = {edge for first, end in ranges[version] for edge in (first - 1, first, end - 1, end)}
        for number in {0, *edges, *EDGES[version]}:
            if 0 <= number < 1 << VERSIONS[version]:
                inside = any(first <= number < end for first, end in ranges[version])
                assert read.addresses.holds(address(number)) == inside


@pytest.mark.parametrize(("version", "low"), [(4, 0), (6, 1 << 100), (6, (1 << 100) + 5)])
def test_a_map_is_the_same_after_its_compact_file(version: int, low: int) -> None:
    first = low or 1 << 24
    size = 1 << 8 if version == 4 or low % 2 else 1 << 70
    ranges = {version: [(first, first + size, "13335 Ürgend, Inc."), (first + 2 * size, first + 3 * size, "64500")]}
    writer = CompactWriter()
    writer.add_map(Fact.ASN, AddressMap.of(ranges))
    read = CompactFile.read(writer.file(CREDIT), "x.atlas").address_map(Fact.ASN)
    kind = IPv4Address if version == 4 else IPv6Address
    steps = [-1, 0, size - 1, size, 2 * size, 3 * size - 1, 3 * size]
    found = [read.text(kind(first + step)) for step in steps]
    assert found == [None, "13335 Ürgend, Inc.", "13335 Ürgend, Inc.", None, "64500", "64500", None]
    assert read.range_count == 2
    assert read.text(ip_address("2001:db8::1" if version == 4 else "192.0.2.1")) is None


def test_names_are_the_same_after_their_compact_file() -> None:
    writer = CompactWriter()
    writer.add_names(Fact.DISPOSABLE, {"b.example", "a.example"})
    file = CompactFile.read(writer.file(CREDIT), "x.atlas")
    assert file.names(Fact.DISPOSABLE) == {"a.example", "b.example"}
    assert file.credit == CREDIT


def _file() -> bytes:
    writer = CompactWriter()
    writer.add_list(Fact.TOR, NetworkList(AddressSet.of({4: [(1 << 24, 1 << 25)]}), frozenset({64500})))
    return writer.file(CREDIT)


@given(st.data())
def test_a_file_with_a_damaged_byte_is_refused(data: st.DataObject) -> None:
    whole = _file()
    # A source and a licence are words: one that reads otherwise is no damage that could be noticed.
    body = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    place = data.draw(st.integers(min_value=body, max_value=len(whole) - 1))
    bits = data.draw(st.integers(min_value=1, max_value=255))
    damaged = whole[:place] + bytes([whole[place] ^ bits]) + whole[place + 1 :]
    with pytest.raises(ConfigurationError, match="damaged"):
        CompactFile.read(damaged, "x.atlas")


@pytest.mark.parametrize("length", [0, 18, 30, 200, -1])
def test_half_a_file_is_refused(length: int) -> None:
    with pytest.raises(ConfigurationError, match=r"x\.atlas: this compact file is damaged"):
        CompactFile.read(_file()[:length], "x.atlas")


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        (b'"size":8', b'"size":4'),
        (b'"size":8', b'"size":-8'),
        (b'"width":4', b'"width":3'),
        (b'"size":8', b'"size":"8"'),
    ],
)
def test_a_header_that_does_not_fit_is_refused(found: bytes, instead: bytes) -> None:
    changed = _file().replace(found, instead)
    assert changed != _file()
    with pytest.raises(ConfigurationError, match="damaged"):
        CompactFile.read(changed, "x.atlas").network_list(Fact.TOR)


def test_a_file_that_tells_something_else_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"x\.atlas: this file tells tor, and not vpn"):
        CompactFile.read(_file(), "x.atlas").network_list(Fact.VPN)
