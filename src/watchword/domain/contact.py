"""An address of a user: how it is read, masked and counted, and when it may carry a code."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from watchword.domain.action import PASSWORD_RESET
from watchword.domain.ids import ActionId, ContactId
from watchword.domain.instant import Instant, later
from watchword.domain.secret import Secret


class ContactKind(StrEnum):
    """The two kinds of address."""

    PHONE = "phone"
    EMAIL = "email"


class Channel(StrEnum):
    """The kind of route to a contact."""

    SMS = "sms"
    VOICE = "voice"
    WHATSAPP = "whatsapp"
    EMAIL = "email"

    @property
    def kind(self) -> ContactKind:
        """The kind of contact this channel reaches."""
        return ContactKind.EMAIL if self is Channel.EMAIL else ContactKind.PHONE


class ContactState(StrEnum):
    """What there is to say of a listed contact: the one thing that its owner should know first."""

    CONFIRMED = "confirmed"
    """All is well."""
    STALE = "stale"
    """Confirmed, and not proven for so long that it may be his no more."""
    UNCONFIRMED = "unconfirmed"
    """It counts, and no code has ever come back from it."""
    WAITING = "waiting"
    """Added without a grant: it counts from ``usable_from`` on."""
    LEAVING = "leaving"
    """Left out without a grant: it counts until ``leaves_at``."""
    BOUNCED = "bounced"
    """A message came back."""
    DISABLED = "disabled"
    """Suspended by a dispute, or disabled by an operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One registered address with its history."""

    id: ContactId
    kind: ContactKind
    address: Secret
    """E.164, or an e-mail address with its domain in lower case."""
    added_at: Instant
    usable_from: Instant
    """When it may carry a challenge: at once, or after the wait of a contact added without a grant."""
    leaves_at: Instant | None = None
    """When a contact that was left out without a grant stops being usable."""
    confirmed_at: Instant | None = None
    last_proven_at: Instant | None = None
    preferred: bool = False
    disabled_at: Instant | None = None
    """Suspended by a dispute, or disabled by an operator."""
    bounced_at: Instant | None = None
    added_by: ActionId | None = None
    """The action whose grant added it; a dispute of that action suspends it."""

    def is_usable(self, now: Instant) -> bool:
        """Whether the contact is matured or granted, still listed, and neither disabled nor bounced."""
        return self.is_listed(now) and self.usable_from <= now and self.disabled_at is None and self.bounced_at is None

    def is_listed(self, now: Instant) -> bool:
        """Whether the contact has not left the user's list."""
        return self.leaves_at is None or now < self.leaves_at

    def is_stale(self, now: Instant, *, stale_days: int) -> bool:
        """Whether it was last proven, or else confirmed or added, this long ago."""
        proven_at = self.last_proven_at or self.confirmed_at or self.added_at
        return now >= later(proven_at, days=stale_days)

    def state(self, now: Instant, *, stale_days: int) -> ContactState:
        """Return what there is to say of a listed contact; what keeps it from carrying a code comes first."""
        if self.disabled_at is not None:
            return ContactState.DISABLED
        if self.bounced_at is not None:
            return ContactState.BOUNCED
        if now < self.usable_from:
            return ContactState.WAITING
        if self.leaves_at is not None:
            return ContactState.LEAVING
        if not self.is_confirmed:
            return ContactState.UNCONFIRMED
        return ContactState.STALE if self.is_stale(now, stale_days=stale_days) else ContactState.CONFIRMED

    @property
    def is_confirmed(self) -> bool:
        """Whether a code, or the application's word at the first registration, has shown that it is the user's."""
        return self.confirmed_at is not None

    @property
    def masked(self) -> str:
        """The address as a customer may see it."""
        return mask(self.kind, self.address)


