"""Guards what costs money: which channels a contact is offered, and whether a message may be handed to a provider.

What is offered is settled from memory, which follows the store within a second; what leaves is settled by the store,
message by message. Where a guard shuts one channel the customer is offered another, and never an allow.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from watchword.domain.action import Reason
from watchword.domain.application import Application
from watchword.domain.closures import Closure, Completion, WouldShut
from watchword.domain.contact import Channel, Contact
from watchword.domain.errors import StorageUnavailable
from watchword.domain.gsm import parts
from watchword.domain.guards import (
    NO_COUNTRY,
    Destination,
    Guard,
    Shut,
    Toll,
    destination_of,
    is_paid,
    is_proven_before_today,
    proven_since,
    shut_for_good,
    was_proven,
)
from watchword.domain.ids import ContactId
from watchword.domain.instant import Instant
from watchword.domain.limits import Mode
from watchword.ports import Ports
from watchword.ports.store.attempting import TriedChallenge
from watchword.ports.store.outbox import ClaimedDelivery

CHANNEL_CLOSED: Final = "channel_closed"
"""The rule that an answer names where a channel is not offered."""


def open_channels(
    ports: Ports, application: Application, contact: Contact, channels: Sequence[Channel], now: Instant
) -> tuple[Channel, ...]:
    """Return those of a contact's channels that no guard shuts, by what this process knows."""
    shut = shut_channels(ports, application, contact, channels, now)
    return tuple(channel for channel in channels if channel not in shut) if shut else tuple(channels)


def shut_channels(
    ports: Ports, application: Application, contact: Contact, channels: Sequence[Channel], now: Instant
) -> Mapping[Channel, Shut]:
    """Return the channels of a contact that a guard shuts, and why; in monitor mode none."""
    found = {
        channel: shut
        for channel in channels
        if is_paid(channel) and (shut := _shut(ports, application, contact, channel, now)) is not None
    }
    return found if application.guards.enforced else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The contacts that a challenge lists, and the channels of each."""

    contacts: tuple[Contact, ...]
    """Best first."""
    channels: Mapping[ContactId, tuple[Channel, ...]]
    opens_at: Instant | None = None
    """Set where every channel of every contact is shut for a while: when the first one opens."""
    shut: tuple[Shut, ...] = ()

    @property
    def reason(self) -> str | None:
        """Why nothing is left, where that is so."""
        return None if self.contacts or not self.shut else self.shut[0].text


NOBODY_OFFERED: Final = Offer(contacts=(), channels={})


def offer(ports: Ports, application: Application, contacts: Sequence[Contact], now: Instant) -> Offer:
    """Return what a challenge offers: a contact whose channels are all shut only where there is no other."""
    everything = {contact.id: application.channels_for(contact.kind) for contact in contacts}
    shut = {one.id: shut_channels(ports, application, one, everything[one.id], now) for one in contacts}
    if not any(shut.values()):
        return Offer(contacts=tuple(contacts), channels=everything)
    all_shut = tuple(one for found in shut.values() for one in found.values())
    now_open = {key: tuple(one for one in everything[key] if one not in shut[key]) for key in everything}
    if any(now_open.values()):
        return Offer(contacts=tuple(one for one in contacts if now_open[one.id]), channels=now_open, shut=all_shut)
    later = {key: tuple(one for one in everything[key] if shut[key][one].free_at is not None) for key in everything}
    opens_at = min((one.free_at for one in all_shut if one.free_at is not None), default=None)
    kept = tuple(one for one in contacts if later[one.id])
    return Offer(contacts=kept, channels=later, opens_at=opens_at, shut=all_shut)


def shut_reasons(
    ports: Ports, application: Application, contacts: Sequence[Contact], now: Instant
) -> tuple[Reason, ...]:
    """Return what operator and application are told of channels that are not offered; the customer sees others."""
    usable = [contact for contact in contacts if contact.is_usable(now)]
    shut = offer(ports, application, usable, now).shut
    return tuple(Reason(rule=CHANNEL_CLOSED, text=text) for text in dict.fromkeys(one.text for one in shut))


def sent_everywhere(application: Application) -> tuple[Channel, ...]:
    """Return the channels over which a live application sends what costs money to every country there is."""
    if application.mode is not Mode.LIVE:
        return ()
    return tuple(
        one for one in application.channels if is_paid(one) and application.guards.tariff(one).countries is None
    )


async def admit(
    ports: Ports, application: Application, claimed: ClaimedDelivery, sender_name: str, text: str = ""
) -> Shut | None:
    """Reserve the money of a message just before it is handed to a provider, or return what shuts its channel.

    ``text`` says how many parts a text message is paid for as. E-mail is let through without asking anybody. Raises
    ``StorageUnavailable``, and then nothing may be handed over.
    """
    if not is_paid(claimed.channel):
        return None
    shut = _shut_by_kind(ports, application, claimed.contact, claimed.channel)
    if shut is not None and application.guards.enforced and (shut.guard is Guard.NUMBER_TYPE or _is_code(claimed)):
        return shut
    return await ports.guarding.store.admit(_toll(ports, application, claimed, sender_name, text))


async def take_back(ports: Ports, application: Application, claimed: ClaimedDelivery, sender_name: str) -> None:
    """Give back what ``admit`` reserved for this try, where it is certain that the provider has not taken the message.

    Where the store does not answer it stays charged.
    """
    if not is_paid(claimed.channel):
        return
    with suppress(StorageUnavailable):
        await ports.guarding.store.take_back(_toll(ports, application, claimed, sender_name, ""))


def note_completed(ports: Ports, challenge: TriedChallenge) -> None:
    """Keep in mind that the code of an approved challenge came back over what costs money; written soon after."""
    if not challenge.generations:
        return
    live = challenge.generations[-1]
    if is_paid(live.channel) and live.contact_id is not None:
        application_id = challenge.action.application_id
        ports.guarding.closures.complete(
            Completion(application_id=application_id, channel=live.channel, contact_id=live.contact_id)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a process did not know of guards a second ago, for its log."""

    closed: tuple[Closure, ...] = ()
    would_shut: tuple[WouldShut, ...] = ()


