"""Races of four processes on one PostgreSQL, also while their connections are being ended.

``--race-repeats 100`` runs each a hundred times; ``make test`` has time for a few.
"""

import asyncio
import json
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import chain
from pathlib import Path

import psycopg
import pytest

from tests.contract.builders import PHONE, START, Planned, Scene
from tests.contract.guessing import Guess, spend
from tests.contract.racing_worker import LINE_BYTES
from tests.kit.clock_and_chance import SeededEntropy
from tests.kit.postgres_databases import PostgresClock, PostgresDatabases
from watchword.adapters.key_set import KeySet
from watchword.adapters.postgres.postgres_store import open_postgres_store
from watchword.domain.challenge import Approved, ChallengeState, Ended
from watchword.domain.event import EventType
from watchword.domain.grant import Redeemed
from watchword.domain.ids import GrantId
from watchword.ports.store.values import GrantProblem, Redemption

_PROCESSES = 4
_ROOT = Path(__file__).parents[2]
_EXHAUSTED = repr(Ended(state=ChallengeState.EXHAUSTED))
_APPROVED = repr(Ended(state=ChallengeState.APPROVED))
_END_ONE = """
    WITH one AS (
        SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
        WHERE datname = %s AND application_name = 'watchword' ORDER BY random() LIMIT 1
    )
    SELECT count(ended), pg_sleep(0.005) FROM one
"""


@pytest.fixture
def url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    with postgres_databases.migrated() as migrated:
        yield migrated


@pytest.fixture
async def scene(url: str) -> AsyncIterator[Scene]:
    """Gives a scene on a store of this process, by another name than those of the others."""
    entropy = SeededEntropy(7)
    keyring = KeySet.generate(entropy, START)
    clock = PostgresClock(url, START)
    store = await open_postgres_store(f"{url}?application_name=onlooker", entropy, keyring)
    yield Scene(store=store, clock=clock, entropy=entropy, keyring=keyring)
    await store.close()
    clock.close()


@pytest.fixture
async def racers(url: str, scene: Scene, keyring_file: Path) -> AsyncIterator["Racers"]:
    async with AsyncExitStack() as stack:
        yield Racers([await stack.enter_async_context(_racer(url, keyring_file)) for _ in range(_PROCESSES)])


@pytest.fixture
def keyring_file(scene: Scene, tmp_path: Path) -> Path:
    """Gives the file of the keys, for the other processes."""
    assert isinstance(scene.keyring, KeySet)
    path = tmp_path / "keys.toml"
    path.write_text(scene.keyring.to_toml(), encoding="utf-8")
    return path


@pytest.fixture
def superuser(postgres_databases: PostgresDatabases) -> Iterator[psycopg.Connection]:
    """Gives a connection that may end all others."""
    with postgres_databases.server.superuser() as connection:
        yield connection


@pytest.fixture
def repeats(request: pytest.FixtureRequest) -> int:
    """Gives how often a race is run."""
    return int(request.config.getoption("--race-repeats"))


class Racers:
    """Processes with a store each, waiting for something to want."""

    def __init__(self, processes: Sequence[Process]) -> None:
        self._processes = processes

    async def race(self, calls: Sequence[Guess | Redemption]) -> Counter[str]:
        """Have the calls made by all processes at once, and return what they came to."""
        shares = [calls[first :: len(self._processes)] for first in range(len(self._processes))]
        answers = await asyncio.gather(*map(self._send, self._processes, shares))
        return Counter(chain.from_iterable(answers))

    async def _send(self, process: Process, calls: Sequence[Guess | Redemption]) -> Sequence[str]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(pickle.dumps(list(calls)).hex().encode() + b"\n")
        await process.stdin.drain()
        answers: list[str] = json.loads(await process.stdout.readline())
        return answers


@asynccontextmanager
async def _racer(url: str, keys: Path) -> AsyncIterator[Process]:
    command = (sys.executable, "-m", "tests.contract.racing_worker", url, str(keys))
    process = await asyncio.create_subprocess_exec(*command, cwd=_ROOT, stdin=PIPE, stdout=PIPE, limit=LINE_BYTES)
    assert process.stdin is not None
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    yield process
    process.stdin.close()
    assert await process.wait() == 0


