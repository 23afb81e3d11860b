"""The owner's "this wasn't me": what it ends, revokes, suspends and brings back, and that it locks nobody."""

from dataclasses import replace

from tests.contract.builders import EMAIL, OTHER_PHONE, PHONE, Planned, Scene, update_details
from tests.contract.guessing import spend
from watchword.domain.action import ACCOUNT_UPDATE, SIGN_IN
from watchword.domain.challenge import Approved, ChallengeState, Superseded
from watchword.domain.event import EventType
from watchword.domain.grant import GrantState
from watchword.domain.ids import GrantId
from watchword.domain.message import NoticeKind
from watchword.ports.store import Store
from watchword.ports.store.outbox import ClaimedDelivery
from watchword.ports.store.values import GrantProblem, OwnersWord, Registered


async def _approve(scene: Scene, planned: Planned, *, trust: bool = False) -> Approved:
    outcome = await spend(scene.store, scene.guess(planned, trust_device=trust))
    assert isinstance(outcome, Approved)
    return outcome


async def _grant_id(scene: Scene, planned: Planned) -> GrantId:
    approved = await _approve(scene, planned)
    assert approved.grant is not None
    return approved.grant.id


async def _notices(scene: Scene, kind: NoticeKind) -> list[ClaimedDelivery]:
    messages = await scene.store.claim_deliveries(limit=100, lease_s=30)
    return [message for message in messages if message.notice is kind]


async def _dispute(scene: Scene, planned: Planned) -> OwnersWord:
    return await scene.store.dispute_challenge(planned.id)


