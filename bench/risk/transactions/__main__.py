"""``python -m bench.risk.transactions``: the measurement on transactions. ``make bench-risk`` runs it.

Seeds 11 to 13 are for tuning; what is reported is measured on the seeds 1 to 3, which nobody tunes on.
"""

import argparse
from pathlib import Path
from typing import Final

from rich.console import Console

from bench.risk.page_parts import write_part
from bench.risk.transactions.section import transactions_charts, transactions_section
from bench.risk.transactions.simulation import World
from bench.risk.transactions.trial import Plan, run

TITLE: Final = "The quality of the risk decision"
FULL: Final = Plan(worlds=tuple(World(seed=seed) for seed in (1, 2, 3)), weeks=2, draws=100)
QUICK: Final = Plan(
    worlds=(World(seed=1, customers=1_000, terminals=2_000, radius=11.18, terminals_a_day=0.4, customers_a_day=0.6),),
    weeks=2,
    draws=50,
)
"""A fifth of everything, with as many terminals in reach of each customer; the hundred riskiest cards of a day are then
too many for the card precision to be compared."""
_PAGE: Final = Path("docs/risk-quality.md")
_QUICK_PAGE: Final = Path("build/risk-quality-quick.md")


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.risk.transactions", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of one world, to build/risk-quality-quick.md")
    parser.add_argument("--seed", type=int, help="print one world, for tuning")
    asked = parser.parse_args()
    console = Console()
    if asked.seed is not None:
        trial = run(Plan(worlds=(World(seed=asked.seed),), weeks=1, draws=50), console)
        console.print(transactions_section(trial), markup=False)
        return
    page = _QUICK_PAGE if asked.quick else _PAGE
    trial = run(QUICK if asked.quick else FULL, console)
    write_part(page, TITLE, "transactions", transactions_section(trial))
    folder = page.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    for name, chart in transactions_charts(trial).items():
        (folder / name).write_text(chart, encoding="utf-8")
    console.print(f"written: {page}")


if __name__ == "__main__":
    main()