async def _open(scene: Scene, user_id: str) -> Planned:
    await scene.register(PHONE, user_id=user_id)
    return await scene.open(user_id=user_id)


async def _grant_of(scene: Scene, planned: Planned) -> GrantId:
    found = await scene.store.challenge(planned.id)
    assert found is not None
    assert found.grant is not None
    return found.grant.id


async def _events(scene: Scene) -> Counter[str]:
    """Return how many events there are of each type, by the user and not."""
    counted: Counter[str] = Counter()
    after = 0
    while page := await scene.store.events(scene.application_id, limit=1_000, after=after):
        counted.update(event.type for _, event in page)
        after = page[-1][0]
    return counted


async def test_four_processes_evaluate_five_wrong_codes_and_accept_one_right_one(
    scene: Scene, racers: Racers, repeats: int
) -> None:
    for number in range(repeats):
        wrong = await _open(scene, f"wrong-{number}")
        outcomes = await racers.race([scene.wrong(wrong) for _ in range(200)])
        assert outcomes == {_EXHAUSTED: 195, **{f"incorrect {left}": 1 for left in range(5)}}
        assert (await scene.challenge(wrong.id)).tries_spent == 5
        assert (await scene.profile(user_id=f"wrong-{number}")).failures == 5

        right = await _open(scene, f"right-{number}")
        assert await racers.race([scene.guess(right)] * 50) == {"approved": 1, _APPROVED: 49}
        assert (await scene.profile(user_id=f"right-{number}")).failures == 0
        redemption = scene.redemption(right, await _grant_of(scene, right))
        assert await racers.race([redemption] * 50) == {"redeemed": 1, GrantProblem.ALREADY_REDEEMED.name: 49}
    events = await _events(scene)
    counted = (EventType.CHALLENGE_EXHAUSTED, EventType.CHALLENGE_APPROVED, EventType.GRANT_REDEEMED)
    assert [events[event_type] for event_type in counted] == [repeats] * 3
    assert events[EventType.CHALLENGE_ATTEMPTED] >= 5 * repeats


async def test_they_do_so_while_their_connections_are_being_ended(
    scene: Scene, racers: Racers, repeats: int, url: str, superuser: psycopg.Connection
) -> None:
    database = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    ended: list[int] = []
    is_over = asyncio.Event()

    async def end_connections() -> None:
        while not is_over.is_set():
            found = (await asyncio.to_thread(superuser.execute, _END_ONE, (database,))).fetchone()
            ended.append(0 if found is None else found[0])

    ending = asyncio.ensure_future(end_connections())
    for number in range(repeats):
        wrong = await _open(scene, f"wrong-{number}")
        outcomes = await racers.race([scene.wrong(wrong) for _ in range(200)])
        evaluated = {word: count for word, count in outcomes.items() if word.startswith("incorrect")}
        assert set(evaluated.values()) <= {1}
        challenge = await scene.challenge(wrong.id)
        assert len(evaluated) <= challenge.tries_spent <= 5
        assert (await scene.profile(user_id=f"wrong-{number}")).failures == challenge.tries_spent
        assert challenge.tries_spent == 5 or outcomes["unavailable"] > 0

        right = await _open(scene, f"right-{number}")
        outcomes = await racers.race([scene.guess(right)] * 50)
        assert outcomes["approved"] <= 1
        last = await spend(scene.store, scene.guess(right))
        assert isinstance(last, Approved) or last == Ended(state=ChallengeState.APPROVED)
        assert outcomes["approved"] == 0 or not isinstance(last, Approved)
        redemption = scene.redemption(right, await _grant_of(scene, right))
        outcomes = await racers.race([redemption] * 50)
        assert outcomes["redeemed"] <= 1
        final = await scene.store.redeem_grant(redemption)
        assert isinstance(final, Redeemed) or final is GrantProblem.ALREADY_REDEEMED
        assert outcomes["redeemed"] == 0 or not isinstance(final, Redeemed)
    is_over.set()
    await ending
    assert sum(ended) > repeats
    events = await _events(scene)
    assert [events[kind] for kind in (EventType.CHALLENGE_APPROVED, EventType.GRANT_REDEEMED)] == [repeats] * 2
