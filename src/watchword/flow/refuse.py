"""Refuses an action that is about nothing: an account update that names no change, or a change of somebody else's."""

from collections.abc import Mapping

from watchword.domain.action import AccountField, Action, Detail
from watchword.domain.contact import ContactKind, read_address
from watchword.domain.errors import InvalidField, UnknownUser
from watchword.domain.user import User


def refuse_bad_update(details: Mapping[str, Detail]) -> None:
    """Raise ``InvalidField`` where the details of an account update do not name what changes."""
    field = details.get("field")
    if field not in list(AccountField):
        raise InvalidField("field is one of email, phone, password, address", pointer="/details/field")
    if field not in (AccountField.EMAIL, AccountField.PHONE):
        return
    added, removed = details.get("new_contact"), details.get("old_contact")
    if added is None and removed is None:
        raise InvalidField("name the change: new_contact, old_contact or both", pointer="/details")
    if added is not None and (not isinstance(added, str) or read_address(ContactKind(str(field)), added) is None):
        raise InvalidField(f"new_contact is not a valid {field}", pointer="/details/new_contact")
    if removed is not None and not (isinstance(removed, str) and removed.startswith("ctc_")):
        raise InvalidField("old_contact is the id of the contact removed", pointer="/details/old_contact")


def refuse_bad_user(user: User | None, action: Action) -> None:
    """Refuse what is about nobody, or about a contact that he does not have: its code would be asked for nothing.

    Raises ``UnknownUser`` or ``InvalidField``.
    """
    if user is None:
        raise UnknownUser
    removed = action.details.get("old_contact")
    if removed is None or action.account_field not in (AccountField.EMAIL, AccountField.PHONE):
        return
    kind = ContactKind.EMAIL if action.account_field is AccountField.EMAIL else ContactKind.PHONE
    if not any(contact.id == removed and contact.kind is kind for contact in user.contacts):
        raise InvalidField(f"old_contact is not the id of this user's {kind.value}", pointer="/details/old_contact")
