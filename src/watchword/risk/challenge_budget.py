"""The challenge budget: how many legitimate actions the score may have challenged, and the threshold that follows.

An operator asks for a share ("at most 2 % of purchases"), and the threshold of the score is where that share of the
application's own legitimate traffic begins. Only ``risk.threshold`` moves. What other rules ask for stays as it is, and
spends nothing of the budget: it would be asked whatever the score.

The traffic is a histogram of scores in ``Counts``, so processes add up what they saw and it fades by half in 60 days.
Three things keep a flood from moving it: a user counts once a day for each type, an account in its first week a tenth,
and nothing counts that was not allowed or proven. And it moves between bounds only: below the lower one an action has
more that speaks for the user than against him, and to ask then would be a habit and no suspicion; above the upper one
the odds are twenty to one against him, and no budget may let that pass.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from math import exp
from typing import Final

from watchword.domain.application import Application
from watchword.domain.instant import DAY_MS, Instant
from watchword.risk.counts import Counts
from watchword.risk.fading import growth
from watchword.risk.hearsay import Hearsay, Kind
from watchword.risk.population import NEW_ACCOUNT_DAYS, NEW_ACCOUNT_SHARE

DEFAULT_THRESHOLD: Final = 0.7
"""Where nothing is asked for, or nothing is known yet; a judgement, measured in docs/risk-quality.md."""
BOUND_NATS: Final = 3.0
"""The threshold stays within these log-odds on both sides of even: scores from 0.0474 to 0.9526."""
_BIN_NATS: Final = 0.1
_EDGES: Final = tuple(
    round(1 / (1 + exp(-number * _BIN_NATS)), 4)
    for number in range(-round(BOUND_NATS / _BIN_NATS), round(BOUND_NATS / _BIN_NATS) + 1)
)
"""The thresholds there are, rounded like scores are."""
LOWEST_THRESHOLD: Final = _EDGES[0]
HIGHEST_THRESHOLD: Final = _EDGES[-1]
LEAST_ABOVE: Final = 20.0
"""Actions above a threshold from which its share can be told: with 20 it is right within a quarter."""
LEAST_ACTIONS: Final = 200.0
PERCENT_LEAST: Final = 0.1
PERCENT_MOST: Final = 20.0
"""With more than a fifth challenged, this is no longer about suspicion; write a rule."""

_TABLE: Final = b"b"
"""The table in ``Counts``; its keys go on with 8 bytes for the type and one for the bin."""
_BINS: Final = tuple(bytes((number,)) for number in range(len(_EDGES) + 1))
_ANYWAY: Final = 254
"""The bin of what was challenged whatever its score."""
_ASKED: Final = 255
"""What was at or above the threshold when it was noted is counted here once more."""
_SEEN_MOST: Final = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Legitimate:
    """An action that was allowed, or whose challenge was approved."""

    action_type: str
    user_key: bytes
    score: float
    threshold: float
    """``risk.threshold`` when it was decided."""
    asked_anyway: bool
    """Something other than the score had it challenged."""
    account_age_days: float
    at: Instant
    """When it was decided, also where it is noted or taken back later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetState:
    """Where the threshold of one action type stands, and why."""

    action_type: str
    asked_percent: float | None
    """What the operator asks for; None for nothing, and the default threshold."""
    threshold: float
    reached_percent: float | None
    """The share of legitimate actions that reached the threshold of their time, and that nothing else had challenged;
    None where there were none."""
    actions: float
    """The legitimate actions that this rests on, faded."""
    actions_needed: float
    """From how many on the threshold follows them; 0.0 where nothing is asked for."""


def threshold_of(counts: Counts, application: Application, action_type: str, now: Instant) -> float:
    """Return the score from which an action of this type is suspicious (``risk.threshold``).

    The lowest bound of a bin that no more than the share asked for lies above; the default until there are enough
    legitimate actions to tell. Between ``LOWEST_THRESHOLD`` and ``HIGHEST_THRESHOLD``, whatever the traffic.
    """
    percent = application.challenge_budget.get(action_type)
    if percent is None:
        return DEFAULT_THRESHOLD
    return _follow(_histogram(counts, action_type, now), counts.get(_key(action_type, _ANYWAY), now), percent)


