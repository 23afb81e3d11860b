"""Makes and checks files of breached passwords: sorted lines ``SHA1:count`` for ``BreachedFile``."""

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from watchword_client.passwords.breached import LINE, hash_of

RANGE_LINE = re.compile(rb"([0-9A-Fa-f]{35}):([0-9]{1,18})")
"""One line of a range: what follows the five digits that the range is asked by, and the count."""
_PREFIX = re.compile(r"[0-9A-Fa-f]{5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundList:
    """Every line is well formed, and they stand in order."""

    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenList:
    """The first line that is wrong; look-ups in such a file would miss passwords."""

    line: int
    """Counted from 1."""
    reason: str


def check_hash_list(path: Path) -> SoundList | BrokenList:
    """Read the whole file once and say whether look-ups in it find what is there."""
    before = b""
    number = 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            line = LINE.fullmatch(raw)
            if line is None:
                return BrokenList(line=number, reason="not 40 hexadecimal digits, a colon and a count")
            if line[1].upper() <= before:
                return BrokenList(line=number, reason="out of order, or there twice")
            before = line[1].upper()
    return SoundList(lines=number) if number else BrokenList(line=1, reason="the file is empty")


def build_hash_list(passwords: Iterable[str], path: Path) -> int:
    """Write a list of these passwords and return the number of its lines; holds all their hashes in memory."""
    seen = Counter(hash_of(unicodedata.normalize("NFKC", password)) for password in passwords)
    _replace(path, (b"%s:%d\n" % (found, seen[found]) for found in sorted(seen)))
    return len(seen)


def join_range_files(folder: Path, path: Path) -> int:
    """Write one list out of files named ``00000.txt`` to ``FFFFF.txt`` that hold a range each; return how many.

    This is how downloaders of Pwned Passwords store it when they are not asked for a single file. Raises ``ValueError``
    with the name of a file whose lines are no range; the result is not checked for gaps.
    """
    files = sorted(
        (file for file in folder.iterdir() if _PREFIX.fullmatch(file.stem)), key=lambda file: file.stem.upper()
    )
    _replace(path, (line for file in files for line in _lines_of(file)))
    return len(files)


def _lines_of(file: Path) -> Iterator[bytes]:
    prefix = file.stem.upper().encode()
    # Where the service was asked for padding, lines with a count of 0 were made up.
    ends = {found[1].upper(): found[2] for found in _range_lines(file) if int(found[2])}
    return (b"%s%s:%s\n" % (prefix, end, ends[end]) for end in sorted(ends))


def _range_lines(file: Path) -> Iterator[re.Match[bytes]]:
    for raw in file.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines():
        line = RANGE_LINE.fullmatch(raw)
        if line is None:
            raise ValueError(f"{file.name} holds a line that is none of a range")
        yield line


def _replace(path: Path, lines: Iterable[bytes]) -> None:
    """Write a file so that readers find the whole old one or the whole new one."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.writelines(lines)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
