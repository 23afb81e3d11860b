"""Rebuilds what there is from the audit log alone (I15), refusing every step that no state allows, and compares."""

from dataclasses import dataclass, field
from typing import Any, Final

from watchword.domain.challenge import ChallengeState
from watchword.domain.device import DeviceState
from watchword.domain.event import Event, EventType
from watchword.domain.grant import GrantState
from watchword.domain.ids import ApplicationId, ChallengeId, GrantId, UserKey
from watchword.domain.instant import Instant, later
from watchword.domain.limits import Limits
from watchword.domain.user import UserRef
from watchword.ports.store import Store

_ENDS: Final = {
    EventType.CHALLENGE_APPROVED: ChallengeState.APPROVED,
    EventType.CHALLENGE_EXHAUSTED: ChallengeState.EXHAUSTED,
    EventType.CHALLENGE_EXPIRED: ChallengeState.EXPIRED,
    EventType.CHALLENGE_CANCELLED: ChallengeState.CANCELLED,
    EventType.CHALLENGE_DENIED: ChallengeState.DENIED,
}
_GRANT_ENDS: Final = {EventType.GRANT_REDEEMED: GrantState.REDEEMED, EventType.GRANT_REVOKED: GrantState.REVOKED}
_SENT: Final = (EventType.DELIVERY_SENT, EventType.DELIVERY_DELIVERED, EventType.DELIVERY_FAILED)


@dataclass(kw_only=True)
class ReplayedChallenge:
    user_key: UserKey
    expires_at: Instant
    tries_allowed: int
    attempts_left: int
    state: ChallengeState = ChallengeState.PENDING
    sends: int = 0


@dataclass(kw_only=True)
class ReplayedContact:
    user_key: UserKey
    usable_from: Instant
    confirmed: bool
    leaves_at: Instant | None = None
    disabled: bool = False
    bounced: bool = False


