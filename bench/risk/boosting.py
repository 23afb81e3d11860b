"""A small classifier for the audit: boosted trees of two levels over features cut into bins.

It only has to find out whether two groups can be told apart, on data that it was not trained on.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Bins = NDArray[np.int64]

_BINS: Final = 24
_ROUNDS: Final = 60
_RATE: Final = 0.2
_PRIOR: Final = 20.0
"""Pulls the value of a small leaf towards nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Split:
    feature: int
    upto: int
    gain: float


def out_of_sample_scores(features: Numbers, labels: NDArray[np.bool_], *, folds: int, seed: int) -> Numbers:
    """Return for every row what trees that were grown on the other folds say; more means more likely true."""
    fold = np.random.default_rng(seed).integers(0, folds, len(labels))
    binned = _binned(features)
    scores = np.zeros(len(labels))
    for number in range(folds):
        scores[fold == number] = _grown(binned, labels, fold != number)[fold == number]
    return scores


def _binned(features: Numbers) -> Bins:
    columns = []
    for column in features.T:
        edges = np.unique(np.quantile(column, np.linspace(0, 1, _BINS + 1)[1:-1]))
        columns.append(np.searchsorted(edges, column, side="right"))
    return np.stack(columns, axis=1)


def _grown(bins: Bins, labels: NDArray[np.bool_], train: NDArray[np.bool_]) -> Numbers:
    """Return the log-odds of all rows after the last round; only the rows of ``train`` teach."""
    scores = np.zeros(len(labels))
    for _ in range(_ROUNDS):
        residuals = np.where(train, labels - 1 / (1 + np.exp(-scores)), 0.0)
        for rows in _halves(bins, residuals, train, np.ones(len(labels), dtype=bool)):
            for leaf in _halves(bins, residuals, train, rows):
                scores[leaf] += _RATE * 4 * residuals[leaf].sum() / ((train & leaf).sum() + _PRIOR)
    return scores


def _halves(
    bins: Bins, residuals: Numbers, train: NDArray[np.bool_], rows: NDArray[np.bool_]
) -> list[NDArray[np.bool_]]:
    """Return the rows cut where the residuals differ most; uncut where nothing is gained."""
    used = rows & train
    best = max((_best_split(bins[used, number], residuals[used], number) for number in range(bins.shape[1])),
               key=lambda split: split.gain)  # fmt: skip
    if best.gain <= 0:
        return [rows]
    low = bins[:, best.feature] <= best.upto
    return [rows & low, rows & ~low]


def _best_split(column: Bins, residuals: Numbers, feature: int) -> _Split:
    sums = np.cumsum(np.bincount(column, weights=residuals, minlength=_BINS + 1))
    counts = np.cumsum(np.bincount(column, minlength=_BINS + 1))
    left, right = sums[:-1], sums[-1] - sums[:-1]
    gains = left**2 / (counts[:-1] + _PRIOR) + right**2 / (counts[-1] - counts[:-1] + _PRIOR)
    gains -= sums[-1] ** 2 / (counts[-1] + _PRIOR)
    upto = int(np.argmax(gains))
    return _Split(feature=feature, upto=upto, gain=float(gains[upto]))
