"""Guards against burnt money: which numbers may be written to at all, when a range of numbers is closed, what is spent.

Only messages to telephones cost money. Whoever earns from each of them (SMS pumping, international revenue share fraud)
has us send thousands to numbers of his and never enters a code; whoever only wants to harm has us send until the bill
hurts. The rules are pure; the store applies those that count, in one transaction with the counting.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from phonenumbers import SUPPORTED_REGIONS

from watchword.domain.contact import Channel, Contact, ContactKind, PhoneType, phone_country, phone_type
from watchword.domain.ids import ApplicationId, ContactId, DeliveryId
from watchword.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, Instant, rfc3339

MICROS: Final = 1_000_000
"""Money is counted in millionths of the currency's unit: providers ask for prices such as 0.00415 of a dollar."""
PREFIX_DROPS: Final = 4
"""Digits a number loses to become its prefix: one range of 10,000 numbers, as they are given out and rented."""
NO_COUNTRY: Final = "ZZ"
"""What stands for networks of no country where something has to (ISO 3166-1 leaves it to users)."""
NEW_CONTACT_MS: Final = 30 * DAY_MS
"""How long a contact counts as first seen of late; whoever pumps has to bring new ones."""
TRIAL_PARTS: Final = 4
"""After a closure the next verdict needs this part of the sends: an attack that goes on costs a few messages more."""
LONGEST_CLOSURE_MS: Final = DAY_MS
CLOSURE_KEPT_MS: Final = 7 * DAY_MS
"""How long after its end a closure counts as an earlier one, so that the next one is twice as long."""


class Guard(StrEnum):
    """What shuts a channel."""

    NUMBER_TYPE = "number_type"
    """Premium-rate, shared-cost, toll-free and satellite numbers, pagers; and a text message to a fixed line."""
    COUNTRY = "country_not_allowed"
    PREFIX = "prefix_closed"
    """Too few of the new contacts of one range of numbers entered their code."""
    SPENDING = "spending_cap"


class GuardMode(StrEnum):
    """Whether guards act."""

    ENFORCE = "enforce"
    MONITOR = "monitor"
    """They count and tell, and stop nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What a message over one channel costs, and where it may go."""

    price: int
    """Micros of one message (of each part of a text message) where no country has a price of its own."""
    prices: Mapping[str, int] = field(default_factory=dict)
    """Micros by country (ISO 3166)."""
    countries: frozenset[str] | None = None
    """None: to every country."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """The guards of one application."""

    mode: GuardMode = GuardMode.ENFORCE
    currency: str = "USD"
    daily_cap: int = 100 * MICROS
    """Micros a day (UTC) and country."""
    daily_caps: Mapping[str, int] = field(default_factory=dict)
    """Micros by country, where it has a cap of its own."""
    kept_for_proven_percent: int = 20
    """The share of a day's cap that only contacts have which had proven themselves before that day: whoever fills the
    rest on purpose does not keep your customers from their codes. Ours: a fifth is enough for those who come back."""
    prefix_sends: int = 20
    """Vonage, Twilio and others watch volume and conversion by prefix and tell no numbers; these are ours."""
    prefix_completed_percent: int = 15
    prefix_window_h: int = 24
    closure_min: int = 60
    """Minutes of the first closure; each further one is twice as long, up to a day."""
    tariffs: Mapping[str, Tariff] = field(default_factory=dict)
    """By channel."""

    @property
    def enforced(self) -> bool:
        """Whether what a guard finds is acted upon."""
        return self.mode is GuardMode.ENFORCE

    def tariff(self, channel: Channel) -> Tariff:
        """Return what is declared for a channel, else what holds without."""
        return self.tariffs.get(channel.value, USUAL_TARIFF)

    def price(self, channel: Channel, country: str) -> int:
        """Return the micros of one message, or of each part of it."""
        tariff = self.tariff(channel)
        return tariff.prices.get(country, tariff.price)

    def cap(self, country: str) -> int:
        """Return the micros that may be spent on a country in a day."""
        return self.daily_caps.get(country, self.daily_cap)

    def rest(self, allowed: int) -> int:
        """Return what contacts may cost that have not proven themselves, of what a country may cost today."""
        return allowed * (100 - self.kept_for_proven_percent) // 100

    def money(self, micros: int) -> str:
        """Return an amount as an operator reads it."""
        amount = Decimal(micros) / MICROS
        return f"{amount:.2f} {self.currency}" if micros % 10_000 == 0 else f"{amount.normalize():f} {self.currency}"


USUAL_TARIFF: Final = Tariff(price=100_000)
"""A tenth of a unit: dearer than most of the world, so that what is not declared reaches its cap rather too early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shut:
    """A channel to a contact is shut."""

    guard: Guard
    text: str
    """One sentence for operator and application: names a range of numbers or a country, never an address."""
    free_at: Instant | None
    """When it opens by itself; None: never."""

    @property
    def reason(self) -> str:
        """The word for it, in the reason of a delivery and in events."""
        return self.guard.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """What guards look at of a telephone number."""

    type: PhoneType
    country: str | None
    """None: a satellite or another network of no country."""
    prefix: str


def destination_of(contact: Contact) -> Destination:
    """Return what guards look at of a contact, which is a phone."""
    return Destination(
        type=phone_type(contact.address),
        country=phone_country(contact.address),
        prefix=contact.address.reveal()[:-PREFIX_DROPS],
    )


