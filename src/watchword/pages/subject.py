"""Says what a challenge asks to approve, from the fields that its proof is bound to; knows no page and no state.

What the application only adds (``summary``) is never part of it.
"""

from dataclasses import dataclass

from markupsafe import Markup

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
from watchword.domain.secret import Secret
from watchword.pages.words import Words, as_plain_text, isolated, one_line
from watchword.ports.atlas import Atlas


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is approved, as the page says it."""

    what: Markup
    """The heading: "Approve 1,299.00 USD to ACME"."""
    verb: Markup
    """The button: "Approve 1,299.00 USD"."""

    @property
    def title(self) -> str:
        """The same for the window's title."""
        return as_plain_text(self.what)


def describe(challenge: Challenge, words: Words, atlas: Atlas) -> Subject:
    """Return what a challenge asks to approve."""
    action = challenge.action
    if action.type == SIGN_IN:
        return _sign_in(action, words, atlas)
    if action.type == PASSWORD_RESET:
        return Subject(what=words.say("password_reset"), verb=words.say("verb.reset"))
    if action.type == ACCOUNT_UPDATE:
        return Subject(what=_account_update(action, words), verb=words.say("verb.change"))
    if action.type == CONTACT_CONFIRMATION:
        return Subject(what=_confirmation(challenge, words), verb=words.say("verb.confirm"))
    return _payment(action, words)


def _sign_in(action: Action, words: Words, atlas: Atlas) -> Subject:
    device = isolated(atlas.device_name(action.user_agent))
    country = words.country(atlas.country(action.ip)) if action.ip else None
    if country is None:
        what = words.say("sign_in", device=device)
    else:
        what = words.say("sign_in.country", device=device, country=country)
    return Subject(what=what, verb=words.say("verb.sign_in"))


def _account_update(action: Action, words: Words) -> Markup:
    field = action.account_field
    key = f"account_update.{field}"
    if field not in {AccountField.EMAIL, AccountField.PHONE}:
        return words.say(key)
    added, removed = action.details.get("new_contact"), action.details.get("old_contact")
    if added is None:
        return words.say(key if removed is None else f"{key}.remove")
    kind = ContactKind.EMAIL if field is AccountField.EMAIL else ContactKind.PHONE
    address = words.masked(kind, mask(kind, Secret(str(added))))
    return words.say(f"{key}.add" if removed is None else f"{key}.to", address=address)


def _confirmation(challenge: Challenge, words: Words) -> Markup:
    option = challenge.options[0] if challenge.options else None
    kind = ContactKind.EMAIL if option is None else option.kind
    key = f"{CONTACT_CONFIRMATION}.{kind}"
    if option is None or challenge.action.conceal:
        return words.say(key)
    return words.say(f"{key}.to", address=words.masked(kind, option.masked))


def _payment(action: Action, words: Words) -> Subject:
    """Describe a purchase, or a type that the application declares: by its name, its amount and its payee."""
    values: dict[str, Markup] = {}
    if action.amount is not None:
        values["amount"] = words.amount(action.amount)
    if action.payee is not None and one_line(action.payee):
        values["payee"] = isolated(action.payee)
    kind = PURCHASE if action.type == PURCHASE else "other"
    key = ".".join((kind, *values))
    amount = values.get("amount")
    verb = words.say("verb.approve") if amount is None else words.say("verb.approve_amount", amount=amount)
    return Subject(what=words.say(key, type=isolated(action.type.replace("_", " ")), **values), verb=verb)
