"""Keeps house: writes expiries that are due, wipes codes that are dead, and forgets what is past its time."""

from typing import Final

from watchword.domain.instant import later
from watchword.ports import Ports
from watchword.ports.store.values import Swept

BATCH: Final = 500
"""Rows of each kind in one transaction, so that no request waits long behind it."""
ACTIONS_AT_ONCE: Final = 100
"""Actions forgotten in one transaction, each with up to five statements: milliseconds on the only loop of SQLite."""
ROUNDS_AT_MOST: Final = 20
"""More than this is left to the next sweep, so that one never runs into the other."""


async def sweep(ports: Ports) -> Swept:
    """Sweep until nothing is due, in short transactions; return what was done in all."""
    swept = Swept(expired=0, wiped=0, forgotten=0)
    for _ in range(ROUNDS_AT_MOST):
        part = await ports.store.sweep(limit=BATCH)
        swept = Swept(
            expired=swept.expired + part.expired,
            wiped=swept.wiped + part.wiped,
            forgotten=swept.forgotten + part.forgotten,
        )
        if max(part.expired, part.wiped, part.forgotten) < BATCH:
            break
    return swept


async def forget_events(ports: Ports, *, days: int) -> int:
    """Forget events that are older than so many days; return how many, or how many months of them."""
    before = later(await ports.store.now(), days=-days)
    forgotten = 0
    for _ in range(ROUNDS_AT_MOST):
        part = await ports.store.forget_events(before, limit=BATCH)
        forgotten += part
        if part < BATCH:
            break
    return forgotten


async def forget_actions(ports: Ports, *, days: int) -> int:
    """Forget actions that were decided more than so many days ago, in short transactions; return how many."""
    before = later(await ports.store.now(), days=-days)
    forgotten = 0
    for _ in range(ROUNDS_AT_MOST):
        part = await ports.store.forget_actions(before, limit=ACTIONS_AT_ONCE)
        forgotten += part
        if part < ACTIONS_AT_ONCE:
            break
    return forgotten


async def reseal(ports: Ports) -> int:
    """Seal contacts anew that are under an older key, as long as there are any; return how many."""
    resealed = 0
    for _ in range(ROUNDS_AT_MOST):
        part = await ports.store.reseal(limit=BATCH)
        resealed += part
        if part < BATCH:
            break
    return resealed
