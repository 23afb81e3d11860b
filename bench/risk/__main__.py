"""``python -m bench.risk``: the measurement of the sign-in decision. ``make bench-risk`` runs it.

Seeds 100 to 104 are for tuning (``--seed 100`` prints a few tables of one of them); what is reported is measured on the
seeds 1 to 5, which nobody tunes on.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.risk.contest import SPLIT, Scores
from bench.risk.file_measurement import measure_file
from bench.risk.freeman import FREEMAN
from bench.risk.keeping import FOLDER
from bench.risk.material import Made
from bench.risk.measurement import Plan, run
from bench.risk.measures import challenged_at_caught, share_from, threshold_at_rate
from bench.risk.page import sign_in_charts, sign_in_part
from bench.risk.page_parts import write_part
from bench.risk.plain_models import DIRICHLET
from bench.risk.rounds import PLAIN, TOKENS, Round
from bench.risk.traffic import USERS
from bench.risk.watchword_model import WATCHWORD

TITLE: Final = "The quality of the risk decision"
FULL: Final = Plan(
    seeds=(1, 2, 3, 4, 5),
    side_seeds=2,
    users=USERS,
    each=1_000,
    draws=2_000,
    poisoners=300,
    processes=2,
    kept_in=FOLDER,
)
QUICK: Final = Plan(seeds=(100,), side_seeds=1, users=4_000, each=400, draws=200, poisoners=100, processes=2)
_PAGE: Final = Path("docs/risk-quality.md")
_QUICK_PAGE: Final = Path("build/risk-quality-quick.md")
_FILE_PAGE: Final = Path("build/risk-quality-rba.md")


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.risk", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one small stream, to build/risk-quality-quick.md")
    parser.add_argument("--processes", type=int, default=FULL.processes)
    parser.add_argument("--file", type=Path, help="the RBA data set as CSV or zip, to build/risk-quality-rba.md")
    parser.add_argument("--seed", type=int, help="print a few tables of one seed, for tuning")
    parser.add_argument("--users", type=int, default=USERS, help="with --seed")
    parser.add_argument("--each", type=int, default=1_000, help="with --seed: attackers of each kind")
    parser.add_argument("--realistic", action="store_true", help="with --seed: agents that update themselves")
    parser.add_argument("--only", choices=(WATCHWORD, FREEMAN, DIRICHLET), action="append", help="with --seed")
    asked = parser.parse_args()
    if asked.seed is not None:
        made = Made(seed=asked.seed, users=asked.users, each=asked.each, is_realistic=asked.realistic)
        _look(made, asked.only or (FREEMAN, DIRICHLET, WATCHWORD))
    elif asked.file is not None:
        console = Console()
        write_part(_FILE_PAGE, TITLE, "sign-ins", measure_file(asked.file, console))
        console.print(f"written: {_FILE_PAGE}")
    else:
        _measure(QUICK if asked.quick else FULL, _QUICK_PAGE if asked.quick else _PAGE, asked.processes)


def _measure(plan: Plan, page: Path, processes: int) -> None:
    console = Console()
    measurement = run(replace(plan, processes=processes), console)
    write_part(page, TITLE, "sign-ins", sign_in_part(measurement))
    folder = page.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    for name, chart in sign_in_charts(measurement).items():
        (folder / name).write_text(chart, encoding="utf-8")
    console.print(f"written: {page}")


def _look(made: Made, contestants: Sequence[str]) -> None:
    material = made.material()
    for name in contestants:
        for setting in (PLAIN, TOKENS):
            start = time.perf_counter()
            scores = Round(setting=setting, contestant=name).played(material)
            seconds = time.perf_counter() - start
            Console().print(_table(f"{scores.names[0]}, seed {made.seed}, {seconds:.0f} s", scores))


def _table(title: str, scores: Scores) -> Table:
    scores = scores.where((scores.depth > 0) & (scores.day >= SPLIT.validation_from))
    legitimate = scores.where(scores.attack == "")
    validation = legitimate.where(legitimate.day < SPLIT.test_from).score[:, 0]
    test = legitimate.where(legitimate.day >= SPLIT.test_from).score[:, 0]
    threshold = threshold_at_rate(validation, 0.01)
    table = Table(title=f"{title}; 1 % meant is {share_from(test, threshold):.2%} achieved")
    for head in ("attacker", "challenged at 90 % caught", "at 98 %", "caught at 1 % challenged", "at 1 % of the test"):
        table.add_column(head, justify="left" if head == "attacker" else "right")
    for attack in sorted(set(scores.attack.tolist()) - {""}):
        found = scores.score[scores.attack == attack][:, 0]
        table.add_row(
            attack,
            f"{challenged_at_caught(test, found, 0.90):.1%}",
            f"{challenged_at_caught(test, found, 0.98):.1%}",
            f"{share_from(found, threshold):.1%}",
            f"{share_from(found, threshold_at_rate(test, 0.01)):.1%}",
        )
    return table


if __name__ == "__main__":
    main()
