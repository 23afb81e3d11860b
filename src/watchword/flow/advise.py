"""Advises the application what would keep verification easy for its user (B16)."""

from dataclasses import dataclass
from typing import Final

from watchword.domain.application import Application
from watchword.domain.contact import Contact
from watchword.domain.ids import ContactId
from watchword.domain.instant import Instant
from watchword.risk.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Something the application could do for its user."""

    code: str
    contact_id: ContactId | None


_ENOUGH_CONTACTS: Final = 2
"""With one alone a lost phone is a lost account."""


def advise(application: Application, profile: Profile) -> tuple[Advice, ...]:
    """Return what would keep verification easy."""
    contacts = () if profile.user is None else profile.user.contacts
    listed = [contact for contact in contacts if contact.leaves_at is None]
    found = [
        Advice(code=code, contact_id=contact.id)
        for contact in listed
        for code in _ails(application, contact, profile.now)
    ]
    if sum(contact.is_confirmed for contact in listed) < _ENOUGH_CONTACTS:
        found.append(Advice(code="add_second_contact", contact_id=None))
    return tuple(found)


def _ails(application: Application, contact: Contact, now: Instant) -> tuple[str, ...]:
    if contact.bounced_at is not None:
        return ("contact_bounced",)
    if not contact.is_confirmed:
        return ("contact_unconfirmed",)
    return ("contact_stale",) if contact.is_stale(now, stale_days=application.limits.stale_contact_days) else ()
