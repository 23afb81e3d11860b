"""Reads what processes have used so far, from ``/proc``: processor time, memory and bytes written."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICKS_S: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one process has used since it began."""

    cpu_s: float
    """With that of its children that have ended."""
    resident_bytes: int
    written_bytes: int
    """Handed to the disk; pages of files that were made dirty, whoever flushes them."""


def family_of(roots: Iterable[int]) -> frozenset[int]:
    """Return these processes and all that descend from them, as far as they live."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))) is not None:
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: set[int] = set()
    waiting = [root for root in roots if (_PROC / str(root)).exists()]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(children.get(one, ()))
    return frozenset(found)


def usage_of(family: Iterable[int]) -> Mapping[int, Usage]:
    """Return what each of these processes has used; one that has ended is left out."""
    return {pid: usage for pid in family if (usage := _usage(pid)) is not None}


def _usage(pid: int) -> Usage | None:
    fields = _stat(pid)
    if fields is None:
        return None
    try:
        lines = (_PROC / str(pid) / "io").read_text().splitlines()
    except OSError:
        lines = []
    counters = dict(line.split(": ") for line in lines)
    return Usage(
        cpu_s=sum(map(int, fields[11:15])) / _TICKS_S,
        resident_bytes=int(fields[21]) * _PAGE_BYTES,
        written_bytes=int(counters.get("write_bytes", 0)),
    )


def _stat(pid: int) -> list[str] | None:
    """Return the fields of ``/proc/PID/stat`` from the state on, which is the first behind the name (proc(5))."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()
