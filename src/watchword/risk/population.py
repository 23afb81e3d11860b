"""What the traffic of one application looks like: which values are common, and how often its users show new ones.

Everything is kept in ``Counts`` under hashed values, so processes add up what they learn; nothing here names a user.
Only what may be learned comes here (see ``Memory``), so failures and denied actions leave no trace.
"""

from bisect import bisect_right
from struct import Struct
from typing import Final

from watchword.domain.instant import DAY_MS, Instant
from watchword.risk.counts import Counts
from watchword.risk.fading import growth
from watchword.risk.hearsay import Hearsay, Kind
from watchword.risk.memory import PROVEN, PROVISIONAL, Contribution, Memory
from watchword.risk.memory.learning import day_of
from watchword.risk.memory.shelf import Shelf
from watchword.risk.purchases import Purchases
from watchword.risk.traits import WHAT_WITH, WHERE, Level

ADDRESS_DAY_MOST: Final = 20
"""Contributions of one address that are counted in a day; more of them teach nothing about the population."""
NEW_ACCOUNT_DAYS: Final = 7
NEW_ACCOUNT_SHARE: Final = 0.1
"""What an account counts in its first week: making many is cheap."""
DEPTHS: Final = (0.04, 1.5, 3.0, 6.0, 12.0, 24.0)
"""Where the depths of a memory begin, in proven actions."""
VARIETIES: Final = (0.01, 0.15, 0.4)
"""Where the kinds of users begin, by how many different values they showed for one action."""
_ADDRESSES_MOST: Final = 50_000
"""Addresses of a day that are kept apart; beyond them counting begins anew."""

# The tables, by the first byte of the key. Where a level stands alone the number is the sum over its values.
_VALUES: Final = b"v"
"""Level and value: on how many days how many users showed it."""
_AT_HOME: Final = b"h"
"""Level, home country and value: the same of the users from there."""
_AS_NEW: Final = b"q"
"""Level, home country and value: how often it was new for a user from there."""
_NOVELTY: Final = b"n"
"""Level, depth, variety, and whether the value was new for its user."""
_RARITY: Final = b"r"
"""Level, and whether a value that was new for its user was new for the application."""
_TOKENS: Final = b"d"
"""Whether the user was known to have tokens, and whether one came."""
_FRAUDS: Final = b"f"
"""Level and value: actions labelled fraud."""

_LEVEL_VALUE: Final = Struct("<cBQ")
_LEVEL_HOME_VALUE: Final = Struct("<cBQQ")
_LEVEL: Final = Struct("<cB")
_NOVELTY_KEY: Final = Struct("<cBBB?")
_RARITY_KEY: Final = Struct("<cB?")
_TOKENS_KEY: Final = Struct("<c??")
_ALL_VALUES: Final = tuple(_LEVEL.pack(_VALUES, level) for level in Level)
_ALL_FRAUDS: Final = tuple(_LEVEL.pack(_FRAUDS, level) for level in Level)


