"""Time: it comes from the store, never goes back, and revives nothing (I18)."""

from tests.contract.builders import PHONE, Scene
from tests.contract.conftest import OpenStore
from tests.contract.guessing import spend
from tests.kit.clock_and_chance import MovableClock
from watchword.adapters.rows.row_store import RowStore
from watchword.domain.challenge import Approved, ChallengeState, Ended
from watchword.domain.event import EventType
from watchword.ports.store import Store
from watchword.ports.store.values import GrantProblem


async def test_does_not_go_back_with_the_clock(store: Store, clock: MovableClock, scene: Scene) -> None:
    before = await store.now()
    clock.move(hours=-1)
    assert await store.now() == before
    clock.move(hours=1, seconds=1)
    assert await store.now() == before + 1_000


async def test_does_not_go_back_over_a_restart(
    store: RowStore, clock: MovableClock, scene: Scene, open_store: OpenStore
) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    clock.move(seconds=scene.limits.lifetime_s)
    assert await spend(store, scene.guess(planned)) == Ended(state=ChallengeState.EXPIRED)
    late = await store.now()
    await store.close()
    clock.move(hours=-2)
    scene.store = again = await open_store()
    assert await again.now() == late
    assert (await scene.challenge(planned.id)).state is ChallengeState.EXPIRED
    assert await spend(again, scene.guess(planned)) == Ended(state=ChallengeState.EXPIRED)
    await again.close()


async def test_takes_over_the_time_that_another_process_committed(
    store: RowStore, clock: MovableClock, scene: Scene, open_store: OpenStore
) -> None:
    """A command of the operator whose clock was ahead for a moment, beside a server that is running."""
    await scene.register(PHONE)
    clock.move(hours=1)
    command = await open_store()
    await command.unlock_user(scene.ref(), reason="asked")
    late = await command.now()
    await command.close()
    clock.move(hours=-1)
    await scene.register(PHONE, user_id="u-2")
    assert await store.now() == late


async def test_a_restart_with_the_clock_back_revives_no_grant(
    store: RowStore, clock: MovableClock, scene: Scene, open_store: OpenStore
) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    approved = await spend(store, scene.guess(planned))
    assert isinstance(approved, Approved)
    assert approved.grant is not None
    clock.move(seconds=scene.limits.grant_lifetime_s)
    redemption = scene.redemption(planned, approved.grant.id)
    assert await store.redeem_grant(redemption) is GrantProblem.EXPIRED
    await store.close()
    clock.move(days=-1)
    again = await open_store()
    assert await again.redeem_grant(redemption) is GrantProblem.EXPIRED
    await again.close()


async def test_shows_an_expiry_before_anybody_wrote_it_and_writes_it_once(
    store: Store, clock: MovableClock, scene: Scene
) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    clock.move(seconds=scene.limits.lifetime_s - 0.001)
    assert (await scene.challenge(planned.id)).state is ChallengeState.PENDING
    clock.move(seconds=0.001)
    shown = await scene.challenge(planned.id)
    assert (shown.state, shown.end_reason, shown.ended_at) == (ChallengeState.EXPIRED, "expired", shown.expires_at)
    written = [event.type for _, event in await store.events(scene.application_id, limit=100, after=0)]
    assert EventType.CHALLENGE_EXPIRED not in written
    assert (await store.sweep(limit=10)).expired == 1
    assert (await store.sweep(limit=10)).expired == 0
    assert await scene.challenge(planned.id) == shown
    written = [event.type for _, event in await store.events(scene.application_id, limit=100, after=0)]
    assert written.count(EventType.CHALLENGE_EXPIRED) == 1
