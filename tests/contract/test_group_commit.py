"""Operations that share a commit: none hurts the others, and nobody is answered before what he did is on the disk."""

import asyncio
from contextlib import closing
from typing import Any

import apsw
import pytest

from tests.contract.builders import EMAIL, PHONE, Scene
from tests.contract.conftest import OpenStore
from tests.contract.guessing import spend
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from tests.kit.full_disk import full_disk
from watchword.adapters.key_set import KeySet
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.domain.challenge import Approved, ChallengeState, Ended, Incorrect, Malformed
from watchword.domain.errors import NotFound, StorageUnavailable
from watchword.domain.ids import ApplicationId, ChallengeId
from watchword.domain.secret import Secret
from watchword.ports.store.attempting import Spending, TriedChallenge
from watchword.ports.store.values import AlreadyKept, KeptAnswer, Opened


def _kept(scope: bytes) -> KeptAnswer:
    return KeptAnswer(
        application_id=ApplicationId("shop"), scope=scope, fingerprint=b"f", status=200, body=Secret("{}")
    )


async def test_a_failing_operation_rolls_back_alone(store: RowStore, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open()

    def fail(_: object) -> KeptAnswer | None:
        raise ArithmeticError("no answer today")

    failed, fine = await asyncio.gather(
        spend(store, scene.wrong(planned), keep=fail),
        spend(store, scene.wrong(planned)),
        return_exceptions=True,
    )
    assert isinstance(failed, ArithmeticError)
    assert fine == Incorrect(attempts_left=4)
    assert (await scene.challenge(planned.id)).tries_spent == 1


async def test_events_are_told_once_they_are_committed_and_not_those_of_a_rolled_back_operation(
    database: str, clock: MovableClock, entropy: SeededEntropy, keyring: KeySet
) -> None:
    told: list[str] = []
    store = open_sqlite_store(database, clock, entropy, keyring, on_event=told.append)
    scene = Scene(store=store, clock=clock, entropy=entropy, keyring=keyring)

    def fail(_: object) -> KeptAnswer | None:
        raise ArithmeticError("no answer today")

    await scene.register(PHONE)
    planned = await scene.open()
    told.clear()
    await asyncio.gather(
        spend(store, scene.wrong(planned), keep=fail),
        spend(store, scene.wrong(planned)),
        return_exceptions=True,
    )
    await store.close()
    assert told == ["challenge.attempted"]


async def test_a_second_call_with_a_kept_key_has_no_effect(store: RowStore, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    first, second = await asyncio.gather(
        spend(store, scene.wrong(planned), keep=lambda _: _kept(b"key")),
        spend(store, scene.wrong(planned), keep=lambda _: _kept(b"key")),
        return_exceptions=True,
    )
    assert first == Incorrect(attempts_left=4)
    assert isinstance(second, AlreadyKept)
    assert (await scene.challenge(planned.id)).tries_spent == 1
    kept = await store.kept_answer(scene.application_id, b"key")
    assert kept == _kept(b"key")


async def test_a_failed_commit_fails_everybody_and_leaves_nothing(store: RowStore, scene: Scene, database: str) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    guesses = [scene.wrong(planned) for _ in range(4)]
    with full_disk(database):
        outcomes = await asyncio.gather(*(spend(store, guess) for guess in guesses), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 4
    assert (await scene.challenge(planned.id)).tries_spent == 0
    assert await spend(store, scene.wrong(planned)) == Incorrect(attempts_left=4)


async def test_an_attempt_that_comes_to_nothing_waits_for_no_disk(store: RowStore, scene: Scene, database: str) -> None:
    def refuse(_: TriedChallenge) -> Spending:
        raise NotFound

    def malformed(challenge: TriedChallenge) -> Malformed:
        return Malformed(attempts_left=challenge.attempts_left)

    await scene.register(PHONE)
    pending, ended = await scene.open(), await scene.open("withdrawal")
    await store.end_challenge(ended.id, ChallengeState.CANCELLED, "abandoned")
    scene.clock.move(seconds=1)  # a time that the disk would have to keep
    with full_disk(database):
        assert await spend(store, scene.guess(ended)) == Ended(state=ChallengeState.CANCELLED)
        attempted = await store.spend_attempt(pending.id, malformed)
        assert attempted is not None
        assert attempted.outcome == Malformed(attempts_left=5)
        with pytest.raises(NotFound):
            await store.spend_attempt(pending.id, refuse)
        assert await store.spend_attempt(ChallengeId("chl_unknown"), malformed) is None
        with pytest.raises(StorageUnavailable):
            await spend(store, scene.guess(pending))
    assert isinstance(await spend(store, scene.guess(pending)), Approved)


async def test_a_caller_who_leaves_hurts_nobody(store: RowStore, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    leaving = asyncio.ensure_future(spend(store, scene.wrong(planned)))
    staying = asyncio.ensure_future(spend(store, scene.guess(planned)))
    for _ in range(3):  # far enough for the group to be under way
        await asyncio.sleep(0)
    leaving.cancel()
    assert isinstance(await staying, Approved)
    assert leaving.cancelled()


async def test_a_read_sees_nothing_before_its_commit(store: RowStore, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    seen: list[int] = []

    async def watch(guess: "asyncio.Future[Any]") -> None:
        while not guess.done():
            seen.append((await scene.challenge(planned.id)).tries_spent)
            await asyncio.sleep(0)

    guess = asyncio.ensure_future(spend(store, scene.wrong(planned)))
    await watch(guess)
    acknowledged = (await scene.challenge(planned.id)).tries_spent
    assert acknowledged == 1
    assert seen[0] == 0
    assert seen == sorted(seen)


async def test_closing_commits_what_is_open(open_store: OpenStore, store: RowStore, scene: Scene) -> None:
    await scene.register(PHONE)
    other = await open_store()
    opening, planned = scene.opening(scene.action(), (await scene.user()).contacts)
    pending = asyncio.ensure_future(other.open_challenge(opening))
    await asyncio.sleep(0)
    await other.close()
    assert isinstance(await pending, Opened)
    assert (await scene.challenge(planned.id)).id == planned.id
    with pytest.raises(StorageUnavailable):
        await other.open_challenge(opening)


async def test_waits_for_the_short_transaction_of_another_process(store: RowStore, scene: Scene, database: str) -> None:
    with closing(apsw.Connection(database)) as other:
        other.execute("BEGIN IMMEDIATE")
        registering = asyncio.ensure_future(scene.register(PHONE))
        for _ in range(3):
            await asyncio.sleep(0)
        assert await store.user(scene.ref()) is None  # reading goes on meanwhile
        other.execute("COMMIT")
        await registering
    assert (await scene.user()).contacts[0].address.reveal() == PHONE


async def test_answers_that_it_is_unavailable_where_another_process_does_not_let_go(
    store: RowStore, scene: Scene, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchword.adapters.sqlite.writing_connection.BUSY_TIMEOUT_MS", 20)
    with closing(apsw.Connection(database)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable):
            await scene.register(PHONE)
        other.execute("ROLLBACK")
    assert (await scene.register(EMAIL)).contacts[0].address.reveal() == EMAIL


async def test_more_callers_than_a_group_takes_are_all_answered(store: RowStore, scene: Scene) -> None:
    users = [f"u-{number}" for number in range(150)]
    await asyncio.gather(*(scene.register(PHONE, user_id=user_id) for user_id in users))
    assert [(await scene.user(user_id)).id for user_id in users] == users
