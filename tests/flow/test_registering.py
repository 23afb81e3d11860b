"""Contacts over time: the first list, changes with and without a proof, notices to the older ones, and erasure."""

import pytest

from tests.flow.outside import notice_token_in
from tests.flow.world import (
    ADA,
    BEA,
    EMAIL,
    OTHER_EMAIL,
    OTHER_PHONE,
    PHONE,
    Browser,
    World,
    challenge_of,
    email,
    phone,
    rules,
)
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, SIGN_IN, Detail
from watchword.domain.contact import Channel, ContactKind
from watchword.domain.errors import (
    ContactNotUsable,
    GrantAlreadyRedeemed,
    GrantExpired,
    GrantInvalid,
    GrantMismatch,
    InvalidField,
    UnknownUser,
)
from watchword.domain.event import EventType
from watchword.domain.secret import Secret
from watchword.flow.dispute import by_notice
from watchword.flow.register import ContactEntry, delete_user, put_user
from watchword.ports.store.values import OwnersWord


async def _listed(world: World) -> set[str]:
    """Give what a stranger's sign-in could be sent to, as it is masked."""
    asked = await world.browser().report(SIGN_IN, send=False)
    return {option.masked for option in challenge_of(asked).options} if asked.challenge else set()


async def _proven_change(browser: Browser, details: dict[str, Detail], *, over: str | None = None) -> Secret:
    """Have an account update approved, over the phone unless another contact is named."""
    asked = await browser.report(ACCOUNT_UPDATE, details=details)
    if over is not None:
        await browser.world.send(asked, (await browser.world.contact(over)).id)
    approved = await browser.enter(asked, await browser.world.code_of(asked))
    assert approved.grant is not None
    browser.world.outbox.sent.clear()
    return approved.grant


async def test_the_first_list_counts_at_once_and_its_confirmations_are_believed(world: World) -> None:
    user = await world.user()
    assert all(contact.is_usable(world.clock.at) and contact.is_confirmed for contact in user.contacts)
    assert await world.deliver() == [], "nobody is told about a first registration"


async def test_an_empty_first_list_does_not_use_up_the_free_registration(world: World) -> None:
    await put_user(world.ports, world.shop, BEA, (), locale=None, grant=None)
    user = await world.register(email(), user_id=BEA)
    assert user.contacts[0].is_confirmed


async def test_a_contact_added_later_is_not_believed_and_waits_three_days(world: World) -> None:
    await world.register(phone(), email(), email(OTHER_EMAIL))
    added = await world.contact(OTHER_EMAIL)
    assert not added.is_confirmed
    assert await _listed(world) == {"•••• 23", "a•••@h•••.example"}
    asked = await world.browser().confirm(added)
    await world.browser().enter(asked, await world.code_of(asked))
    world.clock.move(hours=72, seconds=-0.001)
    assert await _listed(world) == {"•••• 23", "a•••@h•••.example"}
    world.clock.move(seconds=0.001)
    assert await _listed(world) == {"•••• 23", "a•••@h•••.example", "t•••@e•••.example"}


async def test_a_contact_left_out_stays_usable_for_three_days(world: World) -> None:
    await world.register(email())
    world.clock.move(hours=72, seconds=-0.001)
    assert await _listed(world) == {"•••• 23", "a•••@h•••.example"}
    world.clock.move(seconds=0.001)
    assert await _listed(world) == {"a•••@h•••.example"}


async def test_leaving_a_contact_out_again_does_not_prolong_its_stay(world: World) -> None:
    await world.register(email())
    world.clock.move(hours=71)
    await world.register(email())
    world.clock.move(hours=1)
    assert await _listed(world) == {"a•••@h•••.example"}


async def test_a_contact_that_returns_to_the_list_stays_for_good(world: World) -> None:
    await world.register(email())
    await world.register(phone(), email())
    world.clock.move(days=4)
    assert await _listed(world) == {"•••• 23", "a•••@h•••.example"}