def was_proven(contact: Contact) -> bool:
    """Whether a code came back from a contact before, so that no range of numbers is closed for it.

    What an application says of a contact as it registers it counts only where it was confirmed a month before that:
    one whose users come from elsewhere brings old friends, and one that is pumped confirms what just appeared.
    """
    proven_at = contact.last_proven_at
    return proven_at is not None and (proven_at > contact.added_at or proven_at <= contact.added_at - NEW_CONTACT_MS)


def proven_since(contact: Contact) -> Instant | None:
    """Return since when a contact counts as proven, None where it does not.

    Of a contact that is proven again the last time alone is known; it was proven before that if it was confirmed then.
    """
    if not was_proven(contact) or contact.last_proven_at is None:
        return None
    confirmed_at = contact.last_proven_at if contact.confirmed_at is None else contact.confirmed_at
    return min(contact.last_proven_at, max(confirmed_at, contact.added_at))


def is_proven_before_today(since: Instant | None, now: Instant) -> bool:
    """Whether the share that is kept for proven contacts is there for one that counts as proven since then (UTC).

    A number that was proven today may be one that was brought for it.
    """
    return since is not None and since // DAY_MS < now // DAY_MS


def is_country(code: str) -> bool:
    """Whether there are telephone numbers of a country by this code (ISO 3166, as libphonenumber has it)."""
    return code in SUPPORTED_REGIONS


def is_paid(channel: Channel) -> bool:
    """Whether a message over this channel costs money by the piece."""
    return channel.kind is ContactKind.PHONE


_NEVER: Final = frozenset({PhoneType.PREMIUM, PhoneType.TOLL_FREE, PhoneType.OTHER})


def shut_for_good(guards: Guards, channel: Channel, destination: Destination) -> Shut | None:
    """Return why a channel never goes to such a number, by its type and country alone."""
    if destination.country is None:
        return _never(Guard.NUMBER_TYPE, "numbers of satellite and other networks of no country get no message")
    if destination.type in _NEVER:
        return _never(Guard.NUMBER_TYPE, f"{_TYPE_NAMES[destination.type]} numbers get no message")
    if channel is Channel.SMS and destination.type is PhoneType.FIXED:
        return _never(Guard.NUMBER_TYPE, "a fixed line takes no text message")
    allowed = guards.tariff(channel).countries
    if allowed is not None and destination.country not in allowed:
        return _never(Guard.COUNTRY, f"{destination.country} is not among the countries that {channel} may go to")
    return None


_TYPE_NAMES: Final = {
    PhoneType.PREMIUM: "premium-rate",
    PhoneType.TOLL_FREE: "toll-free",
    PhoneType.OTHER: "shared-cost, personal and pager",
}


def _never(guard: Guard, text: str) -> Shut:
    return Shut(guard=guard, text=text, free_at=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many new contacts of a prefix were sent to, and how many of them entered their code."""

    sent: int
    completed: int


def closes(counted: Counted, guards: Guards, *, is_trial: bool) -> bool:
    """Whether so few codes came back that a range of numbers is closed."""
    needed = max(1, guards.prefix_sends // TRIAL_PARTS) if is_trial else guards.prefix_sends
    return counted.sent >= needed and counted.completed * 100 < counted.sent * guards.prefix_completed_percent


def closed_until(now: Instant, guards: Guards, *, times: int) -> Instant:
    """Return until when a range stays closed that was closed ``times`` before within the last days."""
    doubled = guards.closure_min * MINUTE_MS << min(times, DAY_MS.bit_length())
    return Instant(now + min(LONGEST_CLOSURE_MS, doubled))


def window_ms(guards: Guards) -> int:
    """Return the length of the window in which sends are counted."""
    return guards.prefix_window_h * HOUR_MS


def prefix_shut(channel: Channel, prefix: str, counted: Counted, until: Instant) -> Shut:
    """Return what is said of a range of numbers that is closed."""
    figures = f"{counted.completed} of {counted.sent} new contacts entered their code"
    return Shut(
        guard=Guard.PREFIX,
        text=f"{channel} to {prefix}… is closed until {rfc3339(until)}: {figures}",
        free_at=until,
    )


def spending_shut(guards: Guards, country: str, day: int, *, reached: int, allowed: int) -> Shut:
    """Return what is said of a country that has cost ``reached`` of the ``allowed`` micros of a day."""
    free_at = Instant((day + 1) * DAY_MS)
    if reached < allowed:
        what = f"{guards.money(reached)} of the daily cap of {guards.money(allowed)} for {country} is spent"
        text = f"{what}, and the rest is kept for contacts proven before, until {rfc3339(free_at)}"
    else:
        text = f"the daily cap of {guards.money(allowed)} for {country} is reached until {rfc3339(free_at)}"
    return Shut(guard=Guard.SPENDING, text=text, free_at=free_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Toll:
    """What a message to a telephone asks to be let through with, each time before it is handed to a provider."""

    application_id: ApplicationId
    delivery_id: DeliveryId
    tries: int
    sender: str
    channel: Channel
    contact_id: ContactId
    prefix: str
    country: str
    price: int
    """Micros of the whole message."""
    is_code: bool
    """A notice is counted in money and never refused."""
    proven_since: Instant | None
    """Since when codes have come back from this contact; None: never yet."""
    first_seen_at: Instant
    """Since when the contact is known; one of the last 30 days is counted."""
    guards: Guards

    @property
    def is_proven(self) -> bool:
        """Whether a code came back from this contact before: no range of numbers is closed for it."""
        return self.proven_since is not None

    def within(self, allowed: int, now: Instant) -> int:
        """Return how much of what a country may cost today this message may use up."""
        return allowed if is_proven_before_today(self.proven_since, now) else self.guards.rest(allowed)