async def keep_guards(ports: Ports) -> News:
    """Write the completions of this process, take up what is closed, and return what is new of it.

    Asks nobody where no application has a channel that costs money. Raises ``StorageUnavailable``: what is known stays
    as it is, and completions wait for the next time.
    """
    guarding = ports.guarding
    if not any(map(is_paid, (channel for one in ports.applications.values() for channel in one.channels))):
        return News()
    completed = guarding.closures.take_completed()
    if completed:
        try:
            await guarding.store.complete(completed)
        except StorageUnavailable:
            for one in completed:
                guarding.closures.complete(one)
            raise
    closed = guarding.closures.replace(await guarding.store.closed())
    return News(closed=closed, would_shut=guarding.closures.take_untold())


def _shut(ports: Ports, application: Application, contact: Contact, channel: Channel, now: Instant) -> Shut | None:
    for_good = _shut_by_kind(ports, application, contact, channel)
    if for_good is not None:
        return for_good
    closures, destination = ports.guarding.closures, _destination(ports, contact)
    closed = None
    if not was_proven(contact):
        closed = closures.of_prefix(application.id, channel, destination.prefix, now)
    closed = closed or _spent_out(ports, application, contact, channel, now)
    return None if closed is None else closed.shut(application.guards)


def _spent_out(
    ports: Ports, application: Application, contact: Contact, channel: Channel, now: Instant
) -> Closure | None:
    """Return what keeps a country closed for a contact; one that was proven before today has a share of its own."""
    country = _destination(ports, contact).country or NO_COUNTRY
    closed = ports.guarding.closures.of_country(application.id, country, now)
    if closed is None or not is_proven_before_today(proven_since(contact), now):
        return closed
    price = application.guards.price(channel, country)
    return closed if closed.is_shut_for_proven(application.guards, price) else None


def _shut_by_kind(ports: Ports, application: Application, contact: Contact, channel: Channel) -> Shut | None:
    """Return what shuts a number by its type and country alone; in monitor mode it is told of and shuts nothing."""
    destination = _destination(ports, contact)
    shut = shut_for_good(application.guards, channel, destination)
    if shut is not None and not application.guards.enforced:
        place = destination.country or NO_COUNTRY
        ports.guarding.closures.note(
            WouldShut(application_id=application.id, channel=channel, guard=shut.guard, place=place)
        )
        return None
    return shut


def _destination(ports: Ports, contact: Contact) -> Destination:
    """Return what is looked at of a number: reading it takes longer than all that is looked at."""
    found = ports.guarding.destinations.get(contact.id)
    if found is None:
        found = destination_of(contact)
        ports.guarding.destinations.put(contact.id, found)
    return found


def _is_code(claimed: ClaimedDelivery) -> bool:
    return claimed.challenge is not None


def _toll(ports: Ports, application: Application, claimed: ClaimedDelivery, sender_name: str, text: str) -> Toll:
    contact, guards, destination = claimed.contact, application.guards, _destination(ports, claimed.contact)
    country = destination.country or NO_COUNTRY
    return Toll(
        application_id=application.id,
        delivery_id=claimed.id,
        tries=claimed.tries,
        sender=sender_name,
        channel=claimed.channel,
        contact_id=contact.id,
        prefix=destination.prefix,
        country=country,
        price=guards.price(claimed.channel, country) * (parts(text) if claimed.channel is Channel.SMS else 1),
        is_code=_is_code(claimed),
        proven_since=proven_since(contact),
        first_seen_at=contact.added_at,
        guards=guards,
    )
