"""What messages cost: reserved before a provider has them, and never more than the cap, whoever asks at once (I16)."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contract.builders import SHOP, Scene
from tests.contract.conftest import OpenStore
from tests.contract.toll_booth import COUNTRY, PRICE, let_through, pass_many, toll
from watchword.adapters.key_set import KeySet
from watchword.adapters.rows.guard_store import RowGuardStore
from watchword.adapters.rows.row_store import RowStore
from watchword.domain.event import EventType
from watchword.domain.guards import Guard, GuardMode, Guards
from watchword.domain.instant import DAY_MS, Instant

CAP = 100
"""Messages that a day's cap is enough for."""
GUARDS = Guards(daily_cap=CAP * PRICE, prefix_completed_percent=0, kept_for_proven_percent=0)
_ROOT = Path(__file__).parents[2]
_AT_ONCE = 8
"""As in ``toll_worker``."""


@pytest.fixture
def booth(store: RowStore) -> RowGuardStore:
    return RowGuardStore(store.runner)


async def spent(booth: RowGuardStore) -> int:
    """Return how many messages' worth was spent."""
    found = {one.country: one.spent for one in await booth.spent(SHOP)}
    return found.get(COUNTRY, 0) // PRICE


async def test_the_cap_is_reached_exactly_and_then_no_code_leaves(booth: RowGuardStore, scene: Scene) -> None:
    answers = await pass_many(booth, range(CAP + 20), guards=GUARDS)
    assert let_through(answers) == CAP
    shut = answers[-1]
    assert shut is not None
    assert shut.guard is Guard.SPENDING
    assert shut.free_at == (scene.clock.now() // DAY_MS + 1) * DAY_MS
    assert "10.00 USD for DE" in shut.text
    assert await spent(booth) == CAP
    events = [event for _, event in await scene.store.events(SHOP, limit=1_000, after=0)]
    assert [event.type for event in events] == [EventType.GUARD_CLOSED]
    (found,) = await booth.spent(SHOP)
    assert (found.messages, found.refused) == (CAP, 20)


SHARING = replace(GUARDS, kept_for_proven_percent=20)


async def _closings(scene: Scene) -> list[EventType]:
    return [event.type for _, event in await scene.store.events(SHOP, limit=1_000, after=0)]


async def test_a_share_of_the_cap_is_kept_for_contacts_that_were_proven_before_today(
    booth: RowGuardStore, scene: Scene
) -> None:
    today = scene.clock.now()
    yesterday = Instant(today - DAY_MS)
    strangers = await pass_many(booth, range(CAP), guards=SHARING)
    assert let_through(strangers) == CAP * 80 // 100
    assert strangers[-1] is not None
    assert "8.00 USD of the daily cap of 10.00 USD for DE is spent, and the rest is kept" in strangers[-1].text
    assert await booth.admit(toll(300, proven_since=today, guards=SHARING)) is not None
    (closed,) = await booth.closed()
    assert not closed.is_shut_for_proven(SHARING, PRICE)
    proven = await pass_many(booth, range(400, 400 + CAP), proven_since=yesterday, guards=SHARING)
    assert let_through(proven) == CAP * 20 // 100
    assert proven[-1] is not None
    assert "the daily cap of 10.00 USD for DE is reached" in proven[-1].text
    (closed,) = await booth.closed()
    assert closed.is_shut_for_proven(SHARING, PRICE)
    # Once for the strangers, once for all; and the strangers who come after that are nothing new.
    await pass_many(booth, range(600, 610), guards=SHARING)
    assert await _closings(scene) == [EventType.GUARD_CLOSED] * 2
    assert await spent(booth) == CAP


async def test_what_is_taken_back_of_the_share_opens_nothing_to_strangers(booth: RowGuardStore, scene: Scene) -> None:
    yesterday = Instant(scene.clock.now() - DAY_MS)
    await pass_many(booth, range(CAP), guards=SHARING)
    await pass_many(booth, range(400, 400 + CAP), proven_since=yesterday, guards=SHARING)
    await booth.take_back(toll(400, proven_since=yesterday, guards=SHARING))
    (closed,) = await booth.closed()
    assert not closed.is_shut_for_proven(SHARING, PRICE)
    assert EventType.GUARD_RELEASED not in await _closings(scene)
    assert await booth.admit(toll(700, guards=SHARING)) is not None
    assert await booth.admit(toll(701, proven_since=yesterday, guards=SHARING)) is None
    for number in range(401, 421):
        await booth.take_back(toll(number, proven_since=yesterday, guards=SHARING))
    await booth.take_back(toll(0, guards=SHARING))
    await booth.take_back(toll(1, guards=SHARING))
    assert await booth.closed() == []
    assert (await _closings(scene))[-1] is EventType.GUARD_RELEASED
    assert await booth.admit(toll(702, guards=SHARING)) is None


async def test_a_release_keeps_the_same_share_of_what_it_adds(booth: RowGuardStore) -> None:
    await pass_many(booth, range(CAP), guards=SHARING)
    await booth.release(SHOP, Guard.SPENDING, COUNTRY, reason="a sale", cap=SHARING.cap(COUNTRY))
    assert let_through(await pass_many(booth, range(200, 400), guards=SHARING)) == CAP * 80 // 100


async def test_whoever_only_watches_is_told_of_both_and_stops_nobody(booth: RowGuardStore, scene: Scene) -> None:
    watching = replace(SHARING, mode=GuardMode.MONITOR)
    yesterday = Instant(scene.clock.now() - DAY_MS)
    assert let_through(await pass_many(booth, range(CAP), guards=watching)) == CAP
    assert let_through(await pass_many(booth, range(400, 405), proven_since=yesterday, guards=watching)) == 5
    assert await _closings(scene) == [EventType.GUARD_CLOSED] * 2


async def test_a_dear_message_is_refused_where_a_cheap_one_still_fits(booth: RowGuardStore) -> None:
    await pass_many(booth, range(CAP - 1), guards=GUARDS)
    assert await booth.admit(toll(200, price=2 * PRICE, guards=GUARDS)) is not None
    assert await booth.admit(toll(201, guards=GUARDS)) is None


async def test_each_country_each_application_and_each_day_has_a_cap_of_its_own(
    booth: RowGuardStore, scene: Scene
) -> None:
    await pass_many(booth, range(CAP), guards=GUARDS)
    assert await booth.admit(toll(200, country="AT", guards=GUARDS)) is None
    assert await booth.admit(toll(201, application_id="other", guards=GUARDS)) is None
    assert await booth.admit(toll(202, guards=GUARDS)) is not None
    assert await booth.closed()
    scene.clock.move(days=1)
    assert await booth.admit(toll(203, guards=GUARDS)) is None
    assert await booth.closed() == []


async def test_a_notice_is_paid_for_and_leaves_whatever_codes_have_spent(booth: RowGuardStore) -> None:
    await pass_many(booth, range(CAP), guards=GUARDS)
    assert let_through(await pass_many(booth, range(200, 205), is_code=False, guards=GUARDS)) == 5
    assert await spent(booth) == CAP + 5


async def test_the_same_try_is_paid_for_once_and_the_next_one_again(booth: RowGuardStore) -> None:
    for _ in range(3):
        assert await booth.admit(toll(1, guards=GUARDS)) is None
    assert await spent(booth) == 1
    assert await booth.admit(toll(1, tries=1, guards=GUARDS)) is None
    assert await booth.admit(toll(1, tries=1, sender="the second", guards=GUARDS)) is None
    assert await spent(booth) == 3


async def test_a_try_that_was_let_through_is_let_through_again_when_the_cap_is_reached(booth: RowGuardStore) -> None:
    await pass_many(booth, range(CAP), guards=GUARDS)
    assert await booth.admit(toll(0, guards=GUARDS)) is None
    assert await spent(booth) == CAP


async def test_what_no_provider_took_is_given_back_once(booth: RowGuardStore) -> None:
    await pass_many(booth, range(CAP), guards=GUARDS)
    assert await booth.admit(toll(200, guards=GUARDS)) is not None
    for _ in range(3):
        await booth.take_back(toll(5, guards=GUARDS))
    await booth.take_back(toll(999, guards=GUARDS))
    assert await spent(booth) == CAP - 1
    assert await booth.closed() == []
    assert await booth.admit(toll(201, guards=GUARDS)) is None


async def test_a_release_lets_the_cap_be_spent_once_more_that_day(booth: RowGuardStore, scene: Scene) -> None:
    await pass_many(booth, range(CAP + 1), guards=GUARDS)
    cap = GUARDS.cap(COUNTRY)
    assert await booth.release(SHOP, Guard.SPENDING, COUNTRY, reason="sale", cap=cap) == 1
    assert await booth.closed() == []
    assert let_through(await pass_many(booth, range(1_000, 1_000 + CAP + 20), guards=GUARDS)) == CAP
    assert await booth.release(SHOP, Guard.SPENDING, "AT", reason="sale", cap=cap) == 0
    scene.clock.move(days=1)
    assert let_through(await pass_many(booth, range(2_000, 2_000 + CAP + 20), guards=GUARDS)) == CAP


async def test_whoever_only_watches_spends_on_and_tells(booth: RowGuardStore, scene: Scene) -> None:
    watching = replace(GUARDS, mode=GuardMode.MONITOR)
    assert let_through(await pass_many(booth, range(CAP + 20), guards=watching)) == CAP + 20
    assert await spent(booth) == CAP + 20
    events = [event for _, event in await scene.store.events(SHOP, limit=1_000, after=0)]
    assert [event.data["enforced"] for event in events] == [False]


async def test_many_who_ask_two_stores_at_once_spend_no_more_than_the_cap(
    booth: RowGuardStore, place: str, open_store: OpenStore
) -> None:
    """On SQLite one process writes; on PostgreSQL each store has connections of its own."""
    second = await open_store() if place.startswith("postgresql:") else None
    booths = [booth, booth if second is None else RowGuardStore(second.runner)]
    asked = (booths[number % 2].admit(toll(number, guards=GUARDS)) for number in range(3 * CAP))
    answers = await asyncio.gather(*asked)
    assert let_through(list(answers)) == CAP
    assert await spent(booth) == CAP
    if second is not None:
        await second.close()


async def _worker(place: str, keys: Path, first: int) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.contract.toll_worker", place, str(keys), str(first), cwd=_ROOT, stdout=PIPE
    )