@dataclass(kw_only=True)
class Replay:
    """The state that the events tell."""

    limits: Limits
    challenges: dict[str, ReplayedChallenge] = field(default_factory=dict)
    grants: dict[str, GrantState] = field(default_factory=dict)
    devices: dict[str, tuple[UserKey, Instant, bool]] = field(default_factory=dict)
    """Owner, last proof, and whether it is trusted."""
    contacts: dict[str, ReplayedContact] = field(default_factory=dict)
    preferred: dict[UserKey, str | None] = field(default_factory=dict)
    """The contact that a user prefers, whether he lists it still or not."""
    deliveries: set[str] = field(default_factory=set)
    open_deliveries: set[str] = field(default_factory=set)
    """Those that no sender has, and that were not given up."""
    arrived: set[str] = field(default_factory=set)
    erased: set[UserKey] = field(default_factory=set)
    disputed: set[UserKey] = field(default_factory=set)

    def take(self, event: Event) -> None:
        """Take one event in; one that its state does not allow fails here."""
        data: dict[str, Any] = dict(event.data)
        if event.type.startswith("challenge."):
            self._take_challenge(event, data)
        elif event.type.startswith("grant."):
            self._take_grant(event, data)
        elif event.type.startswith("delivery."):
            self._take_delivery(event, data)
        elif event.type.startswith("device."):
            self._take_device(event, data)
        elif event.type.startswith("contact."):
            self._take_contact(event, data)
        elif event.type.startswith("user."):
            self._take_user(event)

    def _take_challenge(self, event: Event, data: dict[str, Any]) -> None:
        if event.type is EventType.CHALLENGE_CREATED:
            assert data["challenge_id"] not in self.challenges, "opened twice"
            self.challenges[data["challenge_id"]] = ReplayedChallenge(
                user_key=event.user_key,
                expires_at=data["expires_at"],
                tries_allowed=data["tries_allowed"],
                attempts_left=data["tries_allowed"],
            )
            return
        challenge = self.challenges[data["challenge_id"]]
        if event.type is EventType.CHALLENGE_BOUND:
            return
        assert challenge.state is ChallengeState.PENDING, f"{event.type} after {challenge.state}"
        if event.type is EventType.CHALLENGE_ATTEMPTED:
            assert data["attempts_left"] == challenge.attempts_left - 1 >= 0, "a try was lost or given back"
            assert event.at < challenge.expires_at, "a try after the end"
            challenge.attempts_left -= 1
            return
        challenge.state = _ENDS[event.type]
        if challenge.state is ChallengeState.APPROVED:
            assert event.at < challenge.expires_at, "approved after the end"
            challenge.attempts_left -= 1
            assert challenge.attempts_left >= 0, "approved by one guess too many"
            if data["device_id"] in self.devices:
                # Trust that has run out by itself does not come back with the proof.
                trusted = self._device_state(self.devices[data["device_id"]], event.at) is DeviceState.TRUSTED
                self.devices[data["device_id"]] = (event.user_key, event.at, trusted)

    def _take_grant(self, event: Event, data: dict[str, Any]) -> None:
        grant_id = data["grant_id"]
        if event.type is EventType.GRANT_ISSUED:
            assert grant_id not in self.grants, "issued twice"
            self.grants[grant_id] = GrantState.ISSUED
        elif event.type in _GRANT_ENDS:
            assert self.grants[grant_id] is GrantState.ISSUED, f"{event.type} after {self.grants[grant_id]}"
            self.grants[grant_id] = _GRANT_ENDS[event.type]

    def _take_delivery(self, event: Event, data: dict[str, Any]) -> None:
        delivery_id = data["delivery_id"]
        if event.type is EventType.DELIVERY_QUEUED:
            is_repeat = "tries" in data
            if data["challenge_id"] is not None and not is_repeat:
                self.challenges[data["challenge_id"]].sends += 1
            if delivery_id is not None:
                # What was sent may go on to the next sender: until a receipt says that it arrived.
                assert (delivery_id in self.deliveries) is is_repeat, "queued twice"
                assert delivery_id not in self.arrived, "queued after it arrived"
                self.deliveries.add(delivery_id)
                self.open_deliveries.add(delivery_id)
        elif event.type in _SENT:
            assert delivery_id in self.deliveries, "sent and never queued"
            assert delivery_id not in self.arrived, "told of after it arrived"
            self.open_deliveries.discard(delivery_id)
            if event.type is EventType.DELIVERY_DELIVERED:
                self.arrived.add(delivery_id)

    def _take_device(self, event: Event, data: dict[str, Any]) -> None:
        device_id = data["device_id"]
        match event.type:
            case EventType.DEVICE_KNOWN:
                proven = self.devices[device_id][1] if data.get("reason") == "reset" else event.at
                self.devices[device_id] = (event.user_key, proven, False)
            case EventType.DEVICE_TRUSTED:
                self.devices[device_id] = (event.user_key, event.at, True)
            case EventType.DEVICE_REVOKED:
                del self.devices[device_id]
            case EventType.DEVICE_DISTRUSTED:
                owner, proven, trusted = self.devices[device_id]
                assert trusted, "lost a trust that it did not have"
                self.devices[device_id] = (owner, proven, False)
            case EventType.DEVICE_RENAMED:
                assert device_id in self.devices, "renamed after its end"
            case _:
                raise AssertionError(event.type)

    def _take_contact(self, event: Event, data: dict[str, Any]) -> None:
        if event.type is EventType.CONTACT_PREFERRED:
            assert self.preferred.get(event.user_key) != data["contact_id"], "preferred twice"
            self.preferred[event.user_key] = data["contact_id"]
            return
        if event.type is EventType.CONTACT_CONFIRMED:
            assert not self.contacts[data["contact_id"]].confirmed, "confirmed twice"
            self.contacts[data["contact_id"]].confirmed = True
            return
        if data["change"] == "added":
            self.contacts[data["contact_id"]] = ReplayedContact(
                user_key=event.user_key, usable_from=data["usable_from"], confirmed=data["confirmed"]
            )
        contact = self.contacts[data["contact_id"]]
        contact.leaves_at = data.get("leaves_at", contact.leaves_at)
        contact.disabled = data.get("disabled_at") is not None if "disabled_at" in data else contact.disabled
        contact.bounced = data.get("bounced_at") is not None if "bounced_at" in data else contact.bounced

    def _take_user(self, event: Event) -> None:
        key = event.user_key
        match event.type:
            case EventType.USER_ERASED:
                self.erased.add(key)
                self.disputed.discard(key)
                self.devices = {name: one for name, one in self.devices.items() if one[0] != key}
                self.contacts = {name: one for name, one in self.contacts.items() if one.user_key != key}
                self.preferred.pop(key, None)
            case EventType.USER_REGISTERED:
                self.erased.discard(key)
            case EventType.USER_DISPUTED:
                self.disputed.add(key)
            case EventType.USER_CLEARED:
                self.disputed.discard(key)
            case _:
                pass

    async def compare(self, store: Store, application_id: ApplicationId) -> None:
        """Fail where the store shows anything else than the events tell."""
        now = await store.now()
        for challenge_id, challenge in self.challenges.items():
            shown = await store.challenge(ChallengeId(challenge_id))
            is_due = challenge.state is ChallengeState.PENDING and challenge.expires_at <= now
            if shown is None:
                # One whose time was up an hour before its user was erased is left to the sweeper.
                assert is_due or challenge.state is not ChallengeState.PENDING, "a pending challenge is gone"
                continue
            assert shown.challenge.state is (ChallengeState.EXPIRED if is_due else challenge.state)
            assert (shown.challenge.attempts_left, shown.challenge.sends) == (challenge.attempts_left, challenge.sends)
        for grant_id, state in self.grants.items():
            grant = await store.grant(GrantId(grant_id))
            assert grant is None or grant.state is state
        for key in {one.user_key for one in self.challenges.values()} | {
            one.user_key for one in self.contacts.values()
        }:
            await self._compare_user(store, UserRef(application_id=application_id, key=key), now)

    async def _compare_user(self, store: Store, ref: UserRef, now: Instant) -> None:
        spans = {"known_days": self.limits.device_known_days, "trusted_days": self.limits.device_trusted_days}
        shown = {device.id: device.state(now, **spans) for device in await store.devices(ref)}
        told = {name: self._device_state(one, now) for name, one in self.devices.items() if one[0] == ref.key}
        assert shown == told
        user = await store.user(ref)
        contacts = {
            contact.id: (
                contact.usable_from,
                contact.leaves_at,
                contact.is_confirmed,
                contact.disabled_at is not None,
                contact.bounced_at is not None,
            )
            for contact in (() if user is None else user.contacts)
        }
        assert contacts == {
            name: (one.usable_from, one.leaves_at, one.confirmed, one.disabled, one.bounced)
            for name, one in self.contacts.items()
            if one.user_key == ref.key and (one.leaves_at is None or now < one.leaves_at)
        }
        preferred = [contact.id for contact in (() if user is None else user.contacts) if contact.preferred]
        assert preferred == [name for name in contacts if name == self.preferred.get(ref.key)]
        assert (user is not None and user.disputed_at is not None) is (ref.key in self.disputed)

    def _device_state(self, device: tuple[UserKey, Instant, bool], now: Instant) -> DeviceState:
        _, proven, trusted = device
        if now >= later(proven, days=self.limits.device_known_days):
            return DeviceState.NEW
        is_trusted = trusted and now < later(proven, days=self.limits.device_trusted_days)
        return DeviceState.TRUSTED if is_trusted else DeviceState.KNOWN


async def replay(store: Store, application_id: ApplicationId, limits: Limits) -> Replay:
    """Rebuild everything from the first event on, and compare it with what the store shows."""
    told, after = Replay(limits=limits), 0
    while page := await store.events(application_id, limit=1_000, after=after):
        for number, event in page:
            assert number > after, "events out of order"
            after = number
            told.take(event)
    await told.compare(store, application_id)
    return told
