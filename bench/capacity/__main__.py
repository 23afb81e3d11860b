"""``python -m bench.capacity``: what each thing that Watchword does costs, and what a number of actions a second needs.

``make bench-capacity`` runs it and writes the tables of docs/scaling.md. It takes some minutes, and nothing else should
run on the machine meanwhile.
"""

import argparse
import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.capacity.acts import Costs, measure_costs
from bench.capacity.tables import fill, tables_of
from bench.load.driving import BUILD
from bench.load.postgres_server import postgres

USERS: Final = 1_000
USERS_QUICK: Final = 200
_PAGE: Final = Path("docs/scaling.md")


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.capacity", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the users; prints, and leaves the page alone")
    quick = parser.parse_args().quick
    users = USERS_QUICK if quick else USERS
    folder = (BUILD / "capacity").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    sqlite = _told("SQLite", measure_costs(folder / "sqlite", None, users))
    with postgres(folder / "server") as server:
        server.place_on("0,1")
        there = _told("PostgreSQL", measure_costs(folder / "postgres", server, users))
        version = server.version
    run = (
        f"Measured on {datetime.now(UTC):%d %B %Y} on {_machine()}, PostgreSQL {version} on the same machine, {users:,}"
        " users, each of whom does everything in each of three rounds, sixteen at once; of the rounds the cheapest."
        " Over HTTP, with risk, events, budgets and messages; only the talk with a mail server is left out."
    )
    tables = tables_of(sqlite, there, run)
    print("\n\n".join(tables.values()))
    if not quick:
        _PAGE.write_text(fill(_PAGE.read_text(encoding="utf-8"), tables), encoding="utf-8")
        print(f"written: {_PAGE}")


def _told(store: str, costs: Costs) -> Costs:
    for name, act in costs.acts.items():
        print(f"{store}: {name}: {act.service_us:.0f} µs and {act.database_us:.0f} µs", flush=True)
    return costs


def _machine() -> str:
    named = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{os.cpu_count()} cores of {named.group(1) if named else 'this machine'}"


if __name__ == "__main__":
    main()
