"""On which Python Watchword and its Python peers are measured, and the environments that they are installed in.

One and the same release of Python differs by half as much again in speed: distributions build it with the profile of a
run and optimise it as a whole, and a build from source leaves that out unless it is told to. Whoever serves a shop has
one of the former, as Node comes ready-made too; so the quickest interpreter that the machine has is taken, for all.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

_NAME: Final = f"python3.{sys.version_info.minor}"
"""The release that this runs on: the locks of the peers may know no other."""
_PLACES: Final = (f"{sys.base_prefix}/bin", "/usr/bin", "/usr/local/bin")
_ROOT: Final = Path(__file__).resolve().parents[2]
_ENVIRONMENTS: Final = _ROOT / "build" / "bench"
_TRIAL: Final = """
import ensurepip, time, venv
from dataclasses import dataclass

@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    number: int
    text: str

def count(value, *, more):
    return value.number + more + len(f"{value.text}-{more}")

def once():
    began = time.perf_counter()
    for number in range(40_000):
        count(Value(number=number, text="x"), more=len([one for one in (1, 2, 3)]))
    return time.perf_counter() - began

print(min(once() for _ in range(5)))
"""
"""What a service in Python does most: it makes values, calls functions and puts texts together."""


@cache
def quickest() -> Path:
    """Return the interpreter of this machine that does such work in the least time and can make environments."""
    found = [Path(place) / _NAME for place in _PLACES if (Path(place) / _NAME).exists()]
    times = {path: _time_of(path) for path in found}
    return min(times, key=lambda path: times[path], default=Path(sys.executable))


def _time_of(interpreter: Path) -> float:
    done = subprocess.run([interpreter, "-c", _TRIAL], check=False, capture_output=True, text=True)
    # One that cannot make environments is of no use, however quick.
    return float(done.stdout) if done.returncode == 0 else float("inf")


def installed(name: str, lock: Path, *, projects: Sequence[Path] = ()) -> Path:
    """Return the environment of that name with a lock and these projects in it, made anew where the lock changed."""
    place = _ENVIRONMENTS / f"{name}-venv"
    stamp = place / "installed.lock"
    wanted = f"# {quickest()}\n{lock.read_text(encoding='utf-8')}"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([quickest(), "-m", "venv", place], check=True)
        # The lock names everything; pip would resolve anew and stumble over extras.
        _install(place, "--no-deps", "--require-hashes", "-r", lock)
        for project in projects:
            _install(place, "--no-deps", "--no-build-isolation", "-e", project)
        stamp.write_text(wanted, encoding="utf-8")
    return place


def _install(place: Path, *what: str | Path) -> None:
    pip: list[str | Path] = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *what], check=True)


@cache
def watchword_program() -> Path:
    """Return the command of Watchword as an operator installs it: by its lock, with nothing for its development."""
    place = installed("watchword", _ROOT / "requirements.lock", projects=(_ROOT / "sdk" / "python", _ROOT))
    return place / "bin" / "watchword"


@cache
def version() -> str:
    """Return the release of the interpreter."""
    said = subprocess.run([quickest(), "--version"], check=True, capture_output=True, text=True).stdout
    return said.strip()
