"""What is remembered of a user's amounts and payees: what he usually spends in each currency, and to whom.

Amounts are kept as logarithms, weighted mean and squared distance, on the scale of the landmark (``fading``). No plain
payee is here, only a keyed hash.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import log, sqrt
from struct import Struct, error
from typing import Final

from watchword.domain.instant import DAY_MS, Instant
from watchword.risk.fading import HALF_LIFE_DAYS, growth
from watchword.risk.memory.contribution import Contribution
from watchword.risk.memory.shelf import (
    SHELF_ENTRY_BYTES,
    WEIGHT_FORGOTTEN,
    Shelf,
    decode_shelf,
    encode_shelf,
    is_later,
    single,
)

PAYEES_MOST: Final = 12
TOLD_MOST: Final = 4
"""How many payees that have no place tell the application's traffic something in one day: as many as there is room for
to remember that they did. One alone is too few: where users pay many payees, most purchases would not be counted, and
what is reported of the others would look like a larger share."""
CURRENCIES_MOST: Final = 2
"""More of them only for those who travel; the lightest gives way."""
SPENDING_BYTES_MOST: Final = 240
"""Its part of the 1,200 bytes."""
STEP_MOST: Final = 2.0
"""How far from what is usual, in spreads, one amount pulls at most: one huge purchase does not make huge ones usual."""
_SPREAD_LEAST: Final = 0.5
"""No narrower than a factor of e^0.5 = 1.6 for that bound, whatever was seen."""
_SETTLED: Final = 3.0
"""Proven purchases after which the bound holds; before them every purchase is news."""
_SETTLED_PAYEE: Final = 0.3
"""More than ``PROVISIONAL``, which is what a purchase teaches within its first day (a judgement)."""
_FORGOTTEN: Final = 1e-3
"""Less of a proven purchase than this is nothing, and numbers this small would not divide well."""
_DAYS: Final = 65_536
_FADED_DAYS: Final = HALF_LIFE_DAYS / log(2)
"""What one purchase each day adds up to in the end."""
_HEAD: Final = Struct("<HB")
_AMOUNTS: Final = Struct("<3sfff")
_TOLD: Final = Struct("<H")
"""The day they told it, then a mark of each."""
_MARKS: Final = 65_536
assert (
    _HEAD.size
    + CURRENCIES_MOST * _AMOUNTS.size
    + 1
    + (PAYEES_MOST + 1) * SHELF_ENTRY_BYTES
    + (1 + TOLD_MOST) * _TOLD.size
    <= SPENDING_BYTES_MOST
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """The amounts in one currency."""

    weight: float
    """Sum of the shares, on the scale of the landmark."""
    mean: float
    """Of the natural logarithms of the amounts."""
    squares: float
    """Sum of the squared distances from the mean, weighted."""

    def learn(self, log_amount: float, weight: float) -> "Amounts":
        """Return the amounts with one more."""
        total = self.weight + weight
        away = log_amount - self.mean
        mean = self.mean + away * weight / total
        return Amounts(
            weight=single(total),
            mean=single(mean),
            squares=single(max(0.0, self.squares + weight * away * (log_amount - mean))),
        )

    def take_back(self, log_amount: float, weight: float) -> "Amounts":
        """Return the amounts without this one; at least a little has to be left."""
        left = self.weight - weight
        mean = self.mean + (self.mean - log_amount) * weight / left
        squares = self.squares - weight * (log_amount - mean) * (log_amount - self.mean)
        return Amounts(weight=single(left), mean=single(mean), squares=single(max(0.0, squares)))

    def bounded(self, log_amount: float, factor: float) -> float:
        """Return an amount no further away than one amount may pull."""
        if self.weight < _SETTLED * factor:
            return log_amount
        step = STEP_MOST * max(_SPREAD_LEAST, sqrt(self.squares / self.weight))
        return min(max(log_amount, self.mean - step), self.mean + step)


NO_AMOUNTS: Final = Amounts(weight=0.0, mean=0.0, squares=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Which payees told the application's traffic something on a day, of those that have no place on the shelf.

    One may wait there for a place, and whoever pays two in turn has each of them push the other out. Without this, both
    would be new again at every purchase.
    """

    day: int = 0
    """The last such day since 1970, modulo 65,536."""
    marks: tuple[int, ...] = ()
    """16 bits of each payee, at most ``TOLD_MOST``."""

    def has(self, payee: int, day: int) -> bool:
        """Return whether a payee tells nothing more about this day: it did, or as many as may did, or a day is over."""
        if day == self.day:
            return payee % _MARKS in self.marks or len(self.marks) >= TOLD_MOST
        return is_later(self.day, day) and bool(self.marks)

    def add(self, payee: int, day: int) -> "Told":
        """Return it with what a payee told."""
        if self.has(payee, day):
            return self
        marks = self.marks if day == self.day else ()
        return Told(day=day, marks=(*marks, payee % _MARKS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Amounts and payees of one user, on the scale of the landmark."""

    amounts: Mapping[str, Amounts] = field(default_factory=dict)
    """By the ISO 4217 code of the currency."""
    payees: Shelf = field(default_factory=Shelf)
    since_day: int = 0
    """The day of the first purchase since 1970, modulo 65,536; 0 for none."""
    told: Told = field(default_factory=Told)

    def usual(self, currency: str | None) -> Amounts:
        """Return what is known of the amounts in a currency."""
        return NO_AMOUNTS if currency is None else self.amounts.get(currency, NO_AMOUNTS)

    def knows_payee(self, payee: int | None, now: Instant) -> bool:
        """Return whether the user paid somebody before and it is not forgotten."""
        return payee is not None and self.payees.weight(payee) >= WEIGHT_FORGOTTEN * growth(now)

    def knew_payee(self, payee: int | None, now: Instant) -> bool:
        """Return whether the user paid somebody before today, and more than a purchase that was only allowed says so.

        Whoever got through once would otherwise be a good customer of his own payee a minute later.
        """
        if payee is None:
            return False
        factor = growth(now)
        return self.payees.weight_before(payee, day=now // DAY_MS % _DAYS, growth=factor) >= _SETTLED_PAYEE * factor

    def has_told(self, payee: int, at: Instant) -> bool:
        """Return whether a payee tells the application's traffic nothing more about the day of a purchase."""
        day = at // DAY_MS % _DAYS
        if payee in self.payees.entries:
            return self.payees.has_told(payee, day)
        return self.told.has(payee, day)

    def purchases(self, now: Instant) -> float:
        """Return how many proven purchases this rests on, as they have faded until now."""
        return sum(amounts.weight for amounts in self.amounts.values()) / growth(now)

    def purchases_a_day(self, now: Instant) -> float:
        """Return how many purchases a day are usual, from what has faded; 0.0 where there is none."""
        if not self.since_day:
            return 0.0
        days = max(1, (now // DAY_MS - self.since_day) % _DAYS)
        return self.purchases(now) / float(_FADED_DAYS * (1 - 2.0 ** (-days / HALF_LIFE_DAYS)))


NOTHING_SPENT: Final = Spending()


def learn_spending(spending: Spending, contribution: Contribution, share: float) -> Spending:
    """Return the spending after a contribution; one that names neither amount nor payee changes nothing."""
    factor = growth(contribution.at)
    payees, payee, day = spending.payees, contribution.payee, contribution.at // DAY_MS % _DAYS
    told = spending.told
    if payee is not None:
        payees = payees.learn(payee, share, day=day, growth=factor, places=PAYEES_MOST)
        if payee not in payees.entries:
            told = told.add(payee, day)
    amounts = dict(spending.amounts)
    if contribution.log_amount is not None and contribution.currency is not None:
        before = spending.usual(contribution.currency)
        bounded = before.bounded(contribution.log_amount, factor)
        amounts[contribution.currency] = before.learn(bounded, share * factor)
        if len(amounts) > CURRENCIES_MOST:
            others = amounts.keys() - {contribution.currency}
            del amounts[min(others, key=lambda currency: (amounts[currency].weight, currency))]
    if payee is None and not amounts:
        return spending
    return Spending(amounts=amounts, payees=payees, since_day=spending.since_day or day, told=told)


def take_back_spending(spending: Spending, contribution: Contribution, share: float, now: Instant) -> Spending:
    """Return the spending without a contribution."""
    factor = growth(contribution.at)
    payees, payee, day = spending.payees, contribution.payee, contribution.at // DAY_MS % _DAYS
    if payee is not None:
        floor = WEIGHT_FORGOTTEN * growth(now)
        payees = payees.take_back(payee, share, day=day, growth=factor, floor=floor)
    amounts = dict(spending.amounts)
    currency, log_amount = contribution.currency, contribution.log_amount
    if currency in amounts and log_amount is not None:
        known = amounts.pop(currency)
        if known.weight - share * factor >= _FORGOTTEN * factor:
            amounts[currency] = known.take_back(known.bounded(log_amount, factor), share * factor)
    return replace(spending, amounts=amounts, payees=payees)


def encode_spending(spending: Spending) -> bytes:
    """Return the spending as at most 240 bytes; none for nothing spent."""
    if spending == NOTHING_SPENT:
        return b""
    head = _HEAD.pack(spending.since_day, len(spending.amounts))
    amounts = (
        _AMOUNTS.pack(currency.encode("ascii"), known.weight, known.mean, known.squares)
        for currency, known in spending.amounts.items()
    )
    told = (spending.told.day, *spending.told.marks) if spending.told.marks else ()
    return b"".join((head, *amounts, encode_shelf(spending.payees), *map(_TOLD.pack, told)))


def decode_spending(encoded: bytes) -> Spending:
    """Return what was encoded. Raises ``ValueError`` for bytes that are no spending."""
    if not encoded:
        return NOTHING_SPENT
    try:
        since_day, count = _HEAD.unpack_from(encoded)
        end = _HEAD.size + count * _AMOUNTS.size
        amounts = {
            currency.rstrip(b"\0").decode("ascii"): Amounts(weight=weight, mean=mean, squares=squares)
            for currency, weight, mean, squares in _AMOUNTS.iter_unpack(encoded[_HEAD.size : end])
        }
        payees, end = decode_shelf(encoded, end)
        told = [number for (number,) in _TOLD.iter_unpack(encoded[end:])]
    except (error, IndexError) as cause:
        raise ValueError("these bytes are no spending") from cause
    return Spending(
        amounts=amounts,
        payees=payees,
        since_day=since_day,
        told=Told(day=told[0], marks=tuple(told[1:])) if told else Told(),
    )