async def test_every_older_contact_is_told_of_a_change_without_proof(world: World) -> None:
    await world.register(email(OTHER_EMAIL))
    told = await world.deliver()
    assert [(one.to.reveal(), one.channel) for one in told] == [(PHONE, Channel.SMS), (EMAIL, Channel.EMAIL)]


async def test_an_older_contact_is_told_of_a_change_though_it_was_never_confirmed(world: World) -> None:
    await world.register(phone(confirmed=False), email(confirmed=False), user_id=BEA)
    await world.register(phone(confirmed=False), email(confirmed=False), email(OTHER_EMAIL), user_id=BEA)
    told = await world.deliver()
    assert [one.to.reveal() for one in told] == [PHONE, EMAIL]
    assert await by_notice(world.ports, notice_token_in(told[0])) is OwnersWord.UNDONE


async def test_confirming_a_contact_that_does_not_count_yet_makes_no_device_known(world: World) -> None:
    await world.register(phone(confirmed=False), user_id=BEA)
    await world.register(phone(confirmed=False), email(OTHER_EMAIL), user_id=BEA)
    thief = world.browser(BEA)
    asked = await thief.confirm(await world.contact(OTHER_EMAIL, BEA))
    checked = await thief.enter(asked, await world.code_of(asked))
    assert (checked.outcome, checked.device) == ("approved", None)
    assert challenge_of(await thief.report(SIGN_IN)).options[0].kind is ContactKind.PHONE


async def test_a_list_that_changes_nothing_tells_nobody(world: World) -> None:
    before = await world.events()
    await world.register(phone(), email())
    assert await world.deliver() == []
    assert await world.events() == before


async def test_this_was_not_me_undoes_a_change_without_proof(world: World) -> None:
    await world.register(email(OTHER_EMAIL))
    (first, second) = [notice_token_in(one) for one in await world.deliver()]
    assert await by_notice(world.ports, first) is OwnersWord.UNDONE
    assert await by_notice(world.ports, second) is OwnersWord.NOTED
    world.clock.move(days=4)
    assert await _listed(world) == {"•••• 23", "a•••@h•••.example"}
    assert {contact.address.reveal() for contact in (await world.user()).contacts} == {PHONE, EMAIL}


async def test_an_undone_address_can_be_added_again_and_waits_again(world: World) -> None:
    await world.register(phone(), email(), email(OTHER_EMAIL))
    await by_notice(world.ports, notice_token_in((await world.deliver())[0]))
    world.clock.move(days=4)
    await world.register(phone(), email(), email(OTHER_EMAIL))
    assert await _listed(world) == {"•••• 23", "a•••@h•••.example"}


async def test_a_notice_counts_for_thirty_days(world: World) -> None:
    await world.register(phone(), email(), email(OTHER_EMAIL))
    token = notice_token_in((await world.deliver())[0])
    world.clock.move(days=30)
    assert await by_notice(world.ports, token) is None
    assert await by_notice(world.ports, "ntc_x.y") is None
    assert await by_notice(world.ports, token[:-1] + ("0" if token[-1] != "0" else "1")) is None


@pytest.mark.parametrize("kept", [(phone(), email()), (email(), phone())])
async def test_with_a_grant_exactly_the_named_change_counts_at_once(
    world: World, kept: tuple[ContactEntry, ...]
) -> None:
    owner = await world.known_browser()
    grant = await _proven_change(owner, {"field": "email", "new_contact": OTHER_EMAIL})
    await world.register(*kept, email(OTHER_EMAIL), grant=grant)
    added = await world.contact(OTHER_EMAIL)
    assert (added.usable_from, added.is_confirmed) == (world.clock.at, False)
    assert [one.to.reveal() for one in await world.deliver()] == [PHONE, EMAIL]


