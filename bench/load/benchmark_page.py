"""Writes docs/benchmarks.md from what was measured: tables, a chart, what is met and what is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.load.bars import Bar, Group, draw_bars

Record = Mapping[str, Any]
_FLOOR: Final = "trivial"
_WORDS: Final = Path(__file__).parent / "benchmarks.txt"
"""What the page says, whatever was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Everything that one run of the measurement left behind."""

    run: Record
    subjects: Sequence[Record]
    """In the order of the table."""
    allows: Sequence[Record]
    populations: Sequence[Record]
    pgbench: Record | None
    cold_starts: Sequence[Record]
    soak: Record | None
    not_measured: Sequence[str] = ()
    """What broke off in this run, and so is in no table."""

    def subject(self, key: str) -> Record | None:
        """Return what was measured of one subject."""
        return next((one for one in self.subjects if one["key"] == key), None)


def write_page(found: Found, path: Path) -> None:
    """Write the page and, in a folder of its name beside it, the chart."""
    charts = path.with_suffix("")
    charts.mkdir(parents=True, exist_ok=True)
    connections = _connections(found)
    (charts / "cycles.svg").write_text(_chart(found, connections), encoding="utf-8")
    tables = [
        _cycles_table(found, connections),
        _goals(found),
        _latency_table(found, connections),
        _cost_table(found, connections[-1]),
        _allow_table(found),
        _population_table(found),
        _lasting(found),
    ]
    text = _WORDS.read_text(encoding="utf-8").format(
        charts=charts.name,
        tables="\n".join(table for table in tables if table),
        versions=_settings_table(found),
        **found.run,
    )
    path.write_text(text, encoding="utf-8")


def _connections(found: Found) -> list[int]:
    return sorted({run["connections"] for one in found.subjects for run in one["runs"]})


def values(record: Record, connections: int, name: str) -> list[float]:
    """Return a field of every run at this number of connections."""
    return [float(run[name]) for run in record["runs"] if run["connections"] == connections]


def _middle(record: Record, connections: int, name: str) -> float:
    found = values(record, connections, name)
    return float(median(found)) if found else 0.0


def _chart(found: Found, connections: Sequence[int]) -> str:
    groups = [
        Group(
            title=one["title"],
            is_ours=one["key"].startswith("watchword"),
            bars=[
                Bar(middle=float(median(rates)), low=min(rates), high=max(rates))
                for count in connections
                if (rates := values(one, count, "per_second"))
            ],
        )
        for one in found.subjects
        if one["key"] != _FLOOR
    ]
    names = [f"{count} connection{'s' if count > 1 else ''}" for count in connections]
    return draw_bars("Start and check, cycles a second (more is better)", names, groups)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def _cycles_table(found: Found, connections: Sequence[int]) -> str:
    def cell(record: Record, count: int) -> str:
        rates = values(record, count, "per_second")
        spread = f" ({min(rates):,.0f} to {max(rates):,.0f})" if len(rates) > 1 else ""
        failed = sum(values(record, count, "errors"))
        return f"{median(rates):,.0f}{spread}" + (f", {failed:.0f} errors" if failed else "") if rates else ""

    rows = [[one["title"], *(cell(one, count) for count in connections)] for one in found.subjects]
    if found.pgbench is not None:
        by_count = {run["connections"]: run["per_second"] for run in found.pgbench["runs"]}
        cells = [f"{by_count[count]:,.0f}" if count in by_count else "" for count in connections]
        rows.append(["pgbench, the rows of a cycle", *cells])
    head = ["cycles a second (lowest to highest run)", *(f"{count} at once" for count in connections)]
    missing = (
        f"\nBroke off in this run, and is missing: {'; '.join(found.not_measured)}.\n" if found.not_measured else ""
    )
    return "## Start and check\n\n" + _table(head, rows) + missing


def _goals(found: Found) -> str:
    rows = [row for row in _ratio_rows(found) if row]
    if not rows:
        return ""
    head = ["what it should show", "measured", "ratio", ""]
    return "## What it should show\n\n" + _table(head, rows)


def _ratio_rows(found: Found) -> list[list[str]]:
    rows: list[list[str]] = []
    at = [count for count in _connections(found) if count > 1]
    for count in at:
        rows += [
            _against(found, "watchword-sqlite", "better-auth-sqlite", count, 8.0),
            _against(found, "watchword-postgres-1", "better-auth-postgresql", count, 8.0),
            _against(found, "watchword-postgres-2", "better-auth-postgresql-2", count, 8.0),
            _against(found, "watchword-sqlite", "watchword-dicts", count, 0.5),
            _against(found, "watchword-postgres-1", "watchword-dicts", count, 0.5),
            _against_pgbench(found, count),
        ]
    for key in ("watchword-sqlite", "watchword-postgres-1", "watchword-postgres-2"):
        rows.append(_tail(found, key, at[-1]) if at else [])
    for one in found.allows:
        rate = float(one["per_second"])
        said = f"{one['title']}: {rate:,.0f} a second for each process"
        rows.append(
            ["`assess → allow`, 2,500 a second for each process", said, f"{rate / 2_500:.2f}", _met(rate >= 2_500)]
        )
    return rows


def _against(found: Found, ours: str, theirs: str, count: int, least: float) -> list[str]:
    first, second = found.subject(ours), found.subject(theirs)
    if first is None or second is None:
        return []
    ratio = _middle(first, count, "per_second") / max(1e-9, _middle(second, count, "per_second"))
    aim = f"{least:g} times" if least >= 1 else f"{least:.0%} of"
    goal = f"{first['title']}, {count} at once: {aim} {second['title']}"
    rates = f"{_middle(first, count, 'per_second'):,.0f} to {_middle(second, count, 'per_second'):,.0f}"
    return [goal, rates, f"{ratio:.2f}", _met(ratio >= least)]


def _against_pgbench(found: Found, count: int) -> list[str]:
    first = found.subject("watchword-postgres-2")
    runs = [] if found.pgbench is None else [run for run in found.pgbench["runs"] if run["connections"] == count]
    if first is None or not runs:
        return []
    rate, bound = _middle(first, count, "per_second"), float(runs[0]["per_second"])
    goal = f"{first['title']}, {count} at once: 50% of pgbench writing the same rows"
    return [goal, f"{rate:,.0f} to {bound:,.0f}", f"{rate / bound:.2f}", _met(rate >= bound / 2)]


def _tail(found: Found, key: str, count: int) -> list[str]:
    record = found.subject(key)
    if record is None:
        return []
    middle, late = _middle(record, count, "check_p50_ms"), _middle(record, count, "check_p99_ms")
    ratio = late / max(1e-9, middle)
    goal = f"{record['title']}, {count} at once: p99 of a check at most 3 times its p50"
    return [goal, f"{late:.1f} ms to {middle:.1f} ms", f"{ratio:.2f}", _met(ratio <= 3)]


def _met(is_met: bool) -> str:
    return "met" if is_met else "**missed**"


def _latency_table(found: Found, connections: Sequence[int]) -> str:
    def cell(record: Record, count: int, step: str) -> str:
        return f"{_middle(record, count, f'{step}_p50_ms'):.1f} / {_middle(record, count, f'{step}_p99_ms'):.1f}"

    rows = [
        [one["title"], *(cell(one, count, step) for step in ("start", "check") for count in connections)]
        for one in found.subjects
        if one["key"] != _FLOOR
    ]
    head = ["p50 / p99, ms", *(f"{step}, {count} at once" for step in ("start", "check") for count in connections)]
    return "## How long a request takes\n\n" + _table(head, rows)


def _cost_table(found: Found, count: int) -> str:
    def cell(value: float | None, form: str) -> str:
        return "" if not value else format(value, form)

    rows = [
        [
            one["title"],
            cell(_middle(one, count, "cpu_ms"), ".2f"),
            cell(_middle(one, count, "database_cpu_ms"), ".2f"),
            ", ".join(f"{size:.0f}" for size in one["runs"][-1]["resident_mb"]),
            cell(one["statements"], ".1f"),
            cell(_middle(one, count, "written_bytes") / 1_024, ".1f"),
        ]
        for one in found.subjects
        if one["key"] != _FLOOR
    ]
    head = [
        f"of one cycle, {count} at once",
        "processor, service, ms",
        "processor, PostgreSQL, ms",
        "memory of each process, MB",
        "statements",
        "written, KB",
    ]
    return "## What a cycle costs\n\n" + _table(head, rows)


def _allow_table(found: Found) -> str:
    if not found.allows:
        return ""
    rows = [
        [
            one["title"],
            str(one["connections"]),
            f"{one['per_second']:,.0f}" + (f", {one['errors']} errors" if one["errors"] else ""),
            f"{one['p50_ms']:.1f}",
            f"{one['p99_ms']:.1f}",
        ]
        for one in found.allows
    ]
    head = ["`assess → allow` from a known device", "at once", "a second, one process", "p50, ms", "p99, ms"]
    return "## An action that is allowed\n\n" + _table(head, rows)


def _population_table(found: Found) -> str:
    if not found.populations:
        return ""
    rows = [
        [
            one["title"],
            f"{one['users']:,}",
            *(f"{one[f'{step}_p50_ms']:.2f} / {one[f'{step}_p99_ms']:.2f}" for step in ("allow", "start", "check")),
            f"{one['bytes'] / 2**30:.2f}",
        ]
        for one in found.populations
    ]
    head = ["p50 / p99, ms, 4 at once", "users", "allow", "start", "check", "database, GB"]
    return "## With many users\n\n" + _table(head, rows)


def _lasting(found: Found) -> str:
    lines = [
        f"- Cold start of {one['title']}: {one['seconds']:.2f} s from the command to the first answer"
        f" ({_met(one['seconds'] < 1.5)}: under 1.5 s)."
        for one in found.cold_starts
    ]
    if found.soak is not None:
        soak = found.soak
        grown = soak["end_mb"] / soak["minute_mb"] - 1
        lines.append(
            f"- {soak['minutes']:.0f} minutes at 16 connections ({soak['title']}, commit {soak['commit'][:7]}):"
            f" {soak['cycles']:,} cycles, {soak['errors']} errors; memory {soak['minute_mb']:.0f} MB after a minute,"
            f" {soak['end_mb']:.0f} MB at the end, {grown:+.1%} ({_met(grown <= 0.1)}: within 10%;"
            f" {_met(soak['end_mb'] < 150)}: under 150 MB)."
        )
    return "## Start and staying power\n\n" + "\n".join(lines) + "\n" if lines else ""


def _settings_table(found: Found) -> str:
    rows = [[one["title"], one["versions"], one["settings"]] for one in found.subjects]
    return "## Versions and settings\n\n" + _table(["service", "versions", "settings"], rows)
