"""Registers users and their contacts, confirms a contact, and erases a person."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from watchword.domain.application import Application
from watchword.domain.contact import ContactKind, read_address
from watchword.domain.errors import InvalidField, UnknownUser
from watchword.domain.ids import ContactId, UserId, UserKey, make_id
from watchword.domain.instant import Instant
from watchword.domain.user import User, UserRef
from watchword.flow.redeem import read_grant, refuse_grant
from watchword.ports import Ports
from watchword.ports.keyring import Keyring, Purpose
from watchword.ports.store.values import ContactDraft, GrantProblem, Keep, Registered, Registration

MOST_CONTACTS: Final = 10
"""Contacts a user may list: more than anybody has, few enough that every notice to all of them stays cheap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactEntry:
    """One line of the list that an application registers."""

    kind: ContactKind
    address: str
    confirmed_at: Instant | None
    preferred: bool
    pointer: str
    """JSON pointer to it, for errors."""


def user_ref(keyring: Keyring, application: Application, user_id: UserId) -> UserRef:
    """Return the shard key of a user, known or not."""
    key = keyring.index(Purpose.USER, application.id.encode(), user_id.encode())[:8]
    return UserRef(application_id=application.id, key=UserKey(key))


async def put_user(
    ports: Ports,
    application: Application,
    user_id: UserId,
    entries: tuple[ContactEntry, ...],
    *,
    locale: str | None,
    grant: str | None,
    keep: Keep[Registered] | None = None,
) -> Registered:
    """Store the whole list of a user's contacts.

    Raises ``InvalidField`` for an address that is none, one listed twice, or two preferred ones; the grant refusals of
    ``redeem`` where a grant was given.
    """
    ref = user_ref(ports.keyring, application, user_id)
    grant_id = None
    if grant is not None:
        grant_id, owner = read_grant(ports, application, grant)
        if owner != ref:
            refuse_grant(GrantProblem.MISMATCH)
    registration = Registration(
        ref=ref,
        user_id=user_id,
        contacts=_drafts(ref, entries, ports.entropy.token),
        locale=locale,
        grant_id=grant_id,
        limits=application.limits,
    )
    outcome = await ports.store.register_user(registration, keep=keep)
    if isinstance(outcome, GrantProblem):
        refuse_grant(outcome)
    return outcome


def _drafts(ref: UserRef, entries: tuple[ContactEntry, ...], token: Callable[[int], bytes]) -> tuple[ContactDraft, ...]:
    if len(entries) > MOST_CONTACTS:
        raise InvalidField(f"a user has at most {MOST_CONTACTS} contacts", pointer="/contacts")
    if sum(entry.preferred for entry in entries) > 1:
        raise InvalidField("only one contact can be the preferred one", pointer="/contacts")
    drafts: list[ContactDraft] = []
    for entry in entries:
        address = read_address(entry.kind, entry.address)
        if address is None:
            form = "an e-mail address" if entry.kind is ContactKind.EMAIL else "a phone number with its country code"
            raise InvalidField(f"this is not {form}", pointer=f"{entry.pointer}/address")
        if any(draft.address == address for draft in drafts):
            raise InvalidField("this address is listed twice", pointer=f"{entry.pointer}/address")
        drafts.append(
            ContactDraft(
                id=ContactId(make_id("ctc", ref.key, token(16))),
                kind=entry.kind,
                address=address,
                confirmed_at=entry.confirmed_at,
                preferred=entry.preferred,
            )
        )
    return tuple(drafts)


async def read_user(ports: Ports, application: Application, user_id: UserId) -> User:
    """Return a registered user; ``UnknownUser`` otherwise."""
    user = await ports.store.user(user_ref(ports.keyring, application, user_id))
    if user is None:
        raise UnknownUser
    return user


async def delete_user(
    ports: Ports, application: Application, user_id: UserId, *, keep: Keep[None] | None = None
) -> None:
    """Erase a person; ``UnknownUser`` if he was not registered."""
    if not await ports.store.erase_user(user_ref(ports.keyring, application, user_id), keep=keep):
        raise UnknownUser