def state_of(counts: Counts, application: Application, action_type: str, now: Instant) -> BudgetState:
    """Return where the budget of one action type stands."""
    percent = application.challenge_budget.get(action_type)
    total = sum(_histogram(counts, action_type, now)) + counts.get(_key(action_type, _ANYWAY), now)
    asked = counts.get(_key(action_type, _ASKED), now)
    return BudgetState(
        action_type=action_type,
        asked_percent=percent,
        threshold=threshold_of(counts, application, action_type, now),
        reached_percent=100 * min(asked / total, 1.0) if total > 0 else None,
        actions=total,
        actions_needed=0.0 if percent is None else _needed(percent),
    )


_Mark = tuple[Kind, int, int, int]
"""What was counted of whom: the kind, the day, the user and the type."""


class LegitimateTraffic:
    """Notes the legitimate actions of one application, in one process.

    Of several processes each is told by ``hearsay`` whom another has counted, a few seconds later. Not safe for several
    threads; pure computation.
    """

    __slots__ = ("_counts", "_day", "_hearsay", "_seen")

    def __init__(self, counts: Counts, hearsay: Hearsay | None = None) -> None:
        self._counts = counts
        self._hearsay = hearsay
        self._day = 0
        self._seen: set[_Mark] = set()

    def note(self, action: Legitimate) -> None:
        """Count an action, unless one of this user, day and type was counted before."""
        self._count(action, came=True)

    def take_back(self, action: Legitimate) -> None:
        """Count an action no more, because it was fraud after all; once for each user, day and type."""
        self._count(action, came=False)

    def hear_of(self, kind: Kind, day: int, user: int, type_number: int) -> None:
        """Take note that another process has counted a user's action of this day and type."""
        self._mark_first((kind, day, user, type_number))

    def _count(self, action: Legitimate, *, came: bool) -> None:
        kind, day = Kind.CAME if came else Kind.TAKEN_BACK, action.at // DAY_MS
        user, type_number = int.from_bytes(action.user_key, "big"), _type_number(action.action_type)
        if not self._mark_first((kind, day, user, type_number)):
            return
        if self._hearsay is not None:
            self._hearsay.note(kind, action.at, day, user, type_number)
        share = NEW_ACCOUNT_SHARE if action.account_age_days < NEW_ACCOUNT_DAYS else 1.0
        weight = share if came else -share
        number = _ANYWAY if action.asked_anyway else bisect_right(_EDGES, action.score)
        self._counts.add(_key(action.action_type, number), weight, action.at)
        if action.score >= action.threshold and not action.asked_anyway:
            self._counts.add(_key(action.action_type, _ASKED), weight, action.at)

    def _mark_first(self, mark: _Mark) -> bool:
        """Take note of who came on a day, and return whether nobody had noted it before."""
        day = mark[1]
        if day > self._day or len(self._seen) >= _SEEN_MOST:
            self._day, self._seen = max(day, self._day), set()
        is_first = mark not in self._seen
        self._seen.add(mark)
        return is_first


def _follow(histogram: list[float], anyway: float, percent: float) -> float:
    """Return the lowest threshold that leaves at most this share of all actions at or above it."""
    total = sum(histogram) + anyway
    if total < _needed(percent):
        return DEFAULT_THRESHOLD
    most = total * percent / 100
    edge = len(_EDGES) - 1
    above = histogram[edge + 1]
    while edge > 0 and above + histogram[edge] <= most:
        above += histogram[edge]
        edge -= 1
    return _EDGES[edge]


def _needed(percent: float) -> float:
    return max(LEAST_ACTIONS, LEAST_ABOVE * 100 / percent)


def _histogram(counts: Counts, action_type: str, now: Instant) -> list[float]:
    """Return the faded actions by bin: below the first threshold, between each two, and from the last one on."""
    type_key, faded = _type_key(action_type), growth(now)
    return [max(0.0, counts.raw(type_key + number)) / faded for number in _BINS]


def _key(action_type: str, number: int) -> bytes:
    return _type_key(action_type) + bytes((number,))


def _type_key(action_type: str) -> bytes:
    """Return where the keys of a type begin; its name may be longer than a key, so a hash of it stands there."""
    return _TABLE + _type_hash(action_type)


def _type_number(action_type: str) -> int:
    return int.from_bytes(_type_hash(action_type), "big")


@lru_cache(maxsize=1_024)  # the types are few, and each action asks several times
def _type_hash(action_type: str) -> bytes:
    return sha256(action_type.encode()).digest()[:8]
