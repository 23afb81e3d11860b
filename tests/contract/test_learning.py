"""What is learned of a user: by allows provisionally, by proofs in full, and never from what failed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tests.contract.builders import EMAIL, PHONE, START, Planned, Scene
from tests.contract.guessing import spend
from tests.kit.database import change, count, failing_commits, rows
from watchword.adapters.rows.contribution_rows import PROMOTED_AT_ONCE
from watchword.adapters.rows.row_store import RowStore
from watchword.domain.action import PURCHASE, SIGN_IN, Action, Decision, Label
from watchword.domain.challenge import Approved, ChallengeState, Ended, Incorrect
from watchword.domain.errors import StorageUnavailable
from watchword.domain.secret import Secret
from watchword.ports.store.deciding import Judgement
from watchword.ports.store.values import AlreadyKept, KeptAnswer, Lesson, Opened
from watchword.risk.memory import NO_MEMORY, PROVEN, PROVISIONAL, Contribution, Memory, learn
from watchword.risk.traits import Level

HOME = (11, 12, 13, 14, 15, 16, 17)
ABROAD = (91, 92, 93, 94, 95, 96, 97)
DAY_H = 24

_ALL = "SELECT * FROM {}"
Ending = Callable[[Scene, Planned], Awaitable[None]]


async def _allow(scene: Scene, *seen: int, user_id: str = "u-1", country: str | None = "US") -> Action:
    action = scene.action(user_id=user_id)
    decided = scene.decided(action, contribution=scene.contribution(*seen), country=country)
    await scene.store.record_decision(decided)
    return action


async def _prove(scene: Scene, *seen: int) -> Planned:
    planned = await scene.open(contribution=scene.contribution(*seen))
    assert isinstance(await spend(scene.store, scene.guess(planned)), Approved)
    return planned


async def _memory(scene: Scene, user_id: str = "u-1") -> Memory:
    return (await scene.profile(user_id=user_id)).memory


async def _weight(scene: Scene, value: int, level: Level = Level.COUNTRY) -> float:
    """Give what a value weighs now, as if it had been learned now: without its fading since."""
    memory = await _memory(scene)
    return memory.weight(level, value, scene.clock.now())


# Allows ------------------------------------------------------------------------------------------------------------


async def test_an_allowed_action_is_learned_by_a_quarter(scene: Scene, lessons: list[Lesson]) -> None:
    await scene.register(PHONE)
    assert await _memory(scene) == NO_MEMORY
    await _allow(scene, *HOME)
    for level in Level:
        assert await _weight(scene, HOME[level], level) == pytest.approx(PROVISIONAL, rel=1e-3)
    (lesson,) = lessons
    assert (lesson.application_id, lesson.share, lesson.verdict) == (scene.application_id, PROVISIONAL, None)
    assert (lesson.memory_before, lesson.contribution) == (NO_MEMORY, scene.contribution(*HOME))


async def test_a_day_without_a_report_makes_it_count_in_full(scene: Scene) -> None:
    await scene.register(PHONE)
    await _allow(scene, *HOME)
    scene.clock.move(hours=DAY_H, seconds=-0.001)
    assert await _weight(scene, HOME[0]) == pytest.approx(PROVISIONAL, rel=0.02)
    scene.clock.move(seconds=0.001)
    assert await _weight(scene, HOME[0]) == pytest.approx(PROVEN, rel=0.02)


async def test_reading_shows_what_is_due_and_writes_nothing(scene: Scene, store: RowStore) -> None:
    await scene.register(PHONE)
    await _allow(scene, *HOME)
    scene.clock.move(days=2)
    before = await _everything(store)
    assert await _weight(scene, HOME[0]) == pytest.approx(PROVEN, rel=0.03)
    assert await _weight(scene, HOME[0]) == pytest.approx(PROVEN, rel=0.03)
    assert await _everything(store) == before


async def _everything(store: RowStore) -> list[list[tuple[Any, ...]]]:
    tables = ("memories", "contributions", "events", "users", "places")
    return [await rows(store, _ALL.format(table)) for table in tables]


async def test_what_is_due_is_written_with_the_next_lesson_and_once(scene: Scene, lessons: list[Lesson]) -> None:
    await scene.register(PHONE)
    await _allow(scene, *HOME)
    first = scene.contribution(*HOME)
    scene.clock.move(days=1)
    for _ in range(3):
        await _allow(scene, *ABROAD)
    rest = [lesson for lesson in lessons if lesson.contribution == first]
    assert [lesson.share for lesson in rest] == [PROVISIONAL, PROVEN - PROVISIONAL]
    # Told without itself, and without what came with the same operation only after it.
    assert not rest[1].memory_before.knows(Level.COUNTRY, HOME[0], scene.clock.now())
    assert await _weight(scene, HOME[0]) == pytest.approx(PROVEN, rel=0.02)


async def test_only_a_few_come_to_count_in_full_at_once(scene: Scene, lessons: list[Lesson]) -> None:
    assert PROMOTED_AT_ONCE <= 32  # each is 0.1 ms for everybody else
    await scene.register(PHONE)
    count = 2 * PROMOTED_AT_ONCE + 3
    for number in range(count):
        await _allow(scene, 1_000 + number)
    scene.clock.move(days=1)
    promoted = []
    for _ in range(4):
        lessons.clear()
        await _allow(scene, *HOME)
        promoted.append(sum(lesson.share == PROVEN - PROVISIONAL for lesson in lessons))
    assert promoted == [PROMOTED_AT_ONCE, PROMOTED_AT_ONCE, 3, 0]


async def test_a_day_gives_a_value_no_more_than_one_proof(scene: Scene) -> None:
    await scene.register(PHONE)
    for _ in range(50):
        await _allow(scene, *HOME)
    assert await _weight(scene, HOME[0]) == pytest.approx(PROVEN, rel=1e-3)


async def test_actions_without_a_contribution_teach_nothing(scene: Scene, lessons: list[Lesson]) -> None:
    await scene.register(PHONE)
    await scene.store.record_decision(scene.decided(scene.action()))
    assert isinstance(await spend(scene.store, scene.guess(await scene.open())), Approved)
    assert (await _memory(scene), lessons) == (NO_MEMORY, [])


async def test_somebody_who_is_not_registered_is_not_remembered(scene: Scene, lessons: list[Lesson]) -> None:
    await _allow(scene, *HOME, user_id="nobody")
    assert (await _memory(scene, "nobody"), lessons) == (NO_MEMORY, [])


async def test_each_user_has_a_memory_of_his_own(scene: Scene) -> None:
    await scene.register(PHONE)
    await scene.register(EMAIL, user_id="u-2")
    await _allow(scene, *HOME)
    await _allow(scene, *ABROAD, user_id="u-2")
    assert await _memory(scene) == learn(NO_MEMORY, scene.contribution(*HOME), PROVISIONAL)
    assert await _memory(scene, "u-2") == learn(NO_MEMORY, scene.contribution(*ABROAD), PROVISIONAL)


async def test_a_lesson_tells_how_old_the_account_was(scene: Scene, lessons: list[Lesson]) -> None:
    await scene.register(PHONE)
    scene.clock.move(days=3.5)
    await _allow(scene, *HOME)
    assert [lesson.account_age_days for lesson in lessons] == [3.5]


# Proofs ------------------------------------------------------------------------------------------------------------


async def test_an_approval_is_learned_in_full(scene: Scene, lessons: list[Lesson]) -> None:
    await scene.register(PHONE)
    await _prove(scene, *HOME)
    assert await _weight(scene, HOME[0]) == pytest.approx(PROVEN, rel=1e-3)
    assert [lesson.share for lesson in lessons] == [PROVEN]
    scene.clock.move(days=2)
    await _allow(scene, *ABROAD)
    assert [lesson.share for lesson in lessons] == [PROVEN, PROVISIONAL]  # nothing of it was left to come


async def test_a_concealed_challenge_that_is_really_approved_is_learned(scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open("password_reset", conceal=True, contribution=scene.contribution(*HOME))
    assert isinstance(await spend(scene.store, scene.guess(planned)), Approved)
    assert await _weight(scene, HOME[0]) == pytest.approx(PROVEN, rel=1e-3)


async def _run_out(scene: Scene, planned: Planned) -> None:
    for _ in range(5):
        assert isinstance(await spend(scene.store, scene.wrong(planned)), Incorrect)


async def _expire(scene: Scene, planned: Planned) -> None:
    scene.clock.move(seconds=scene.limits.lifetime_s)
    assert await spend(scene.store, scene.guess(planned)) == Ended(state=ChallengeState.EXPIRED)


async def _cancel(scene: Scene, planned: Planned) -> None:
    await scene.store.end_challenge(planned.id, ChallengeState.CANCELLED, "abandoned")
    assert await spend(scene.store, scene.guess(planned)) == Ended(state=ChallengeState.CANCELLED)


async def _deny(scene: Scene, planned: Planned) -> None:
    await scene.store.end_challenge(planned.id, ChallengeState.DENIED, "not_me")


async def _deny_by_owner(scene: Scene, planned: Planned) -> None:
    await scene.store.dispute_challenge(planned.id)


async def _leave_pending(_: Scene, __: Planned) -> None:
    """Do nothing more."""


@pytest.mark.parametrize("end", [_run_out, _expire, _cancel, _deny, _deny_by_owner, _leave_pending])
@pytest.mark.parametrize("conceal", [False, True])
async def test_whatever_is_not_approved_teaches_nothing(
    scene: Scene,
    lessons: list[Lesson],
    end: Ending,
    *,
    conceal: bool,
) -> None:
    await scene.register(PHONE)
    await _prove(scene, *HOME)
    lessons.clear()
    planned = await scene.open("transfer", contribution=scene.contribution(*ABROAD), conceal=conceal)
    for _ in range(4):  # four wrong codes from the attacker's place do not make that place familiar
        assert isinstance(await spend(scene.store, scene.wrong(planned)), Incorrect)
    if end is not _run_out:
        await end(scene, planned)
    memory = await _memory(scene)
    assert memory == learn(NO_MEMORY, replace(scene.contribution(*HOME), at=START), PROVEN)
    assert not any(memory.knows(level, ABROAD[level], scene.clock.now()) for level in Level)
    assert (await scene.profile()).countries_seen == {"US"}
    assert lessons == []
    scene.clock.move(days=2)
    assert await _weight(scene, ABROAD[0]) == 0


async def test_a_denied_action_teaches_nothing_and_keeps_nothing(
    scene: Scene, store: RowStore, lessons: list[Lesson]
) -> None:
    await scene.register(PHONE)
    action = scene.action()
    await store.record_decision(scene.decided(action, Decision.DENY, contribution=scene.contribution(*ABROAD)))
    await store.label_action(scene.ref(), action.id, Label.LEGITIMATE)
    scene.clock.move(days=2)
    assert (await _memory(scene), lessons) == (NO_MEMORY, [])
    assert await rows(store, "SELECT * FROM contributions") == []


async def test_a_decoy_teaches_nothing_and_keeps_the_same(scene: Scene, store: RowStore) -> None:
    opening, planned = scene.opening(
        scene.action(conceal=True, user_id="nobody"), decoy=True, contribution=scene.contribution(*ABROAD)
    )
    assert isinstance(await store.open_challenge(opening), Opened)
    assert await spend(store, scene.guess(planned, Secret("000000"))) == Incorrect(attempts_left=4)
    assert await _memory(scene, "nobody") == NO_MEMORY
    assert len(await rows(store, "SELECT * FROM contributions WHERE state = 'waiting'")) == 1


async def test_confirming_a_further_contact_teaches_nothing(scene: Scene, lessons: list[Lesson]) -> None:
    await scene.register(PHONE)
    await _allow(scene, *HOME)
    scene.clock.move(days=1)
    await scene.store.register_user(scene.registration(PHONE, EMAIL))
    scene.clock.move(days=3)
    lessons.clear()
    mailbox = (await scene.user()).contacts[1]
    planned = await scene.confirm(mailbox, contribution=scene.contribution(*ABROAD))
    assert isinstance(await spend(scene.store, scene.guess(planned)), Approved)
    assert await _weight(scene, ABROAD[0]) == 0
    assert lessons == []


async def test_confirming_the_first_contact_is_a_proof_like_any_other(scene: Scene) -> None:
    (phone,) = (await scene.register(PHONE, confirmed=False)).contacts
    planned = await scene.confirm(phone, contribution=scene.contribution(*HOME))
    assert isinstance(await spend(scene.store, scene.guess(planned)), Approved)
    assert await _weight(scene, HOME[0]) == pytest.approx(PROVEN, rel=1e-3)


# At once -----------------------------------------------------------------------------------------------------------


async def test_one_approval_of_many_at_once_is_learned_once(scene: Scene, lessons: list[Lesson]) -> None:
    await scene.register(PHONE)
    planned = await scene.open(contribution=scene.contribution(*HOME))
    answers = await asyncio.gather(*(spend(scene.store, scene.guess(planned)) for _ in range(20)))
    assert sum(isinstance(answer, Approved) for answer in answers) == 1
    assert (await _memory(scene)).events(scene.clock.now()) == pytest.approx(PROVEN)
    assert [lesson.share for lesson in lessons] == [PROVEN]


async def test_two_approvals_at_once_are_both_learned(scene: Scene) -> None:
    await scene.register(PHONE)
    first = await scene.open(SIGN_IN, contribution=scene.contribution(*HOME))
    second = await scene.open("transfer", contribution=scene.contribution(*ABROAD))
    await asyncio.gather(*(spend(scene.store, scene.guess(one)) for one in (first, second)))
    assert (await _memory(scene)).events(scene.clock.now()) == pytest.approx(2 * PROVEN)
    assert await _weight(scene, HOME[0]) == pytest.approx(PROVEN, rel=1e-3)
    assert await _weight(scene, ABROAD[0]) == pytest.approx(PROVEN, rel=1e-3)


async def test_many_allows_at_once_lose_none(scene: Scene) -> None:
    await scene.register(PHONE)
    decided = [scene.decided(scene.action(), contribution=scene.contribution(n + 1)) for n in range(40)]
    await asyncio.gather(*(scene.store.record_decision(one) for one in decided))
    assert (await _memory(scene)).events(scene.clock.now()) == pytest.approx(40 * PROVISIONAL)


async def test_what_is_rolled_back_teaches_nothing(scene: Scene, lessons: list[Lesson]) -> None:
    await scene.register(PHONE)
    answer = KeptAnswer(application_id=scene.application_id, scope=b"s", fingerprint=b"f", status=200, body=Secret("."))
    await scene.store.keep_answer(answer)
    planned = await scene.open(contribution=scene.contribution(*ABROAD))
    decided = scene.decided(scene.action(), contribution=scene.contribution(*ABROAD))
    with pytest.raises(AlreadyKept):
        await scene.store.record_decision(decided, keep=lambda _: answer)
    with pytest.raises(AlreadyKept):
        await spend(scene.store, scene.guess(planned), keep=lambda _: answer)
    assert (await _memory(scene), lessons) == (NO_MEMORY, [])


async def test_what_is_decided_from_what_is_known_teaches_like_the_rest(scene: Scene, lessons: list[Lesson]) -> None:
    await scene.register(PHONE)
    await _allow(scene, *HOME)
    decided = scene.decided(scene.action(PURCHASE, amount="5.00"), contribution=scene.contribution(*ABROAD))
    before = await scene.store.decide(
        scene.query(PURCHASE), lambda known: Judgement(told=known.profile.memory, decided=decided)
    )
    assert before.weight(Level.COUNTRY, HOME[0], scene.clock.now()) > 0
    assert lessons[-1].memory_before == before
    assert (await _memory(scene)).weight(Level.COUNTRY, ABROAD[0], scene.clock.now()) > 0


async def test_lessons_are_told_after_the_commit_and_only_then(
    scene: Scene, store: RowStore, lessons: list[Lesson]
) -> None:
    await scene.register(PHONE)
    async with failing_commits(store):
        with pytest.raises(StorageUnavailable):
            await _allow(scene, *HOME)
    assert (await _memory(scene), lessons) == (NO_MEMORY, [])


# Forgetting --------------------------------------------------------------------------------------------------------


async def test_an_erased_user_leaves_no_memory(scene: Scene, store: RowStore) -> None:
    await scene.register(PHONE)
    action = await _allow(scene, *HOME)
    await _prove(scene, *HOME)
    waiting = await scene.open("transfer", contribution=scene.contribution(*ABROAD))
    assert await store.erase_user(scene.ref())
    left = "SELECT (SELECT count(*) FROM memories) + (SELECT count(*) FROM contributions)"
    assert await rows(store, left) == [(0,)]
    await spend(store, scene.guess(waiting))
    await store.label_action(scene.ref(), action.id, Label.LEGITIMATE)
    await store.dispute_challenge(waiting.id)
    late = scene.decided(scene.action(), contribution=scene.contribution(*HOME))
    await store.record_decision(late)  # decided before the erasure, by somebody who did not look
    assert await rows(store, left) == [(0,)]
    await scene.register(PHONE)
    assert await _memory(scene) == NO_MEMORY


async def test_a_tombstone_can_be_forgotten_after_a_life_with_a_memory(scene: Scene, store: RowStore) -> None:
    await scene.register(PHONE)
    await _allow(scene, *HOME)
    await store.erase_user(scene.ref())
    scene.clock.move(days=31)
    await store.sweep(limit=10)
    assert await rows(store, "SELECT * FROM users") == []


async def test_contributions_are_forgotten_after_thirty_days_and_not_what_they_taught(
    scene: Scene, store: RowStore, lessons: list[Lesson]
) -> None:
    await scene.register(PHONE)
    for number in range(5):
        await _allow(scene, HOME[0], 1_000 + number)
    planned = await scene.open(contribution=scene.contribution(*ABROAD))
    scene.clock.move(days=30, seconds=-1)
    assert (await store.sweep(limit=3)).forgotten == 0 or await _count(store) == 6
    scene.clock.move(seconds=1)
    lessons.clear()
    await store.sweep(limit=4)
    assert await _count(store) == 2  # so many at once, the oldest first
    await store.sweep(limit=4)
    assert await _count(store) == 0
    assert sum(lesson.share for lesson in lessons) == 5 * (PROVEN - PROVISIONAL)  # nobody ever reported them
    assert (await _memory(scene)).events(START) == pytest.approx(5 * PROVEN)
    assert await _weight(scene, ABROAD[0]) == 0
    assert (await scene.challenge(planned.id)).state is ChallengeState.EXPIRED


async def _count(store: RowStore) -> int:
    return await count(store, "SELECT count(*) FROM contributions")


# At rest -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("table", "column"), [("memories", "sealed_memory"), ("contributions", "sealed_contribution")])
async def test_what_was_learned_of_another_user_does_not_open(
    scene: Scene, store: RowStore, lessons: list[Lesson], table: str, column: str
) -> None:
    await scene.register(PHONE)
    await scene.register(EMAIL, user_id="u-2")
    await _allow(scene, *HOME)
    await _allow(scene, *ABROAD, user_id="u-2")
    other = (await scene.user("u-2")).ref.key
    move = f"UPDATE {table} SET {column} = (SELECT {column} FROM {table} WHERE user_key = :other)"  # noqa: S608 our own words, values bound
    assert await change(store, f"{move} WHERE user_key <> :other", other=other) == 1
    profile = await scene.profile()
    assert profile.memory_is_lost is (table == "memories")
    assert not profile.memory.knows(Level.COUNTRY, ABROAD[0], scene.clock.now())
    lessons.clear()
    (record,) = await scene.store.actions(scene.ref(), limit=1, before=None)
    assert await scene.store.label_action(scene.ref(), record.action.id, Label.FRAUD)
    assert all(ABROAD[0] not in lesson.contribution.traits.values for lesson in lessons)


async def test_what_is_remembered_lies_sealed(scene: Scene, store: RowStore) -> None:
    await scene.register(PHONE)
    telling = 0x7AC3_51D9_0E44_B6F1
    await _allow(scene, telling)
    sealed_rows = await rows(
        store, "SELECT sealed_memory FROM memories UNION ALL SELECT sealed_contribution FROM contributions"
    )
    assert len(sealed_rows) == 2
    for (sealed,) in sealed_rows:
        assert isinstance(sealed, bytes)
        assert telling.to_bytes(8, "little") not in sealed
        assert telling.to_bytes(8, "big") not in sealed
    plain: list[Contribution | Memory] = [scene.contribution(telling), await _memory(scene)]
    assert all(telling.to_bytes(8, "little") in one.encode() for one in plain)  # the search can find something


# Beside the memory -------------------------------------------------------------------------------------------------


async def test_the_profile_tells_the_country_that_was_seen_last_and_when(scene: Scene) -> None:
    await scene.register(PHONE)
    profile = await scene.profile()
    assert (profile.last_country, profile.last_country_at, profile.registered_at) == (None, None, START)
    for country in ("US", "CH", "US", "FR"):
        scene.clock.move(hours=1)
        await _allow(scene, *HOME, country=country)
    seen_at = scene.clock.now()
    scene.clock.move(hours=1)
    await _allow(scene, *HOME, country=None)
    profile = await scene.profile()
    assert (profile.last_country, profile.last_country_at) == ("FR", seen_at)
    assert (profile.last_seen_at, profile.registered_at) == (scene.clock.now(), START)


async def test_the_profile_tells_when_the_account_last_changed(scene: Scene) -> None:
    await scene.register(PHONE, EMAIL)
    assert (await scene.profile()).changed_at is None  # the first list is no change
    await _prove(scene, *HOME)
    assert (await scene.profile()).changed_at is None
    steps: tuple[Callable[[], Awaitable[object]], ...] = (
        partial(_approve, scene, "password_reset"),
        partial(_approve, scene, "account_update"),
        partial(scene.store.register_user, scene.registration(PHONE)),
    )
    for step in steps:
        scene.clock.move(hours=1)
        await step()
        assert (await scene.profile()).changed_at == scene.clock.now()
    changed_at = scene.clock.now()
    scene.clock.move(hours=1)
    await scene.store.register_user(scene.registration(PHONE))  # the same list again
    assert (await scene.profile()).changed_at == changed_at


async def _approve(scene: Scene, action_type: str) -> None:
    phone = (await scene.user()).contacts[0]
    details: dict[str, str | int | bool] = {"field": "password"} if action_type == "account_update" else {}
    planned = await scene.open(action_type, details=details, contact=phone)
    assert isinstance(await spend(scene.store, scene.guess(planned)), Approved)
