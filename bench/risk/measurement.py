"""Runs all rounds, several at once, and collects what the page tells."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bench.risk.audit import pooled, told_apart
from bench.risk.calibration import Calibrated
from bench.risk.contest import SPLIT, Scores, Split, together
from bench.risk.figures import Figures, measure
from bench.risk.keeping import kept
from bench.risk.material import Made
from bench.risk.measures import threshold_at_rate
from bench.risk.rounds import (
    LIVE_ROUNDS,
    REALISTIC_ROUNDS,
    ROUNDS,
    Round,
    inspect_made,
    label,
    play_made,
    play_made_live,
)

Result = TypeVar("Result")

LIVE_RATE: Final = 0.01
"""Share of challenges that attackers who really act have to get past."""
_BOOTSTRAP_SEED: Final = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured."""

    seeds: tuple[int, ...]
    side_seeds: int
    """How many of them also for browsers that update themselves, and for attackers who really act."""
    users: int
    each: int
    """Attackers of each kind in each stream."""
    draws: int
    poisoners: int
    processes: int
    kept_in: Path | None = None
    """Where results are kept for a measurement that is interrupted; None: nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """All contestants on one kind of traffic."""

    scores: Mapping[str, Scores]
    """By label; a column of the same name is in it."""
    figures: Mapping[str, Figures]
    split: Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Everything that the page tells."""

    plan: Plan
    calibrations: Sequence[Sequence[Calibrated]]
    """Of each seed."""
    audit: Mapping[tuple[str, str], float]
    """Area under the curve, by attacker and group."""
    main: Panel
    realistic: Panel
    live: Mapping[str, Scores]
    thresholds: Mapping[str, Sequence[float]]
    """What the live attackers had to get past, by label and seed."""


def run(plan: Plan, console: Console) -> Measurement:
    """Measure everything; the progress goes to the console."""
    plain = [Made(seed=seed, users=plan.users, each=plan.each) for seed in plan.seeds]
    aside = plan.seeds[: plan.side_seeds]
    realistic = [Made(seed=seed, users=plan.users, each=plan.each, is_realistic=True) for seed in aside]
    work = _Work(plan, console)
    inspected = [work.add_kept(inspect_made, made) for made in plain]
    played = {(one, made): work.add_kept(play_made, made, one) for one in ROUNDS for made in plain}
    played |= {(one, made): work.add_kept(play_made, made, one) for one in REALISTIC_ROUNDS for made in realistic}
    work.finish("sign-ins")
    main = _together(ROUNDS, plain, played)
    thresholds = _live_thresholds(played, plain[: plan.side_seeds])
    live = {
        label(one.contestant, one.setting): [
            work.add_kept(play_made_live, made, one, threshold, plan.poisoners)
            for made, threshold in zip(
                plain[: plan.side_seeds], thresholds[label(one.contestant, one.setting)], strict=True
            )
        ]
        for one in LIVE_ROUNDS
    }
    samples = pooled([one.result()[1] for one in inspected])
    audited = {key: work.add(told_apart, sample) for key, sample in samples.items()}
    figures = [
        work.add(_figures, scores, plan.draws) for scores in (main, _together(REALISTIC_ROUNDS, realistic, played))
    ]
    work.finish("poisoners, bursts, audit and intervals")
    work.close()
    return Measurement(
        plan=plan,
        calibrations=[one.result()[0] for one in inspected],
        audit={key: one.result() for key, one in audited.items()},
        main=Panel(scores=main, figures=figures[0].result(), split=SPLIT),
        realistic=Panel(
            scores=_together(REALISTIC_ROUNDS, realistic, played), figures=figures[1].result(), split=SPLIT
        ),
        live={name: together([one.result() for one in futures]) for name, futures in live.items()},
        thresholds=thresholds,
    )


class _Work:
    """Pieces of work in several processes, with a bar that shows how far they are."""

    __slots__ = ("_console", "_folder", "_futures", "_pool")

    def __init__(self, plan: Plan, console: Console) -> None:
        self._pool = ProcessPoolExecutor(plan.processes, mp_context=get_context("spawn"))
        self._folder = plan.kept_in
        self._console = console
        self._futures: list[Future[Any]] = []

    def add(self, piece: Callable[..., Result], *arguments: object) -> "Future[Result]":
        """Give a piece of work to whoever is free next."""
        future = self._pool.submit(piece, *arguments)
        self._futures.append(future)
        return future

    def add_kept(self, piece: Callable[..., Result], *arguments: object) -> "Future[Result]":
        """Give a piece of work whose result is kept, where the plan says so."""
        if self._folder is None:
            return self.add(piece, *arguments)
        return self.add(kept, self._folder, piece, arguments)

    def finish(self, title: str) -> None:
        """Wait for all that was given so far. Raises what a piece of work raised."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, TimeRemainingColumn(), console=self._console) as progress:
            task = progress.add_task(title, total=len(self._futures))
            for future in as_completed(self._futures):
                future.result()
                progress.advance(task)
        self._futures = []

    def close(self) -> None:
        """Let the processes go."""
        self._pool.shutdown()


def _together(
    rounds: Iterable[Round], mades: Sequence[Made], played: Mapping[tuple[Round, Made], "Future[Scores]"]
) -> dict[str, Scores]:
    """Return the scores of all seeds by the label of each contestant."""
    found: dict[str, Scores] = {}
    for one in rounds:
        scores = together([played[one, made].result() for made in mades])
        found |= dict.fromkeys(scores.names, scores)
    return found


def _live_thresholds(
    played: Mapping[tuple[Round, Made], "Future[Scores]"], mades: Sequence[Made]
) -> dict[str, list[float]]:
    """Return the threshold of each seed, from its own validation traffic."""
    thresholds: dict[str, list[float]] = {}
    for one in LIVE_ROUNDS:
        name = label(one.contestant, one.setting)
        for made in mades:
            scores = next(
                future.result()
                for (other, where), future in played.items()
                if where == made and name in future.result().names
            )
            chosen = (scores.attack == "") & (scores.depth > 0)
            chosen &= (scores.day >= SPLIT.validation_from) & (scores.day < SPLIT.test_from)
            thresholds.setdefault(name, []).append(threshold_at_rate(scores.of(name)[chosen], LIVE_RATE))
    return thresholds


def _figures(scores: Mapping[str, Scores], draws: int) -> dict[str, Figures]:
    return measure({name: (one, name) for name, one in scores.items()}, SPLIT, draws=draws, seed=_BOOTSTRAP_SEED)