async def test_with_a_grant_a_contact_is_exchanged_at_once(world: World) -> None:
    owner = await world.known_browser()
    old = await world.contact(EMAIL)
    details: dict[str, Detail] = {"field": "email", "new_contact": OTHER_EMAIL, "old_contact": old.id}
    grant = await _proven_change(owner, details)
    await world.register(phone(), email(OTHER_EMAIL), grant=grant)
    assert {contact.address.reveal() for contact in (await world.user()).contacts} == {PHONE, OTHER_EMAIL}
    assert EMAIL in {one.to.reveal() for one in await world.deliver()}, "the one that left is told"


@pytest.mark.parametrize(
    "entries",
    [
        (phone(), email()),
        (phone(), email(), email("another@home.example")),
        (phone(), email(OTHER_EMAIL)),
        (email(), email(OTHER_EMAIL)),
        (phone(), email(), email(OTHER_EMAIL), phone(OTHER_PHONE)),
    ],
    ids=["nothing", "another address", "a removal too", "a removed phone too", "a phone too"],
)
async def test_any_other_change_is_refused_and_changes_nothing(world: World, entries: tuple[ContactEntry, ...]) -> None:
    owner = await world.known_browser()
    grant = await _proven_change(owner, {"field": "email", "new_contact": OTHER_EMAIL})
    before = await world.user()
    with pytest.raises(GrantMismatch):
        await world.register(*entries, grant=grant)
    assert await world.user() == before
    assert await world.deliver() == []
    assert len(await world.events(EventType.GRANT_MISMATCHED)) == 1
    await world.register(phone(), email(), email(OTHER_EMAIL), grant=grant)


async def test_a_grant_for_something_else_changes_no_contact(world: World) -> None:
    owner = await world.known_browser()
    password = await _proven_change(owner, {"field": "password"})
    with pytest.raises(GrantMismatch):
        await world.register(phone(), email(), email(OTHER_EMAIL), grant=password)
    sign_in = (await owner.report(SIGN_IN)).grant
    assert sign_in is not None
    with pytest.raises(GrantMismatch):
        await world.register(phone(), email(), email(OTHER_EMAIL), grant=sign_in)
    with pytest.raises(GrantInvalid):
        await world.register(phone(), email(), email(OTHER_EMAIL), grant=Secret("no grant"))


async def test_a_grant_of_another_user_changes_no_contact(world: World) -> None:
    await world.register(email(OTHER_EMAIL), user_id=BEA)
    owner = await world.known_browser()
    grant = await _proven_change(owner, {"field": "email", "new_contact": "new@home.example"})
    with pytest.raises(GrantMismatch):
        await world.register(email(OTHER_EMAIL), email("new@home.example"), user_id=BEA, grant=grant)


async def test_a_grant_changes_contacts_once_and_in_time(world: World) -> None:
    owner = await world.known_browser()
    grant = await _proven_change(owner, {"field": "email", "new_contact": OTHER_EMAIL})
    world.clock.move(seconds=300)
    with pytest.raises(GrantExpired):
        await world.register(phone(), email(), email(OTHER_EMAIL), grant=grant)
    grant = await _proven_change(owner, {"field": "email", "new_contact": OTHER_EMAIL})
    await world.register(phone(), email(), email(OTHER_EMAIL), grant=grant)
    with pytest.raises((GrantAlreadyRedeemed, GrantMismatch)):
        await world.register(phone(), email(), email(OTHER_EMAIL), grant=grant)


async def test_a_change_approved_by_email_waits_while_a_phone_is_confirmed(world: World) -> None:
    owner = await world.known_browser()
    details: dict[str, Detail] = {
        "field": "phone",
        "new_contact": OTHER_PHONE,
        "old_contact": (await world.contact(PHONE)).id,
    }
    grant = await _proven_change(owner, details, over=EMAIL)
    await world.register(phone(OTHER_PHONE), email(), grant=grant)
    assert await _listed(world) == {"•••• 23", "a•••@h•••.example"}
    assert {one.to.reveal() for one in await world.deliver()} == {PHONE, EMAIL}
    world.clock.move(hours=72)
    assert await _listed(world) == {"a•••@h•••.example"}, "the new phone counts and is not confirmed yet"


