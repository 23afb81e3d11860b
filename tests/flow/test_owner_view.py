"""What an owner sees of himself and does from his account: the genuine requests, his devices, contacts and his word."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.flow.outside import ABROAD, HOME
from tests.flow.replay import replay
from tests.flow.world import (
    ADA,
    BEA,
    EMAIL,
    OTHER_EMAIL,
    OTHER_PHONE,
    SHOP,
    World,
    challenge_of,
    email,
    phone,
    rules,
    usd,
)
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, PURCHASE, SIGN_IN, Decision
from watchword.domain.contact import Channel, ContactState
from watchword.domain.device import DeviceState
from watchword.domain.errors import ContactNotUsable, GrantRevoked, InvalidField, NotFound, UnknownUser
from watchword.domain.event import EventType
from watchword.domain.ids import ActionId, ApplicationId, DeviceId, UserId
from watchword.flow.assess import Assessed
from watchword.flow.dispute import by_owner
from watchword.flow.overview import OwnRequest, RequestState, list_own_devices, list_own_requests, own_contacts
from watchword.flow.prefer import prefer_contact
from watchword.flow.register import delete_user
from watchword.flow.remember import distrust_device, distrust_devices, forget_devices, rename_device
from watchword.ports.store.values import OwnersWord

if TYPE_CHECKING:
    from watchword.domain.application import Application

LISTED = 50


async def _requests(world: World, user_id: UserId = ADA) -> list[OwnRequest]:
    page = await list_own_requests(world.ports, world.shop, user_id, limit=LISTED)
    assert page.next_after is None
    return list(page.requests)


async def _say(world: World, asked: Assessed, user_id: UserId = ADA) -> OwnersWord:
    return await by_owner(world.ports, world.shop, user_id, asked.action.id)


# Requests --------------------------------------------------------------------------------------------------------


async def test_a_request_says_what_was_asked_from_where_and_where_its_code_went(world: World) -> None:
    browser = world.browser(ip=ABROAD)
    asked = await browser.report(PURCHASE, amount=usd("900.00"), payee="ACME Cameras")
    await world.deliver()
    (shown,) = await _requests(world)
    assert (shown.action.id, shown.challenge_id) == (asked.action.id, challenge_of(asked).id)
    assert (shown.action.amount, shown.action.payee) == (usd("900.00"), "ACME Cameras")
    assert (shown.device_name, shown.country) == ("Firefox on Linux", "BR")
    assert shown.reference == challenge_of(asked).reference
    assert shown.sent is not None
    assert (shown.sent.channel, shown.sent.masked, shown.sent.status) == (Channel.SMS, "•••• 23", "sent")
    assert (shown.state, shown.ended_at) == (RequestState.PENDING, None)
    assert (shown.can_be_denied, shown.can_be_disputed) == (True, False)


async def test_a_switch_shows_where_the_newest_code_went(world: World) -> None:
    asked = await world.browser().report(SIGN_IN)
    await world.send(asked, (await world.contact(EMAIL)).id)
    (shown,) = await _requests(world)
    assert shown.sent is not None
    assert (shown.sent.channel, shown.sent.masked) == (Channel.EMAIL, "a•••@h•••.example")


async def test_what_was_never_sent_went_nowhere(world: World) -> None:
    await world.browser().report(SIGN_IN, send=False)
    (shown,) = await _requests(world)
    assert shown.sent is None


async def test_the_owner_sees_where_a_concealed_code_went_and_nobody_else_does(world: World) -> None:
    asked = await world.browser().report(PASSWORD_RESET)
    assert challenge_of(asked).route is None
    (shown,) = await _requests(world)
    assert shown.sent is not None
    assert (shown.sent.masked, shown.sent.status) == ("•••• 23", "queued")


async def test_a_concealed_code_to_a_contact_that_left_is_shown_without_its_address(world: World) -> None:
    await world.browser().report(PASSWORD_RESET)
    await world.register(email())
    world.clock.move(days=4)
    (shown,) = await _requests(world)
    assert shown.sent is not None
    assert (shown.sent.channel, shown.sent.masked) == (Channel.SMS, None)


async def test_a_decoy_sent_nothing(world: World) -> None:
    await world.register(phone(confirmed=False), user_id=BEA)
    asked = await world.browser(BEA).report(PASSWORD_RESET)
    assert challenge_of(asked).delivery_status == "withheld"
    (shown,) = await _requests(world, BEA)
    assert (shown.state, shown.sent) == (RequestState.PENDING, None)
    assert await _say(world, asked, BEA) is OwnersWord.ENDED


async def test_a_concealed_send_that_was_withheld_moves_no_code(world: World) -> None:
    await world.register(phone(), email(confirmed=False), user_id=BEA)
    asked = await world.browser(BEA).report(PASSWORD_RESET)
    world.clock.move(seconds=60)
    await world.send(asked, challenge_of(asked).options[1].id)  # nothing can go there, and nobody is told
    (shown,) = await _requests(world, BEA)
    assert shown.sent is not None
    assert (shown.sent.channel, shown.sent.masked) == (Channel.SMS, "•••• 23")


async def test_what_was_refused_is_listed_and_what_passed_is_not(world: World) -> None:
    await world.register(phone(confirmed=False), user_id=BEA)
    refused = await world.browser(BEA).report(PASSWORD_RESET, conceal=False)
    assert refused.decision is Decision.DENY
    (shown,) = await _requests(world, BEA)
    assert (shown.state, shown.challenge_id, shown.reference) == (RequestState.REFUSED, None, None)
    assert (shown.sent, shown.expires_at, shown.ended_at) == (None, None, shown.created_at)
    assert (shown.can_be_denied, shown.can_be_disputed) == (False, False)
    assert await _say(world, refused, BEA) is OwnersWord.NOTED
    owner = await world.known_browser()
    assert (await owner.report(SIGN_IN)).decision is Decision.ALLOW
    assert [one.state for one in await _requests(world)] == [RequestState.APPROVED]


async def test_requests_are_shown_for_thirty_days(world: World) -> None:
    asked = await world.browser().report(SIGN_IN)
    world.clock.move(days=30)
    assert [one.state for one in await _requests(world)] == [RequestState.EXPIRED]
    world.clock.move(seconds=0.001)
    assert await _requests(world) == []
    with pytest.raises(NotFound):
        await _say(world, asked)


async def test_pages_of_requests_join_without_a_gap(world: World) -> None:
    owner = await world.known_browser()
    for _ in range(4):
        await world.browser().report(SIGN_IN, send=False)
        await owner.report(PURCHASE)  # passes, and is no request
    whole = [one.action.id for one in await _requests(world)]
    assert len(whole) == 5
    parts: list[ActionId] = []
    after = None
    while True:
        page = await list_own_requests(world.ports, world.shop, ADA, limit=2, after=after)
        parts += [one.action.id for one in page.requests]
        after = page.next_after
        if after is None:
            break
    assert parts == whole


async def test_nobody_has_no_view(world: World) -> None:
    nobody = UserId("nobody")
    with pytest.raises(UnknownUser):
        await list_own_requests(world.ports, world.shop, nobody, limit=LISTED)
    with pytest.raises(UnknownUser):
        await list_own_devices(world.ports, world.shop, nobody)


# His word --------------------------------------------------------------------------------------------------------


async def test_the_owners_word_ends_what_is_pending(world: World) -> None:
    asked = await world.browser().report(SIGN_IN)
    code = await world.code_of(asked)
    assert await _say(world, asked) is OwnersWord.ENDED
    assert (await world.check(challenge_of(asked).id, code)).outcome == "denied"
    assert (await world.user()).disputed_at is None


async def test_the_owners_word_disputes_what_was_approved_with_its_full_weight(world: World) -> None:
    thief = world.browser(ip=ABROAD)
    asked = await thief.report(SIGN_IN)
    approved = await thief.enter(asked, await world.code_of(asked), trust_device=True)
    assert await _say(world, asked) is OwnersWord.DISPUTED
    assert await _say(world, asked) is OwnersWord.NOTED
    with pytest.raises(GrantRevoked):
        await thief.redeem(asked, approved.grant)
    assert await list_own_devices(world.ports, world.shop, ADA) == []
    assert "disputed" in rules(await world.browser().report(PURCHASE))
    (shown, *_) = [one for one in await _requests(world) if one.action.id == asked.action.id]
    assert (shown.disputed_at, shown.can_be_disputed) == (world.clock.at, False)


async def test_an_owner_speaks_about_his_own_requests_only(world: World) -> None:
    await world.register(phone(OTHER_PHONE), user_id=BEA)
    pending = await world.browser().report(SIGN_IN)
    owner = await world.known_browser()
    passed = await owner.report(PURCHASE)
    before = await world.events()
    elsewhere = replace(world.shop, id=ApplicationId("elsewhere"))
    cases: list[tuple[Application, UserId, str]] = [
        (world.shop, BEA, pending.action.id),
        (world.shop, UserId("nobody"), pending.action.id),
        (elsewhere, ADA, pending.action.id),
        (world.shop, ADA, challenge_of(pending).id),
        (world.shop, ADA, passed.action.id),
        (world.shop, ADA, "act_nothing"),
        (world.shop, ADA, ""),
    ]
    for application, user_id, action_id in cases:
        with pytest.raises(NotFound):
            await by_owner(world.ports, application, user_id, ActionId(action_id))
    assert await world.events() == before


# Devices and contacts --------------------------------------------------------------------------------------------


async def test_a_device_without_trust_is_known_until_it_is_trusted_again(world: World) -> None:
    browser = await world.known_browser(trust=True)
    (own,) = await list_own_devices(world.ports, world.shop, ADA)
    assert own.state is DeviceState.TRUSTED
    await distrust_device(world.ports, world.shop, ADA, own.device.id)
    (own,) = await list_own_devices(world.ports, world.shop, ADA)
    assert own.state is DeviceState.KNOWN
    assert (await browser.report(SIGN_IN)).decision is Decision.ALLOW
    assert rules(await browser.report(PURCHASE, ip=ABROAD)) != [], "a new place is asked about again"
    await browser.prove(SIGN_IN, ip=ABROAD)
    (own,) = await list_own_devices(world.ports, world.shop, ADA)
    assert own.state is DeviceState.KNOWN, "trust comes back by choice alone"


async def test_all_devices_lose_their_trust_or_are_forgotten(world: World) -> None:
    for _ in range(2):
        await world.known_browser(trust=True)
    assert await distrust_devices(world.ports, world.shop, ADA) == 2
    assert await distrust_devices(world.ports, world.shop, ADA) == 0
    assert [own.state for own in await list_own_devices(world.ports, world.shop, ADA)] == [DeviceState.KNOWN] * 2
    await forget_devices(world.ports, world.shop, ADA)
    assert await list_own_devices(world.ports, world.shop, ADA) == []


async def test_a_device_is_called_what_its_user_calls_it_as_one_line(world: World) -> None:
    await world.known_browser()
    (own,) = await list_own_devices(world.ports, world.shop, ADA)
    renamed = await rename_device(world.ports, world.shop, ADA, own.device.id, "my \u202eold\nlaptop  ")
    assert renamed.name == "my old laptop"
    for name in ("", "  ", "\u200b", "x" * 61):
        with pytest.raises(InvalidField):
            await rename_device(world.ports, world.shop, ADA, own.device.id, name)
    for user_id, device_id in ((BEA, own.device.id), (ADA, DeviceId("dev_nothing"))):
        with pytest.raises(NotFound):
            await rename_device(world.ports, world.shop, user_id, device_id, "mine")
        with pytest.raises(NotFound):
            await distrust_device(world.ports, world.shop, user_id, device_id)
    told = " ".join(str(event.data) for event in await world.events())
    assert "laptop" not in told


async def test_codes_go_to_the_contact_that_the_owner_prefers(world: World) -> None:
    mail = await world.contact(EMAIL)
    assert (await prefer_contact(world.ports, world.shop, ADA, mail.id, preferred=True)).preferred
    route = challenge_of(await world.browser().report(SIGN_IN)).route
    assert route is not None
    assert route.contact_id == mail.id
    await prefer_contact(world.ports, world.shop, ADA, mail.id, preferred=False)
    route = challenge_of(await world.browser().report("withdrawal")).route
    assert route is not None
    assert route.channel is Channel.SMS


async def test_what_can_carry_no_code_is_not_preferred(world: World) -> None:
    await world.register(phone(), email(), email(OTHER_EMAIL))
    waiting = await world.contact(OTHER_EMAIL)
    with pytest.raises(ContactNotUsable):
        await prefer_contact(world.ports, world.shop, ADA, waiting.id, preferred=True)
    with pytest.raises(NotFound):
        await prefer_contact(world.ports, world.shop, BEA, waiting.id, preferred=True)
    assert await world.events(EventType.CONTACT_PREFERRED) == []


async def test_what_never_brought_a_code_back_is_not_preferred_to_what_did(world: World) -> None:
    await world.register(phone(), email(), email(OTHER_EMAIL))
    world.clock.move(days=3)
    unconfirmed = await world.contact(OTHER_EMAIL)
    assert unconfirmed.is_usable(world.clock.now())
    with pytest.raises(ContactNotUsable):
        await prefer_contact(world.ports, world.shop, ADA, unconfirmed.id, preferred=True)
    await world.register(phone(confirmed=False), email(confirmed=False), user_id=BEA)
    alone = await world.contact(EMAIL, user_id=BEA)
    assert (await prefer_contact(world.ports, world.shop, BEA, alone.id, preferred=True)).preferred


async def test_contacts_say_how_they_are(world: World) -> None:
    await world.register(email(), email(OTHER_EMAIL), phone(OTHER_PHONE))

    async def states() -> list[ContactState]:
        return [one.state for one in own_contacts(world.shop, await world.user(), world.clock.now())]

    leaving, waiting = ContactState.LEAVING, ContactState.WAITING
    assert await states() == [leaving, ContactState.CONFIRMED, waiting, waiting]
    world.clock.move(days=3)
    unconfirmed = ContactState.UNCONFIRMED
    assert await states() == [ContactState.CONFIRMED, unconfirmed, unconfirmed]
    world.clock.move(days=362)
    assert await states() == [ContactState.STALE, unconfirmed, unconfirmed]


async def test_an_address_that_a_dispute_suspends_says_so(world: World) -> None:
    thief = world.browser()
    change = await thief.report(ACCOUNT_UPDATE, details={"field": "email", "new_contact": OTHER_EMAIL})
    approved = await thief.enter(change, await world.code_of(change))
    await world.register(phone(), email(), email(OTHER_EMAIL), grant=approved.grant)
    assert await _say(world, change) is OwnersWord.DISPUTED
    suspended = await world.contact(OTHER_EMAIL)
    assert suspended.state(world.clock.now(), stale_days=365) is ContactState.DISABLED


# The audit log ---------------------------------------------------------------------------------------------------


async def test_everything_that_an_owner_does_is_rebuilt_from_its_events(world: World) -> None:
    first = await world.known_browser(trust=True)
    await world.known_browser(trust=True)
    own, other = [one.device for one in await list_own_devices(world.ports, world.shop, ADA)]
    await rename_device(world.ports, world.shop, ADA, own.id, "Laptop")
    await distrust_device(world.ports, world.shop, ADA, own.id)
    await distrust_devices(world.ports, world.shop, ADA)
    for contact in (await world.user()).contacts:
        await prefer_contact(world.ports, world.shop, ADA, contact.id, preferred=True)
        await replay(world.ports.store, SHOP, world.shop.limits)
    await world.register(phone(), email(OTHER_EMAIL, preferred=True))
    await replay(world.ports.store, SHOP, world.shop.limits)
    asked = await first.report(ACCOUNT_UPDATE)
    await first.enter(asked, await world.code_of(asked))
    await _say(world, asked)
    world.clock.move(days=4)
    await replay(world.ports.store, SHOP, world.shop.limits)
    assert (await world.contact(OTHER_EMAIL)).preferred
    await forget_devices(world.ports, world.shop, ADA)
    await world.browser(ip=HOME).prove(SIGN_IN, trust_device=True)
    await delete_user(world.ports, world.shop, ADA)
    await world.register()
    told = await replay(world.ports.store, SHOP, world.shop.limits)
    assert {own.id, other.id} & set(told.devices) == set()


async def test_trust_that_ran_out_is_told_by_the_events_too(world: World) -> None:
    browser = await world.known_browser(trust=True)
    world.clock.move(days=31)
    await browser.prove(PURCHASE, amount=usd("900.00"))
    await replay(world.ports.store, SHOP, world.shop.limits)
    assert await distrust_devices(world.ports, world.shop, ADA) == 0
