"""Writes what was measured and reckoned as tables into a page, between the comments that mark where they belong."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from bench.capacity.acts import Act, Costs
from bench.capacity.model import (
    ASKED,
    BUSY,
    KEPT_DAYS,
    LARGE_CORES,
    LEAST_DAYS,
    LONG,
    PEAK,
    RATES,
    SHORT,
    SHORT_DAYS,
    Mixed,
    Size,
    mix,
    most_of_one_process,
    size_for,
)

_PLACE: Final = r"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
_ACTS_OF_PAGE: Final = "| what | SQLite: processor | bytes to the disk | PostgreSQL: service | database | WAL |"


def fill(page: str, tables: Mapping[str, str]) -> str:
    """Return the page with each table in its place; ``LookupError`` where it has none."""
    for name, table in tables.items():
        found = re.search(_PLACE.format(name=re.escape(name)), page, re.DOTALL)
        if found is None:
            raise LookupError(f"the page has no place for {name}")
        page = f"{page[: found.start()]}{found[1]}{table}\n{found[2]}{page[found.end() :]}"
    return page


def tables_of(sqlite: Costs, postgres: Costs, run: str) -> Mapping[str, str]:
    """Return every table by the name of its place."""
    on_sqlite, on_postgres = mix(sqlite), mix(postgres)
    return {
        "measured": f"{run}\n\n{_acts(sqlite, postgres)}",
        "room": _room(sqlite, postgres),
        "mix": _mix(on_sqlite, on_postgres),
        "sizes": _sizes(on_sqlite, on_postgres),
        "memory": (
            f"A process that has just served all that holds {sqlite.resident_mb:.0f} MB on SQLite and"
            f" {postgres.resident_mb:.0f} MB on PostgreSQL."
        ),
    }


def _acts(sqlite: Costs, postgres: Costs) -> str:
    lines = [_ACTS_OF_PAGE, "|---|---|---|---|---|---|"]
    for name, act in sqlite.acts.items():
        there = postgres.acts[name]
        lines.append(
            f"| {name} | {_ms(act.service_us)} | {_kb(act.written_bytes)} | {_ms(there.service_us)}"
            f" | {_ms(there.database_us)} | {_kb(there.written_bytes)} |"
        )
    return "\n".join(lines)


def _room(sqlite: Costs, postgres: Costs) -> str:
    lines = ["| what | leaves after | SQLite | PostgreSQL |", "|---|---|---|---|"]
    for name, act in sqlite.acts.items():
        for tables, when in (
            (SHORT, f"{SHORT_DAYS} days at most"),
            (LONG, "`retention.days`"),
            (None, "with its user"),
        ):
            here, there = _sum(act, tables), _sum(postgres.acts[name], tables)
            if max(here, there) >= 50:
                lines.append(f"| {name} | {when} | {_kb(here)} | {_kb(there)} |")
    return "\n".join(lines)


def _sum(act: Act, tables: Iterable[str] | None) -> float:
    chosen = act.room.keys() - SHORT - LONG - {"hearsay", "population", "population_sizes", "attempt_minutes"}
    return sum(act.room.get(table, 0.0) for table in (chosen if tables is None else tables))


def _mix(sqlite: Mixed, postgres: Mixed) -> str:
    rows = (
        ("processor time of the service", _ms(sqlite.service_us), _ms(postgres.service_us)),
        ("processor time of the database", "in the service", _ms(postgres.database_us)),
        ("write-ahead log, or bytes to the disk", _kb(sqlite.written_bytes), _kb(postgres.written_bytes)),
        (f"room that leaves after {SHORT_DAYS} days", _kb(sqlite.short_bytes), _kb(postgres.short_bytes)),
        ("room that leaves after `retention.days`", _kb(sqlite.long_bytes), _kb(postgres.long_bytes)),
        (
            f"actions a second of one process at {BUSY:.0%} of a core",
            f"{most_of_one_process(sqlite):.0f}",
            f"{most_of_one_process(postgres):.0f}",
        ),
    )
    head = f"| of one action in the mix ({ASKED:.0%} asked, all redeemed) | SQLite | PostgreSQL |"
    return "\n".join([head, "|---|---|---|", *(f"| {name} | {here} | {there} |" for name, here, there in rows)])


def _sizes(sqlite: Mixed, postgres: Mixed) -> str:
    most = most_of_one_process(sqlite)
    lines = [
        "| actions in a busy second | store | processes | cores of the database | WAL a second | disk | where from |",
        "|---|---|---|---|---|---|---|",
    ]
    for rate in RATES:
        if rate <= most:
            lines.append(_row(size_for(rate, sqlite), "SQLite", "measured" if rate <= most else ""))
        if rate > 1:
            size = size_for(rate, postgres)
            store = "PostgreSQL" if size.shards == 1 else f"PostgreSQL, {size.shards} shards"
            lines.append(_row(size, store, _origin(size)))
    note = (
        f"Processes are planned at {BUSY:.0%} of a core. The cores of the database are those that it keeps busy: give"
        f" it {1 / BUSY:.1f} times as many. A shard is a server of {LARGE_CORES} cores. An average second has a"
        f" {_third(PEAK)} of a busy one's actions, and rows stay {SHORT_DAYS} and {KEPT_DAYS} days: with"
        f" `retention.days = {LEAST_DAYS}` the disk is a {_part(LEAST_DAYS / KEPT_DAYS)} of that."
    )
    return "\n".join([*lines, "", note])


def _row(size: Size, store: str, origin: str) -> str:
    cores = "in the process" if store == "SQLite" else _count(size.database_cores)
    return (
        f"| {size.rate:,} | {store} | {size.processes:,} | {cores} | {_mb(size.log_mb_s)} | {_room_of(size.room_gb)}"
        f" | {origin} |"
    )


def _origin(size: Size) -> str:
    if size.shards > 1:
        return "extrapolated in cores and in shards; no distributed PostgreSQL was run"
    if size.processes > 2:
        return "extrapolated: cost of one action times actions"
    return "measured"


def _third(peak: float) -> str:
    return {2.0: "half", 3.0: "third", 4.0: "quarter"}.get(peak, f"1/{peak:g}")


def _part(share: float) -> str:
    return {5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth"}.get(round(1 / share), f"part of {1 / share:.0f}")


def _ms(microseconds: float) -> str:
    return f"{microseconds / 1_000:.2f} ms"


def _count(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


def _kb(size: float) -> str:
    return f"{size / 1_000:.1f} KB"


def _mb(size: float) -> str:
    return f"{size * 1_000:.0f} KB" if size < 1 else f"{size:.0f} MB"


def _room_of(gigabytes: float) -> str:
    units = ((1e6, "PB"), (1e3, "TB"), (1.0, "GB"))
    size, unit = next((pair for pair in units if gigabytes >= pair[0]), units[-1])
    return f"{_count(gigabytes / size)} {unit}"