async def test_a_change_approved_by_email_counts_at_once_where_no_phone_is_confirmed(world: World) -> None:
    await world.register(email(), phone(confirmed=False), user_id=BEA)
    browser = world.browser(BEA)
    asked = await browser.report(ACCOUNT_UPDATE, details={"field": "email", "new_contact": OTHER_EMAIL})
    approved = await browser.enter(asked, await world.code_of(asked))
    await world.register(email(), phone(), email(OTHER_EMAIL), user_id=BEA, grant=approved.grant)
    assert (await world.contact(OTHER_EMAIL, BEA)).usable_from == world.clock.at


async def test_the_owner_disputes_a_proven_change_and_gets_his_contact_back(world: World) -> None:
    world.clock.move(days=4)
    thief = world.browser()
    old = await world.contact(EMAIL)
    details: dict[str, Detail] = {"field": "email", "new_contact": OTHER_EMAIL, "old_contact": old.id}
    grant = await _proven_change(thief, details)
    await world.register(phone(), email(OTHER_EMAIL), grant=grant)
    notice = next(one for one in await world.deliver() if one.to.reveal() == EMAIL)
    assert await by_notice(world.ports, notice_token_in(notice)) is OwnersWord.DISPUTED
    assert (await world.contact(EMAIL)).is_usable(world.clock.at)
    assert (await world.contact(OTHER_EMAIL)).disabled_at == world.clock.at
    assert await _listed(world) == {"•••• 23", "a•••@h•••.example"}
    with pytest.raises(ContactNotUsable):
        await world.browser().confirm(await world.contact(OTHER_EMAIL))


async def test_a_dispute_never_removes_an_older_contact(world: World) -> None:
    thief = world.browser()
    asked = await thief.report(PASSWORD_RESET)
    approved = await thief.enter(asked, await world.code_of(asked))
    await thief.redeem(asked, approved.grant)
    notice = next(one for one in await world.deliver() if not one.is_code)
    await by_notice(world.ports, notice_token_in(notice))
    assert await _listed(world) == {"•••• 23", "a•••@h•••.example"}


async def test_a_person_who_was_erased_within_thirty_days_is_not_new(world: World) -> None:
    await delete_user(world.ports, world.shop, ADA)
    with pytest.raises(UnknownUser):
        await world.user()
    world.clock.move(days=29.99)
    user = await world.register(phone(OTHER_PHONE), email(OTHER_EMAIL))
    assert [(contact.is_confirmed, contact.is_usable(world.clock.at)) for contact in user.contacts] == [
        (False, False),
        (False, False),
    ]
    assert rules(await world.browser().report(SIGN_IN))[0] == "no_usable_contact"


async def test_a_person_who_was_erased_longer_ago_registers_freely(world: World) -> None:
    await delete_user(world.ports, world.shop, ADA)
    world.clock.move(days=30)
    assert (await world.register(phone(OTHER_PHONE))).contacts[0].is_confirmed


async def test_an_erased_person_keeps_his_budget(world: World) -> None:
    stranger = world.browser()
    asked = await stranger.report(SIGN_IN)
    await world.deliver()
    await stranger.guess(asked, 5)
    await delete_user(world.ports, world.shop, ADA)
    await world.register(phone())
    world.clock.move(days=3)
    assert challenge_of(await stranger.report(SIGN_IN)).code_length == 8


async def test_an_erased_persons_devices_are_forgotten(world: World) -> None:
    owner = await world.known_browser(trust=True)
    await delete_user(world.ports, world.shop, ADA)
    world.clock.move(days=30)
    await world.register()
    assert "new-device" in rules(await owner.report(SIGN_IN))