async def test_a_dispute_takes_back_all_that_the_approval_brought(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    pending = await scene.open("transfer")
    planned = await scene.open(SIGN_IN)
    approved = await _approve(scene, planned, trust=True)
    assert approved.grant is not None
    assert approved.device is not None
    assert approved.device.trusted_at is not None
    assert await _dispute(scene, planned) is OwnersWord.DISPUTED
    assert await _dispute(scene, planned) is OwnersWord.NOTED
    assert await store.redeem_grant(scene.redemption(planned, approved.grant.id)) is GrantProblem.REVOKED
    assert await store.devices(scene.ref()) == []
    assert (await scene.challenge(pending.id)).state is ChallengeState.CANCELLED
    assert (await scene.challenge(planned.id)).state is ChallengeState.APPROVED  # final states absorb
    assert (await scene.user()).disputed_at == await store.now()
    record = await store.action(scene.ref(), planned.action.id)
    assert record is not None
    assert record.disputed_at == await store.now()
    events = [event.type for _, event in await store.events(scene.application_id, limit=200, after=0)]
    for expected in (EventType.ACTION_DISPUTED, EventType.GRANT_REVOKED, EventType.USER_DISPUTED):
        assert events.count(expected) == 1


async def test_proving_an_old_contact_takes_the_dispute_back(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open(SIGN_IN)
    await _approve(scene, planned)
    await _dispute(scene, planned)
    await _approve(scene, await scene.open("transfer"))
    assert (await scene.user()).disputed_at is not None  # the contact is younger than 72 hours
    scene.clock.move(hours=72)
    await _approve(scene, await scene.open("transfer"))
    assert (await scene.user()).disputed_at is None
    events = [event.type for _, event in await store.events(scene.application_id, limit=200, after=0)]
    assert events.count(EventType.USER_CLEARED) == 1


async def test_a_disputed_change_of_contacts_is_undone(store: Store, scene: Scene) -> None:
    phone, email = (await scene.register(PHONE, EMAIL)).contacts
    details = update_details(added=OTHER_PHONE, removed=phone)
    grant_id = await _grant_id(scene, await scene.open(ACCOUNT_UPDATE, details=details, contact=phone))
    assert isinstance(await store.register_user(scene.registration(EMAIL, OTHER_PHONE, grant_id=grant_id)), Registered)
    thief = (await scene.user()).contacts[1]
    to_the_thief = await scene.open(SIGN_IN, contact=thief)
    (first, *_) = await _notices(scene, NoticeKind.CONFIRMATION)
    assert first.address.reveal() == PHONE  # the contact that left hears of it, and can say so
    assert first.notice_id is not None
    assert await store.dispute_notice(first.notice_id) is OwnersWord.DISPUTED
    contacts = {contact.address.reveal(): contact for contact in (await scene.user()).contacts}
    assert contacts[PHONE].id == phone.id
    assert contacts[PHONE].is_usable(await store.now())
    assert contacts[EMAIL].id == email.id
    assert not contacts[OTHER_PHONE].is_usable(await store.now())
    assert contacts[OTHER_PHONE].disabled_at is not None
    assert (await scene.challenge(to_the_thief.id)).state is ChallengeState.CANCELLED


async def test_a_contact_that_was_listed_anew_meanwhile_comes_back_as_it_was(store: Store, scene: Scene) -> None:
    phone, _ = (await scene.register(PHONE, EMAIL)).contacts
    planned = await scene.open(ACCOUNT_UPDATE, details=update_details(removed=phone), contact=phone)
    grant_id = await _grant_id(scene, planned)
    await store.register_user(scene.registration(EMAIL, grant_id=grant_id))
    await store.register_user(scene.registration(EMAIL, PHONE))  # the owner asks for it again, and has to wait
    assert await _dispute(scene, planned) is OwnersWord.DISPUTED
    restored = [contact for contact in (await scene.user()).contacts if contact.address.reveal() == PHONE]
    assert [contact.id for contact in restored] == [phone.id]
    assert restored[0].is_usable(await store.now())


async def test_a_change_without_a_grant_is_undone_from_its_notice(store: Store, scene: Scene) -> None:
    phone, _ = (await scene.register(PHONE, EMAIL)).contacts
    await store.register_user(scene.registration(EMAIL, OTHER_PHONE))
    scene.clock.move(hours=1)
    (notice, *_) = await _notices(scene, NoticeKind.CONTACTS_CHANGED)
    assert notice.notice_id is not None
    scene.clock.move(days=5)  # the change counts by now
    thief = next(contact for contact in (await scene.user()).contacts if contact.address.reveal() == OTHER_PHONE)
    planned = await scene.confirm(thief)
    assert await store.dispute_notice(notice.notice_id) is OwnersWord.UNDONE
    assert [contact.address.reveal() for contact in (await scene.user()).contacts] == [PHONE, EMAIL]
    assert (await scene.user()).contacts[0].id == phone.id
    assert await spend(store, scene.guess(planned)) == Superseded(attempts_left=4)
    assert await store.dispute_notice(notice.notice_id) in {OwnersWord.UNDONE, OwnersWord.NOTED}
    assert (await scene.user()).disputed_at is None


async def test_a_notice_counts_for_thirty_days(store: Store, scene: Scene) -> None:
    await scene.register(PHONE, EMAIL)
    await store.register_user(scene.registration(PHONE, EMAIL, OTHER_PHONE))
    (notice, *_) = await _notices(scene, NoticeKind.CONTACTS_CHANGED)
    assert notice.notice_id is not None
    assert await store.dispute_notice("ntc_unknown") is None
    scene.clock.move(days=30)
    assert await store.dispute_notice(notice.notice_id) is None
    assert len((await scene.user()).contacts) == 3


async def test_the_notice_of_a_trusted_device_disputes_what_trusted_it(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    approved = await _approve(scene, await scene.open(SIGN_IN), trust=True)
    (notice,) = await _notices(scene, NoticeKind.DEVICE_TRUSTED)
    assert notice.device_name == "Chrome on Windows"
    assert notice.notice_id is not None
    assert await store.dispute_notice(notice.notice_id) is OwnersWord.DISPUTED
    assert approved.device is not None
    assert await store.devices(scene.ref()) == []


async def test_whoever_answers_for_an_address_can_deny_having_registered_it(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE, EMAIL, confirmed=False)
    planned = await scene.confirm(user.contacts[1])
    await _approve(scene, planned)
    reference = (await scene.challenge(planned.id)).reference
    found = await store.challenge_of_reference(reference)
    assert found is not None
    assert await store.dispute_challenge(found.id) is OwnersWord.DISPUTED
    denied = (await scene.user()).contacts[1]
    assert denied.disabled_at is not None


async def test_denying_a_further_confirmation_suspends_no_older_contact(store: Store, scene: Scene) -> None:
    (phone,) = (await scene.register(PHONE)).contacts
    scene.clock.move(days=400)  # stale by now, and proven again
    planned = await scene.confirm(phone)
    await _approve(scene, planned)
    assert await _dispute(scene, planned) is OwnersWord.DISPUTED
    assert (await scene.user()).contacts[0].is_usable(await store.now())


async def test_a_reference_is_known_for_thirty_days(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    reference = (await scene.challenge((await scene.open()).id)).reference
    scene.clock.move(days=30, seconds=-1)
    assert await store.challenge_of_reference(reference) is not None
    scene.clock.move(seconds=1)
    assert await store.challenge_of_reference(reference) is None


async def test_a_redeemed_grant_stays_redeemed(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open(SIGN_IN)
    grant_id = await _grant_id(scene, planned)
    redemption = scene.redemption(planned, grant_id)
    await store.redeem_grant(redemption)
    assert await _dispute(scene, planned) is OwnersWord.DISPUTED
    grant = await store.grant(grant_id)
    assert grant is not None
    assert grant.state is GrantState.REDEEMED
    assert await store.redeem_grant(redemption) is GrantProblem.ALREADY_REDEEMED
    assert await store.redeem_grant(replace(redemption, bound_digest="other")) is GrantProblem.MISMATCH
