"""Looks over what a user may see of himself: his devices, his contacts, and the genuine requests of the last 30 days.

For his own eyes only, and for those of the application that has signed him in: here a concealed challenge of his shows
where its code really went. Writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchword.domain.action import Action, Decision
from watchword.domain.application import Application
from watchword.domain.challenge import Challenge
from watchword.domain.contact import Channel, Contact, ContactState
from watchword.domain.device import Device, DeviceState
from watchword.domain.ids import ActionId, ChallengeId, ContactId, Reference, UserId
from watchword.domain.instant import Instant, later
from watchword.domain.message import DeliveryStatus
from watchword.domain.user import User, UserRef
from watchword.flow.register import read_user
from watchword.ports import Ports
from watchword.ports.store.values import ActionRecord

REQUESTS_SHOWN_DAYS: Final = 30
"""As long as a reference and the link of a notice count."""


class RequestState(StrEnum):
    """What became of a request: the state of its challenge, or refused without one."""

    PENDING = "pending"
    APPROVED = "approved"
    EXHAUSTED = "exhausted"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DENIED = "denied"
    REFUSED = "refused"
    """The action was denied outright: nobody was asked for a code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSent:
    """Where the live code of a request went."""

    contact_id: ContactId
    channel: Channel
    masked: str | None
    """None where a concealed request went to a contact that the user lists no more."""
    status: DeliveryStatus | None
    """What is known of its newest message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRequest:
    """A request that really was made in the user's name; a message that belongs to none of them is a fake."""

    action: Action
    """What was to be done, for whoever words it."""
    state: RequestState
    challenge_id: ChallengeId | None
    """None where it was refused."""
    reference: Reference | None
    """What its messages carry."""
    device_name: str | None
    country: str | None
    sent: CodeSent | None
    """None where no code left: it was refused, nothing could be sent yet, or it was a decoy."""
    created_at: Instant
    expires_at: Instant | None
    ended_at: Instant | None
    disputed_at: Instant | None
    """When its owner said "this wasn't me" after it had been approved."""

    @property
    def can_be_denied(self) -> bool:
        """Whether "this wasn't me" would end it."""
        return self.state is RequestState.PENDING

    @property
    def can_be_disputed(self) -> bool:
        """Whether "this wasn't me" would dispute what it approved."""
        return self.state is RequestState.APPROVED and self.disputed_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPage:
    """A part of a user's requests, newest first."""

    requests: tuple[OwnRequest, ...]
    next_after: str | None
    """The action to go on behind; None where there are no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDevice:
    """A remembered device as it counts now."""

    device: Device
    state: DeviceState


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnContact:
    """A listed contact, and what there is to say of it."""

    contact: Contact
    state: ContactState


async def list_own_requests(
    ports: Ports, application: Application, user_id: UserId, *, limit: int, after: str | None = None
) -> RequestPage:
    """Return the requests of the last 30 days behind the action ``after``, newest first; ``UnknownUser`` for nobody.

    However many actions passed without a question, they push no request off its page.
    """
    user = await read_user(ports, application, user_id)
    oldest = later(await ports.store.now(), days=-REQUESTS_SHOWN_DAYS)
    records = await ports.store.actions(user.ref, limit=limit + 1, before=after, asked_since=oldest)
    shown = records[:limit]
    return RequestPage(
        requests=tuple(_own_request(ports, user, record) for record in shown),
        next_after=shown[-1].action.id if len(records) > limit else None,
    )


async def find_request(ports: Ports, ref: UserRef, action_id: ActionId) -> ActionRecord | None:
    """Return the record behind a request of this very user, as long as it is shown; None for anything else."""
    record = await ports.store.action(ref, action_id)
    oldest = later(await ports.store.now(), days=-REQUESTS_SHOWN_DAYS)
    if record is None or not is_request(record) or record.action.created_at < oldest:
        return None
    return record


def is_request(record: ActionRecord) -> bool:
    """Whether somebody was asked for a code, or turned away: what passed without a question is no request."""
    return record.challenge is not None or record.decision is Decision.DENY


async def list_own_devices(ports: Ports, application: Application, user_id: UserId) -> Sequence[OwnDevice]:
    """Return the devices that are remembered for a user, last seen first; ``UnknownUser`` for nobody."""
    user = await read_user(ports, application, user_id)
    now = await ports.store.now()
    return [own_device(application, device, now) for device in await ports.store.devices(user.ref)]


def own_device(application: Application, device: Device, now: Instant) -> OwnDevice:
    """Return a device as it counts now."""
    limits = application.limits
    state = device.state(now, known_days=limits.device_known_days, trusted_days=limits.device_trusted_days)
    return OwnDevice(device=device, state=state)


def own_contacts(application: Application, user: User, now: Instant) -> Sequence[OwnContact]:
    """Return the contacts that a user lists, each with its state, oldest first."""
    return [own_contact(application, contact, now) for contact in user.contacts]


def own_contact(application: Application, contact: Contact, now: Instant) -> OwnContact:
    """Return a listed contact with its state."""
    return OwnContact(contact=contact, state=contact.state(now, stale_days=application.limits.stale_contact_days))


def _own_request(ports: Ports, user: User, record: ActionRecord) -> OwnRequest:
    action, challenge, atlas = record.action, record.challenge, ports.atlas
    return OwnRequest(
        action=action,
        state=RequestState.REFUSED if challenge is None else RequestState(challenge.state.value),
        challenge_id=None if challenge is None else challenge.id,
        reference=None if challenge is None else challenge.reference,
        device_name=None if action.user_agent is None else atlas.device_name(action.user_agent),
        country=None if action.ip is None else atlas.country(action.ip),
        sent=None if challenge is None else _code_sent(user, challenge),
        created_at=action.created_at if challenge is None else challenge.created_at,
        expires_at=None if challenge is None else challenge.expires_at,
        ended_at=action.created_at if challenge is None else challenge.ended_at,
        disputed_at=record.disputed_at,
    )


def _code_sent(user: User, challenge: Challenge) -> CodeSent | None:
    """Return where the live code went: by its generation, because a withheld send moves the route and no code."""
    live = challenge.generations[-1] if challenge.generations else None
    if live is None or live.contact_id is None:
        return None
    return CodeSent(
        contact_id=live.contact_id,
        channel=live.channel,
        masked=_masked(user, challenge, live.contact_id),
        status=challenge.delivery_status,
    )


def _masked(user: User, challenge: Challenge, contact_id: ContactId) -> str | None:
    """Return the address as it was shown, or, where the challenge conceals it, as the user lists it now."""
    if challenge.action.conceal:
        return next((one.masked for one in user.contacts if one.id == contact_id), None)
    return next((one.masked for one in challenge.options if one.contact_id == contact_id), None)
