"""Writes small country files in MaxMind's format, so that no foreign data is needed to test the reading of them.

MaxMind DB File Format Specification 2.0; only what such a file needs.
"""

import struct
from collections.abc import Mapping
from ipaddress import IPv6Network, ip_network
from pathlib import Path
from typing import Final

# Bytes stand for what is encoded already.
Value = str | bytes | list[str] | Mapping[str, "Value"]

_MARKER: Final = b"\xab\xcd\xefMaxMind.com"
_SEPARATOR: Final = b"\0" * 16
_RECORD_BITS: Final = 32


def write_mmdb(path: Path, records: Mapping[str, Value], *, ip_version: int = 6) -> None:
    """Write a file that knows these networks; in one for IPv6, IPv4 lies below ``::/96``."""
    tree: list[list[int | None]] = [[None, None]]
    data, offsets = b"", []
    for network, record in records.items():
        offsets.append(len(data))
        data += _encoded(record)
        _insert(tree, _bits(network, ip_version), -len(offsets))
    count = len(tree)

    def pointer(entry: int | None) -> int:
        if entry is None:
            return count
        return entry if entry >= 0 else count + len(_SEPARATOR) + offsets[-entry - 1]

    nodes = b"".join(struct.pack(">II", pointer(left), pointer(right)) for left, right in tree)
    metadata: dict[str, Value] = {
        "node_count": _number(6, count),
        "record_size": _number(5, _RECORD_BITS),
        "ip_version": _number(5, ip_version),
        "database_type": "Country",
        "binary_format_major_version": _number(5, 2),
        "binary_format_minor_version": _number(5, 0),
        "build_epoch": _number(9, 1_790_000_000),
        "languages": ["en"],
        "description": {"en": "for tests"},
    }
    path.write_bytes(nodes + _SEPARATOR + data + _MARKER + _encoded(metadata))


def _bits(network: str, ip_version: int) -> str:
    parsed = ip_network(network)
    text = f"{int(parsed.network_address):0{parsed.max_prefixlen}b}"[: parsed.prefixlen]
    is_nested = ip_version == 6 and not isinstance(parsed, IPv6Network)
    return "0" * 96 + text if is_nested else text


def _insert(tree: list[list[int | None]], bits: str, leaf: int) -> None:
    node = 0
    for bit in map(int, bits[:-1]):
        following = tree[node][bit]
        if following is None:
            tree.append([None, None])
            tree[node][bit] = following = len(tree) - 1
        node = following
    tree[node][int(bits[-1])] = leaf


def _encoded(value: Value) -> bytes:
    if isinstance(value, str):
        text = value.encode()
        return _control(2, len(text)) + text
    if isinstance(value, bytes):
        return value
    if isinstance(value, list):
        return _control(11, len(value)) + b"".join(map(_encoded, value))
    return _control(7, len(value)) + b"".join(_encoded(key) + _encoded(entry) for key, entry in value.items())


def _number(kind: int, value: int) -> bytes:
    """Return a number as uint16 (5), uint32 (6) or uint64 (9); readers look at which it is."""
    number = value.to_bytes(8, "big").lstrip(b"\0")
    return _control(kind, len(number)) + number


def _control(kind: int, size: int) -> bytes:
    if size >= 29 + 256:
        raise ValueError("this writer knows short values only")
    # From 29 on the rest of a size follows, and from 8 on the number of a kind, less 7.
    short, rest = min(size, 29), bytes([size - 29]) if size >= 29 else b""
    return (bytes([kind << 5 | short]) if kind < 8 else bytes([short, kind - 7])) + rest
