"""Users and their contacts: who registers freely, what waits, what a grant may change, and what erasure leaves."""

from dataclasses import replace

import pytest

from tests.contract.builders import EMAIL, OTHER_EMAIL, OTHER_PHONE, PHONE, Planned, Scene, update_details
from tests.contract.guessing import spend
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, SIGN_IN, Detail
from watchword.domain.challenge import Approved, ChallengeState, Incorrect, Superseded
from watchword.domain.contact import Contact
from watchword.domain.event import EventType
from watchword.domain.grant import Assurance, GrantState
from watchword.domain.ids import ApplicationId, GrantId
from watchword.domain.instant import later
from watchword.domain.limits import Limits
from watchword.domain.message import NoticeKind
from watchword.ports.store import Store
from watchword.ports.store.values import GrantProblem, Registered


async def _grant_for(scene: Scene, details: dict[str, Detail], *, contact: Contact | None = None) -> GrantId:
    planned = await scene.open(ACCOUNT_UPDATE, details=details, contact=contact)
    return await _approve(scene, planned)


async def _approve(scene: Scene, planned: Planned) -> GrantId:
    outcome = await spend(scene.store, scene.guess(planned))
    assert isinstance(outcome, Approved)
    assert outcome.grant is not None
    return outcome.grant.id


async def _put(scene: Scene, *addresses: str, grant_id: GrantId | None = None) -> list[Contact]:
    outcome = await scene.store.register_user(scene.registration(*addresses, grant_id=grant_id))
    assert isinstance(outcome, Registered)
    return list(outcome.user.contacts)


async def _notices(scene: Scene) -> list[tuple[NoticeKind, str]]:
    messages = await scene.store.claim_deliveries(limit=100, lease_s=30)
    return [(message.notice, message.address.reveal()) for message in messages if message.notice is not None]


async def test_the_first_registration_is_believed(store: Store, scene: Scene) -> None:
    outcome = await store.register_user(scene.registration(PHONE, EMAIL, preferred=EMAIL))
    assert isinstance(outcome, Registered)
    assert outcome.created
    phone, email = outcome.user.contacts
    assert (phone.is_confirmed, phone.usable_from, phone.preferred) == (True, await store.now(), False)
    assert email.preferred
    assert (outcome.user.id, outcome.user.locale) == ("u-1", "en")
    assert await _notices(scene) == []


async def test_an_empty_list_is_still_free_to_be_filled(store: Store, scene: Scene) -> None:
    await scene.register()
    outcome = await store.register_user(scene.registration(PHONE))
    assert isinstance(outcome, Registered)
    assert not outcome.created
    assert outcome.user.contacts[0].is_usable(await store.now())


