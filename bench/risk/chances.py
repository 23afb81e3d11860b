"""Draws one of several things by their weights; it knows nothing of what they are."""

from bisect import bisect
from collections.abc import Iterable, Mapping
from itertools import accumulate
from random import Random
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")


class Draw(Generic[Item]):
    """A set of things with weights, to be drawn from many times."""

    __slots__ = ("_bounds", "items")

    def __init__(self, items: Iterable[Item], weights: Iterable[float]) -> None:
        self.items = tuple(items)
        self._bounds = tuple(accumulate(weights))
        if not self.items or len(self.items) != len(self._bounds):
            raise ValueError("each thing needs its weight, and there must be one")

    @classmethod
    def of(cls, weights: Mapping[Item, float]) -> Self:
        """Return what draws the keys by their values."""
        return cls(weights, weights.values())

    def one(self, chance: Random) -> Item:
        """Return one of them."""
        return self.items[min(bisect(self._bounds, chance.random() * self._bounds[-1]), len(self.items) - 1)]


def with_tail(heads: Iterable[float], count: int, *, flatness: float = 4.0) -> tuple[float, ...]:
    """Return the shares of the heads and of so many more that divide what is left, the first of them most."""
    first = tuple(heads)
    tail = [1 / (rank + flatness) for rank in range(count)]
    left = max(0.0, 1 - sum(first)) / sum(tail)
    return (*first, *(weight * left for weight in tail))
