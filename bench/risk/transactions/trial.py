"""Tries the product on worlds of transactions and judges it beside what is known of others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from bench.risk.resampling import Interval, interval
from bench.risk.transactions.book_model import book_features, book_scores
from bench.risk.transactions.judging import (
    BOOK_TEST_DAY,
    FIGURES,
    WEEK_DAYS,
    Columns,
    Merit,
    columns,
    judge,
    resampled,
    rows_of_week,
)
from bench.risk.transactions.simulation import LARGE_AMOUNT, TERMINAL_DAYS, Scenario, Traffic, World, simulate
from bench.risk.transactions.stream import REPORT_DELAY_DAYS, play

Numbers = NDArray[np.float64]

OURS: Final = "Watchword"
BOOK: Final = "logistic regression, trained each week"
AHEAD: Final = "Watchword ahead by"
RULE: Final = f"rule: amount above {LARGE_AMOUNT:g}"
ORACLE: Final = "knows every fraud that a report could tell of"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is tried, and how often it is drawn for intervals."""

    worlds: tuple[World, ...]
    weeks: int
    """Test weeks in a row, the book's first."""
    draws: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One test week of one world."""

    seed: int
    first_day: int
    frauds: int
    merits: Mapping[str, Merit]
    """By whose scores they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of it."""

    plan: Plan
    made: Sequence[tuple[int, float]]
    """Transactions and share of frauds of each world."""
    weeks: Sequence[Week]
    intervals: Mapping[str, Mapping[str, Interval]]
    """By whose scores they are and the figure: of the book's week, mean of the worlds.

    ``AHEAD`` is by how much ours are above those of the book's method.
    """
    legitimate: Numbers
    """Scores of the legitimate in the test weeks of all worlds, those of known compromised customers left out."""
    frauds: Mapping[Scenario, Numbers]
    """The same of the frauds."""

    def mean(self, name: str, figure: str, *, book_week: bool = True) -> float:
        """Return a figure in the book's week, or in all weeks, as the mean of the worlds."""
        weeks = [week for week in self.weeks if week.first_day == BOOK_TEST_DAY or not book_week]
        return float(np.mean([week.merits[name].by_name()[figure] for week in weeks]))


def run(plan: Plan, console: Console) -> Trial:
    """Try every world of a plan, one after the other, and show how far it is."""
    made, weeks, drawn = [], [], []
    scores_of: dict[Scenario, list[Numbers]] = {scenario: [] for scenario in Scenario}
    until = BOOK_TEST_DAY + plan.weeks * WEEK_DAYS
    with Progress(console=console) as progress:
        for world in plan.worlds:
            task = progress.add_task(f"transactions, seed {world.seed}", total=until)
            traffic = simulate(world)
            made.append((len(traffic), traffic.fraud_share()))
            scores = play(
                traffic,
                from_day=BOOK_TEST_DAY,
                until_day=until,
                progress=lambda day, task=task: progress.update(task, completed=day),  # type: ignore[misc]  # a default binds the task
            )
            table = columns(traffic)
            contest = _Contest(traffic, table, scores)
            weeks += [contest.week(world.seed, _first_day(number)) for number in range(plan.weeks)]
            drawn.append(list(contest.drawn(plan.draws, world.seed)))
            tested = np.concatenate([rows_of_week(table, _first_day(number)) for number in range(plan.weeks)])
            for scenario in Scenario:
                scores_of[scenario].append(scores[tested[table.scenario[tested] == int(scenario)]])
            progress.update(task, completed=until)
    return Trial(
        plan=plan,
        made=made,
        weeks=weeks,
        intervals=_intervals(weeks, drawn),
        legitimate=np.concatenate(scores_of[Scenario.NONE]),
        frauds={kind: np.concatenate(scores_of[kind]) for kind in Scenario if kind is not Scenario.NONE},
    )


def _first_day(number: int) -> int:
    return BOOK_TEST_DAY + number * WEEK_DAYS


class _Contest:
    """The scores of everybody in one world."""

    __slots__ = ("_features", "_scores", "_table")

    def __init__(self, traffic: Traffic, table: Columns, scores: Numbers) -> None:
        self._table = table
        self._features = book_features(traffic, table)
        self._scores = {
            OURS: scores,
            RULE: (table.amount > LARGE_AMOUNT).astype(np.float64),
            ORACLE: _oracle(traffic.at_s, traffic.terminals, traffic.scenarios),
        }

    def week(self, seed: int, first_day: int) -> Week:
        """Return how good everybody is in the week that begins on a day."""
        rows = rows_of_week(self._table, first_day)
        scores = self._scores | {BOOK: self._trained(first_day)}
        return Week(
            seed=seed,
            first_day=first_day,
            frauds=int(self._table.is_fraud[rows].sum()),
            merits={name: judge(self._table, of, rows) for name, of in scores.items()},
        )

    def drawn(self, draws: int, seed: int) -> Iterator[Mapping[str, Merit]]:
        """Yield the figures of the book's week with its customers drawn again and again, alike for both models."""
        rows = rows_of_week(self._table, BOOK_TEST_DAY)
        ours = resampled(self._table, self._scores[OURS], rows, draws, seed)
        book = resampled(self._table, self._trained(BOOK_TEST_DAY), rows, draws, seed)
        for mine, theirs in zip(ours, book, strict=True):
            yield {OURS: mine, BOOK: theirs}

    def _trained(self, first_day: int) -> Numbers:
        return book_scores(self._table, self._features, first_day)


def _oracle(at_s: Sequence[int], terminals: Sequence[int], scenarios: Sequence[int]) -> Numbers:
    """Return 1 for every fraud but those at a terminal of whose bad days none was reported yet.

    With reports that come after seven days nobody can tell these from the purchases of the other customers there.
    """
    bad_since: dict[int, list[int]] = {}
    known = np.zeros(len(at_s))
    delay_s, bad_s = REPORT_DELAY_DAYS * 86_400, TERMINAL_DAYS * 86_400
    for row, (at, terminal, scenario) in enumerate(zip(at_s, terminals, scenarios, strict=True)):
        if scenario == Scenario.NONE:
            continue
        earlier = bad_since.setdefault(terminal, [])
        is_reported = any(delay_s < at - before < bad_s for before in earlier)
        known[row] = scenario != Scenario.TERMINAL or is_reported
        if scenario == Scenario.TERMINAL:
            earlier.append(at)
    return known


def _intervals(
    weeks: Sequence[Week], drawn: Sequence[Sequence[Mapping[str, Merit]]]
) -> Mapping[str, Mapping[str, Interval]]:
    """Return the intervals of the means over the worlds; each draw takes the customers of all worlds anew."""
    of_book = [week.merits for week in weeks if week.first_day == BOOK_TEST_DAY]
    again = list(zip(*drawn, strict=True))
    found: dict[str, dict[str, Interval]] = {OURS: {}, BOOK: {}, AHEAD: {}}
    for figure in FIGURES:
        values = {name: _mean(of_book, name, figure) for name in (OURS, BOOK)}
        draws = {name: np.array([_mean(worlds, name, figure) for worlds in again]) for name in (OURS, BOOK)}
        for name in (OURS, BOOK):
            found[name][figure] = interval(values[name], draws[name])
        found[AHEAD][figure] = interval(values[OURS] - values[BOOK], draws[OURS] - draws[BOOK])
    return found


def _mean(worlds: Sequence[Mapping[str, Merit]], name: str, figure: str) -> float:
    return float(np.mean([merits[name].by_name()[figure] for merits in worlds]))
