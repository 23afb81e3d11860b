"""A process that pays for messages and hands them over until it is killed; it says what it has handed over.

Run as ``python -m tests.contract.toll_worker <place> <keys> <first number>``; prints one JSON line for each hand-over.
"""

import asyncio
import json
import sys
from pathlib import Path

from tests.contract.builders import START
from tests.contract.toll_booth import PRICE, toll
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from tests.kit.stores import open_store_at
from watchword.adapters.key_set import KeySet
from watchword.adapters.rows.guard_store import RowGuardStore
from watchword.domain.guards import Guards

AT_ONCE = 8
GUARDS = Guards(daily_cap=10**9 * PRICE, prefix_completed_percent=0)
"""Room for everybody: nobody waits for ever because the others were faster."""


async def _hand_over(booth: RowGuardStore, number: int) -> None:
    if await booth.admit(toll(number, guards=GUARDS)) is None:
        sys.stdout.write(json.dumps({"handed": number}) + "\n")
        sys.stdout.flush()


async def _work(place: str, keys: str, first: int) -> None:
    entropy = SeededEntropy(99)
    keyring = KeySet.from_toml(keys, source="keys.toml", entropy=entropy)
    store = await open_store_at(place, MovableClock(START), entropy, keyring)
    booth = RowGuardStore(store.runner)
    while True:
        await asyncio.gather(*(_hand_over(booth, first + offset) for offset in range(AT_ONCE)))
        first += AT_ONCE


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8"), int(sys.argv[3])))