class Population:
    """What is known of the users of one application, in one process.

    Not safe for several threads; pure computation.
    """

    __slots__ = ("_day", "_hearsay", "_seen_today", "counts", "purchases")

    def __init__(self, counts: Counts | None = None, hearsay: Hearsay | None = None) -> None:
        self._hearsay = hearsay
        self.counts = Counts() if counts is None else counts
        self.purchases = Purchases(self.counts)
        self._day = 0
        self._seen_today: dict[int, int] = {}

    # ---- What is asked: ``factor`` is the growth of the present ---------------------------------------------------

    def share(self, level: Level, value: int | None) -> float:
        """Return the share of the traffic that shows a value, 0.0 to 1.0."""
        raw = self.counts.raw
        total = raw(_ALL_VALUES[level])
        return raw(_LEVEL_VALUE.pack(_VALUES, level, value)) / total if value is not None and total > 0 else 0.0

    def share_at_home(self, level: Level, home: int, value: int | None) -> float:
        """Return the share of a value in the traffic of the users from a country."""
        total = self.counts.raw(_LEVEL_VALUE.pack(_AT_HOME, level, home))
        if value is None or total <= 0:
            return 0.0
        return self.counts.raw(_LEVEL_HOME_VALUE.pack(_AT_HOME, level, home, value)) / total

    def as_new(self, level: Level, home: int, value: int, factor: float) -> tuple[float, float]:
        """Return how often a value was new for a user from a country, and how often any was."""
        found = self.counts.raw(_LEVEL_HOME_VALUE.pack(_AS_NEW, level, home, value))
        return found / factor, self.counts.raw(_LEVEL_VALUE.pack(_AS_NEW, level, home)) / factor

    def novelty(self, level: Level, depth: int, variety: int, factor: float) -> tuple[float, float]:
        """Return how often users of this depth and variety showed a new value, and how often a known one."""
        new = self.counts.raw(_NOVELTY_KEY.pack(_NOVELTY, level, depth, variety, True))
        return new / factor, self.counts.raw(_NOVELTY_KEY.pack(_NOVELTY, level, depth, variety, False)) / factor

    def rarity(self, level: Level, factor: float) -> tuple[float, float]:
        """Return how often what was new for a user was new for the application too, and how often it was not."""
        new = self.counts.raw(_RARITY_KEY.pack(_RARITY, level, True))
        return new / factor, self.counts.raw(_RARITY_KEY.pack(_RARITY, level, False)) / factor

    def tokens(self, *, has_tokens: bool, now: Instant) -> tuple[float, float]:
        """Return how often a token came and how often none did, of users who are known to have them or not."""
        factor = growth(now)
        came = self.counts.raw(_TOKENS_KEY.pack(_TOKENS, has_tokens, True))
        return came / factor, self.counts.raw(_TOKENS_KEY.pack(_TOKENS, has_tokens, False)) / factor

    def frauds(self, level: Level, value: int, factor: float) -> tuple[float, float]:
        """Return how many actions with a value were labelled fraud, and how many were in all."""
        found = self.counts.raw(_LEVEL_VALUE.pack(_FRAUDS, level, value))
        return found / factor, self.counts.raw(_ALL_FRAUDS[level]) / factor

    # ---- What is learned ----------------------------------------------------------------------------------------

    def learn(
        self, contribution: Contribution, memory_before: Memory, *, share: float, account_age_days: float
    ) -> None:
        """Learn from a contribution, once for each user, value and day.

        ``memory_before`` is the user's memory without it. New accounts count a tenth, and an address that was seen
        very often today not at all. What comes to count in full after a day counts its values only: how new they were
        is counted already. A share below zero is what a memory gave back, and teaches nothing: a user counts once a
        day, and whoever disowned his thousand actions of that day would take away what everybody else taught.
        """
        values, at = contribution.traits.values, contribution.at
        if share <= 0 or self._is_too_busy(values[Level.ADDRESS], at):
            return
        standing = NEW_ACCOUNT_SHARE if account_age_days < NEW_ACCOUNT_DAYS else 1.0
        is_rest = share == PROVEN - PROVISIONAL
        home = home_of(memory_before) or values[Level.COUNTRY] or 0
        for chain in (WHERE, WHAT_WITH):
            if not is_rest:
                self._learn_novelty(chain, contribution, memory_before, home=home, standing=standing)
            self._learn_chain(chain, contribution, memory_before, home=home, weight=share * standing)
        if not is_rest:
            self.purchases.learn(contribution, memory_before.spending, standing)
        if memory_before.weight_learned > 0 and not is_rest and _is_first_of_day(contribution, memory_before):
            has_tokens = memory_before.weight_with_token > 0
            self.counts.add(_TOKENS_KEY.pack(_TOKENS, has_tokens, contribution.had_token), standing, at)

    def label(self, contribution: Contribution, *, is_fraud: bool) -> None:
        """Count what an action turned out to be; the model lets all labels together move a value by one nat at most.

        A legitimate one needs no counting: the traffic itself says what is legitimate.
        """
        self.purchases.label(contribution, is_fraud=is_fraud)
        if not is_fraud:
            return
        for level, value in enumerate(contribution.traits.values):
            if value is not None and level != Level.ADDRESS:
                self.counts.add(_LEVEL_VALUE.pack(_FRAUDS, level, value), 1.0, contribution.at)
                self.counts.add(_ALL_FRAUDS[level], 1.0, contribution.at)

    def _learn_chain(
        self, chain: tuple[Level, ...], contribution: Contribution, memory: Memory, *, home: int, weight: float
    ) -> None:
        """Count the values that are common enough to be worth a place; addresses are not."""
        at, day = contribution.at, day_of(contribution.at)
        for level in chain:
            value = contribution.traits.values[level]
            if value is None or level == Level.ADDRESS or memory.shelves[level].has_told(value, day):
                continue
            self.counts.add(_LEVEL_VALUE.pack(_VALUES, level, value), weight, at)
            self.counts.add(_ALL_VALUES[level], weight, at)
            self.counts.add(_LEVEL_HOME_VALUE.pack(_AT_HOME, level, home, value), weight, at)
            self.counts.add(_LEVEL_VALUE.pack(_AT_HOME, level, home), weight, at)

    def _learn_novelty(
        self, chain: tuple[Level, ...], contribution: Contribution, memory: Memory, *, home: int, standing: float
    ) -> None:
        """Count how new the values of a chain are, down to the first new one.

        Proven actions count no more than others here: what is new is asked about more often, so whoever weighed
        proofs would take his users for more restless than they are.
        """
        at, day, factor = contribution.at, day_of(contribution.at), growth(contribution.at)
        for level in chain:
            value, shelf = contribution.traits.values[level], memory.shelves[level]
            total = shelf.total() / factor
            depth = depth_at(total)
            if value is None or depth == 0:
                return
            if shelf.has_told(value, day):
                continue
            is_new = shelf.weight(value) <= 0
            variety = variety_at(different_on(shelf), total)
            self.counts.add(_NOVELTY_KEY.pack(_NOVELTY, level, depth, variety, is_new), standing, at)
            if is_new and level != Level.ADDRESS:
                self._count_as_new(level, home, value, standing=standing, at=at)
            if is_new:
                return

    def _count_as_new(self, level: Level, home: int, value: int, *, standing: float, at: Instant) -> None:
        is_rare = self.counts.raw(_LEVEL_VALUE.pack(_VALUES, level, value)) <= 0
        self.counts.add(_RARITY_KEY.pack(_RARITY, level, is_rare), standing, at)
        self.counts.add(_LEVEL_HOME_VALUE.pack(_AS_NEW, level, home, value), standing, at)
        self.counts.add(_LEVEL_VALUE.pack(_AS_NEW, level, home), standing, at)

    def hear_of(self, address: int, at: Instant) -> None:
        """Count an address that taught another process, which has told everybody of it."""
        self._count_today(address, at)

    def _is_too_busy(self, address: int | None, at: Instant) -> bool:
        """Count an address and return whether it had its share of the day."""
        if address is not None and self._hearsay is not None:
            self._hearsay.note(Kind.TAUGHT, at, address)
        return self._count_today(address, at)

    def _count_today(self, address: int | None, at: Instant) -> bool:
        today = at // DAY_MS
        if today > self._day or len(self._seen_today) >= _ADDRESSES_MOST:
            self._day, self._seen_today = max(today, self._day), {}
        if address is None:
            return False
        seen = self._seen_today.get(address, 0)
        self._seen_today[address] = seen + 1
        return seen >= ADDRESS_DAY_MOST


