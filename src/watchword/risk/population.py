"""What the traffic of one application looks like: which values are common, and how often its users show new ones.

Everything is kept in ``Counts`` under hashed values, so processes add up what they learn; nothing here names a user.
"""

from struct import Struct
from typing import Final

from watchword.domain.instant import DAY_MS, Instant
from watchword.risk.counts import Counts
from watchword.risk.fading import growth
from watchword.risk.memory import Contribution, Memory
from watchword.risk.memory.learning import day_of
from watchword.risk.traits import WHAT_WITH, WHERE, Level

VALUES: Final = b"v"
"""Table: level and value, and how many (user, day) showed it."""
TOTALS: Final = b"t"
"""Table: level, and how many (user, day, value) there were."""
NEW_AMONG: Final = b"q"
"""Table: level, home country and value, and how often it was new for a user from there."""
NEW_TOTALS: Final = b"m"
NOVELTY: Final = b"n"
"""Table: level, depth of the memory, parent seen or not, and whether the value was new."""
FRAUDS: Final = b"f"
"""Table: level and value, and the actions labelled fraud; ``LEGITIMATE`` alike."""
LEGITIMATE: Final = b"l"

ADDRESS_DAY_MOST: Final = 20
"""Contributions of one address that a process counts in a day; more of them teach nothing about the population."""
_ADDRESSES_MOST: Final = 50_000
NEW_ACCOUNT_DAYS: Final = 7
NEW_ACCOUNT_SHARE: Final = 0.1
"""What an account counts in its first week: making many is cheap."""
BACK_OFF: Final = 3.0
DEPTHS: Final = (0.2, 1.5, 3.0, 6.0, 12.0, 24.0)
"""Where the depths of a memory begin, in proven actions."""
_LEVEL_VALUE: Final = Struct("<cBQ")
_LEVEL_HOME_VALUE: Final = Struct("<cBQQ")
_LEVEL: Final = Struct("<cB")
_NOVELTY: Final = Struct("<cBB??")


class Population:
    """What is known of the users of one application, in one process.

    Not safe for several threads; pure computation.
    """

    __slots__ = ("_day", "_seen_today", "counts")

    def __init__(self, counts: Counts | None = None) -> None:
        self.counts = Counts() if counts is None else counts
        self._day = 0
        self._seen_today: dict[int, int] = {}

    def learn(
        self, contribution: Contribution, memory_before: Memory, *, share: float, account_age_days: float
    ) -> None:
        """Learn from a contribution, once for each user, value and day.

        ``memory_before`` is the user's memory without it. New accounts count a tenth, and an address that was seen
        very often today not at all.
        """
        values, at = contribution.traits.values, contribution.at
        weight = share * (NEW_ACCOUNT_SHARE if account_age_days < NEW_ACCOUNT_DAYS else 1.0)
        if self._is_too_busy(values[Level.ADDRESS], at):
            return
        for chain in (WHERE, WHAT_WITH):
            self._learn_chain(chain, contribution, memory_before, weight)

    def label(self, contribution: Contribution, *, is_fraud: bool) -> None:
        """Count what an action turned out to be; what follows from it is bounded where it is used."""
        table = FRAUDS if is_fraud else LEGITIMATE
        for level, value in enumerate(contribution.traits.values):
            if value is not None and level != Level.ADDRESS:
                self.counts.add(_LEVEL_VALUE.pack(table, level, value), 1.0, contribution.at)
                self.counts.add(_LEVEL.pack(table, level), 1.0, contribution.at)

    def share(self, level: Level, value: int | None, now: Instant) -> float:
        """Return the share of the traffic that shows a value, 0.0 to 1.0."""
        total = self.counts.get(_LEVEL.pack(TOTALS, level), now)
        if value is None or total <= 0:
            return 0.0
        return self.counts.get(_LEVEL_VALUE.pack(VALUES, level, value), now) / total

    def share_among_new(self, level: Level, home: int, value: int, now: Instant) -> float:
        """Return the share that a value has among what is new for legitimate users from this country.

        Backed off to the traffic as a whole, which counts as much as ``BACK_OFF`` of them.
        """
        total = self.counts.get(_LEVEL_VALUE.pack(NEW_TOTALS, level, home), now)
        found = self.counts.get(_LEVEL_HOME_VALUE.pack(NEW_AMONG, level, home, value), now)
        return (found + BACK_OFF * self.share(level, value, now)) / (total + BACK_OFF)

    def _learn_chain(self, chain: tuple[Level, ...], contribution: Contribution, memory: Memory, weight: float) -> None:
        at, day = contribution.at, day_of(contribution.at)
        home = home_of(memory)
        parent_seen = True
        for level in chain:
            value = contribution.traits.values[level]
            if value is None:
                return
            shelf = memory.shelves[level]
            known = shelf.entries.get(value)
            is_seen = memory.knows(level, value, at)
            if known is None or known.day != day:
                self._count_value(level, value, weight, at)
                depth = depth_of(memory, level, at)
                if depth > 0:
                    self.counts.add(_NOVELTY.pack(NOVELTY, level, depth, parent_seen, not is_seen), weight, at)
                    if not is_seen and level != Level.ADDRESS:
                        self._count_new(level, home, value, weight, at)
            parent_seen = is_seen

    def _count_value(self, level: Level, value: int, weight: float, at: Instant) -> None:
        if level != Level.ADDRESS:
            self.counts.add(_LEVEL_VALUE.pack(VALUES, level, value), weight, at)
            self.counts.add(_LEVEL.pack(TOTALS, level), weight, at)

    def _count_new(self, level: Level, home: int, value: int, weight: float, at: Instant) -> None:
        self.counts.add(_LEVEL_HOME_VALUE.pack(NEW_AMONG, level, home, value), weight, at)
        self.counts.add(_LEVEL_VALUE.pack(NEW_TOTALS, level, home), weight, at)

    def _is_too_busy(self, address: int | None, at: Instant) -> bool:
        """Count an address and return whether it had its share of the day."""
        today = at // DAY_MS
        if today > self._day or len(self._seen_today) >= _ADDRESSES_MOST:
            self._day, self._seen_today = max(today, self._day), {}
        if address is None:
            return False
        seen = self._seen_today.get(address, 0)
        self._seen_today[address] = seen + 1
        return seen >= ADDRESS_DAY_MOST


def home_of(memory: Memory) -> int:
    """Return the country that weighs most in a memory; 0 where there is none."""
    entries = memory.shelves[Level.COUNTRY].entries
    return max(entries, key=lambda value: entries[value].weight, default=0)


def depth_of(memory: Memory, level: Level, now: Instant) -> int:
    """Return how much a memory knows of a level: 0 for nothing, up to 6."""
    total = memory.shelves[level].total() / growth(now)
    return sum(total >= start for start in DEPTHS)
