"""A message that is leased as its challenge opens: what a claim would have made of it, and no other way to lose it."""

from dataclasses import replace

import pytest

from tests.contract.builders import EMAIL, PHONE, Planned, Scene
from tests.contract.conftest import OpenStore
from tests.contract.guessing import spend
from tests.kit.statement_record import record_statements
from watchword.adapters.rows.row_store import RowStore
from watchword.domain.action import PASSWORD_RESET, SIGN_IN
from watchword.domain.challenge import Approved, ChallengeState
from watchword.domain.contact import Contact
from watchword.domain.event import Event, EventType
from watchword.domain.limits import Limits
from watchword.domain.message import DeliveryStatus
from watchword.domain.secret import Secret
from watchword.ports.store import Store
from watchword.ports.store.outbox import ClaimedDelivery, HandedOver, NotHandedOver
from watchword.ports.store.values import AlreadyKept, KeptAnswer, Opened, UserGone

LEASE_S = 30
SENT = HandedOver(sender="inbox", provider="inbox", provider_message_id="m-1", status=DeliveryStatus.SENT)


async def _open(
    scene: Scene, contact: Contact | None = None, *, confirms: bool = False
) -> tuple[Planned, ClaimedDelivery | None]:
    contacts = (contact,) if contact else (await scene.user()).contacts
    opening, planned = scene.opening(scene.action(), contacts, confirms=contacts[0].id if confirms else None)
    opened = await scene.store.open_challenge(replace(opening, lease_s=LEASE_S))
    assert isinstance(opened, Opened)
    return planned, opened.first


async def _leased(scene: Scene) -> tuple[Planned, ClaimedDelivery]:
    await scene.register(PHONE)
    planned, first = await _open(scene)
    assert first is not None
    return planned, first


async def _claim(scene: Scene) -> list[ClaimedDelivery]:
    return list(await scene.store.claim_deliveries(limit=100, lease_s=LEASE_S))


async def _events(scene: Scene, event_type: EventType) -> list[Event]:
    events = await scene.store.events(scene.application_id, limit=500, after=0)
    return [event for _, event in events if event.type is event_type]


async def test_it_is_what_a_claim_would_have_made_of_it(store: Store, scene: Scene) -> None:
    planned, first = await _leased(scene)
    assert (first.address.reveal(), first.code, first.locale, first.step) == (PHONE, planned.code, "en", 0)
    await store.take_back_leases()
    (claimed,) = await _claim(scene)
    assert claimed == replace(first, tries=1)


async def test_nobody_else_has_it_until_its_lease_ends_and_then_it_is_the_same_message(
    store: Store, scene: Scene
) -> None:
    _, first = await _leased(scene)
    scene.clock.move(seconds=LEASE_S - 0.001)
    assert await _claim(scene) == []
    scene.clock.move(seconds=0.001)
    (again,) = await _claim(scene)
    assert (again.id, again.code, again.tries) == (first.id, first.code, 1)


async def test_the_word_of_whoever_opened_it_counts_as_long_as_the_lease_does(store: Store, scene: Scene) -> None:
    planned, first = await _leased(scene)
    await store.finish_delivery(first.id, first.tries, SENT)
    assert (await scene.challenge(planned.id)).delivery_status is DeliveryStatus.SENT
    scene.clock.move(seconds=LEASE_S)
    assert await _claim(scene) == []
    assert len(await _events(scene, EventType.DELIVERY_SENT)) == 1


async def test_a_word_after_the_lease_changes_nothing(store: Store, scene: Scene) -> None:
    planned, first = await _leased(scene)
    scene.clock.move(seconds=LEASE_S)
    await _claim(scene)
    await store.finish_delivery(first.id, first.tries, SENT)
    assert (await scene.challenge(planned.id)).delivery_status is DeliveryStatus.QUEUED


async def test_one_that_is_given_back_is_for_whoever_claims_it(store: Store, scene: Scene) -> None:
    _, first = await _leased(scene)
    await store.finish_delivery(first.id, first.tries, NotHandedOver(reason="stopped", retry_after_ms=0))
    assert [(one.id, one.tries) for one in await _claim(scene)] == [(first.id, 1)]


async def test_a_process_that_starts_takes_it_back(store: RowStore, scene: Scene, open_store: OpenStore) -> None:
    _, first = await _leased(scene)
    await store.close()
    scene.store = again = await open_store()
    assert await again.take_back_leases() == 1
    assert [(one.id, one.code) for one in await _claim(scene)] == [(first.id, first.code)]
    await again.close()


