"""The same tables for the real data set, from a file that somebody has: no token, no lists, and its own takeovers."""

from pathlib import Path
from random import Random
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bench.risk.ambush import lay_ambush, split_donors
from bench.risk.attackers import REAL_TAKEOVER
from bench.risk.contest import Scores, Split
from bench.risk.donors import Donors
from bench.risk.figure_tables import achieved_table, caught_table, challenged_table, short_table
from bench.risk.figures import CAUGHT_AT, CHALLENGED_AT, measure
from bench.risk.further_tables import depth_table, median_table, pooled_table
from bench.risk.material import Material
from bench.risk.measurement import Panel
from bench.risk.measures import RATES, exact_interval, threshold_at_rate
from bench.risk.page_parts import table
from bench.risk.percents import percent, point
from bench.risk.rba_file import USERS, Extract, read, size
from bench.risk.rounds import BASELINES, FILE_ROUNDS, OURS

SPLIT: Final = Split(rated_from=30, validation_from=120, test_from=206)
"""The test begins on 27 August 2020, as in the published measurement with its 38 later takeovers."""
_LENT: Final = 0.2
_SEED: Final = 1
_NAMES: Final = (OURS, *BASELINES)
_HEAD: Final = """## Sign-ins: {file}

Measured on {attempts} attempts of {users} users, out of {rows} rows; days {validation} to {last} are for the
thresholds, the test begins on day {test}. Tokens and lists are not in the data set. A fifth of the users is not in the
stream: the simulated attackers borrow from them. The real takeovers are rated, and never learned. Please cite Wiefling
et al., TOPS 2022, doi 10.1145/3546069, for the data (CC BY 4.0).
"""


def measure_file(path: Path, console: Console, *, users: int = USERS, each: int = 3_000, draws: int = 2_000) -> str:
    """Return the part of a page about a file. Raises ``ValueError`` for one that is no such data set, or too short."""
    extract = _read(path, users, console)
    material = _material(extract, each)
    scores: dict[str, Scores] = {}
    with _bar(console) as progress:
        task = progress.add_task("sign-ins", total=len(FILE_ROUNDS) + 1)
        for one in FILE_ROUNDS:
            played = one.played(material)
            scores |= dict.fromkeys(played.names, played)
            progress.advance(task)
        panels = {name: (scored, name) for name, scored in scores.items()}
        panel = Panel(scores=scores, figures=measure(panels, SPLIT, draws=draws, seed=_SEED), split=SPLIT)
        progress.advance(task)
    return "\n".join([_head(path, extract), *_tables(panel)])


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console)


def _read(path: Path, users: int, console: Console) -> Extract:
    with _bar(console) as progress:
        task = progress.add_task(path.name, total=2 * size(path))
        return read(path, users=users, progress=lambda count: progress.advance(task, count))


def _material(extract: Extract, each: int) -> Material:
    taken_over = {one.user for one in extract.happenings if one.attack == REAL_TAKEOVER}
    stream, lent = split_donors(extract.happenings, _LENT, Random(_SEED), keep=taken_over)
    donors = Donors(lent, infrastructure=())
    attacks = lay_ambush(stream, donors, Random(_SEED + 1), each=each, split=SPLIT)
    if not attacks:
        raise ValueError(f"nothing to test on: no sign-in of a user with a history from day {SPLIT.test_from} on")
    return Material(happenings=stream, donors=donors, attacks=attacks, split=SPLIT)


def _head(path: Path, extract: Extract) -> str:
    return _HEAD.format(
        file=path.name,
        attempts=f"{len(extract.happenings):,}",
        users=f"{len({one.user for one in extract.happenings}):,}",
        rows=f"{extract.rows:,}",
        validation=SPLIT.validation_from,
        last=SPLIT.test_from - 1,
        test=SPLIT.test_from,
    )


def _tables(panel: Panel) -> list[str]:
    return [
        "### Real takeovers caught, of users with a history\n",
        _real_table(panel),
        "### Legitimate sign-ins challenged where 90 % are caught\n",
        short_table(panel, CHALLENGED_AT, 0.90, _NAMES),
        "### Attackers caught where 1 % are challenged\n",
        short_table(panel, CAUGHT_AT, 0.01, _NAMES),
        "### Challenged, where so many were meant to be\n",
        achieved_table(panel, _NAMES),
        "### How often one user is asked\n",
        median_table(panel, _NAMES[:3]),
        "### By history\n",
        depth_table(panel, _NAMES[:3]),
        "### With first sign-ins, where 90 % are caught\n",
        pooled_table(panel, _NAMES[:3]),
        "### All figures\n",
        challenged_table(panel, _NAMES),
        caught_table(panel, _NAMES),
    ]


def _real_table(panel: Panel) -> str:
    """Return counts with the intervals of Clopper and Pearson: there are too few for anything else."""
    rows = []
    for name in _NAMES:
        scores = panel.scores[name]
        rated = scores.where((scores.depth > 0) & (scores.day >= panel.split.validation_from))
        before = rated.day < panel.split.test_from
        validation = rated.of(name)[(rated.attack == "") & before]
        found = rated.of(name)[(rated.attack == REAL_TAKEOVER) & ~before]
        cells = []
        for rate in RATES:
            caught = int((found >= threshold_at_rate(validation, rate)).sum())
            low, high = exact_interval(caught, len(found)) if len(found) else (0.0, 1.0)
            cells.append(f"{caught} of {len(found)} [{percent(low)}–{percent(high)}]")
        rows.append([name, *cells])
    return table(["", *(f"{point(rate)} meant" for rate in RATES)], rows)
