"""Builds the load generator, runs it after a plan, and reads the counters of the processes it drives meanwhile."""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.load.plans import Plan
from bench.load.processes import Usage, family_of, usage_of

BUILD: Final = Path("build/bench")
DRIVER_CORE: Final = 1
_SOURCES: Final = Path(__file__).parent / "driver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long something took, over all of its kind in a run."""

    count: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    most_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Driven:
    """What one run of the load generator came to."""

    cycles: int
    cycles_in_all: int
    """With those of the warm-up and those that ended after the measured time."""
    seconds: float
    errors: int
    times: Mapping[str, Times]
    """By step; ``cycle`` is from the start to the last answer, ``code`` from the start to its code."""
    driver_cpu_s: float
    used: Mapping[int, Usage]
    """By process: processor time and bytes of the measured time, and the memory at its end."""

    @property
    def per_second(self) -> float:
        """Return cycles a second."""
        return self.cycles / self.seconds


def build_driver() -> Path:
    """Compile the load generator if its sources are newer, and return it."""
    BUILD.mkdir(parents=True, exist_ok=True)
    program = BUILD / "driver"
    sources = sorted(_SOURCES.glob("*.[ch]"))
    if not program.exists() or program.stat().st_mtime < max(path.stat().st_mtime for path in sources):
        _compile(program, [path for path in sources if path.suffix == ".c" and path.name != "trivial.c"])
    return program


def build_trivial() -> Path:
    """Compile the server that does nothing but answer, which shows how fast the load generator itself is."""
    BUILD.mkdir(parents=True, exist_ok=True)
    program = BUILD / "trivial"
    _compile(program, [_SOURCES / "trivial.c"])
    return program


def _compile(program: Path, sources: Iterable[Path]) -> None:
    subprocess.run(
        [
            os.environ.get("CC", "cc"),
            "-O2",
            "-D_GNU_SOURCE",
            "-Wall",
            "-Wextra",
            "-o",
            str(program),
            *map(str, sources),
        ],
        check=True,
    )


def drive(plan: Plan, *, roots: Iterable[int] = (), core: int = DRIVER_CORE) -> Driven:
    """Run the load generator on its core, and count what these processes and their children use meanwhile.

    Raises ``RuntimeError`` where it gave up; what it said is in the message.
    """
    program = build_driver().resolve()
    path = BUILD / f"plan-{os.getpid()}.txt"
    path.write_text(plan.text())
    command = ["taskset", "-c", str(core), str(program), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        if running.stdout is None or running.stderr is None:
            raise RuntimeError("the load generator has no output")
        before = after = usage_of(())
        told: dict[str, Any] = {}
        for line in running.stdout:
            if line == "begin\n":
                before = usage_of(family_of(roots))
            elif line == "end\n":
                after = usage_of(family_of(roots))
            else:
                told = json.loads(line)
        said = running.stderr.read()
    path.unlink()
    if running.returncode or not told:
        raise RuntimeError(f"the load generator gave up: {said.strip()}")
    if said:
        print(said.strip())
    return _driven(told, before, after)


def _driven(told: Mapping[str, Any], before: Mapping[int, Usage], after: Mapping[int, Usage]) -> Driven:
    nothing = Usage(cpu_s=0.0, resident_bytes=0, written_bytes=0)
    used = {
        pid: Usage(
            cpu_s=usage.cpu_s - before.get(pid, nothing).cpu_s,
            resident_bytes=usage.resident_bytes,
            written_bytes=usage.written_bytes - before.get(pid, nothing).written_bytes,
        )
        for pid, usage in after.items()
    }
    return Driven(
        cycles=told["cycles"],
        cycles_in_all=told["cycles_in_all"],
        seconds=told["seconds"],
        errors=told["errors"],
        times={name: Times(**value) for name, value in told.items() if isinstance(value, dict)},
        driver_cpu_s=told["driver_cpu_s"],
        used=used,
    )