async def test_an_emptied_list_is_not_free_any_more(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    await _put(scene)
    scene.clock.move(days=4)
    assert (await scene.user()).contacts == ()
    (added,) = await _put(scene, OTHER_PHONE)
    assert not added.is_usable(await store.now())
    assert not added.is_confirmed


async def test_without_a_grant_nothing_is_lost_and_nothing_new_counts(store: Store, scene: Scene) -> None:
    await scene.register(PHONE, EMAIL)
    contacts = await _put(scene, EMAIL, OTHER_PHONE)
    by_address = {contact.address.reveal(): contact for contact in contacts}
    now, ripe_at = await store.now(), later(await store.now(), hours=72)
    assert by_address[PHONE].leaves_at == ripe_at
    assert by_address[PHONE].is_usable(now)
    assert by_address[OTHER_PHONE].usable_from == ripe_at
    assert not by_address[OTHER_PHONE].is_confirmed
    assert await _notices(scene) == [(NoticeKind.CONTACTS_CHANGED, PHONE), (NoticeKind.CONTACTS_CHANGED, EMAIL)]
    scene.clock.move(hours=72)
    assert [contact.address.reveal() for contact in (await scene.user()).contacts] == [EMAIL, OTHER_PHONE]


async def test_listing_a_leaving_contact_again_keeps_it(store: Store, scene: Scene) -> None:
    first = (await scene.register(PHONE, EMAIL)).contacts[0]
    await _put(scene, EMAIL)
    await _put(scene, PHONE, EMAIL)
    scene.clock.move(days=10)
    assert first in (await scene.user()).contacts


async def test_a_contact_that_does_not_count_yet_leaves_at_once(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    await _put(scene, PHONE, OTHER_PHONE)
    assert [contact.address.reveal() for contact in await _put(scene, PHONE)] == [PHONE]


async def test_the_same_list_again_changes_and_tells_nothing(store: Store, scene: Scene) -> None:
    before = await scene.register(PHONE, EMAIL)
    count = len(await store.events(scene.application_id, limit=100, after=0))
    assert tuple(await _put(scene, PHONE, EMAIL)) == before.contacts
    assert len(await store.events(scene.application_id, limit=100, after=0)) == count
    assert await _notices(scene) == []


async def test_a_grant_changes_exactly_what_it_names_at_once(store: Store, scene: Scene) -> None:
    phone, email = (await scene.register(PHONE, EMAIL)).contacts
    other = await scene.open(SIGN_IN)
    grant_id = await _grant_for(scene, update_details(added=OTHER_PHONE, removed=phone), contact=phone)
    added, *_ = [one for one in await _put(scene, EMAIL, OTHER_PHONE, grant_id=grant_id) if one.id != email.id]
    assert added.address.reveal() == OTHER_PHONE
    assert added.is_usable(await store.now())
    assert not added.is_confirmed
    assert added.added_by is not None
    assert [contact.address.reveal() for contact in (await scene.user()).contacts] == [EMAIL, OTHER_PHONE]
    cancelled = await scene.challenge(other.id)
    assert (cancelled.state, cancelled.end_reason) == (ChallengeState.CANCELLED, "contact_change")
    # The contact that leaves hears of it too, and first.
    assert await _notices(scene) == [(NoticeKind.CONFIRMATION, PHONE), (NoticeKind.CONFIRMATION, EMAIL)]
    again = await store.register_user(scene.registration(EMAIL, OTHER_PHONE, PHONE, grant_id=grant_id))
    assert again is GrantProblem.MISMATCH


@pytest.mark.parametrize(
    "listed",
    [(EMAIL,), (PHONE, EMAIL), (EMAIL, OTHER_PHONE, OTHER_EMAIL), (EMAIL, "+14155550199"), (OTHER_PHONE,)],
    ids=["only the removal", "nothing", "one more", "another address", "one less"],
)
async def test_a_grant_for_another_change_changes_nothing(store: Store, scene: Scene, listed: tuple[str, ...]) -> None:
    before = await scene.register(PHONE, EMAIL)
    grant_id = await _grant_for(scene, update_details(added=OTHER_PHONE, removed=before.contacts[0]))
    assert await store.register_user(scene.registration(*listed, grant_id=grant_id)) is GrantProblem.MISMATCH
    after = await scene.user()
    assert [contact.id for contact in after.contacts] == [contact.id for contact in before.contacts]
    grant = await store.grant(grant_id)
    assert grant is not None
    assert grant.state is GrantState.ISSUED
    events = [event.type for _, event in await store.events(scene.application_id, limit=100, after=0)]
    assert events.count(EventType.GRANT_MISMATCHED) == 1


async def test_a_grant_to_remove_an_address_removes_no_phone(store: Store, scene: Scene) -> None:
    phone, _ = (await scene.register(PHONE, EMAIL)).contacts
    details = update_details(removed=phone, field_name="email")  # what the customer reads is "remove an e-mail address"
    grant_id = await _grant_for(scene, details)
    assert await store.register_user(scene.registration(EMAIL, grant_id=grant_id)) is GrantProblem.MISMATCH
    assert [contact.leaves_at for contact in (await scene.user()).contacts] == [None, None]


async def test_a_grant_for_a_password_changes_no_contacts(store: Store, scene: Scene) -> None:
    await scene.register(PHONE, EMAIL)
    grant_id = await _grant_for(scene, {"field": "password"})
    assert await store.register_user(scene.registration(EMAIL, grant_id=grant_id)) is GrantProblem.MISMATCH
    other = await _approve(scene, await scene.open(SIGN_IN))
    assert await store.register_user(scene.registration(EMAIL, grant_id=other)) is GrantProblem.MISMATCH


async def test_an_email_alone_changes_no_contacts_at_once_where_a_phone_is_confirmed(
    store: Store, scene: Scene
) -> None:
    _, email = (await scene.register(PHONE, EMAIL)).contacts
    planned = await scene.open(ACCOUNT_UPDATE, details=update_details(added=OTHER_PHONE), contact=email)
    guess = scene.guess(planned)
    by_mail = replace(guess.spending, assurance=Assurance.EMAIL_CONTROL)
    outcome = await spend(store, replace(guess, spending=by_mail))
    assert isinstance(outcome, Approved)
    assert outcome.grant is not None
    contacts = await _put(scene, PHONE, EMAIL, OTHER_PHONE, grant_id=outcome.grant.id)
    assert contacts[-1].usable_from == later(await store.now(), hours=72)
    assert await _notices(scene) == [(NoticeKind.CONFIRMATION, PHONE), (NoticeKind.CONFIRMATION, EMAIL)]


async def test_a_used_expired_or_unknown_grant_changes_nothing(store: Store, scene: Scene) -> None:
    before = await scene.register(PHONE)
    grant_id = await _grant_for(scene, update_details(added=OTHER_PHONE))
    unknown = GrantId(scene.make_id("grt", scene.ref()))
    assert await store.register_user(scene.registration(PHONE, OTHER_PHONE, grant_id=unknown)) is GrantProblem.INVALID
    scene.clock.move(seconds=scene.limits.grant_lifetime_s)
    assert await store.register_user(scene.registration(PHONE, OTHER_PHONE, grant_id=grant_id)) is GrantProblem.EXPIRED
    assert [contact.id for contact in (await scene.user()).contacts] == [contact.id for contact in before.contacts]


async def test_a_removed_contact_kills_the_code_on_its_way(store: Store, scene: Scene) -> None:
    """A contact that does not count yet may be confirming itself when it is taken off the list."""
    await scene.register(PHONE)
    contacts = await _put(scene, PHONE, OTHER_PHONE)
    planned = await scene.confirm(contacts[1])
    await _put(scene, PHONE)
    messages = await store.claim_deliveries(limit=10, lease_s=30)
    assert [message for message in messages if message.code is not None] == []
    assert await spend(store, scene.guess(planned)) == Superseded(attempts_left=4)


async def test_a_right_code_confirms_the_contact_that_carried_it(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    contacts = await _put(scene, PHONE, OTHER_PHONE)
    planned = await scene.confirm(contacts[1])
    outcome = await spend(store, scene.guess(planned))
    assert isinstance(outcome, Approved)
    assert outcome.grant is None
    assert outcome.device is None  # it was not the user's first confirmed contact
    confirmed = (await scene.user()).contacts[1]
    assert (confirmed.confirmed_at, confirmed.last_proven_at) == (await store.now(), await store.now())
    assert not confirmed.is_usable(await store.now())  # the wait goes on


async def test_the_first_confirmation_makes_the_device_known(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE, confirmed=False)
    outcome = await spend(store, scene.guess(await scene.confirm(user.contacts[0])))
    assert isinstance(outcome, Approved)
    assert outcome.device is not None
    assert list(await store.devices(scene.ref())) == [outcome.device]


async def test_erasure_ends_everything_and_forgets_the_person(store: Store, scene: Scene) -> None:
    await scene.register(PHONE, EMAIL)
    planned = await scene.open(SIGN_IN)
    grant_id = await _approve(scene, planned)
    pending = await scene.open("transfer")
    assert await spend(store, scene.wrong(pending)) == Incorrect(attempts_left=4)
    assert await store.erase_user(scene.ref())
    assert not await store.erase_user(scene.ref())
    assert await store.user(scene.ref()) is None
    assert await store.action(scene.ref(), planned.action.id) is None
    assert await store.actions(scene.ref(), limit=10, before=None) == []
    assert await store.challenge(pending.id) is None
    assert await store.grant(grant_id) is None
    assert await store.devices(scene.ref()) == []
    assert await store.claim_deliveries(limit=10, lease_s=30) == []
    assert await store.redeem_grant(scene.redemption(planned, grant_id)) is GrantProblem.REVOKED
    profile = await scene.profile()
    assert profile.user is None
    assert profile.failures == 1  # the tombstone keeps the budget
    events = [event.type for _, event in await store.events(scene.application_id, limit=200, after=0)]
    assert events.count(EventType.USER_ERASED) == 1
    assert EventType.CHALLENGE_CANCELLED in events


@pytest.mark.parametrize(("days", "counts"), [(29, False), (30, True)])
@pytest.mark.parametrize("swept", [True, False])
async def test_an_erased_user_is_not_new_for_thirty_days(
    store: Store, scene: Scene, days: int, counts: bool, swept: bool
) -> None:
    await scene.register(PHONE)
    await store.erase_user(scene.ref())
    scene.clock.move(days=days)
    if swept:
        await store.sweep(limit=100)
    outcome = await store.register_user(scene.registration(OTHER_PHONE))
    assert isinstance(outcome, Registered)
    assert outcome.created
    assert outcome.user.contacts[0].is_usable(await store.now()) is counts
    assert outcome.user.created_at == await store.now()


@pytest.mark.parametrize("addresses", [(), (PHONE,)])
async def test_an_erased_user_cannot_come_back_new_by_way_of_an_empty_list(
    store: Store, scene: Scene, addresses: tuple[str, ...]
) -> None:
    await scene.register(*addresses)
    await store.erase_user(scene.ref())
    await _put(scene)
    (added,) = await _put(scene, OTHER_PHONE)
    assert not added.is_usable(await store.now())


async def test_a_contact_that_left_is_forgotten_after_thirty_days(store: Store, scene: Scene) -> None:
    scene.limits = Limits(contact_wait_s=60)
    await scene.register(PHONE, EMAIL, confirmed=False)
    await _put(scene, EMAIL)
    scene.clock.move(seconds=60, days=30)
    scene.clock.move(seconds=-0.001)
    await store.sweep(limit=100)  # what is older than the leaving
    assert (await store.sweep(limit=100)).forgotten == 0
    scene.clock.move(seconds=0.001)
    assert (await store.sweep(limit=100)).forgotten == 1


async def test_one_application_does_not_see_the_other(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    grant_id = await _approve(scene, planned)
    stranger = replace(scene.ref(), application_id=ApplicationId("other"))
    assert await store.user(stranger) is None
    assert await store.action(stranger, planned.action.id) is None
    assert await store.devices(stranger) == []
    assert list(await store.events(stranger.application_id, limit=10, after=0)) == []
    assert not await store.erase_user(stranger)
    redemption = replace(scene.redemption(planned, grant_id), ref=stranger)
    assert await store.redeem_grant(redemption) is GrantProblem.INVALID


async def test_a_reset_is_waited_for_once(store: Store, scene: Scene) -> None:
    phone, email = (await scene.register(PHONE, EMAIL)).contacts
    await _approve(scene, await scene.open(PASSWORD_RESET, contact=phone))
    first = await scene.profile()
    assert (first.reset_at, first.reset_contact_id) == (await store.now(), phone.id)
    scene.clock.move(hours=71)
    await _approve(scene, await scene.open(PASSWORD_RESET, contact=email))
    again = await scene.profile()
    assert (again.reset_at, again.reset_contact_id) == (first.reset_at, phone.id)
    scene.clock.move(hours=1)
    assert (await scene.profile()).reset_at is None
    await _approve(scene, await scene.open(PASSWORD_RESET, contact=email))
    assert (await scene.profile()).reset_contact_id == email.id
