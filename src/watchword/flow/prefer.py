"""Prefers one of a user's contacts: codes go there first, as long as it can carry them."""

from watchword.domain.application import Application
from watchword.domain.contact import Contact
from watchword.domain.errors import ContactNotUsable, NotFound
from watchword.domain.ids import ContactId, UserId
from watchword.flow.register import user_ref
from watchword.ports import Ports


async def prefer_contact(
    ports: Ports, application: Application, user_id: UserId, contact_id: ContactId, *, preferred: bool
) -> Contact:
    """Make a listed contact the preferred one, and no other, or have none preferred; return it as it is now.

    Raises ``NotFound`` for a contact that this user does not list, ``ContactNotUsable`` for one that could carry no
    code now: whoever prefers it would wait for his codes in the wrong place.
    """
    ref = user_ref(ports.keyring, application, user_id)
    contact = await ports.store.prefer_contact(ref, contact_id, preferred=preferred)
    if contact is None:
        raise NotFound
    if preferred and not contact.preferred:
        raise ContactNotUsable("this contact can carry no code now")
    return contact
