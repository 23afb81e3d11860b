"""Ranges of numbers from which too few codes come back: closed for a while, longer each time, for strangers only."""

import pytest

from tests.contract.builders import SHOP, Scene
from tests.contract.toll_booth import FIRST_SEEN, OTHER_PREFIX, PREFIX, let_through, pass_many, toll
from watchword.adapters.rows.guard_store import RowGuardStore
from watchword.adapters.rows.row_store import RowStore
from watchword.domain.closures import Completion
from watchword.domain.contact import Channel
from watchword.domain.event import NOBODY, Event, EventType
from watchword.domain.guards import Guard, GuardMode, Guards
from watchword.domain.ids import ApplicationId, ContactId
from watchword.domain.instant import DAY_MS, HOUR_MS, Instant, later

ROOMY = Guards(daily_cap=10**12)


@pytest.fixture
def booth(store: RowStore) -> RowGuardStore:
    return RowGuardStore(store.runner)


async def complete(booth: RowGuardStore, numbers: range, channel: Channel = Channel.SMS) -> None:
    await booth.complete(
        [Completion(application_id=SHOP, channel=channel, contact_id=ContactId(f"ctc_{n}")) for n in numbers]
    )


async def events_of(scene: Scene, *wanted: EventType) -> list[Event]:
    return [event for _, event in await scene.store.events(SHOP, limit=1_000, after=0) if event.type in wanted]


async def test_twenty_codes_leave_and_then_the_range_is_closed(booth: RowGuardStore, scene: Scene) -> None:
    answers = await pass_many(booth, range(60), guards=ROOMY)
    assert let_through(answers) == 20
    shut = answers[-1]
    assert shut is not None
    assert shut.guard is Guard.PREFIX
    assert shut.free_at == later(scene.clock.now(), hours=1)
    assert PREFIX in shut.text
    assert "0 of 20" in shut.text
    (closed,) = await events_of(scene, EventType.GUARD_CLOSED)
    assert closed.user_key == NOBODY
    assert (closed.data["place"], closed.data["sent"], closed.data["enforced"]) == (PREFIX, 20, True)


async def test_a_closed_range_closes_nothing_else(booth: RowGuardStore) -> None:
    await pass_many(booth, range(30), guards=ROOMY)
    assert await booth.admit(toll(100, prefix=OTHER_PREFIX, guards=ROOMY)) is None
    assert await booth.admit(toll(101, channel=Channel.VOICE, guards=ROOMY)) is None
    assert await booth.admit(toll(102, application_id=ApplicationId("other"), guards=ROOMY)) is None
    assert await booth.admit(toll(103, guards=ROOMY)) is not None


async def test_a_contact_that_was_proven_before_is_neither_stopped_nor_counted(booth: RowGuardStore) -> None:
    assert let_through(await pass_many(booth, range(50), proven_since=FIRST_SEEN, guards=ROOMY)) == 50
    assert let_through(await pass_many(booth, range(100, 130), guards=ROOMY)) == 20
    assert await booth.admit(toll(0, tries=1, proven_since=FIRST_SEEN, guards=ROOMY)) is None


async def test_a_notice_is_neither_stopped_nor_counted(booth: RowGuardStore) -> None:
    assert let_through(await pass_many(booth, range(50), is_code=False, guards=ROOMY)) == 50
    assert let_through(await pass_many(booth, range(100, 130), guards=ROOMY)) == 20
    assert await booth.admit(toll(200, is_code=False, guards=ROOMY)) is None


async def test_a_contact_is_counted_once_however_many_codes_it_gets(booth: RowGuardStore) -> None:
    answers = [await booth.admit(toll(1, delivery_id=f"dlv_again_{n}", guards=ROOMY)) for n in range(50)]
    assert let_through(answers) == 50


async def test_contacts_of_long_ago_are_not_counted(booth: RowGuardStore) -> None:
    old = Instant(FIRST_SEEN - 31 * DAY_MS)
    assert let_through(await pass_many(booth, range(50), first_seen_at=old, guards=ROOMY)) == 50


async def test_a_range_whose_codes_come_back_stays_open(booth: RowGuardStore) -> None:
    for start in range(0, 60, 10):
        assert let_through(await pass_many(booth, range(start, start + 10), guards=ROOMY)) == 10
        await complete(booth, range(start, start + 4))


