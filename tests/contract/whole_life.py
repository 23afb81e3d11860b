"""Plays everything that happens to a user, from registration to erasure, through every operation of the store."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Final

from tests.contract.builders import EMAIL, OTHER_EMAIL, OTHER_PHONE, PHONE, Planned, Scene, update_details
from tests.contract.guessing import spend
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, PURCHASE, SIGN_IN, Decision, Label
from watchword.domain.budget import Budget, Lane, Window
from watchword.domain.challenge import Approved, ChallengeState
from watchword.domain.ids import ChallengeId, DeliveryId
from watchword.domain.instant import later
from watchword.domain.message import DeliveryStatus, NoticeKind
from watchword.domain.secret import Secret
from watchword.ports.sender import Receipt
from watchword.ports.store import Store
from watchword.ports.store.charging import AddressCharge, StartAddresses
from watchword.ports.store.deciding import Judgement, Known
from watchword.ports.store.outbox import HandedOver, NotHandedOver
from watchword.ports.store.values import KeptAnswer, OwnersWord

_HOME: Final = (11, 12, 13, 14, 15, 16, 17)
_SENT: Final = HandedOver(
    sender="inbox", provider="inbox", provider_message_id="1", status=DeliveryStatus.SENT, heard=True
)


async def play_whole_life(scene: Scene, user_id: str, *, is_forgotten: bool = True) -> None:
    """Have one user live through all of it, for about seven weeks; one who is not forgotten leaves his rows behind."""
    keeper = _keeper(scene, user_id)
    await _registers(scene, user_id, keeper)
    await _is_allowed(scene, user_id, keeper)
    planned, approved = await _proves_himself(scene, user_id, keeper)
    await _looks_around(scene, user_id, planned, approved)
    await _uses_devices(scene, user_id, approved)
    await _is_labelled_and_disputes(scene, user_id, keeper)
    await _changes_contacts(scene, user_id)
    await _resets_and_is_attacked(scene, user_id)
    if is_forgotten:
        await _is_forgotten(scene, user_id, keeper)


def _keeper(scene: Scene, user_id: str) -> Callable[[object], KeptAnswer]:
    numbers = count()

    def keep(_: object) -> KeptAnswer:
        return KeptAnswer(
            application_id=scene.application_id,
            scope=f"{user_id}/{next(numbers)}".encode(),
            fingerprint=b"f",
            status=200,
            body=Secret("answer"),
        )

    return keep


async def _registers(scene: Scene, user_id: str, keeper: Callable[[object], KeptAnswer]) -> None:
    await scene.profile(user_id=user_id)
    first = scene.registration(PHONE, user_id=user_id, preferred=PHONE)
    await scene.store.register_user(first, keep=keeper)
    await scene.store.kept_answer(scene.application_id, f"{user_id}/0".encode())
    scene.clock.move(days=4)
    await scene.register(PHONE, EMAIL, user_id=user_id)
    scene.clock.move(days=4)
    mailbox = (await scene.user(user_id)).contacts[1]
    confirming = await scene.confirm(mailbox, user_id=user_id)
    await _sends_all(scene)
    await _approve(scene, confirming)
    await scene.store.prefer_contact(scene.ref(user_id), mailbox.id, preferred=True)
    await scene.store.prefer_contact(scene.ref(user_id), mailbox.id, preferred=False)


async def _is_allowed(scene: Scene, user_id: str, keeper: Callable[[object], KeptAnswer]) -> None:
    for action_type, amount in ((SIGN_IN, None), (PURCHASE, "9.50"), (PURCHASE, "11.00"), (PURCHASE, "12.00")):
        action = scene.action(action_type, user_id=user_id, amount=amount)
        decided = scene.decided(action, contribution=scene.contribution(*_HOME))
        judgement = Judgement(told=None, decided=decided, kept=keeper(None))
        await scene.store.decide(
            scene.query(action_type, user_id=user_id, currency="USD"), partial(_judged, judgement=judgement)
        )
        assert decided.grant is not None
        await scene.store.grant(decided.grant.id)
        allowed = Planned(id=ChallengeId(""), action=action, bound_digest=scene.digest(action), codes={})
        await scene.store.redeem_grant(scene.redemption(allowed, decided.grant.id))
        scene.clock.move(hours=1)
    denied = scene.decided(scene.action(user_id=user_id), Decision.DENY)
    await scene.store.record_decision(denied)
    scene.clock.move(hours=30)


async def _proves_himself(
    scene: Scene, user_id: str, keeper: Callable[[object], KeptAnswer]
) -> tuple[Planned, Approved]:
    phone, mailbox = (await scene.user(user_id)).contacts
    opening, planned = scene.opening(
        scene.action(user_id=user_id), (phone, mailbox), contribution=scene.contribution(*_HOME)
    )
    ip, contact, other = (
        AddressCharge(
            budget=budget, subject=f"{budget} of {user_id}".encode(), windows=(Window(most=2, length_s=3_600),)
        )
        for budget in (Budget.IP_STARTS, Budget.CONTACT_SENDS, Budget.REFERENCE_TRIES)
    )
    for contacts in ((contact,), ()):
        start = StartAddresses(application_id=scene.application_id, ip=ip, contacts=contacts, lane=Lane.OPEN)
        await scene.store.charge_start_addresses(start)
    await scene.store.charge_address(scene.application_id, other, lane=Lane.OPEN)
    await scene.store.open_challenge(opening, keep=keeper)
    await scene.store.bind_browser(planned.id, b"browser")
    await scene.store.bind_browser(planned.id, b"browser")
    await _sends_all(scene)
    scene.clock.move(seconds=31)
    await scene.store.order_delivery(scene.order(planned, phone), keep=keeper)
    for message in await scene.store.claim_deliveries(limit=10, lease_s=30):
        await scene.store.finish_delivery(message.id, message.tries, NotHandedOver(reason="busy", retry_after_ms=100))
    order, switched = scene.switch(planned, mailbox)
    await scene.store.order_delivery(order)
    await _sends_all(scene)
    await spend(scene.store, scene.wrong(switched), keep=keeper)
    await scene.store.count_attempt(scene.application_id, wrong=True)
    await spend(scene.store, scene.guess(switched, planned.code))
    await scene.profile(user_id=user_id)
    approved = await spend(scene.store, scene.guess(switched, trust_device=True), keep=keeper)
    assert isinstance(approved, Approved)
    assert approved.grant is not None
    await scene.store.redeem_grant(scene.redemption(switched, approved.grant.id), keep=keeper)
    await scene.store.redeem_grant(scene.redemption(switched, approved.grant.id))
    await _sends_all(scene)
    return switched, approved


async def _looks_around(scene: Scene, user_id: str, planned: Planned, approved: Approved) -> None:
    ref, store = scene.ref(user_id), scene.store
    assert approved.grant is not None
    await store.challenge(planned.id)
    await store.grant(approved.grant.id)
    await store.action(ref, planned.action.id)
    await store.actions(ref, limit=20, before=None)
    await store.actions(ref, limit=20, before=planned.action.id, asked_since=scene.clock.now())
    await store.devices(ref)
    await store.user(ref)


async def _uses_devices(scene: Scene, user_id: str, approved: Approved) -> None:
    ref, store = scene.ref(user_id), scene.store
    device = approved.device
    assert device is not None
    await scene.present(device.id, device.step, user_id=user_id)
    await store.rename_device(ref, device.id, "Laptop")
    planned = await scene.open(user_id=user_id, lane=Lane.OWN, device_id=device.id)
    await _approve(scene, planned)
    await store.distrust_devices(ref)
    scene.clock.move(hours=1)
    await scene.present(device.id, device.step + 5, user_id=user_id)
    await scene.present(device.id, device.step, user_id=user_id)
    other = await _approve(scene, await scene.open(user_id=user_id))
    assert other.device is not None
    await store.revoke_device(ref, other.device.id)


async def _is_labelled_and_disputes(scene: Scene, user_id: str, keeper: Callable[[object], KeptAnswer]) -> None:
    ref, store = scene.ref(user_id), scene.store
    action, other = (scene.action(PURCHASE, user_id=user_id, amount="30.00") for _ in range(2))
    paid = replace(scene.contribution(*_HOME), payee=7)
    for one in (action, other):
        await store.record_decision(scene.decided(one, contribution=paid, country="FR"))
    for label in (Label.FRAUD, Label.LEGITIMATE, Label.FRAUD):
        await store.label_action(ref, action.id, label, keep=keeper)
    scene.clock.move(hours=2)
    taught = await scene.open("transfer", user_id=user_id, contribution=scene.contribution(*_HOME), country="DE")
    approved = await _approve(scene, taught, trust=True)
    assert approved.device is not None
    await store.label_action(ref, taught.action.id, Label.FRAUD)
    await store.label_action(ref, taught.action.id, Label.LEGITIMATE)
    await scene.open(user_id=user_id)
    assert await store.dispute_challenge(taught.id, keep=keeper) is OwnersWord.DISPUTED
    own = await scene.open(user_id=user_id, device_id=approved.device.id)
    await store.dispute_challenge(own.id)
    scene.clock.move(hours=80)
    proven = await _approve(scene, await scene.open("transfer", user_id=user_id), trust=True)
    assert proven.device is not None
    for message in await store.claim_deliveries(limit=100, lease_s=30):
        if message.notice_id is not None and message.ref == ref:
            await store.dispute_notice(message.notice_id)
        await store.finish_delivery(message.id, message.tries, _SENT)
        await store.spoken(_SENT.sender, message.id)
        await _is_reported(store, message.id)
    opening, cancelled = scene.opening(scene.action("transfer", user_id=user_id), (await scene.user(user_id)).contacts)
    await store.open_challenge(replace(opening, lease_s=30))
    await store.challenge_of_reference((await scene.challenge(cancelled.id)).reference)
    await store.end_challenge(cancelled.id, ChallengeState.CANCELLED, "application", keep=keeper)


async def _is_reported(store: Store, delivery_id: DeliveryId) -> None:
    for status in (DeliveryStatus.UNDELIVERED, DeliveryStatus.DELIVERED):
        receipt = Receipt(delivery_id=delivery_id, provider_message_id="1", status=status, reason=None)
        await store.record_receipt(_SENT.sender, receipt)


async def _changes_contacts(scene: Scene, user_id: str) -> None:
    store = scene.store
    scene.clock.move(days=4)
    phone, *_ = (await scene.user(user_id)).contacts
    details = update_details(added=OTHER_PHONE, removed=phone)
    planned = await scene.open(ACCOUNT_UPDATE, user_id=user_id, details=details, contact=phone)
    waiting = await scene.open(user_id=user_id, contact=phone)
    grant = (await _approve(scene, planned)).grant
    assert grant is not None
    await store.register_user(scene.registration(OTHER_PHONE, EMAIL, user_id=user_id, grant_id=grant.id))
    await scene.challenge(waiting.id)
    await scene.register(OTHER_PHONE, OTHER_EMAIL, user_id=user_id)
    await scene.open("transfer", user_id=user_id)
    for message in await store.claim_deliveries(limit=100, lease_s=30):
        if message.notice is NoticeKind.CONTACTS_CHANGED and message.notice_id is not None:
            await store.dispute_notice(message.notice_id)
        await store.finish_delivery(message.id, message.tries, NotHandedOver(reason="refused", retry_after_ms=None))


async def _resets_and_is_attacked(scene: Scene, user_id: str) -> None:
    store = scene.store
    scene.clock.move(hours=100)
    pending = await scene.open("transfer", user_id=user_id)
    reset = await scene.open(PASSWORD_RESET, user_id=user_id, conceal=True)
    await _approve(scene, reset)
    assert (await scene.challenge(pending.id)).state is ChallengeState.CANCELLED
    for number in range(6):
        attacked = await scene.open("transfer", user_id=user_id, network=f"network-{number}".encode())
        for _ in range(scene.limits.tries_per_challenge):
            await spend(store, scene.wrong(attacked))
    await scene.open("transfer", user_id=user_id)
    await store.unlock_user(scene.ref(user_id), reason="he called")
    opening, _ = scene.opening(scene.action(PASSWORD_RESET, user_id=f"not {user_id}", conceal=True), decoy=True)
    await store.open_challenge(opening)
    scene.clock.move(seconds=700)
    await store.take_back_leases()
    await store.reseal(limit=500)
    await store.sweep(limit=500)


async def _is_forgotten(scene: Scene, user_id: str, keeper: Callable[[object], KeptAnswer]) -> None:
    store = scene.store
    scene.clock.move(days=31)
    await store.sweep(limit=500)
    await scene.open(user_id=user_id)
    await store.erase_user(scene.ref(user_id), keep=keeper)
    scene.clock.move(days=61)
    await store.sweep(limit=500)
    await store.forget_actions(later(await store.now(), days=-60), limit=500)


def _judged(_: Known, *, judgement: Judgement[None]) -> Judgement[None]:
    return judgement


async def _approve(scene: Scene, planned: Planned, *, trust: bool = False) -> Approved:
    outcome = await spend(scene.store, scene.guess(planned, trust_device=trust))
    assert isinstance(outcome, Approved)
    return outcome


async def _sends_all(scene: Scene) -> None:
    for message in await scene.store.claim_deliveries(limit=100, lease_s=30):
        await scene.store.finish_delivery(message.id, message.tries, _SENT)
