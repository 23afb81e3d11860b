"""Measures ``assess → allow``: a sign-in from a device that the same user has proven, which nobody is asked about."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.load.driving import Driven, drive
from bench.load.measuring import plan_for
from bench.load.subject import Place, Running


def prove_devices(running: Running, place: Place) -> Path:
    """Let every user of the place through one cycle, and return the file with the tokens of their devices."""
    values = place.folder / "devices.txt"
    values.unlink(missing_ok=True)
    plan = plan_for(running, place, 16, measured_s=300, cycles_most=place.users)
    drive(replace(plan, values=values), roots=running.roots)
    return values


def drive_allowed(running: Running, place: Place, values: Path, connections: int, seconds: float) -> Driven:
    """Drive allowed sign-ins of users whose devices are known."""
    if running.allow is None:
        raise RuntimeError("nothing is allowed here without a code")
    plan = plan_for(running, place, connections, warm_s=seconds / 4, measured_s=seconds)
    return drive(replace(plan, steps=[running.allow], values=values, datagram_port=0, smtp_port=0), roots=running.roots)


def allowed_record(title: str, connections: int, driven: Driven) -> dict[str, Any]:
    """Return what was seen, as JSON can hold it."""
    times = driven.times["allow"]
    return {
        "title": title,
        "connections": connections,
        "per_second": driven.per_second,
        "errors": driven.errors,
        "p50_ms": times.p50_ms,
        "p99_ms": times.p99_ms,
        "cpu_ms": sum(usage.cpu_s for usage in driven.used.values()) / max(1, driven.cycles) * 1e3,
    }
