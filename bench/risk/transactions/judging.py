"""Judges scores of transactions as the Fraud Detection Handbook does, chapters 3 to 5.

A model is judged on a test week. In the book it was trained on the week that ended seven days before; here that is only
the week from which compromised customers are known. Customers who are known as compromised are left out of the test:
those of the training week, and for each day of the test those who became known by then. Detected cards are blocked, so
they count once for the card precision.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.risk.transactions.simulation import DAY_S, Scenario, Traffic

WEEK_DAYS: Final = 7
DELAY_DAYS: Final = 7
CARDS_A_DAY: Final = 100
BOOK_TEST_DAY: Final = 129
"""2018-08-08, on which the book's test week begins."""

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Traffic as arrays."""

    day: Rows
    customer: Rows
    amount: Numbers
    scenario: Rows

    @property
    def is_fraud(self) -> NDArray[np.bool_]:
        """Return which transactions are frauds."""
        return np.not_equal(self.scenario, int(Scenario.NONE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Merit:
    """How good scores are in a test week."""

    area: float
    """Under the receiver operating characteristic."""
    precision: float
    """Average precision."""
    card_precision: float
    """Card precision@100, the mean over the days, detected cards left out of the days that follow."""

    def by_name(self) -> Mapping[str, float]:
        """Return the figures under the names that tables have for them."""
        return {AREA: self.area, PRECISION: self.precision, CARD_PRECISION: self.card_precision}


AREA: Final = "AUC"
PRECISION: Final = "average precision"
CARD_PRECISION: Final = "card precision@100"
FIGURES: Final = (AREA, PRECISION, CARD_PRECISION)


def columns(traffic: Traffic) -> Columns:
    """Return the traffic as arrays."""
    return Columns(
        day=np.array(traffic.at_s, dtype=np.int64) // DAY_S,
        customer=np.array(traffic.customers, dtype=np.int64),
        amount=np.array(traffic.amounts, dtype=np.float64),
        scenario=np.array(traffic.scenarios, dtype=np.int64),
    )


def rows_of_week(table: Columns, first_day: int) -> Rows:
    """Return the transactions of the test week that begins on a day, without customers known as compromised."""
    training_ends = first_day - DELAY_DAYS
    in_training = (table.day >= training_ends - WEEK_DAYS) & (table.day < training_ends)
    known = set(table.customer[in_training & table.is_fraud].tolist())
    kept = []
    for day in range(first_day, first_day + WEEK_DAYS):
        became_known = (table.day == day - DELAY_DAYS - 1) & table.is_fraud
        known.update(table.customer[became_known].tolist())
        rows = np.flatnonzero(table.day == day)
        kept.append(rows[~np.isin(table.customer[rows], np.array(sorted(known), dtype=np.int64))])
    return np.concatenate(kept)


def judge(table: Columns, scores: Numbers, rows: Rows) -> Merit:
    """Return the figures of the book for some rows; ``scores`` has all rows."""
    fraud, score = table.is_fraud[rows], scores[rows]
    return Merit(
        area=area_under_curve(fraud, score),
        precision=average_precision(fraud, score),
        card_precision=card_precision(table.day[rows], table.customer[rows], fraud, score),
    )


def area_under_curve(fraud: NDArray[np.bool_], score: Numbers) -> float:
    """Return how often a fraud has the higher score, ties counting half; not a number where one kind is missing."""
    if not fraud.any() or fraud.all():
        return float("nan")
    legitimate = np.sort(score[~fraud])
    below = np.searchsorted(legitimate, score[fraud], side="left")
    upto = np.searchsorted(legitimate, score[fraud], side="right")
    return float(np.mean(below + upto) / 2 / len(legitimate))


def average_precision(fraud: NDArray[np.bool_], score: Numbers) -> float:
    """Return the mean of the precisions at each gain of recall, a tie being one step; not a number without frauds."""
    if not fraud.any():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    found, ranked = np.cumsum(fraud[order]), score[order]
    last_of_tie = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    recall = found[last_of_tie] / found[-1]
    precision = found[last_of_tie] / (last_of_tie + 1)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def card_precision(day: Rows, customer: Rows, fraud: NDArray[np.bool_], score: Numbers) -> float:
    """Return the share of compromised cards among the hundred riskiest of a day, as the mean over the days."""
    detected: set[int] = set()
    shares = []
    for today in np.unique(day):
        of_day = day == today
        cards = _cards(customer[of_day], fraud[of_day], score[of_day])
        open_cards = [card for card in cards if card[1] not in detected]
        hits = [number for _, number, is_fraud in sorted(open_cards)[:CARDS_A_DAY] if is_fraud]
        detected.update(hits)
        shares.append(len(hits) / CARDS_A_DAY)
    return float(np.mean(shares))


def resampled(table: Columns, scores: Numbers, rows: Rows, draws: int, seed: int) -> Iterator[Merit]:
    """Yield the figures with the customers of a week drawn again and again, each with all his transactions."""
    order = np.argsort(table.customer[rows], kind="stable")
    _, starts, counts = np.unique(table.customer[rows][order], return_index=True, return_counts=True)
    generator = np.random.default_rng(seed)
    for _ in range(draws):
        drawn = generator.integers(0, len(starts), len(starts))
        sizes = counts[drawn]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        again = rows[order[np.repeat(starts[drawn], sizes) + within]]
        # A customer who is drawn twice is two customers.
        customer = np.repeat(np.arange(len(drawn)), sizes)
        fraud, score = table.is_fraud[again], scores[again]
        yield Merit(
            area=area_under_curve(fraud, score),
            precision=average_precision(fraud, score),
            card_precision=card_precision(table.day[again], customer, fraud, score),
        )


def _cards(customer: Rows, fraud: NDArray[np.bool_], score: Numbers) -> list[tuple[float, int, bool]]:
    """Return the cards of a day: highest score (with the other sign), number, and whether there is a fraud."""
    numbers, places = np.unique(customer, return_inverse=True)
    highest = np.full(len(numbers), -np.inf)
    np.maximum.at(highest, places, score)
    is_fraud = np.zeros(len(numbers), dtype=bool)
    np.logical_or.at(is_fraud, places, fraud)
    return list(zip((-highest).tolist(), numbers.tolist(), is_fraud.tolist(), strict=True))
