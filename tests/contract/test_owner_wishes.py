"""What an owner does to his own account: names, trust, a preference and his word, each once however many ask."""

import asyncio
from collections import Counter
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.contract.builders import EMAIL, OTHER_EMAIL, OTHER_PHONE, PHONE, Scene, update_details
from tests.contract.guessing import spend
from watchword.domain.action import ACCOUNT_UPDATE, SIGN_IN
from watchword.domain.challenge import Approved, ChallengeState
from watchword.domain.contact import Contact
from watchword.domain.device import Device
from watchword.domain.event import Event, EventType
from watchword.domain.ids import ContactId, DeviceId
from watchword.ports.store import Store
from watchword.ports.store.values import OwnersWord, Registered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def _device(scene: Scene, *, trust: bool = False) -> Device:
    outcome = await spend(scene.store, scene.guess(await scene.open(), trust_device=trust))
    assert isinstance(outcome, Approved)
    assert outcome.device is not None
    return outcome.device


async def _events(scene: Scene, *wanted: EventType) -> list[Event]:
    found = await scene.store.events(scene.application_id, limit=1_000, after=0)
    return [event for _, event in found if event.type in wanted]


async def _preferred(scene: Scene) -> list[ContactId]:
    return [contact.id for contact in (await scene.user()).contacts if contact.preferred]


async def _list(scene: Scene, *addresses: str, preferred: str | None) -> dict[str, Contact]:
    """Put a list of contacts, and give what is listed now by its address."""
    outcome = await scene.store.register_user(scene.registration(*addresses, preferred=preferred))
    assert isinstance(outcome, Registered)
    return {contact.address.reveal(): contact for contact in outcome.user.contacts}


# Devices ---------------------------------------------------------------------------------------------------------


