"""Says what an action asks to approve, from the fields that its proof is bound to; the same on page and in message.

What the application only adds (``summary``) is never part of it.
"""

from dataclasses import dataclass
from typing import Protocol

from watchword.domain.action import (
    ACCOUNT_UPDATE,
    CONTACT_CONFIRMATION,
    PASSWORD_RESET,
    PURCHASE,
    SIGN_IN,
    AccountField,
    Action,
)
from watchword.domain.challenge import Challenge
from watchword.domain.contact import ContactKind, mask
from watchword.domain.money import Money
from watchword.domain.secret import Secret
from watchword.ports.atlas import Atlas


class Speech(Protocol):
    """The sentences of one language with the manner in which values stand in them."""

    def say(self, key: str, **values: object) -> str:
        """Return a sentence with its values put in."""
        ...

    def country(self, code: str | None) -> str | None:
        """Return the name of a country."""
        ...

    def amount(self, money: Money) -> str:
        """Return an amount of money."""
        ...

    def type_name(self, text: str) -> str:
        """Return the name of a declared action type."""
        ...

    def payee(self, text: str) -> str:
        """Return whom a payment goes to; empty where it is not shown."""
        ...

    def device(self, name: str) -> str:
        """Return the name of a device; empty where it is not shown."""
        ...

    def address(self, kind: ContactKind, masked: str) -> str:
        """Return a masked address; empty where it is not shown."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known of an action besides its own fields."""

    device: str | None = None
    """The name of the device, made from its user agent."""
    country: str | None = None
    """ISO 3166 code of where it came from."""
    contact: ContactKind = ContactKind.EMAIL
    """What kind of contact the confirmation of a contact is about."""
    masked: str | None = None
    """Its masked address, where it may be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is approved, as the page says it."""

    what: str
    """The heading: "Approve 1,299.00 USD to ACME"."""
    verb: str
    """The button: "Approve 1,299.00 USD"."""


def surroundings_of(challenge: Challenge, atlas: Atlas) -> Surroundings:
    """Return what the heading of a challenge says besides the fields of its action."""
    action = challenge.action
    option = challenge.options[0] if challenge.options else None
    return Surroundings(
        device=atlas.device_name(action.user_agent),
        country=atlas.country(action.ip) if action.ip else None,
        contact=ContactKind.EMAIL if option is None else option.kind,
        masked=None if option is None or action.conceal else option.masked,
    )


def describe(action: Action, around: Surroundings, speech: Speech) -> Subject:
    """Return what an action asks to approve, and the verb of the button that does."""
    return Subject(what=what_of(action, around, speech), verb=_verb(action, speech))


def what_of(action: Action, around: Surroundings, speech: Speech) -> str:
    """Return what an action asks to approve: "Approve 1,299.00 USD to ACME"."""
    return _told("what", action, around, speech)


def done_of(action: Action, around: Surroundings, speech: Speech) -> str:
    """Return the same once it went ahead: "Your purchase of 1,299.00 USD from ACME was approved"."""
    return _told("done", action, around, speech)


def _told(tense: str, action: Action, around: Surroundings, speech: Speech) -> str:
    if action.type == SIGN_IN:
        return _sign_in(tense, action, around, speech)
    if action.type == PASSWORD_RESET:
        return speech.say(f"{tense}.{PASSWORD_RESET}")
    if action.type == ACCOUNT_UPDATE:
        return _account_update(tense, action, speech)
    if action.type == CONTACT_CONFIRMATION:
        key = f"{tense}.{CONTACT_CONFIRMATION}.{around.contact}"
        return _with_address(key, f"{key}.to", around.contact, around.masked, speech)
    return _payment(tense, action, speech)


def _verb(action: Action, speech: Speech) -> str:
    if action.type in {SIGN_IN, PASSWORD_RESET, ACCOUNT_UPDATE, CONTACT_CONFIRMATION}:
        return speech.say(f"verb.{action.type}")
    if action.amount is None:
        return speech.say("verb.approve")
    return speech.say("verb.approve_amount", amount=speech.amount(action.amount))


def _sign_in(tense: str, action: Action, around: Surroundings, speech: Speech) -> str:
    key = f"{tense}.{action.type}"
    device = "" if around.device is None else speech.device(around.device)
    if not device:
        return speech.say(key)
    country = speech.country(around.country)
    if country is None:
        return speech.say(f"{key}.device", device=device)
    return speech.say(f"{key}.device.country", device=device, country=country)


def _account_update(tense: str, action: Action, speech: Speech) -> str:
    field = action.account_field
    key = f"{tense}.{ACCOUNT_UPDATE}.{field}"
    if field not in {AccountField.EMAIL, AccountField.PHONE}:
        return speech.say(key)
    added, removed = action.details.get("new_contact"), action.details.get("old_contact")
    if added is None:
        return speech.say(key if removed is None else f"{key}.remove")
    kind = ContactKind.EMAIL if field is AccountField.EMAIL else ContactKind.PHONE
    longer = f"{key}.add" if removed is None else f"{key}.to"
    return _with_address(key, longer, kind, mask(kind, Secret(str(added))), speech)


def _with_address(key: str, longer: str, kind: ContactKind, masked: str | None, speech: Speech) -> str:
    address = "" if masked is None else speech.address(kind, masked)
    return speech.say(longer, address=address) if address else speech.say(key)


def _payment(tense: str, action: Action, speech: Speech) -> str:
    """Tell of a purchase, or of a type that the application declares: by its name, its amount and its payee."""
    values: dict[str, str] = {}
    if action.amount is not None:
        values["amount"] = speech.amount(action.amount)
    payee = "" if action.payee is None else speech.payee(action.payee)
    if payee:
        values["payee"] = payee
    if action.type == PURCHASE:
        return speech.say(".".join((tense, PURCHASE, *values)), **values)
    name = speech.type_name(action.type.replace("_", " "))
    kind = "declared" if name else "unnamed"
    return speech.say(".".join((tense, kind, *values)), type=name, **values)