async def test_what_was_on_its_way_to_an_erased_person_is_reported_at_once(world: World) -> None:
    await world.browser().report(SIGN_IN)
    await delete_user(world.ports, world.shop, ADA)
    (failed,) = await world.events(EventType.DELIVERY_FAILED)
    assert failed.data["reason"] == "erased"
    assert await world.deliver() == []


async def test_erasing_nobody_is_refused(world: World) -> None:
    with pytest.raises(UnknownUser):
        await delete_user(world.ports, world.shop, BEA)


@pytest.mark.parametrize(
    ("entry", "pointer"),
    [
        (phone("12345"), "/contacts/0/address"),
        (phone("4155550123"), "/contacts/0/address"),
        (email("not an address"), "/contacts/0/address"),
        (email("a@b@c.example"), "/contacts/0/address"),
        (phone(EMAIL), "/contacts/0/address"),
    ],
)
async def test_an_address_that_is_none_is_refused_with_its_place(
    world: World, entry: ContactEntry, pointer: str
) -> None:
    with pytest.raises(InvalidField) as refused:
        await world.register(entry, user_id=BEA)
    assert refused.value.pointer == pointer
    with pytest.raises(UnknownUser):
        await world.user(BEA)


async def test_lists_are_short_and_hold_nothing_twice(world: World) -> None:
    with pytest.raises(InvalidField):
        await world.register(email(), email("ada@HOME.example"), user_id=BEA)
    with pytest.raises(InvalidField):
        await world.register(*(email(f"{number}@home.example") for number in range(11)), user_id=BEA)
    with pytest.raises(InvalidField):
        await world.register(phone(preferred=True), email(preferred=True), user_id=BEA)


async def test_the_old_address_of_a_pending_code_gets_nothing_once_it_has_left(world: World) -> None:
    """I7: queued before the change, due after it."""
    await world.register(email())
    await world.deliver()
    world.clock.move(hours=72, seconds=-1)
    asked = await world.browser().report(SIGN_IN)
    world.clock.move(seconds=1)
    assert await world.deliver() == []
    failed = await world.events(EventType.DELIVERY_FAILED)
    assert [event.data["challenge_id"] for event in failed] == [challenge_of(asked).id]


async def test_a_contact_that_does_not_count_yet_is_told_nothing_and_has_no_say(world: World) -> None:
    """A thief with the session adds and confirms an address of his own; the owner takes it off the list again."""
    await world.register(phone(), email(), email(OTHER_EMAIL))
    thief = world.browser()
    asked = await thief.confirm(await world.contact(OTHER_EMAIL))
    await thief.enter(asked, await world.code_of(asked))
    world.outbox.sent.clear()
    owner = world.browser()
    await owner.prove(SIGN_IN, trust_device=True)
    await world.register(phone(), email())
    assert {one.to.reveal() for one in await world.deliver()} == {PHONE, EMAIL}
    assert {contact.address.reveal() for contact in (await world.user()).contacts} == {PHONE, EMAIL}


async def test_a_phone_that_does_not_count_yet_makes_no_change_wait(world: World) -> None:
    await world.register(email(), user_id=BEA)
    await world.register(email(), phone(OTHER_PHONE), user_id=BEA)
    browser = world.browser(BEA)
    asked = await browser.confirm(await world.contact(OTHER_PHONE, BEA))
    await browser.enter(asked, await world.code_of(asked))
    asked = await browser.report(ACCOUNT_UPDATE, details={"field": "email", "new_contact": OTHER_EMAIL})
    approved = await browser.enter(asked, await world.code_of(asked))
    await world.register(email(), phone(OTHER_PHONE), email(OTHER_EMAIL), user_id=BEA, grant=approved.grant)
    assert (await world.contact(OTHER_EMAIL, BEA)).usable_from == world.clock.at