async def test_a_device_is_renamed_with_one_event_that_does_not_say_how(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    device = await _device(scene)
    renamed = await store.rename_device(scene.ref(), device.id, "Kitchen tablet")
    assert renamed is not None
    assert [renamed] == list(await store.devices(scene.ref()))
    assert renamed.name == "Kitchen tablet"
    assert await store.rename_device(scene.ref(), device.id, "Kitchen tablet") == renamed
    (event,) = await _events(scene, EventType.DEVICE_RENAMED)
    assert event.data == {"device_id": device.id}


async def test_a_device_that_is_gone_or_somebody_elses_has_no_name_to_change(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    await scene.register(EMAIL, user_id="u-2")
    device = await _device(scene)
    assert await store.rename_device(scene.ref("u-2"), device.id, "Mine") is None
    assert await store.rename_device(scene.ref(), DeviceId("dev_nothing"), "Mine") is None
    await store.revoke_device(scene.ref(), device.id)
    assert await store.rename_device(scene.ref(), device.id, "Mine") is None
    assert await _events(scene, EventType.DEVICE_RENAMED) == []


async def test_one_device_loses_its_trust_and_stays_known(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    first, second = await _device(scene, trust=True), await _device(scene, trust=True)
    assert await store.distrust_devices(scene.ref(), first.id) == 1
    assert await store.distrust_devices(scene.ref(), first.id) == 0
    trusted = {device.id: device.trusted_at for device in await store.devices(scene.ref())}
    assert trusted == {first.id: None, second.id: second.trusted_at}
    (event,) = await _events(scene, EventType.DEVICE_DISTRUSTED)
    assert event.data == {"device_id": first.id}


async def test_many_who_take_trust_away_at_once_take_it_once_each(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    await scene.register(EMAIL, user_id="u-2")
    devices = [await _device(scene, trust=True) for _ in range(3)] + [await _device(scene)]
    calls = [partial(store.distrust_devices, scene.ref())] * 10
    calls += [partial(store.distrust_devices, scene.ref(), devices[0].id)] * 10
    calls += [partial(store.distrust_devices, scene.ref("u-2"))] * 5
    lost = await asyncio.gather(*(call() for call in calls))
    assert sum(lost) == 3
    told = [event.data["device_id"] for event in await _events(scene, EventType.DEVICE_DISTRUSTED)]
    assert Counter(told) == Counter(device.id for device in devices[:3])
    assert {device.trusted_at for device in await store.devices(scene.ref())} == {None}


async def test_names_given_at_once_leave_one_of_them(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    device = await _device(scene)
    names = [f"Tablet {number}" for number in range(20)]
    await asyncio.gather(*(store.rename_device(scene.ref(), device.id, name) for name in names))
    (found,) = await store.devices(scene.ref())
    assert found.name in names
    assert len(await _events(scene, EventType.DEVICE_RENAMED)) == 20


# The preferred contact -------------------------------------------------------------------------------------------


async def test_the_preferred_contact_is_one_however_many_ask_at_once(store: Store, scene: Scene) -> None:
    contacts = (await scene.register(PHONE, EMAIL, OTHER_EMAIL)).contacts
    wishes = [partial(store.prefer_contact, scene.ref(), one.id, preferred=True) for one in contacts] * 15
    await asyncio.gather(*(wish() for wish in wishes))
    told = [event.data["contact_id"] for event in await _events(scene, EventType.CONTACT_PREFERRED)]
    assert await _preferred(scene) == told[-1:]
    assert all(before != after for before, after in pairwise(told)), "an event that changed nothing"


async def test_a_preference_is_taken_back_only_from_the_contact_that_has_it(store: Store, scene: Scene) -> None:
    phone, email = (await scene.register(PHONE, EMAIL)).contacts
    liked = await store.prefer_contact(scene.ref(), phone.id, preferred=True)
    assert liked is not None
    assert liked.preferred
    other = await store.prefer_contact(scene.ref(), email.id, preferred=False)
    assert other is not None
    assert await _preferred(scene) == [phone.id]
    await store.prefer_contact(scene.ref(), phone.id, preferred=False)
    assert await _preferred(scene) == []
    told = [event.data for event in await _events(scene, EventType.CONTACT_PREFERRED)]
    assert told == [{"contact_id": phone.id}, {"contact_id": None}]


async def test_a_contact_that_counts_not_yet_or_no_more_is_not_preferred(store: Store, scene: Scene) -> None:
    phone, _ = (await scene.register(PHONE, EMAIL)).contacts
    listed = await _list(scene, EMAIL, OTHER_PHONE, preferred=None)
    waiting = await store.prefer_contact(scene.ref(), listed[OTHER_PHONE].id, preferred=True)
    assert waiting is not None
    assert not waiting.preferred
    leaving = await store.prefer_contact(scene.ref(), phone.id, preferred=True)
    assert leaving is not None
    assert leaving.preferred, "it carries codes until it has left"
    scene.clock.move(hours=72)
    assert await store.prefer_contact(scene.ref(), phone.id, preferred=False) is None
    assert await _preferred(scene) == []
    assert len(await _events(scene, EventType.CONTACT_PREFERRED)) == 1


async def test_nobody_prefers_a_contact_of_somebody_else(store: Store, scene: Scene) -> None:
    (phone,) = (await scene.register(PHONE)).contacts
    await scene.register(EMAIL, user_id="u-2")
    assert await store.prefer_contact(scene.ref("u-2"), phone.id, preferred=True) is None
    assert await store.prefer_contact(scene.ref(), ContactId("ctc_nothing"), preferred=True) is None
    assert await _events(scene, EventType.CONTACT_PREFERRED) == []


async def test_the_list_of_the_application_moves_the_preference_too(store: Store, scene: Scene) -> None:
    listed = await _list(scene, PHONE, EMAIL, preferred=PHONE)
    assert await _preferred(scene) == [listed[PHONE].id]
    for _ in range(2):
        await _list(scene, PHONE, EMAIL, preferred=EMAIL)
        assert await _preferred(scene) == [listed[EMAIL].id]
    await _list(scene, PHONE, EMAIL, preferred=None)
    assert await _preferred(scene) == []
    told = [event.data["contact_id"] for event in await _events(scene, EventType.CONTACT_PREFERRED)]
    assert told == [listed[PHONE].id, listed[EMAIL].id, None]


async def test_a_list_that_leaves_the_preferred_contact_out_prefers_one_at_most(store: Store, scene: Scene) -> None:
    old = await _list(scene, PHONE, EMAIL, preferred=PHONE)
    await _list(scene, EMAIL, preferred=None)
    assert await _preferred(scene) == [old[PHONE].id], "without a grant nothing is lost until it has left"
    new = await _list(scene, EMAIL, OTHER_PHONE, preferred=OTHER_PHONE)
    assert await _preferred(scene) == [new[OTHER_PHONE].id]


async def test_a_dispute_that_brings_a_preferred_contact_back_makes_no_second_one(store: Store, scene: Scene) -> None:
    old = await _list(scene, PHONE, EMAIL, preferred=PHONE)
    details = update_details(added=OTHER_PHONE, removed=old[PHONE])
    planned = await scene.open(ACCOUNT_UPDATE, details=details, contact=old[PHONE])
    outcome = await spend(store, scene.guess(planned))
    assert isinstance(outcome, Approved)
    assert outcome.grant is not None
    registration = scene.registration(EMAIL, OTHER_PHONE, grant_id=outcome.grant.id, preferred=OTHER_PHONE)
    assert isinstance(await store.register_user(registration), Registered)
    assert await store.dispute_challenge(planned.id) is OwnersWord.DISPUTED
    assert len((await scene.user()).contacts) == 3
    assert len(await _preferred(scene)) == 1


# His word --------------------------------------------------------------------------------------------------------


async def test_a_dispute_is_made_once_however_often_it_is_said(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open(SIGN_IN)
    await spend(store, scene.guess(planned, trust_device=True))
    words = await asyncio.gather(*(store.dispute_challenge(planned.id) for _ in range(20)))
    assert Counter(words) == {OwnersWord.DISPUTED: 1, OwnersWord.NOTED: 19}
    assert len(await _events(scene, EventType.ACTION_DISPUTED, EventType.USER_DISPUTED)) == 2


async def test_his_word_and_the_right_code_at_once_never_leave_a_grant(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    for turn in range(2):
        planned = await scene.open(SIGN_IN)
        race: list[Callable[[], Awaitable[object]]] = [
            partial(store.dispute_challenge, planned.id),
            partial(spend, store, scene.guess(planned)),
        ]
        await asyncio.gather(*(call() for call in (race if turn else race[::-1])))
        result = await store.challenge(planned.id)
        assert result is not None
        assert result.grant is None
        assert result.challenge.state in {ChallengeState.DENIED, ChallengeState.APPROVED}
    assert await store.devices(scene.ref()) == []
