"""Lists of breached passwords on this machine: a small one that comes along, and a file that the application gives."""

import hashlib
import re
from importlib import resources
from pathlib import Path
from typing import BinaryIO, Protocol

from watchword_client.passwords.verdicts import Breached, LookupAnswer, NotChecked, NotSeen

LINE = re.compile(rb"([0-9A-Fa-f]{40}):([0-9]{1,18})\r?\n?")
"""One line of a list: the SHA-1 in hexadecimal, a colon, and how often the password was seen."""
_LINE_BYTES = 64
"""More than the longest line has."""


class BreachedPasswords(Protocol):
    """A list of passwords that were stolen somewhere."""

    def look_up(self, password: str) -> LookupAnswer:
        """Say whether a normalised password is on the list; raises nothing."""


def hash_of(password: str) -> bytes:
    """Return what the lists know a normalised password by: its SHA-1 in 40 capital hexadecimal digits."""
    digest = hashlib.sha1(password.encode("utf-8", "surrogatepass"), usedforsecurity=False)
    return digest.hexdigest().upper().encode()


class WidelyUsed:
    """The short list that comes along: long passwords that are tried first, whatever their capitals."""

    def __init__(self) -> None:
        text = resources.files("watchword_client.passwords").joinpath("widely_used.txt").read_text(encoding="utf-8")
        self._passwords = frozenset(line for line in text.splitlines() if line and not line.startswith("# "))

    def look_up(self, password: str) -> LookupAnswer:
        """Say whether a normalised password is on the list."""
        return Breached(times=None) if password.casefold() in self._passwords else NotSeen()


class BreachedFile:
    """A file of sorted lines ``SHA1:count``, as the public download of Pwned Passwords has them.

    A look-up reads some forty short pieces of it, whatever its size; nothing is loaded, and the file may be replaced by
    a newer one while it is in use (write beside it and rename). Raises ``ValueError`` when created for a file that does
    not begin with such a line, and ``OSError`` for one that cannot be read.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            if not LINE.fullmatch(file.readline(_LINE_BYTES)):
                raise ValueError(f"{path} does not begin with a line such as <40 hexadecimal digits>:<count>")
        self._path = path

    def look_up(self, password: str) -> LookupAnswer:
        """Say whether a normalised password is in the file."""
        try:
            with self._path.open("rb") as file:
                times = _times_in(file, hash_of(password))
        except (OSError, ValueError):
            return NotChecked(reason="unreadable_file")
        return Breached(times=times) if times else NotSeen()


def _times_in(file: BinaryIO, wanted: bytes) -> int:
    """Return how often a hash was seen, 0 for one that is not in the file.

    Bisects by bytes: ``low`` is always the start of a line, and no line that could be the wanted one starts before it
    or at or after ``high``.
    """
    low, high = 0, file.seek(0, 2)
    while low < high:
        middle = (low + high) // 2
        start = _line_start(file, middle)
        if start >= high:
            high = middle
            continue
        file.seek(start)
        raw = file.readline(_LINE_BYTES)
        line = LINE.fullmatch(raw)
        if line is None:
            raise ValueError("a line is no hash with a count")
        found = line[1].upper()
        if found == wanted:
            return int(line[2])
        if found < wanted:
            low = start + len(raw)
        else:
            high = middle
    return 0


def _line_start(file: BinaryIO, offset: int) -> int:
    """Return where the first line begins that begins at or after an offset."""
    if offset == 0:
        return 0
    file.seek(offset - 1)
    skipped = file.readline(_LINE_BYTES)
    if len(skipped) == _LINE_BYTES and not skipped.endswith(b"\n"):
        raise ValueError("a line is too long")
    return offset - 1 + len(skipped)
