"""Writes the part of the page about transactions. No measured number is typed here, only targets and published ones."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill
from typing import Final

import numpy as np

from bench.risk.charts import caught_curve, draw
from bench.risk.measures import share_from, threshold_at_rate
from bench.risk.page_parts import table
from bench.risk.percents import percent, point
from bench.risk.resampling import Interval
from bench.risk.transactions.judging import AREA, BOOK_TEST_DAY, CARD_PRECISION, FIGURES, PRECISION
from bench.risk.transactions.simulation import Scenario
from bench.risk.transactions.trial import AHEAD, BOOK, ORACLE, OURS, RULE, Trial, Week

TARGETS: Final[Mapping[str, float]] = {AREA: 0.87, PRECISION: 0.65, CARD_PRECISION: 0.29}
PUBLISHED: Final[Mapping[str, tuple[float, float, float]]] = {
    "logistic regression": (0.871, 0.606, 0.291),
    "random forest": (0.867, 0.658, 0.287),
    "XGBoost": (0.862, 0.639, 0.273),
}
"""Fraud Detection Handbook, chapter 3, "Baseline fraud detection system": trained on the labels of one week."""
MADE_IN_THE_BOOK: Final = (1_754_155, 0.00837)
CHART: Final = "transactions.svg"
_RATES: Final = (0.001, 0.005, 0.01, 0.02)
_KINDS: Final[Mapping[Scenario, str]] = {
    Scenario.LARGE: "an amount above 220",
    Scenario.TERMINAL: "any purchase at a terminal that is bad for 28 days",
    Scenario.CUSTOMER: "a third of a customer's purchases for 14 days, five times as high",
}

_HEAD: Final = """## Transactions: synthetic

**Every figure of this part is synthetic.** It was measured in worlds that were made as the *Fraud Detection Handbook*
describes its simulator (Le Borgne, Siblini, Lebichot, Bontempi, 2022, chapter 3): 5,000 customers, 10,000 terminals,
half a year. The simulator was written anew from that description, so the worlds are of the same kind as the book's data
and not the same data. Card payments have no browser and no address: all customers pay from a known device at home, and
what is measured is what amounts, payees and reports add to a sum that is the same for all.

Watchword rates each purchase when it comes, and learns it afterwards. It is trained on nothing: it starts knowing
nobody, learns what is usual from the traffic, and is told of a fraud seven days after it happened. The published models
were trained on the labels of a whole week, on features of 1, 7 and 30 days. Parameters were chosen on the seed 11,
days 87 to 114, and later changes were judged on the seeds 11 to 13; what is reported are the seeds {seeds}, from day
129 on, which nobody tuned on.

As in the book, the test week is 2018-08-08 to 2018-08-14, customers who are known as compromised are left out, and the
card precision@100 is the share of compromised cards among the hundred riskiest of a day, each card detected once. In
brackets: 95 % intervals from {draws} draws of customers with all their purchases, in all worlds at once.

```sh
python -m bench.risk.transactions         # this part of the page; `make bench-risk` runs it after the sign-ins
python -m bench.risk.transactions --quick # a fifth of one world, to build/risk-quality-quick.md
```
"""
_MADE: Final = "The worlds beside the book's data:\n"
_LIMIT: Final = """The logistic regression in the same worlds is the book's own method, written anew: its fifteen
features, trained on the labels of the week that ends seven days before the test. The difference is measured on the
same draws.

**What nobody can know.** The last row knows every fraud but those at terminals of which no bad purchase could have been
reported yet, because they have been bad for less than the delay of the reports; these it guesses at random. More than a
quarter of the purchases at bad terminals are of that kind, so an average precision far above that row is not to be had.
"""
_MISSED: Final = (
    "**Why the {figure} is below what was asked.** It is short by {missing}. What was asked is what the published"
    " models reached on the book's one data set. The book's own method, trained, reached {published} there and comes to"
    " {book} in these worlds{worlds} Who knows every fraud that a report could tell of comes to {ceiling}, so {rest}."
)
_WIDTH: Final = 119
_WEEKS: Final = "### Each world and test week\n"
_SCENARIOS: Final = """### Which frauds are caught

