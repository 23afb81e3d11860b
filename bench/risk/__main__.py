"""``python -m bench.risk``: the measurement of the sign-in decision. For one seed, a quick look: ``--seed 100``.

Seeds 100 to 104 are for tuning; what is reported is measured on seeds 1 to 5, which nobody tunes on.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.risk.ambush import LENT, lay_ambush, split_donors
from bench.risk.contest import SPLIT, Scores, Setting, play
from bench.risk.contestant import Contestant
from bench.risk.donors import Donors
from bench.risk.freeman import Freeman
from bench.risk.measures import challenged_at_caught, share_from, threshold_at_rate
from bench.risk.plain_models import Dirichlet
from bench.risk.traffic import USERS, make_traffic
from bench.risk.watchword_model import WatchwordModel

CONTESTANTS: Final[Mapping[str, Callable[[], Contestant]]] = {
    "freeman": Freeman,
    "dirichlet": Dirichlet,
    "watchword": WatchwordModel,
}


def main() -> None:
    """Play one seed and print one table."""
    parser = argparse.ArgumentParser(prog="python -m bench.risk", description=__doc__)
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--each", type=int, default=1_200, help="attackers of each kind")
    parser.add_argument("--only", choices=sorted(CONTESTANTS), action="append")
    parser.add_argument("--realistic", action="store_true", help="user agents that update themselves")
    asked = parser.parse_args()
    traffic = make_traffic(asked.seed, users=round(asked.users / (1 - LENT)), is_realistic=asked.realistic)
    stream, lent = split_donors(traffic.happenings, LENT, Random(asked.seed))
    donors = Donors(lent, traffic.geography.infrastructure())
    attacks = lay_ambush(stream, donors, Random(asked.seed + 1), each=asked.each)
    for name in asked.only or CONTESTANTS:
        for has_tokens in (False, True):
            start = time.perf_counter()
            scores = play(CONTESTANTS[name](), stream, attacks, Setting(has_tokens=has_tokens))
            seconds = time.perf_counter() - start
            title = f"{name}, {'with' if has_tokens else 'without'} tokens, seed {asked.seed}, {seconds:.0f} s"
            Console().print(_table(title, scores))


def _table(title: str, scores: Scores) -> Table:
    scores = scores.where((scores.depth > 0) & (scores.day >= SPLIT.validation_from))
    legitimate = scores.where(scores.attack == "")
    validation = legitimate.where(legitimate.day < SPLIT.test_from).score[:, 0]
    test = legitimate.where(legitimate.day >= SPLIT.test_from).score[:, 0]
    threshold = threshold_at_rate(validation, 0.01)
    table = Table(title=f"{title}; 1 % meant is {share_from(test, threshold):.2%} achieved")
    for head in ("attacker", "challenged at 90 % caught", "at 98 %", "caught at 1 % challenged"):
        table.add_column(head, justify="left" if head == "attacker" else "right")
    for attack in sorted(set(scores.attack.tolist()) - {""}):
        found = scores.score[scores.attack == attack][:, 0]
        table.add_row(
            attack,
            f"{challenged_at_caught(test, found, 0.90):.1%}",
            f"{challenged_at_caught(test, found, 0.98):.1%}",
            f"{share_from(found, threshold):.1%}",
        )
    return table


if __name__ == "__main__":
    main()