async def test_a_contact_that_has_left_since_gets_nothing_and_that_is_reported(store: Store, scene: Scene) -> None:
    scene.limits = Limits(contact_wait_s=300)
    phone, _ = (await scene.register(PHONE, EMAIL)).contacts
    await store.register_user(scene.registration(EMAIL))
    scene.clock.move(seconds=300)
    _, first = await _open(scene, phone)
    assert first is None
    assert [one for one in await _claim(scene) if one.code] == []
    assert [event.data["reason"] for event in await _events(scene, EventType.DELIVERY_FAILED)] == ["contact_left"]


@pytest.mark.parametrize("confirms", [False, True])
async def test_a_contact_that_has_bounced_gets_only_the_code_that_confirms_it(
    store: Store, scene: Scene, *, confirms: bool
) -> None:
    _, first = await _leased(scene)
    bounced = NotHandedOver(reason="dead", retry_after_ms=None, status=DeliveryStatus.BOUNCED)
    await store.finish_delivery(first.id, first.tries, bounced)
    _, second = await _open(scene, confirms=confirms)
    assert (second is not None) is confirms


async def test_a_user_who_was_erased_since_gets_nothing_at_all(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE)
    await store.erase_user(scene.ref())
    with pytest.raises(UserGone):
        await _open(scene, user.contacts[0])
    scene.clock.move(seconds=LEASE_S)
    assert await _claim(scene) == []


async def test_an_erasure_before_it_left_reports_it_as_failed(store: Store, scene: Scene) -> None:
    _, first = await _leased(scene)
    await store.erase_user(scene.ref())
    await store.finish_delivery(first.id, first.tries, SENT)
    assert [event.data["delivery_id"] for event in await _events(scene, EventType.DELIVERY_FAILED)] == [first.id]
    assert await _events(scene, EventType.DELIVERY_SENT) == []


async def test_a_challenge_that_sends_nothing_leases_nothing(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE)
    concealed = scene.action(PASSWORD_RESET, user_id="nobody", conceal=True)
    openings = [
        scene.opening(scene.action(SIGN_IN), user.contacts, send=False)[0],
        scene.opening(concealed, decoy=True)[0],
    ]
    for opening in openings:
        opened = await store.open_challenge(replace(opening, lease_s=LEASE_S))
        assert isinstance(opened, Opened)
        assert opened.first is None
    assert await _claim(scene) == []


async def test_the_audit_log_says_the_same_as_of_one_that_waits(store: Store, scene: Scene) -> None:
    await _leased(scene)
    await scene.open()
    leased, waiting = await _events(scene, EventType.DELIVERY_QUEUED)
    own = {"delivery_id", "challenge_id"}
    assert set(leased.data) == set(waiting.data)
    assert {name: value for name, value in leased.data.items() if name not in own} == {
        name: value for name, value in waiting.data.items() if name not in own
    }


async def test_it_is_leased_once_however_often_the_call_is_repeated(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE)
    kept = KeptAnswer(application_id=scene.application_id, scope=b"s", fingerprint=b"f", status=201, body=Secret("{}"))
    opening, _ = scene.opening(scene.action(), user.contacts)
    again, _ = scene.opening(scene.action(), user.contacts)
    opened = await store.open_challenge(replace(opening, lease_s=LEASE_S), keep=lambda _: kept)
    assert isinstance(opened, Opened)
    assert opened.first is not None
    with pytest.raises(AlreadyKept):
        await store.open_challenge(replace(again, lease_s=LEASE_S), keep=lambda _: kept)
    scene.clock.move(seconds=LEASE_S)
    assert [one.id for one in await _claim(scene)] == [opened.first.id]


async def test_a_challenge_that_is_approved_before_its_message_left_stays_approved(store: Store, scene: Scene) -> None:
    planned, first = await _leased(scene)
    assert isinstance(await spend(store, scene.guess(planned)), Approved)
    await store.finish_delivery(first.id, first.tries, SENT)
    assert (await scene.challenge(planned.id)).state is ChallengeState.APPROVED
    scene.clock.move(seconds=LEASE_S)
    assert [one for one in await _claim(scene) if one.code] == []


async def test_it_costs_no_statement(store: RowStore, scene: Scene) -> None:
    user = await scene.register(PHONE)
    scene.store, recorded = record_statements(store)
    for lease_s in (None, LEASE_S):
        opening, _ = scene.opening(scene.action(), user.contacts)
        await scene.store.open_challenge(replace(opening, lease_s=lease_s))
    waiting, leased = recorded
    assert len(leased.statements) == len(waiting.statements)
