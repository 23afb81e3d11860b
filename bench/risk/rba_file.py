"""Reads the RBA data set (Wiefling et al., TOPS 2022, doi 10.1145/3546069, CC BY 4.0), as CSV or zip.

Hours, round-trip times, regions and cities are not read: they are made up in it. Two pseudo-users are left out: the one
that stands for unknown accounts, and one with more attempts than a person makes.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from io import TextIOWrapper
from ipaddress import ip_address
from pathlib import Path
from typing import IO, Final
from zipfile import ZipFile

from bench.risk.attackers import REAL_TAKEOVER
from bench.risk.happenings import Agent, Happening, Place
from watchword.domain.instant import Instant

UNKNOWN_ACCOUNTS: Final = -4324475583306591935
"""The pseudo-user of attempts with accounts that do not exist: 14 million rows."""
PERSON_MOST: Final = 20_000
"""Attempts; the other pseudo-user has 70,028 in 13 months."""
USERS: Final = 50_000
"""Drawn from the file, with every user who was taken over."""
_BUCKETS: Final = 1 << 32
_IPV6_NETWORK_BITS: Final = 64

_Progress = Callable[[int], None]
"""Is told how many bytes were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """What was taken from a file."""

    happenings: tuple[Happening, ...]
    """In the order of time."""
    rows: int
    """All rows of the file."""
    left_out_users: frozenset[int]
    """Pseudo-users that were met."""


def size(path: Path) -> int:
    """Return how many bytes of text there are to read, for the progress."""
    if path.suffix.lower() == ".zip":
        with ZipFile(path) as archive:
            return archive.getinfo(_member(archive)).file_size
    return path.stat().st_size


def read(path: Path, *, users: int, progress: _Progress) -> Extract:
    """Return the attempts of about so many users, and of all who were taken over; the file is read twice.

    ``progress`` is called as it goes, over twice the size. Raises ``ValueError`` for a file that is no such data set.
    """
    rows, everybody, taken_over = _survey(path, progress)
    share = min(1.0, users / max(1, everybody))
    wanted = _Wanted(share=share, always=frozenset(taken_over))
    found = [_happening(row) for row in _rows(path, progress) if int(row["User ID"]) in wanted]
    counts = Counter(one.user for one in found)
    left_out = frozenset({user for user, count in counts.items() if count > PERSON_MOST} | {UNKNOWN_ACCOUNTS})
    kept = sorted((one for one in found if one.user not in left_out), key=lambda one: one.at)
    return Extract(happenings=tuple(kept), rows=rows, left_out_users=left_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """Which users are taken: the same ones each time."""

    share: float
    always: frozenset[int]

    def __contains__(self, user: int) -> bool:
        drawn = int.from_bytes(blake2b(str(user).encode(), digest_size=4).digest()) < self.share * _BUCKETS
        return user != UNKNOWN_ACCOUNTS and (drawn or user in self.always)


def _survey(path: Path, progress: _Progress) -> tuple[int, int, set[int]]:
    """Return how many rows and users there are, and who was taken over."""
    rows, everybody, taken_over = 0, set[int](), set[int]()
    for row in _rows(path, progress):
        rows += 1
        user = int(row["User ID"])
        everybody.add(user)
        if _is_true(row["Is Account Takeover"]):
            taken_over.add(user)
    return rows, len(everybody), taken_over


def _rows(path: Path, progress: _Progress) -> Iterator[dict[str, str]]:
    with _opened(path) as text:
        reader = csv.DictReader(_counted(text, progress))
        missing = {"User ID", "ASN", "IP Address", "Is Account Takeover"} - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"{path.name} has no column {min(missing)}")
        yield from reader


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    if path.suffix.lower() == ".zip":
        with ZipFile(path) as archive, archive.open(_member(archive)) as member:
            yield TextIOWrapper(member, encoding="utf-8", newline="")
    else:
        with path.open(encoding="utf-8", newline="") as text:
            yield text


def _member(archive: ZipFile) -> str:
    names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
    if not names:
        raise ValueError("there is no CSV in the archive")
    return max(names, key=lambda name: archive.getinfo(name).file_size)


def _counted(lines: Iterable[str], progress: _Progress) -> Iterator[str]:
    pending = 0
    for line in lines:
        pending += len(line)
        if pending >= 1 << 20:
            progress(pending)
            pending = 0
        yield line
    progress(pending)


def _happening(row: dict[str, str]) -> Happening:
    is_successful = _is_true(row["Login Successful"])
    agent = _agent(row)
    return Happening(
        at=_instant(row["Login Timestamp"]),
        user=int(row["User ID"]),
        place=Place(country=row["Country"], network=int(row["ASN"] or 0), address=_address(row["IP Address"])),
        agent=agent,
        device=int.from_bytes(blake2b(agent.text.encode(), digest_size=6).digest()),
        has_token=False,
        is_successful=is_successful,
        attack=REAL_TAKEOVER if _is_true(row["Is Account Takeover"]) and is_successful else "",
        is_attack_address=_is_true(row["Is Attack IP"]),
    )


def _instant(text: str) -> Instant:
    """Return the time; the data set has milliseconds only where there are any."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return Instant(round(moment.timestamp() * 1000))


def _agent(row: dict[str, str]) -> Agent:
    system, system_version = _versioned(row["OS Name and Version"])
    browser, browser_version = _versioned(row["Browser Name and Version"])
    return Agent(
        kind=row["Device Type"],
        system=system,
        system_version=system_version,
        browser=browser,
        browser_version=browser_version,
        text=row["User Agent String"],
    )


def _versioned(text: str) -> tuple[str, str]:
    """Return the name and the version that it ends with, empty where there is none."""
    name, _, last = text.rpartition(" ")
    return (name, last) if name and last[:1].isdigit() else (text, "")


def _address(text: str) -> int:
    """Return the IPv4 address, or the /64 of an IPv6 address above all of them."""
    address = ip_address(text)
    number = int(address)
    return number if address.version == 4 else (number >> _IPV6_NETWORK_BITS) + (1 << 32)


def _is_true(text: str) -> bool:
    return text.strip().lower() == "true"
