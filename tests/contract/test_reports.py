"""What a report takes back of what was learned, what another label gives back, and what neither touches.

There are two users who do the same. Somebody relays a code of the first and stays for a while; the second shows what
the first would be remembered for without him.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import pytest

from tests.contract.builders import EMAIL, PHONE, Planned, Scene
from tests.contract.guessing import spend
from watchword.domain.action import Action, Label
from watchword.domain.challenge import Approved, ChallengeState
from watchword.domain.device import PARALLEL_GRACE_MS, Stolen
from watchword.domain.event import EventType
from watchword.domain.ids import DeviceId
from watchword.domain.message import NoticeKind
from watchword.ports.store.deciding import Judgement, Known
from watchword.ports.store.values import Lesson, OwnersWord
from watchword.risk.memory import NO_MEMORY, PROVEN, PROVISIONAL
from watchword.risk.traits import Level

HOME: Final = (11, 12, 13, 14, 15, 16, 17)
ABROAD: Final = (91, 92, 93, 94, 95, 96, 97)
ALIKE: Final = ("u-1", "u-2")


@dataclass(frozen=True, kw_only=True)
class Thief:
    """Somebody who came in over a relayed code, and what he did."""

    planned: Planned
    device_id: DeviceId
    actions: tuple[Action, ...]
    notice_id: str | None
    """Of the notice that a device is trusted now."""


async def _allow(
    scene: Scene,
    seen: tuple[int, ...],
    device_id: DeviceId | None = None,
    *,
    country: str | None = "US",
    user_id: str = "u-1",
) -> Action:
    action = scene.action("post", user_id=user_id)
    contribution = scene.contribution(*seen)
    decided = scene.decided(action, contribution=contribution, device_id=device_id, country=country)
    await scene.store.record_decision(decided)
    return action


async def _prove(
    scene: Scene,
    seen: tuple[int, ...],
    device_id: DeviceId | None = None,
    *,
    country: str | None = "US",
    user_id: str = "u-1",
    trust: bool = False,
) -> tuple[Planned, DeviceId]:
    """Have a challenge approved, and give it with the device that is known by it."""
    contribution = scene.contribution(*seen)
    planned = await scene.open(contribution=contribution, device_id=device_id, country=country, user_id=user_id)
    outcome = await spend(scene.store, scene.guess(planned, trust_device=trust))
    assert isinstance(outcome, Approved)
    assert outcome.device is not None
    return planned, outcome.device.id


async def _owners(scene: Scene) -> DeviceId:
    """Let both users be at home for a week; give the device of the first."""
    devices = {}
    for user_id, address in zip(ALIKE, (PHONE, EMAIL), strict=True):
        await scene.register(address, user_id=user_id)
        _, devices[user_id] = await _prove(scene, HOME, user_id=user_id)
    for _ in range(3):
        scene.clock.move(days=2)
        for user_id in ALIKE:
            await _allow(scene, HOME, devices[user_id], user_id=user_id)
    scene.clock.move(days=2)
    for user_id in ALIKE:
        await _allow(scene, HOME, devices[user_id], user_id=user_id)
    return devices["u-1"]


async def _thief(scene: Scene, *, trust: bool = False) -> Thief:
    planned, device_id = await _prove(scene, ABROAD, country="FR", trust=trust)
    messages = await scene.store.claim_deliveries(limit=100, lease_s=30)
    notices = [one.notice_id for one in messages if one.notice is NoticeKind.DEVICE_TRUSTED]
    actions = [await _allow(scene, ABROAD, device_id, country="FR") for _ in range(2)]
    scene.clock.move(hours=12)
    actions.append(await _allow(scene, ABROAD, device_id, country="FR"))
    notice_id = notices[0] if notices else None
    return Thief(planned=planned, device_id=device_id, actions=tuple(actions), notice_id=notice_id)


async def _shown(scene: Scene, user_id: str = "u-1") -> dict[str, float]:
    """Give all that a score asks a memory for, to four digits."""
    memory, now = (await scene.profile(user_id=user_id)).memory, scene.clock.now()
    shown = {"events": memory.events(now), "tokens": memory.tokens(now)}
    for level in Level:
        for value in (HOME[level], ABROAD[level]):
            shown[f"{level.name} {value}"] = memory.weight(level, value, now)
    return {name: round(value, 4) for name, value in shown.items()}


async def _weight(scene: Scene, value: int) -> float:
    return (await scene.profile()).memory.weight(Level.COUNTRY, value, scene.clock.now())


async def _told(scene: Scene, event_type: EventType) -> list[object]:
    events = await scene.store.events(scene.application_id, limit=1_000, after=0)
    return [event.data["contributions"] for _, event in events if event.type is event_type]


# Taking back -------------------------------------------------------------------------------------------------------


async def _by_reference(scene: Scene, thief: Thief) -> None:
    assert await scene.store.dispute_challenge(thief.planned.id) is OwnersWord.DISPUTED


async def _by_notice(scene: Scene, thief: Thief) -> None:
    assert thief.notice_id is not None
    assert await scene.store.dispute_notice(thief.notice_id) is OwnersWord.DISPUTED


async def _by_label(scene: Scene, thief: Thief) -> None:
    assert await scene.store.label_action(scene.ref(), thief.planned.action.id, Label.FRAUD)


async def _by_label_of_a_later_action(scene: Scene, thief: Thief) -> None:
    assert await scene.store.label_action(scene.ref(), thief.actions[1].id, Label.FRAUD)


Report = Callable[[Scene, Thief], Awaitable[None]]
REPORTS: Final[tuple[Report, ...]] = (_by_reference, _by_notice, _by_label, _by_label_of_a_later_action)


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("days", [0, 3])
async def test_a_report_takes_back_all_that_the_device_taught(
    scene: Scene, lessons: list[Lesson], report: Report, days: int
) -> None:
    await _owners(scene)
    thief = await _thief(scene, trust=True)
    assert (await scene.profile()).countries_seen == {"US", "FR"}
    scene.clock.move(days=days)  # after three days all of it counts in full
    assert await _weight(scene, ABROAD[0]) > 1
    await report(scene, thief)
    await _allow(scene, HOME, user_id="u-1")
    await _allow(scene, HOME, user_id="u-2")
    assert await _shown(scene) == await _shown(scene, "u-2")
    assert (await scene.profile()).countries_seen == {"US"}
    assert await _told(scene, EventType.MEMORY_TAKEN_BACK) == [4]
    shares = [one.share for one in lessons if ABROAD[0] in one.contribution.traits.values]
    assert sum(shares) == 0
    scene.clock.move(days=3)
    assert await _weight(scene, ABROAD[0]) == 0  # and nothing of it comes to count later


@pytest.mark.parametrize("report", REPORTS)
async def test_a_report_is_a_verdict_on_one_action_and_told_once(
    scene: Scene, lessons: list[Lesson], report: Report
) -> None:
    await _owners(scene)
    thief = await _thief(scene, trust=True)
    lessons.clear()
    await report(scene, thief)
    await scene.store.dispute_challenge(thief.planned.id)
    await scene.store.label_action(scene.ref(), thief.planned.action.id, Label.FRAUD)
    await scene.store.label_action(scene.ref(), thief.planned.action.id, Label.FRAUD)
    verdicts = [(one.verdict, one.share, one.contribution.at) for one in lessons if one.verdict is not None]
    assert verdicts[0][:2] == (Label.FRAUD, 0.0)
    assert len(verdicts) == (2 if report is _by_label_of_a_later_action else 1)
    assert await _told(scene, EventType.MEMORY_TAKEN_BACK) == [4]


async def test_without_a_device_only_the_action_is_taken_back(scene: Scene) -> None:
    await _owners(scene)
    action = await _allow(scene, ABROAD)
    await _allow(scene, HOME)
    await _allow(scene, HOME, user_id="u-2")
    await scene.store.label_action(scene.ref(), action.id, Label.FRAUD)
    assert await _shown(scene) == await _shown(scene, "u-2")


async def test_other_devices_keep_what_they_taught(scene: Scene) -> None:
    await scene.register(PHONE)
    thief = await _thief(scene)
    _, own_id = await _prove(scene, HOME)
    await _allow(scene, HOME, own_id)
    await scene.store.dispute_challenge(thief.planned.id)
    assert await _weight(scene, HOME[0]) == pytest.approx(PROVEN, rel=1e-3)  # of one day
    assert await _weight(scene, ABROAD[0]) == 0


async def test_places_where_the_owner_was_too_stay(scene: Scene) -> None:
    own_id = await _owners(scene)
    await _allow(scene, HOME, own_id, country="CH")
    thief = await _thief(scene)
    await _allow(scene, ABROAD, thief.device_id, country="CH")
    await _allow(scene, ABROAD, thief.device_id, country="GB")
    scene.clock.move(seconds=1)
    await _allow(scene, HOME, own_id, country="GB")
    await _allow(scene, ABROAD, thief.device_id, country=None)
    assert (await scene.profile()).countries_seen == {"US", "CH", "FR", "GB"}
    await scene.store.dispute_challenge(thief.planned.id)
    profile = await scene.profile()
    assert profile.countries_seen == {"US", "CH", "GB"}
    assert profile.last_country == "GB"


async def test_the_starters_word_takes_nothing_back(scene: Scene, lessons: list[Lesson]) -> None:
    own_id = await _owners(scene)
    before = await _shown(scene)
    lessons.clear()
    planned = await scene.open("transfer", device_id=own_id, contribution=scene.contribution(*ABROAD))
    await scene.store.end_challenge(planned.id, ChallengeState.DENIED, "not_me")
    assert (await _shown(scene), lessons) == (before, [])


@pytest.mark.parametrize("ends_before", [False, True])
async def test_the_owners_word_about_what_was_not_approved_takes_back_what_its_device_taught(
    scene: Scene, lessons: list[Lesson], *, ends_before: bool
) -> None:
    own_id = await _owners(scene)
    lessons.clear()
    planned = await scene.open("transfer", device_id=own_id, contribution=scene.contribution(*ABROAD))
    if ends_before:
        await scene.store.end_challenge(planned.id, ChallengeState.CANCELLED, "abandoned")
    word = await scene.store.dispute_challenge(planned.id)
    assert word is (OwnersWord.NOTED if ends_before else OwnersWord.ENDED)
    assert (await _shown(scene))["events"] == 0
    assert [one.verdict for one in lessons] == [None] * 5  # who started it can type the reference too
    assert (await scene.user()).disputed_at is None


async def test_the_owners_word_about_what_carried_no_token_takes_nothing_back(scene: Scene) -> None:
    await _owners(scene)
    before = await _shown(scene)
    planned = await scene.open("transfer", contribution=scene.contribution(*ABROAD))
    assert await scene.store.dispute_challenge(planned.id) is OwnersWord.ENDED
    assert await _shown(scene) == before


async def test_what_is_older_than_thirty_days_stays(scene: Scene) -> None:
    await scene.register(PHONE)
    planned, device_id = await _prove(scene, ABROAD)
    scene.clock.move(days=29)
    await _allow(scene, HOME, device_id)
    scene.clock.move(days=1)
    assert await scene.store.dispute_challenge(planned.id) is OwnersWord.DISPUTED
    assert await _weight(scene, HOME[0]) == 0
    assert await _weight(scene, ABROAD[0]) == pytest.approx(PROVEN * 0.5**0.5, rel=1e-3)


# Stolen and removed devices ----------------------------------------------------------------------------------------


async def test_a_stolen_token_takes_back_what_its_device_taught_without_a_proof(scene: Scene) -> None:
    await scene.register(PHONE)
    _, device_id = await _prove(scene, HOME)
    await _allow(scene, ABROAD, device_id, country="FR")
    for step in (0, 1, 2):
        await scene.present(device_id, step)
    scene.clock.move(seconds=PARALLEL_GRACE_MS / 1_000)
    assert isinstance(await scene.present(device_id, 1), Stolen)
    assert await _weight(scene, ABROAD[0]) == 0
    assert await _weight(scene, HOME[0]) == pytest.approx(PROVEN, rel=1e-3)
    assert (await scene.profile()).countries_seen == {"US"}


async def test_the_owners_word_about_a_stolen_token_takes_back_the_rest(scene: Scene) -> None:
    await scene.register(PHONE)
    _, device_id = await _prove(scene, HOME)
    for step in (0, 1, 2):
        await scene.present(device_id, step)
    scene.clock.move(seconds=PARALLEL_GRACE_MS / 1_000)
    await scene.present(device_id, 1)
    messages = await scene.store.claim_deliveries(limit=100, lease_s=30)
    (notice_id,) = (one.notice_id for one in messages if one.notice is NoticeKind.DEVICE_STOLEN)
    assert notice_id is not None
    await scene.store.dispute_notice(notice_id)
    assert (await _shown(scene))["events"] == 0


async def test_a_device_that_its_user_removes_keeps_what_it_taught(scene: Scene) -> None:
    own_id = await _owners(scene)
    before = await _shown(scene)
    assert await scene.store.revoke_device(scene.ref(), own_id)
    assert await _shown(scene) == before


# Labels ------------------------------------------------------------------------------------------------------------


async def test_the_label_legitimate_lets_an_action_count_in_full_at_once(scene: Scene, lessons: list[Lesson]) -> None:
    await scene.register(PHONE)
    action = await _allow(scene, HOME)
    lessons.clear()
    for _ in range(2):
        assert await scene.store.label_action(scene.ref(), action.id, Label.LEGITIMATE)
    assert await _weight(scene, HOME[0]) == pytest.approx(PROVEN, rel=1e-3)
    told = [(one.share, one.verdict) for one in lessons]
    assert told == [(0.0, Label.LEGITIMATE), (PROVEN - PROVISIONAL, None)]
    scene.clock.move(days=2)
    await _allow(scene, HOME)
    assert [one.share for one in lessons][2:] == [PROVISIONAL]


async def test_a_challenge_that_failed_teaches_nothing_by_a_label(scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open(contribution=scene.contribution(*ABROAD))
    await scene.store.end_challenge(planned.id, ChallengeState.CANCELLED, "abandoned")
    assert await scene.store.label_action(scene.ref(), planned.action.id, Label.LEGITIMATE)
    scene.clock.move(days=2)
    assert (await scene.profile()).memory == NO_MEMORY


@pytest.mark.parametrize("days", [0, 3])
async def test_a_withdrawn_label_gives_back_all_that_it_took(scene: Scene, days: int) -> None:
    await scene.register(PHONE)
    thief = await _thief(scene)
    scene.clock.move(days=days)
    await scene.store.label_action(scene.ref(), thief.planned.action.id, Label.LEGITIMATE)  # proven: nothing to add
    before = await _shown(scene)
    places = (await scene.profile()).countries_seen
    await scene.store.label_action(scene.ref(), thief.planned.action.id, Label.FRAUD)
    assert (await _shown(scene))["events"] == 0
    await scene.store.label_action(scene.ref(), thief.planned.action.id, Label.LEGITIMATE)
    assert await _shown(scene) == before
    assert (await scene.profile()).countries_seen == places
    assert await _told(scene, EventType.MEMORY_GIVEN_BACK) == [4]


async def test_what_two_labels_took_comes_back_with_the_second(scene: Scene) -> None:
    await scene.register(PHONE)
    thief = await _thief(scene)
    first, second = thief.actions[:2]
    before = await _shown(scene)
    for action in (first, second):
        await scene.store.label_action(scene.ref(), action.id, Label.FRAUD)
    await scene.store.label_action(scene.ref(), first.id, Label.LEGITIMATE)
    assert (await _shown(scene))["events"] == 0
    await scene.store.label_action(scene.ref(), second.id, Label.LEGITIMATE)
    after = await _shown(scene)
    # Both are known to be his by now: they count in full, and the third as it did.
    assert after["events"] == pytest.approx(before["events"] + 2 * (PROVEN - PROVISIONAL), abs=0.02)


@pytest.mark.parametrize("label_first", [False, True])
async def test_no_label_gives_back_what_the_owner_disputed(scene: Scene, *, label_first: bool) -> None:
    await scene.register(PHONE)
    thief = await _thief(scene)
    if label_first:
        await scene.store.label_action(scene.ref(), thief.planned.action.id, Label.FRAUD)
    await scene.store.dispute_challenge(thief.planned.id)
    if not label_first:
        await scene.store.label_action(scene.ref(), thief.planned.action.id, Label.FRAUD)
    await scene.store.label_action(scene.ref(), thief.planned.action.id, Label.LEGITIMATE)
    assert (await _shown(scene))["events"] == 0
    assert (await scene.profile()).countries_seen == frozenset()


async def test_a_labelled_device_teaches_by_nothing_but_a_proof(scene: Scene) -> None:
    await scene.register(PHONE)
    thief = await _thief(scene)
    await scene.store.label_action(scene.ref(), thief.actions[0].id, Label.FRAUD)
    await _allow(scene, ABROAD, thief.device_id, country="GB")
    scene.clock.move(days=2)
    assert await _weight(scene, ABROAD[0]) == 0
    assert (await scene.profile()).countries_seen == frozenset()
    await _prove(scene, HOME, thief.device_id)
    assert await _weight(scene, HOME[0]) == pytest.approx(PROVEN, rel=1e-3)
    await scene.store.label_action(scene.ref(), thief.actions[0].id, Label.LEGITIMATE)
    before = await _weight(scene, ABROAD[0])
    assert before > 0
    scene.clock.move(days=1)
    await _allow(scene, ABROAD, thief.device_id)
    assert await _weight(scene, ABROAD[0]) > before


# At once -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dispute_first", [False, True])
async def test_an_allow_that_races_a_dispute_leaves_nothing(scene: Scene, *, dispute_first: bool) -> None:
    await _owners(scene)
    thief = await _thief(scene)
    decided = scene.decided(
        scene.action("post"), contribution=scene.contribution(*ABROAD), device_id=thief.device_id, country="FR"
    )

    def judge(known: Known) -> Judgement[bool]:
        is_disputed = known.profile.user is not None and known.profile.user.disputed_at is not None
        return Judgement(told=not is_disputed, decided=None if is_disputed else decided)

    allowing: Awaitable[bool] = scene.store.decide(scene.query("post"), judge)
    calls: list[Awaitable[object]] = [
        allowing,
        scene.store.dispute_challenge(thief.planned.id),
    ]
    first, second = await asyncio.gather(*(reversed(calls) if dispute_first else calls))
    assert (first, second) == ((OwnersWord.DISPUTED, False) if dispute_first else (True, OwnersWord.DISPUTED))
    assert await _shown(scene) == await _shown(scene, "u-2")
    assert (await scene.profile()).countries_seen == {"US"}


async def test_many_reports_at_once_take_back_once(scene: Scene, lessons: list[Lesson]) -> None:
    await _owners(scene)
    thief = await _thief(scene)
    lessons.clear()
    labels = [scene.store.label_action(scene.ref(), one.id, Label.FRAUD) for one in thief.actions]
    await asyncio.gather(*(scene.store.dispute_challenge(thief.planned.id) for _ in range(10)), *labels)
    assert sum(one.share for one in lessons) == -(PROVEN + 3 * PROVISIONAL)
    assert await _shown(scene) == await _shown(scene, "u-2")
