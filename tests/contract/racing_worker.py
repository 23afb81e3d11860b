"""One of several processes that want the same thing at once from a store on PostgreSQL.

Run as ``python -m tests.contract.racing_worker <url> <keys>``. Each line it reads is a list of calls, pickled and in
hexadecimal digits; all of them are made at once, and one line in JSON says what each came to.
"""

import asyncio
import json
import pickle
import sys
from pathlib import Path

from tests.contract.guessing import Guess, spend
from tests.kit.clock_and_chance import SeededEntropy
from watchword.adapters.key_set import KeySet
from watchword.adapters.postgres.postgres_store import open_postgres_store
from watchword.domain.challenge import Approved, Incorrect
from watchword.domain.errors import StorageUnavailable
from watchword.domain.grant import Redeemed
from watchword.ports.store import Store
from watchword.ports.store.values import Redemption

LINE_BYTES = 1 << 22
"""More than a few hundred calls take."""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _outcome(store: Store, call: Guess | Redemption) -> str:
    """Make one call, and say in a word what it came to."""
    try:
        if isinstance(call, Redemption):
            redeemed = await store.redeem_grant(call)
            return "redeemed" if isinstance(redeemed, Redeemed) else redeemed.name
        outcome = await spend(store, call)
    except StorageUnavailable:
        return "unavailable"
    if isinstance(outcome, Incorrect):
        return f"incorrect {outcome.attempts_left}"
    return "approved" if isinstance(outcome, Approved) else repr(outcome)


async def _work(url: str, keys: str) -> None:
    entropy = SeededEntropy(99)
    keyring = KeySet.from_toml(keys, source="keys.toml", entropy=entropy)
    store = await open_postgres_store(url, entropy, keyring)
    _say("ready")
    while line := await asyncio.to_thread(sys.stdin.readline):
        calls: list[Guess | Redemption] = pickle.loads(bytes.fromhex(line))  # noqa: S301 the test's own
        _say(json.dumps(await asyncio.gather(*(_outcome(store, call) for call in calls))))
    await store.close()


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8")))