async def _handed_over_until_killed(process: Process, lines: int) -> set[int]:
    """Read what a process handed over, kill it after so many, and return them with what it still had said."""
    assert process.stdout is not None
    handed = set()
    while line := await process.stdout.readline():
        handed.add(int(json.loads(line)["handed"]))
        if len(handed) == lines:
            process.kill()
    await process.wait()
    return handed


async def test_processes_that_are_killed_have_paid_for_all_they_handed_over(
    booth: RowGuardStore, store: RowStore, place: str, keyring: KeySet, open_store: OpenStore, tmp_path: Path
) -> None:
    """Money is reserved before each hand-over: after ``kill -9`` no more is missing than was in flight."""
    keys = tmp_path / "keys.toml"
    keys.write_text(keyring.to_toml(), encoding="utf-8")
    many = place.startswith("postgresql:")
    if not many:  # a file has one process that serves
        await store.close()
    processes = [await _worker(place, keys, first=100_000 * number) for number in range(3 if many else 1)]
    handed = await asyncio.gather(*(_handed_over_until_killed(process, 20) for process in processes))
    reopened = await open_store()
    again = RowGuardStore(reopened.runner)
    total, paid, in_flight = sum(map(len, handed)), await spent(again), _AT_ONCE * len(processes)
    assert total >= 20 * len(processes)
    assert total <= paid <= total + in_flight
    rest = replace(GUARDS, daily_cap=(paid + CAP) * PRICE)
    assert CAP - in_flight <= let_through(await pass_many(again, range(10**6, 10**6 + 2 * CAP), guards=rest)) <= CAP
    await reopened.close()