def _is_first_of_day(contribution: Contribution, memory: Memory) -> bool:
    """Return whether a user is seen today for the first time in this country, or where none is known with this kind.

    Of an action that tells neither nobody knows, and it is not counted.
    """
    values, day = contribution.traits.values, day_of(contribution.at)
    level = Level.KIND if values[Level.COUNTRY] is None else Level.COUNTRY
    value = values[level]
    return value is not None and not memory.shelves[level].has_told(value, day)


def home_of(memory: Memory) -> int:
    """Return the country that weighs most in a memory; 0 where there is none."""
    entries = memory.shelves[Level.COUNTRY].entries
    if len(entries) == 1:
        return next(iter(entries))
    return max(entries, key=lambda value: entries[value].weight, default=0)


def depth_at(total: float) -> int:
    """Return how much is known of a level that was shown so often: 0 for nothing, up to 6."""
    return bisect_right(DEPTHS, total)


def different_on(shelf: Shelf) -> int:
    """Return how many values a shelf has beyond the first."""
    return max(0, len(shelf.entries) + (shelf.candidate is not None) - 1)


def variety_at(different: int, total: float) -> int:
    """Return how various a user is at a level: 0 for always the same value, up to 3."""
    return bisect_right(VARIETIES, different / max(total, 1.0))
