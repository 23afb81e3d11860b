"""A process that works on a store until it is killed, and says what it was told before it believes anything further.

Run as ``python -m tests.contract.crashing_worker <place> <keys>``; prints one JSON line for each acknowledged call.
"""

import asyncio
import json
import sys
from pathlib import Path

from tests.contract.builders import PHONE, START, Scene
from tests.contract.guessing import spend
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from tests.kit.stores import open_store_at
from watchword.adapters.key_set import KeySet
from watchword.domain.challenge import Approved
from watchword.domain.grant import Redeemed

USERS_AT_ONCE = 8


def _say(**what: str | int) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def _live(scene: Scene, user_id: str) -> None:
    store = scene.store
    await scene.register(PHONE, user_id=user_id)
    planned = await scene.open(user_id=user_id)
    _say(said="opened", challenge=planned.id)
    for spent in (1, 2):
        await spend(store, scene.wrong(planned))
        _say(said="wrong", challenge=planned.id, spent=spent)
    outcome = await spend(store, scene.guess(planned))
    if not isinstance(outcome, Approved) or outcome.grant is None:
        raise TypeError(outcome)
    _say(said="approved", challenge=planned.id, grant=outcome.grant.id)
    redeemed = await store.redeem_grant(scene.redemption(planned, outcome.grant.id))
    if not isinstance(redeemed, Redeemed):
        raise TypeError(redeemed)
    _say(said="redeemed", challenge=planned.id, grant=outcome.grant.id)


async def _work(place: str, keys: str) -> None:
    entropy, clock = SeededEntropy(99), MovableClock(START)
    keyring = KeySet.from_toml(keys, source="keys.toml", entropy=entropy)
    scene = Scene(
        store=await open_store_at(place, clock, entropy, keyring), clock=clock, entropy=entropy, keyring=keyring
    )
    number = 0
    while True:
        number += USERS_AT_ONCE
        await asyncio.gather(*(_live(scene, f"u-{number + offset}") for offset in range(USERS_AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], Path(sys.argv[2]).read_text()))