def read_address(kind: ContactKind, text: str) -> Secret | None:
    """Return an address in its stored form, or None if it is not one.

    A phone number needs its country code and must be possible and valid for its region (libphonenumber); an e-mail
    address is checked by its form only, never over the network, and its domain is folded, its local part is not
    (OWASP Email Validation: the local part may be case-sensitive).
    """
    if kind is ContactKind.EMAIL:
        try:
            checked = validate_email(text, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            return None
        return Secret(checked.normalized)
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or number.extension:
        return None
    return Secret(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


class PhoneType(StrEnum):
    """What the numbering plan of its country says a telephone number is for."""

    MOBILE = "mobile"
    FIXED = "fixed"
    FIXED_OR_MOBILE = "fixed_or_mobile"
    """Plans such as that of North America do not tell the two apart."""
    VOIP = "voip"
    PREMIUM = "premium"
    TOLL_FREE = "toll_free"
    OTHER = "other"
    """Shared cost, personal numbers, pagers, and what is no valid number."""


_PHONE_TYPES: Final = {
    phonenumbers.PhoneNumberType.MOBILE: PhoneType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE: PhoneType.FIXED,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE: PhoneType.FIXED_OR_MOBILE,
    phonenumbers.PhoneNumberType.VOIP: PhoneType.VOIP,
    phonenumbers.PhoneNumberType.PREMIUM_RATE: PhoneType.PREMIUM,
    phonenumbers.PhoneNumberType.TOLL_FREE: PhoneType.TOLL_FREE,
}


def phone_type(address: Secret) -> PhoneType:
    """Return what kind of number an address in E.164 is, by the numbering plan of its country (libphonenumber).

    The plan says what the number was given out for: one that was ported, or rented from a service for messages,
    still looks like what it was.
    """
    try:
        number = phonenumbers.parse(address.reveal(), None)
    except phonenumbers.NumberParseException:
        return PhoneType.OTHER
    return _PHONE_TYPES.get(phonenumbers.number_type(number), PhoneType.OTHER)


def phone_country(address: Secret) -> str | None:
    """Return the country (ISO 3166) that a number in E.164 belongs to; None where it belongs to none alone."""
    try:
        number = phonenumbers.parse(address.reveal(), None)
    except phonenumbers.NumberParseException:
        return None
    region = phonenumbers.region_code_for_number(number)
    return region if region is not None and region.isalpha() else None


_DOTLESS: Final = frozenset({"gmail.com", "googlemail.com"})


def canonical_address(kind: ContactKind, address: Secret) -> str:
    """Return the form under which sends are counted, so that ``a+1@`` and ``a+2@`` share one budget.

    For counting only, never for identity or delivery (OWASP Email Validation).
    """
    text = address.reveal()
    if kind is ContactKind.PHONE:
        return text
    local, _, domain = text.casefold().rpartition("@")
    local = local.partition("+")[0]
    if domain in _DOTLESS:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"


def mask(kind: ContactKind, address: Secret) -> str:
    """Return ``•••• 23`` for a phone and ``j•••@g•••.com`` for an e-mail address."""
    text = address.reveal()
    if kind is ContactKind.PHONE:
        return f"•••• {text[-2:]}"
    local, _, domain = text.rpartition("@")
    name, _, ending = domain.rpartition(".")
    return f"{local[:1]}•••@{name[:1]}•••.{ending}"


def best_first(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    """Return contacts best first: the preferred, then the last proven, then a phone before an e-mail address."""
    return tuple(
        sorted(
            contacts,
            key=lambda c: (
                not c.preferred,
                -(c.last_proven_at or 0),
                c.kind is ContactKind.EMAIL,
                c.id,
            ),
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriers:
    """Which contacts may carry a challenge now."""

    contacts: tuple[Contact, ...]
    """Best first."""
    others_count_from: Instant | None = None
    """Set when usable contacts are left out because of a recent reset: from then on they count too."""


def carriers(
    contacts: Iterable[Contact],
    now: Instant,
    *,
    action_type: str,
    reset_contact_id: ContactId | None = None,
    reset_until: Instant | None = None,
) -> Carriers:
    """Return the contacts that may carry a challenge of this type.

    An unconfirmed contact counts only while the user has no confirmed one, and never for a password reset. While
    ``reset_until`` lies ahead (given only for the actions it concerns), a confirmed contact other than the one that
    carried the reset is needed, where the user has one: one contact is not enough for everything.
    """
    usable = [contact for contact in contacts if contact.is_usable(now)]
    confirmed = [contact for contact in usable if contact.is_confirmed]
    if not confirmed:
        return Carriers(contacts=() if action_type == PASSWORD_RESET else best_first(usable))
    if reset_until is not None and now < reset_until:
        others = [contact for contact in confirmed if contact.id != reset_contact_id]
        if others and len(others) < len(confirmed):
            return Carriers(contacts=best_first(others), others_count_from=reset_until)
    return Carriers(contacts=best_first(confirmed))
