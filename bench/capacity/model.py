"""Reckons from what single acts cost what a number of actions a second needs; everything it assumes is named here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from bench.capacity.acts import ALLOW, REDEEM_ALLOW, REDEEM_PROOF, START_CHECK, Costs

ASKED: Final = 0.1
"""Share of actions that are asked about; the others are allowed. Both are redeemed."""
PEAK: Final = 3.0
"""A busy second has so many times the actions of an average one."""
BUSY: Final = 0.6
"""Share of a core that is planned for a serving process or the database: beyond it answers wait for each other."""
LARGE_CORES: Final = 32
"""Cores of a database server that are taken as one; more are a matter of buying."""
DAY_S: Final = 86_400
SHORT_DAYS: Final = 30
KEPT_DAYS: Final = 400
"""The default of ``retention.days``."""
LEAST_DAYS: Final = 60
"""The least that ``retention.days`` can be."""
SHORT: Final = frozenset({"deliveries", "notices", "charges", "contributions"})
"""Tables whose rows leave after a month at the latest."""
LONG: Final = frozenset({"actions", "challenges", "generations", "sends", "grants", "events"})
"""Tables whose rows leave after ``retention.days``."""
RATES: Final = (1, 10, 100, 1_000, 10_000, 100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """What one action costs on average in the mix."""

    service_us: float
    database_us: float
    written_bytes: float
    short_bytes: float
    long_bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a number of actions a second needs."""

    rate: int
    service_cores: float
    processes: int
    database_cores: float
    log_mb_s: float
    """Written in a busy second."""
    room_gb: float
    """Taken in the long run."""
    shards: int


def mix(costs: Costs) -> Mixed:
    """Return what an action costs on average."""
    shares = {ALLOW: 1 - ASKED, REDEEM_ALLOW: 1 - ASKED, START_CHECK: ASKED, REDEEM_PROOF: ASKED}
    parts = [(share, costs.acts[name]) for name, share in shares.items()]
    return Mixed(
        service_us=sum(share * act.service_us for share, act in parts),
        database_us=sum(share * act.database_us for share, act in parts),
        written_bytes=sum(share * act.written_bytes for share, act in parts),
        short_bytes=sum(share * _of(act.room, SHORT) for share, act in parts),
        long_bytes=sum(share * _of(act.room, LONG) for share, act in parts),
    )


def size_for(rate: int, mixed: Mixed) -> Size:
    """Return what so many actions in a busy second need."""
    service_cores, database_cores = rate * mixed.service_us / 1e6, rate * mixed.database_us / 1e6
    a_day = rate / PEAK * DAY_S
    return Size(
        rate=rate,
        service_cores=service_cores,
        processes=max(1, ceil(service_cores / BUSY)),
        database_cores=database_cores,
        log_mb_s=rate * mixed.written_bytes / 1e6,
        room_gb=a_day * (SHORT_DAYS * mixed.short_bytes + KEPT_DAYS * mixed.long_bytes) / 1e9,
        shards=max(1, ceil(database_cores / BUSY / LARGE_CORES)),
    )


def most_of_one_process(mixed: Mixed) -> float:
    """Return how many actions a second one process carries."""
    return BUSY * 1e6 / mixed.service_us


def _of(room: Mapping[str, float], tables: Iterable[str]) -> float:
    return sum(room.get(table, 0.0) for table in tables)
