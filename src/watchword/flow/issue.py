"""Issues the first code: opens a challenge for an assessed action, as a decoy where concealment asks for one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from watchword.domain.action import (
    ACCOUNT_UPDATE,
    PASSWORD_RESET,
    PURCHASE,
    SIGN_IN,
    Action,
    Reason,
)
from watchword.domain.application import Application
from watchword.domain.budget import Budget, Full, Lane, Window
from watchword.domain.challenge import Option, Route
from watchword.domain.code import make_code
from watchword.domain.contact import Carriers, Channel, Contact, ContactKind, canonical_address, carriers
from watchword.domain.customer_text import CatalogueSentence, CustomerText
from watchword.domain.errors import (
    TooManyChallenges,
)
from watchword.domain.ids import ApplicationId, ChallengeId, ContactId, Reference, make_id, make_reference
from watchword.domain.instant import Instant, later, rfc3339
from watchword.domain.secret import Secret
from watchword.domain.user import UserRef
from watchword.flow.deliver import LEASE_S
from watchword.flow.gather import Case
from watchword.flow.guard import NOBODY_OFFERED, Offer, offer
from watchword.flow.redeem import bound_digest
from watchword.ports import Ports
from watchword.ports.keyring import Keyring, Purpose
from watchword.ports.store.charging import AddressCharge, ContactsFull, IpFull, StartAddresses, StartCharged
from watchword.ports.store.values import (
    FirstSend,
    Keep,
    LiveCode,
    Opened,
    Opening,
    StartsFull,
)
from watchword.risk.profile import Profile
from watchword.risk.reasons import SentenceKey

CODE_MAC_VERSION: Final = b"1"
CONCEALED_STEP_S: Final = 0.1
"""In what steps of time a concealed answer comes: what is done for a user who is known takes up to a millisecond longer
than for one who is not, and in 350 answers of each 94 of 100 pairs told which was which (I17)."""
_UNTOLD: Final = "•••"
"""What a concealed challenge shows of every contact."""


def recent_reset_reason(counts_from: Instant) -> Reason:
    """Return why some contacts do not count yet, with the time from which they do."""
    return Reason(
        rule="recent_reset",
        text=f"The contact that carried the last reset counts again from {rfc3339(counts_from)}",
        customer_text=CatalogueSentence(key=SentenceKey.RECENT_RESET),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """No challenge can be opened: the decision is a deny with this reason."""

    reason: Reason
    free_at: Instant | None


async def open_challenge(ports: Ports, case: Case, *, send: bool, keep: Keep[Opened] | None = None) -> Opened | Refused:
    """Open a challenge for a case, with its first message where ``send`` says so and something can carry it.

    A concealed case always opens one, if need be a decoy (I17). Raises ``TooManyChallenges``.
    """
    able = _able(case)
    offered = offer(ports, case.application, able.contacts, case.profile.now)
    refused = _refusal(case, offered)
    if refused is not None and not case.action.conceal:
        return refused
    unanswerable = refused is not None or case.barred
    first = await _charge_start(ports, case, NOBODY_OFFERED if unanswerable else offered, send=send)
    barred = first.free_at if isinstance(first, Full) else None
    contact = first if isinstance(first, Contact) else None
    decoy = case.action.conceal and (unanswerable or (send and contact is None))
    opening = _opening(
        ports, case, able, offered, contact, send=send, decoy=decoy, barred_until=None if decoy else barred
    )
    outcome = await ports.store.open_challenge(opening, keep=keep)
    if isinstance(outcome, StartsFull):
        raise TooManyChallenges(free_at=outcome.free_at)
    if ports.courier is not None and outcome.first is not None:
        ports.courier.take(outcome.first)  # only now: what is sent is written
    return outcome


def code_mac(
    keyring: Keyring,
    challenge_id: ChallengeId,
    action: Action,
    digest: str,
    generation: int,
    contact_id: ContactId | None,
    code: Secret,
    key_id: str,
) -> bytes:
    """Return the keyed hash of a code, good for one application, user, challenge, generation, action and contact."""
    parts = (
        CODE_MAC_VERSION,
        action.application_id.encode(),
        action.user_key,
        challenge_id.encode(),
        str(generation).encode(),
        digest.encode(),
        (contact_id or "").encode(),
        code.reveal().encode(),
    )
    return keyring.mac(Purpose.CODE, *parts, key_id=key_id)


def _able(case: Case) -> Carriers:
    """Return the contacts that may carry this challenge over a channel that the application has."""
    profile, application = case.profile, case.application
    if case.confirms is not None:
        return Carriers(contacts=(case.confirms,) if application.channels_for(case.confirms.kind) else ())
    concerned = case.action.type == ACCOUNT_UPDATE or (case.action.type == PURCHASE and case.assessment.high_value)
    waiting = concerned and profile.reset_at is not None
    return carriers(
        (contact for contact in _contacts(profile) if application.channels_for(contact.kind)),
        profile.now,
        action_type=case.action.type,
        reset_contact_id=profile.reset_contact_id,
        reset_until=later(profile.reset_at, seconds=application.limits.reset_wait_s)
        if waiting and profile.reset_at is not None
        else None,
    )


def _contacts(profile: Profile) -> tuple[Contact, ...]:
    return () if profile.user is None else profile.user.contacts


def _refusal(case: Case, offered: Offer) -> Refused | None:
    """Return why nobody could answer this challenge, or None."""
    locked_until = case.profile.lane_free_at
    if locked_until is not None:
        reason = Reason(
            rule="user_locked",
            text="Too many wrong codes were entered for this user; known devices go on",
            customer_text=CatalogueSentence(key=SentenceKey.USER_LOCKED),
        )
        return Refused(reason=reason, free_at=locked_until)
    if offered.contacts:
        return None
    ripening = [contact.usable_from for contact in _contacts(case.profile) if contact.usable_from > case.profile.now]
    reason = Reason(
        rule="no_usable_contact",
        text="The user has no contact that may carry a code" + (f": {offered.reason}" if offered.reason else ""),
        customer_text=CatalogueSentence(key=SentenceKey.NO_USABLE_CONTACT),
    )
    return Refused(reason=reason, free_at=min(ripening, default=None))


async def _charge_start(ports: Ports, case: Case, offered: Offer, *, send: bool) -> Contact | Full | None:
    """Apply the limits on starts: of the user first (it costs nothing), then of the address in the open lane.

    Charged with it is the best contact that can be sent to now, which is returned; else when the first one can. A
    concealed case goes on as if its user had as many contacts as it shows, until one has room (I17).
    """
    if case.profile.starts_free_at is not None:
        raise TooManyChallenges(free_at=case.profile.starts_free_at)
    contacts = offered.contacts if send and offered.opens_at is None else ()
    charges = [_sends_to(ports, case.application, contact) for contact in contacts]
    if send and case.action.conceal:
        places = range(len(contacts), len(ContactKind))
        charges += [_sends_to_nobody(ports, case.application, case.ref, place) for place in places]
    start = StartAddresses(
        application_id=case.application.id,
        ip=_start_from(ports, case),
        contacts=charges,
        lane=case.lane,
        call=case.call,
    )
    match await ports.store.charge_start_addresses(start):
        case IpFull(free_at=free_at):
            raise TooManyChallenges(free_at=free_at)
        case ContactsFull(free_at=free_at):
            return Full(free_at=free_at)
        case StartCharged(contact=place) if place is not None and place < len(contacts):
            return contacts[place]
    return Full(free_at=offered.opens_at) if send and offered.opens_at is not None else None


def _start_from(ports: Ports, case: Case) -> AddressCharge | None:
    """Return the charge to where a start comes from; None in the own lane, which is exempt."""
    if case.lane is Lane.OWN or case.action.ip is None:
        return None
    return AddressCharge(
        budget=Budget.IP_STARTS,
        subject=ports.keyring.index(Purpose.NETWORK, b"ip", ports.atlas.counted_as(case.action.ip).encode()),
        windows=(Window(most=case.application.limits.starts_per_ip_hour, length_s=3_600),),
    )


async def charge_send(
    ports: Ports, application: Application, contact: Contact, lane: Lane, *, call: bytes | None
) -> Full | None:
    """Charge one message to an address, once for each call; return when it has room again if it has none now."""
    charge = _sends_to(ports, application, contact)
    charged = await ports.store.charge_address(application.id, charge, lane=lane, call=call)
    return charged if isinstance(charged, Full) else None


async def charge_nobody(
    ports: Ports, application: Application, ref: UserRef, lane: Lane, *, call: bytes | None
) -> None:
    """Do the work of charging a contact where there is none: its commit takes longer than all the rest (I17)."""
    charge = _sends_to_nobody(ports, application, ref, 0)
    await ports.store.charge_address(application.id, charge, lane=lane, call=call)


def _sends_to(ports: Ports, application: Application, contact: Contact) -> AddressCharge:
    address = canonical_address(contact.kind, contact.address)
    return _sends(
        application, ports.keyring.index(Purpose.ADDRESS, b"sends", application.id.encode(), address.encode())
    )


def _sends_to_nobody(ports: Ports, application: Application, ref: UserRef, place: int) -> AddressCharge:
    parts = (b"nobody", application.id.encode(), ref.key, b"%d" % place)
    return _sends(application, ports.keyring.index(Purpose.ADDRESS, *parts))


def _sends(application: Application, subject: bytes) -> AddressCharge:
    limits = application.limits
    return AddressCharge(
        budget=Budget.CONTACT_SENDS,
        subject=subject,
        windows=limits.contact_windows(None),
        open_windows=limits.contact_windows(Lane.OPEN),
    )


def _opening(
    ports: Ports,
    case: Case,
    able: Carriers,
    offered: Offer,
    contact: Contact | None,
    *,
    send: bool,
    decoy: bool,
    barred_until: Instant | None,
) -> Opening:
    action, limits = case.action, case.application.limits
    challenge_id = ChallengeId(make_id("chl", action.user_key, ports.entropy.token(16)))
    digest = bound_digest(ports.keyring, action.application_id, action.bound)
    length = limits.code_digits(
        failures=case.profile.failures,
        breaker_open=case.profile.breaker_open,
        open_reset=case.lane is Lane.OPEN and (action.conceal or action.type == PASSWORD_RESET),
    )
    options = _options(ports, case, NOBODY_OFFERED if decoy else offered)
    channel = None if contact is None else offered.channels[contact.id][0]
    first = _first_send(ports, case, options, contact, channel, challenge_id, digest, length) if send else None
    return Opening(
        challenge_id=challenge_id,
        action=action,
        assessment=case.assessment,
        country=case.country,
        network=None if action.ip is None else _network(ports, action.application_id, action.ip),
        device_id=case.device_id,
        lane=case.lane,
        decoy=decoy,
        reference=_reference(ports.entropy.token),
        code_length=length,
        lifetime_s=limits.purchase_lifetime_s if action.type == PURCHASE else limits.lifetime_s,
        bound_digest=digest,
        options=options,
        first_send=None if barred_until is not None else first,
        resend_at=barred_until,
        high_value=case.assessment.high_value,
        trust_allowed=action.type == SIGN_IN or (action.type == PURCHASE and not case.assessment.high_value),
        reasons=_reasons(case, able),
        confirms=None if case.confirms is None else case.confirms.id,
        others_count_from=able.others_count_from,
        limits=limits,
        contribution=case.contribution,
        registered=case.profile.user is not None,
        lease_s=_lease_s(ports, case),
    )


def _lease_s(ports: Ports, case: Case) -> int | None:
    """Return how long the first message is leased to this process, which hands it over itself where it has room.

    A concealed one waits to be claimed: the store looks for its contact only then, whoever was asked about (I17).
    """
    has_room = ports.courier is not None and ports.courier.has_room()
    return LEASE_S if has_room and not case.action.conceal else None


def _reasons(case: Case, able: Carriers) -> tuple[CustomerText, ...]:
    """Return why the customer is asked; of a concealed challenge only what holds for everybody (I17)."""
    if case.action.conceal:
        return (CatalogueSentence(key=SentenceKey.CONCEALED),)
    reasons = case.assessment.reasons
    if able.others_count_from is not None:
        reasons = (*reasons, recent_reset_reason(able.others_count_from))
    return tuple(reason.customer_text for reason in reasons if reason.customer_text is not None)


def _options(ports: Ports, case: Case, offered: Offer) -> tuple[Option, ...]:
    """Return the contacts as the challenge lists them: the real ones, or two that tell nothing."""
    application = case.application
    if not case.action.conceal:
        return tuple(
            Option(
                id=contact.id,
                contact_id=contact.id,
                kind=contact.kind,
                channels=offered.channels[contact.id],
                masked=contact.masked,
            )
            for contact in offered.contacts
        )
    best = {contact.kind: contact.id for contact in reversed(offered.contacts)}
    return tuple(
        Option(
            id=ContactId(make_id("ctc", case.action.user_key, ports.entropy.token(16))),
            contact_id=best.get(kind),
            kind=kind,
            channels=application.channels_for(kind),
            masked=_UNTOLD,
        )
        for kind in (ContactKind.PHONE, ContactKind.EMAIL)
    )


def _first_send(
    ports: Ports,
    case: Case,
    options: tuple[Option, ...],
    contact: Contact | None,
    channel: Channel | None,
    challenge_id: ChallengeId,
    digest: str,
    length: int,
) -> FirstSend | None:
    """Return the message a challenge opens with; a concealed one without a contact counts a send that never leaves."""
    if contact is None or channel is None:
        if not case.action.conceal:
            return None
        option = next((option for option in options if option.channels), None)
        if option is None:
            return None
        return FirstSend(route=route_to(option, option.channels[0]), live=None)
    option = next(option for option in options if option.contact_id == contact.id)
    live = live_code(ports, case.action, challenge_id, digest, 1, contact.id, length)
    return FirstSend(route=route_to(option, channel), live=live)


def route_to(option: Option, channel: Channel) -> Route:
    """Return the way to a listed contact over one channel."""
    return Route(option_id=option.id, contact_id=option.contact_id, channel=channel, masked=option.masked)


def live_code(
    ports: Ports,
    action: Action,
    challenge_id: ChallengeId,
    digest: str,
    generation: int,
    contact_id: ContactId,
    length: int,
) -> LiveCode:
    """Draw a fresh code of a generation and make its keyed hash."""
    code, key_id = make_code(length, ports.entropy.below), ports.keyring.mac_key_id()
    mac = code_mac(ports.keyring, challenge_id, action, digest, generation, contact_id, code, key_id)
    return LiveCode(code=code, mac=mac, mac_key_id=key_id, contact_id=contact_id)


def _network(ports: Ports, application_id: ApplicationId, ip: str) -> bytes:
    return ports.keyring.index(Purpose.NETWORK, application_id.encode(), ports.atlas.network(ip).encode())[:16]


def _reference(token: Callable[[int], bytes]) -> Reference:
    while True:  # one draw in 450 reads like a code
        reference = make_reference(token(5))
        if reference is not None:
            return reference