Shares of the frauds whose score is at or above the threshold at which so many legitimate purchases of all test weeks
are challenged:
"""


def transactions_section(trial: Trial) -> str:
    """Return the part of the page, in Markdown."""
    return "\n".join(_parts(trial))


def why_missed(figure: str, *, reached: float, book: float, ahead: Interval, ceiling: float) -> str:
    """Return why a figure is below what was asked, from what others come to in the same worlds.

    As much as the book's own method loses between the book's data and these worlds lies in the worlds, and no more.
    ``ahead`` is by how much Watchword is ahead of that method.
    """
    target, published = TARGETS[figure], PUBLISHED["logistic regression"][FIGURES.index(figure)]
    missing, harder = target - reached, published - book
    if harder <= 0:
        worlds = ": they are no harder, so what is missing is Watchword's own."
    elif harder < missing:
        worlds = f": they are harder by {_short(harder)}, and the rest of what is missing is Watchword's own."
    else:
        worlds = f": they are harder by {_short(harder)}, which is no less than what is missing."
    if ahead.value < 0:
        doubt = ", which may be chance" if ahead.high >= 0 else ""
        worlds += f" There that method is ahead by {_short(-ahead.value)}{doubt}."
    text = _MISSED.format(
        figure=figure,
        missing=_short(missing),
        published=_short(published),
        book=_short(book),
        worlds=worlds,
        ceiling=_short(ceiling),
        rest="what was asked is hardly to be had here" if ceiling < target else "more could be had",
    )
    return fill(text, _WIDTH) + "\n"


def transactions_charts(trial: Trial) -> Mapping[str, str]:
    """Return the charts by file name."""
    curves = {
        name: caught_curve(trial.legitimate, trial.frauds[kind])
        for kind, name in ((Scenario.LARGE, "amount"), (Scenario.TERMINAL, "terminal"), (Scenario.CUSTOMER, "customer"))
        if len(trial.frauds[kind])
    }
    curves["all frauds"] = caught_curve(trial.legitimate, np.concatenate(list(trial.frauds.values())))
    return {CHART: draw("Frauds caught, by their kind", curves, "legitimate purchases challenged")}


def _parts(trial: Trial) -> Iterator[str]:
    seeds = ", ".join(str(world.seed) for world in trial.plan.worlds)
    yield _HEAD.format(seeds=seeds, draws=trial.plan.draws)
    yield _main_table(trial)
    yield _LIMIT
    for figure in FIGURES:
        reached = trial.intervals[OURS][figure].value
        if reached < TARGETS[figure]:
            book, ceiling = trial.mean(BOOK, figure), trial.mean(ORACLE, figure)
            ahead = trial.intervals[AHEAD][figure]
            yield why_missed(figure, reached=reached, book=book, ahead=ahead, ceiling=ceiling)
    yield _MADE
    yield _made_table(trial)
    yield _WEEKS
    yield table(["seed", "test week from day", "frauds", *FIGURES], [_week_row(week) for week in trial.weeks])
    yield _SCENARIOS
    yield _scenario_table(trial)
    yield f"![Frauds caught against legitimate purchases challenged](risk-quality/{CHART})\n"


def _main_table(trial: Trial) -> str:
    rows = [
        [OURS, *(_span(trial.intervals[OURS][figure]) for figure in FIGURES)],
        ["asked", *(f"at least {_short(TARGETS[figure])}" for figure in FIGURES)],
        ["verdict", *(_verdict(trial.intervals[OURS][figure], TARGETS[figure]) for figure in FIGURES)],
        [f"{BOOK}, same worlds", *(_span(trial.intervals[BOOK][figure]) for figure in FIGURES)],
        [f"{AHEAD}", *(_signed(trial.intervals[AHEAD][figure]) for figure in FIGURES)],
        *(
            [f"{name}, all test weeks", *(_short(trial.mean(name, figure, book_week=False)) for figure in FIGURES)]
            for name in (OURS, BOOK)
        ),
        *(
            [f"{name}, trained (published, the book's data)", *map(_short, values)]
            for name, values in PUBLISHED.items()
        ),
        [RULE, *(_short(trial.mean(RULE, figure)) for figure in FIGURES)],
        [ORACLE, *(_short(trial.mean(ORACLE, figure)) for figure in FIGURES)],
    ]
    return table(["", *FIGURES], rows)


def _verdict(reached: Interval, target: float) -> str:
    if reached.value >= target:
        return "met"
    return "within the interval" if reached.high >= target else "missed"


def _made_table(trial: Trial) -> str:
    transactions, share = (float(np.mean(column)) for column in zip(*trial.made, strict=True))
    return table(
        ["quantity", "the book's", "made, mean"],
        [
            ["transactions", f"{MADE_IN_THE_BOOK[0]:,}", f"{transactions:,.0f}"],
            ["share of frauds", percent(MADE_IN_THE_BOOK[1]), percent(share)],
        ],
    )


def _week_row(week: Week) -> Sequence[str]:
    figures = week.merits[OURS].by_name()
    when = f"{week.first_day}{' (the book’s)' if week.first_day == BOOK_TEST_DAY else ''}"
    return [str(week.seed), when, str(week.frauds), *(_short(figures[figure]) for figure in FIGURES)]


def _scenario_table(trial: Trial) -> str:
    thresholds = [threshold_at_rate(trial.legitimate, rate) for rate in _RATES]
    rows = [
        [name, *(percent(share_from(trial.frauds[kind], threshold)) for threshold in thresholds)]
        for kind, name in _KINDS.items()
    ]
    return table(["fraud", *(f"at {point(rate)}" for rate in _RATES)], rows)


def _short(figure: float) -> str:
    return f"{figure:.3f}".removeprefix("0")


def _signed(figure: Interval) -> str:
    return f"{figure.value:+.3f} [{figure.low:+.3f} to {figure.high:+.3f}]"


def _span(figure: Interval) -> str:
    return f"{_short(figure.value)} [{_short(figure.low)}–{_short(figure.high)}]"