async def test_one_percent_less_than_enough_closes_it(booth: RowGuardStore) -> None:
    await pass_many(booth, range(20), guards=ROOMY)
    await complete(booth, range(3))
    assert await booth.admit(toll(100, guards=ROOMY)) is None  # 3 of 20 are 15 percent
    assert await booth.admit(toll(101, guards=ROOMY)) is not None  # 3 of 21 are not


async def test_what_was_sent_before_the_window_is_not_counted(booth: RowGuardStore, scene: Scene) -> None:
    await pass_many(booth, range(19), guards=ROOMY)
    scene.clock.move(hours=25)
    assert let_through(await pass_many(booth, range(100, 119), guards=ROOMY)) == 19


async def test_after_its_time_a_range_is_on_trial_and_each_closure_is_twice_as_long(
    booth: RowGuardStore, scene: Scene
) -> None:
    await pass_many(booth, range(21), guards=ROOMY)
    spans, number = [], 1_000
    for hours in (1, 2, 4, 8, 16, 24):
        scene.clock.move(hours=hours)
        answers = await pass_many(booth, range(number, number + 10), guards=ROOMY)
        assert let_through(answers) == 5
        shut = answers[-1]
        assert shut is not None
        assert shut.free_at is not None
        spans.append((shut.free_at - scene.clock.now()) // HOUR_MS)
        number += 10
    assert spans == [2, 4, 8, 16, 24, 24]


async def test_a_range_that_was_quiet_for_a_week_begins_anew(booth: RowGuardStore, scene: Scene) -> None:
    await pass_many(booth, range(21), guards=ROOMY)
    scene.clock.move(days=8)
    await scene.store.sweep(limit=100)
    assert await booth.closures(SHOP) == []
    recent = Instant(FIRST_SEEN + 8 * DAY_MS)
    answers = await pass_many(booth, range(1_000, 1_030), first_seen_at=recent, guards=ROOMY)
    assert let_through(answers) == 20
    assert [one.times for one in await booth.closures(SHOP)] == [1]


async def test_the_operator_opens_a_range_with_a_reason(booth: RowGuardStore, scene: Scene) -> None:
    await pass_many(booth, range(21), guards=ROOMY)
    assert await booth.release(SHOP, Guard.PREFIX, PREFIX, reason="a concert", cap=0) == 1
    assert await booth.closed() == []
    assert await booth.release(SHOP, Guard.PREFIX, PREFIX, reason="again", cap=0) == 0
    (released,) = await events_of(scene, EventType.GUARD_RELEASED)
    assert (released.data["place"], released.data["reason"]) == (PREFIX, "a concert")
    scene.clock.move(seconds=1)
    assert let_through(await pass_many(booth, range(100, 130), guards=ROOMY)) == 20


async def test_whoever_only_watches_stops_nothing_and_tells(booth: RowGuardStore, scene: Scene) -> None:
    watching = Guards(daily_cap=10**12, mode=GuardMode.MONITOR)
    assert let_through(await pass_many(booth, range(60), guards=watching)) == 60
    (closed,) = await events_of(scene, EventType.GUARD_CLOSED)
    assert closed.data["enforced"] is False
    assert [one.place for one in await booth.closed()] == [PREFIX]


async def test_what_is_closed_is_told_with_its_figures(booth: RowGuardStore, scene: Scene) -> None:
    await pass_many(booth, range(20), guards=ROOMY)
    await complete(booth, range(1))
    await pass_many(booth, range(100, 101), guards=ROOMY)
    (closure,) = await booth.closed()
    assert (closure.channel, closure.place, closure.times) == (Channel.SMS, PREFIX, 1)
    assert (closure.counted.sent, closure.counted.completed) == (20, 1)
    assert closure.closed_until == later(scene.clock.now(), hours=1)


async def test_what_no_provider_took_is_not_counted(booth: RowGuardStore) -> None:
    for number in range(50):
        assert await booth.admit(toll(number, guards=ROOMY)) is None
        await booth.take_back(toll(number, guards=ROOMY))


async def test_contacts_are_forgotten_when_they_count_no_more(booth: RowGuardStore, scene: Scene) -> None:
    await pass_many(booth, range(10), guards=ROOMY)
    scene.clock.move(days=4)
    assert (await scene.store.sweep(limit=100)).forgotten == 20  # ten contacts and what their messages cost
