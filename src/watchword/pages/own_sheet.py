"""Everything that the pages of a user's own view show, ready to be written down; decides nothing."""

from dataclasses import dataclass

from watchword.domain.action import SIGN_IN
from watchword.domain.contact import Contact, ContactKind, ContactState
from watchword.domain.device import DeviceState
from watchword.domain.instant import later
from watchword.flow.link import View
from watchword.flow.overview import CodeSent, OwnContact, OwnDevice, OwnRequest, RequestState
from watchword.wording.page_words import PageWords, isolated, marked_reference
from watchword.wording.subject import Surroundings, done_of, what_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """One genuine request."""

    id: str
    what: str
    state: str
    kind: str
    """What the row looks like: the state, or ``disputed``."""
    when: str
    device: str | None
    sent: str
    reference: str | None
    can_be_denied: bool
    can_be_disputed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """One remembered device."""

    id: str
    name: str
    """As it is, to be written into the field that changes it."""
    shown_name: str
    state: str
    is_trusted: bool
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    """One listed contact."""

    id: str
    where: str
    state: str
    is_well: bool
    is_preferred: bool
    can_be_preferred: bool


def request_row(view: View, words: PageWords, request: OwnRequest) -> RequestRow:
    """Return a request as its owner sees it."""
    kind = "disputed" if request.disputed_at is not None else request.state.value
    until = words.clock(request.expires_at) if request.expires_at is not None else ""
    return RequestRow(
        id=request.action.id,
        what=_what(view, words, request),
        state=words.say(f"me.state.{kind}", time=until),
        kind=kind,
        when=words.day_and_clock(request.created_at),
        device=_origin(words, request),
        sent=_sent(words, request.sent),
        reference=None if request.reference is None else marked_reference(request.reference),
        can_be_denied=request.can_be_denied,
        can_be_disputed=request.can_be_disputed,
    )


def device_row(view: View, words: PageWords, own: OwnDevice) -> DeviceRow:
    """Return a device as its owner sees it."""
    device, trusted_days = own.device, view.application.limits.device_trusted_days
    until = words.day(later(device.last_proven_at, days=trusted_days))
    return DeviceRow(
        id=device.id,
        name=device.name,
        shown_name=isolated(device.name),
        state=words.say(f"me.device.{own.state}", day=until),
        is_trusted=own.state is DeviceState.TRUSTED,
        seen=words.say("me.device.seen", time=words.day_and_clock(device.last_seen_at)),
    )


def contact_row(words: PageWords, own: OwnContact, *, is_usable: bool) -> ContactRow:
    """Return a contact as its owner sees it."""
    contact = own.contact
    where = words.address(contact.kind, contact.masked)
    return ContactRow(
        id=contact.id,
        where=words.say("me.contact.phone" if contact.kind is ContactKind.PHONE else "me.contact.email", where=where),
        state=words.say(f"me.contact.state.{own.state}", time=_turning_point(words, contact)),
        is_well=own.state is ContactState.CONFIRMED,
        is_preferred=contact.preferred,
        can_be_preferred=is_usable and not contact.preferred,
    )


def _turning_point(words: PageWords, contact: Contact) -> str:
    return words.day_and_clock(contact.usable_from if contact.leaves_at is None else contact.leaves_at)


def _what(view: View, words: PageWords, request: OwnRequest) -> str:
    confirmed = next((one for one in view.user.contacts if request.sent and one.id == request.sent.contact_id), None)
    around = Surroundings(
        device=request.device_name,
        country=request.country,
        contact=ContactKind.EMAIL if confirmed is None else confirmed.kind,
        masked=None if confirmed is None else confirmed.masked,
    )
    told = done_of if request.state is RequestState.APPROVED else what_of
    return told(request.action, around, words)


def _origin(words: PageWords, request: OwnRequest) -> str | None:
    """Return where a request came from, unless its heading says so already."""
    if request.action.type == SIGN_IN and request.device_name is not None:
        return None
    country = words.country(request.country)
    if request.device_name is None:
        return country
    device = words.device(request.device_name)
    return device if country is None else words.say("me.request.from.place", device=device, country=country)


def _sent(words: PageWords, sent: CodeSent | None) -> str:
    if sent is None:
        return words.say("me.request.sent.none")
    if sent.masked is None:
        return words.say("me.request.sent.elsewhere")
    return words.say(f"me.request.sent.{sent.channel}", where=words.address(sent.channel.kind, sent.masked))
