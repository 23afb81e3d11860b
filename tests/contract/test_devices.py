"""Devices: what an approval makes of them, how their tokens rotate, and what takes trust away."""

from tests.contract.builders import PHONE, Planned, Scene
from tests.contract.guessing import spend
from watchword.domain.action import PASSWORD_RESET, SIGN_IN
from watchword.domain.challenge import Approved
from watchword.domain.device import Device, DeviceState, Found, Recognised, Stolen, Unrecognised
from watchword.domain.event import EventType
from watchword.domain.ids import DeviceId
from watchword.domain.limits import Limits
from watchword.domain.message import NoticeKind
from watchword.ports.store import Store


async def _device(scene: Scene, planned: Planned, *, trust: bool = False) -> Device:
    outcome = await spend(scene.store, scene.guess(planned, trust_device=trust))
    assert isinstance(outcome, Approved)
    assert outcome.device is not None
    return outcome.device


async def _present(scene: Scene, device_id: DeviceId, step: int) -> Found:
    return await scene.present(device_id, step)


async def _state(scene: Scene, device_id: DeviceId) -> DeviceState:
    device = next(one for one in await scene.store.devices(scene.ref()) if one.id == device_id)
    limits = scene.limits
    return device.state(
        await scene.store.now(), known_days=limits.device_known_days, trusted_days=limits.device_trusted_days
    )


async def _count(scene: Scene, event_type: EventType) -> int:
    events = await scene.store.events(scene.application_id, limit=500, after=0)
    return sum(event.type is event_type for _, event in events)


async def test_every_approval_makes_the_device_known_and_only_a_wish_makes_it_trusted(
    store: Store, scene: Scene
) -> None:
    await scene.register(PHONE)
    device = await _device(scene, await scene.open())
    assert await _state(scene, device.id) is DeviceState.KNOWN
    again = await _device(scene, await scene.open(device_id=device.id), trust=True)
    assert again.id == device.id
    assert await _state(scene, device.id) is DeviceState.TRUSTED
    notices = [message for message in await store.claim_deliveries(limit=10, lease_s=30) if message.notice]
    assert [notice.notice for notice in notices] == [NoticeKind.DEVICE_TRUSTED]
    assert (await scene.challenge((await scene.open(device_id=device.id)).id)).device_id == device.id
    assert await _count(scene, EventType.DEVICE_KNOWN) == 1


async def test_a_wish_where_it_is_not_allowed_is_ignored(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE)
    opening, planned = scene.opening(scene.action(), user.contacts, trust_allowed=False)
    await store.open_challenge(opening)
    device = await _device(scene, planned, trust=True)
    assert device.trusted_at is None


async def test_trust_that_ran_out_does_not_come_back_by_itself(scene: Scene) -> None:
    await scene.register(PHONE)
    device = await _device(scene, await scene.open(), trust=True)
    scene.clock.move(days=29)
    await _device(scene, await scene.open(device_id=device.id))
    scene.clock.move(days=29)
    assert await _state(scene, device.id) is DeviceState.TRUSTED  # each proof carries it on
    scene.clock.move(days=1)
    assert await _state(scene, device.id) is DeviceState.KNOWN
    await _device(scene, await scene.open(device_id=device.id))
    assert await _state(scene, device.id) is DeviceState.KNOWN


async def test_a_token_rotates_and_its_predecessor_lives_for_ten_more_seconds(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    device = await _device(scene, await scene.open())
    assert device.step == 0
    first = await _present(scene, device.id, 1)
    assert isinstance(first, Recognised)
    assert first.successor_step == 2
    scene.clock.move(days=3)
    assert isinstance(await _present(scene, device.id, 1), Recognised)  # its successor was never used
    assert isinstance(await _present(scene, device.id, 2), Recognised)
    scene.clock.move(seconds=9.999)
    late = await _present(scene, device.id, 1)
    assert isinstance(late, Recognised)
    assert late.successor_step == 3
    scene.clock.move(seconds=0.001)
    assert await _present(scene, device.id, 1) == Stolen(device_id=device.id)
    assert await _present(scene, device.id, 2) == Unrecognised()
    notices = [message for message in await store.claim_deliveries(limit=10, lease_s=30) if message.notice]
    assert [notice.notice for notice in notices] == [NoticeKind.DEVICE_STOLEN]


async def test_a_token_two_steps_old_is_theft_at_once(scene: Scene) -> None:
    await scene.register(PHONE)
    device = await _device(scene, await scene.open())
    for step in (1, 2, 3):
        await _present(scene, device.id, step)
    assert await _present(scene, device.id, 1) == Stolen(device_id=device.id)


async def test_a_step_beyond_the_successor_counts_after_a_restored_backup(scene: Scene) -> None:
    await scene.register(PHONE)
    device = await _device(scene, await scene.open())
    ahead = await _present(scene, device.id, 7)
    assert isinstance(ahead, Recognised)
    assert (ahead.device.step, ahead.successor_step) == (7, 8)


async def test_another_users_device_reveals_nothing(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    device = await _device(scene, await scene.open())
    await scene.register(PHONE, user_id="u-2")
    found = await scene.present(device.id, 1, user_id="u-2")
    assert found == Unrecognised()
    assert not await store.revoke_device(scene.ref("u-2"), device.id)


async def test_a_user_revokes_a_device_once(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    device = await _device(scene, await scene.open())
    assert await store.revoke_device(scene.ref(), device.id)
    assert not await store.revoke_device(scene.ref(), device.id)
    assert await _present(scene, device.id, 1) == Unrecognised()
    assert await _count(scene, EventType.DEVICE_REVOKED) == 1
    replacement = await _device(scene, await scene.open(device_id=device.id))
    assert replacement.id != device.id


async def test_one_device_too_many_pushes_out_the_one_seen_longest_ago(store: Store, scene: Scene) -> None:
    scene.limits = Limits(devices_per_user=3)
    await scene.register(PHONE)
    devices = []
    for _ in range(4):
        devices.append(await _device(scene, await scene.open()))
        scene.clock.move(hours=1)
    assert [device.id for device in await store.devices(scene.ref())] == [device.id for device in devices[:0:-1]]


async def test_a_reset_takes_trust_from_every_other_device(scene: Scene) -> None:
    await scene.register(PHONE)
    trusted = await _device(scene, await scene.open(SIGN_IN), trust=True)
    resetting = await _device(scene, await scene.open(SIGN_IN), trust=True)
    after = await _device(scene, await scene.open(PASSWORD_RESET, device_id=resetting.id))
    assert after.id == resetting.id
    assert await _state(scene, trusted.id) is DeviceState.KNOWN
    assert await _state(scene, resetting.id) is DeviceState.TRUSTED


async def test_a_revoked_device_is_forgotten_in_the_end(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    device = await _device(scene, await scene.open())
    await store.revoke_device(scene.ref(), device.id)
    scene.clock.move(days=31)
    assert (await store.sweep(limit=100)).forgotten >= 1
    assert await _present(scene, device.id, 1) == Unrecognised()
