"""Users: the whole list of somebody's contacts, his confirmation of one, and his erasure."""

from msgspec import Struct

from watchword.api.bodies import ConfirmationBody, ContactBody, PreferenceBody, UserBody
from watchword.api.field_reading import ip_of, locale_of, moment_of
from watchword.api.operation import Call, Operation, Scope, Served
from watchword.api.responses import ChallengeAnswer, answer_with, challenge_answer, moment_text
from watchword.domain.action import Decision
from watchword.domain.application import Application
from watchword.domain.contact import ContactKind, ContactState
from watchword.domain.errors import (
    ContactNotUsable,
    GrantAlreadyRedeemed,
    GrantExpired,
    GrantInvalid,
    GrantMismatch,
    GrantRevoked,
    InvalidField,
    NoUsableContact,
    ReturnUrlNotAllowed,
    TooManyChallenges,
    UnknownUser,
)
from watchword.domain.ids import ContactId, UserId
from watchword.domain.instant import Instant, later, rfc3339
from watchword.domain.user import User
from watchword.flow.assess import Assessed, ConfirmationReport, confirm_contact
from watchword.flow.overview import OwnContact, own_contact, own_contacts
from watchword.flow.prefer import prefer_contact
from watchword.flow.register import ContactEntry, delete_user, put_user, read_user
from watchword.ports.store.values import Registered
from watchword.web.exchange import Answer

USER = "/v1/users/{user_id}"
_LONGEST_USER_ID = 128


class UserContactAnswer(Struct, kw_only=True):
    """A contact of a user; its address is masked."""

    id: str
    channel_type: ContactKind
    masked: str
    state: ContactState
    added_at: str
    confirmed_at: str | None
    last_proven_at: str | None
    usable: bool
    usable_from: str
    leaves_at: str | None
    preferred: bool


class UserAnswer(Struct, kw_only=True):
    """A registered user."""

    id: str
    locale: str | None
    contacts: list[UserContactAnswer]
    locked_until: str | None
    disputed_at: str | None
    created_at: str


def user_calls() -> tuple[Served, ...]:
    """Return the calls about users."""
    return (
        Served(
            operation=Operation(
                method="PUT",
                path=USER,
                name="putUser",
                summary="Register a user, or change the whole list of contacts",
                scope=Scope.USERS,
                body=UserBody,
                answers={200: UserAnswer, 201: UserAnswer},
                refusals=(GrantInvalid, GrantMismatch, GrantAlreadyRedeemed, GrantExpired, GrantRevoked),
            ),
            handle=register,
        ),
        Served(
            operation=Operation(
                method="GET",
                path=USER,
                name="getUser",
                summary="Look a user up",
                scope=Scope.USERS,
                answers={200: UserAnswer},
                refusals=(UnknownUser,),
            ),
            handle=get_user,
        ),
        Served(
            operation=Operation(
                method="DELETE",
                path=USER,
                name="deleteUser",
                summary="Erase a person",
                scope=Scope.USERS,
                answers={204: None},
                refusals=(UnknownUser,),
            ),
            handle=erase,
        ),
        Served(
            operation=Operation(
                method="PATCH",
                path=f"{USER}/contacts/{{contact_id}}",
                name="preferContact",
                summary="Say whether a contact is the one that the user prefers",
                scope=Scope.USERS,
                body=PreferenceBody,
                answers={200: UserContactAnswer},
                refusals=(UnknownUser, ContactNotUsable),
            ),
            handle=prefer,
        ),
        Served(
            operation=Operation(
                method="POST",
                path=f"{USER}/contacts/{{contact_id}}/confirmation",
                name="confirmContact",
                summary="Open the challenge that confirms one contact",
                scope=Scope.USERS,
                body=ConfirmationBody,
                body_may_be_empty=True,
                answers={201: ChallengeAnswer},
                refusals=(UnknownUser, ContactNotUsable, NoUsableContact, ReturnUrlNotAllowed, TooManyChallenges),
            ),
            handle=confirm,
        ),
    )


async def register(call: Call) -> Answer:
    """Store the whole list of contacts."""
    body = call.body(UserBody)
    user_id = named_user(call)
    entries = tuple(_entry(contact, f"/contacts/{place}") for place, contact in enumerate(body.contacts))
    now = await call.ports.store.now()

    def answer(registered: Registered) -> Answer:
        # A contact that was added in this very transaction is younger than the time read before it.
        moment = max([now, *(contact.added_at for contact in registered.user.contacts)])
        body = _user_answer(call.application, registered.user, Instant(moment))
        return answer_with(201 if registered.created else 200, body)

    registered = await put_user(
        call.ports,
        call.application,
        user_id,
        entries,
        locale=locale_of(body.locale, "/locale"),
        grant=body.grant,
        keep=call.keep(answer),
    )
    return answer(registered)


async def get_user(call: Call) -> Answer:
    """Show a user."""
    user = await read_user(call.ports, call.application, named_user(call))
    return answer_with(200, _user_answer(call.application, user, await call.ports.store.now()))


async def erase(call: Call) -> Answer:
    """Erase a person."""
    await delete_user(call.ports, call.application, named_user(call))
    return Answer(status=204)


async def prefer(call: Call) -> Answer:
    """Make a contact the preferred one, or have none preferred."""
    body, contact_id = call.body(PreferenceBody), ContactId(call.request.values["contact_id"])
    user = await read_user(call.ports, call.application, named_user(call))
    contact = await prefer_contact(call.ports, call.application, user.id, contact_id, preferred=body.preferred)
    now = await call.ports.store.now()
    return answer_with(200, _contact_answer(own_contact(call.application, contact, now), now))


async def confirm(call: Call) -> Answer:
    """Open the challenge that confirms a contact; where none can be opened now, that is a refusal."""
    body = call.body(ConfirmationBody)
    report = ConfirmationReport(
        session_id=body.session_id,
        device_token=body.device_token,
        ip=ip_of(body.ip, "/ip"),
        user_agent=body.user_agent,
        return_url=body.return_url,
        state=body.state,
    )
    contact_id = ContactId(call.request.values["contact_id"])
    assessed = await confirm_contact(
        call.ports,
        call.application,
        named_user(call),
        contact_id,
        report,
        keep=call.keep(_confirmation),
        call=call.scope,
    )
    answer = _confirmation(assessed)
    if answer is None:
        raise _why_not(assessed)
    call.metrics.count_decision(assessed.action.type, Decision.CHALLENGE.value)
    return answer


def named_user(call: Call) -> UserId:
    """Return the user that the address names; ``InvalidField`` for an id that is too long."""
    user_id = call.request.values["user_id"]
    if len(user_id) > _LONGEST_USER_ID:
        raise InvalidField(f"a user id has 1 to {_LONGEST_USER_ID} characters")
    return UserId(user_id)


def _entry(contact: ContactBody, pointer: str) -> ContactEntry:
    return ContactEntry(
        kind=contact.channel_type,
        address=contact.address,
        confirmed_at=moment_of(contact.confirmed_at, f"{pointer}/confirmed_at"),
        preferred=contact.preferred,
        pointer=pointer,
    )


def _user_answer(application: Application, user: User, now: Instant) -> UserAnswer:
    return UserAnswer(
        id=user.id,
        locale=user.locale,
        contacts=[_contact_answer(own, now) for own in own_contacts(application, user, now)],
        locked_until=moment_text(user.locked_until),
        disputed_at=moment_text(user.disputed_at),
        created_at=rfc3339(user.created_at),
    )


def _contact_answer(own: OwnContact, now: Instant) -> UserContactAnswer:
    contact = own.contact
    return UserContactAnswer(
        id=contact.id,
        channel_type=contact.kind,
        masked=contact.masked,
        state=own.state,
        added_at=rfc3339(contact.added_at),
        confirmed_at=moment_text(contact.confirmed_at),
        last_proven_at=moment_text(contact.last_proven_at),
        usable=contact.is_usable(now),
        usable_from=rfc3339(contact.usable_from),
        leaves_at=moment_text(contact.leaves_at),
        preferred=contact.preferred,
    )


def _confirmation(assessed: Assessed) -> Answer | None:
    challenge = assessed.challenge
    return None if challenge is None else answer_with(201, challenge_answer(challenge))


def _why_not(assessed: Assessed) -> NoUsableContact | TooManyChallenges:
    if any(reason.rule == "no_usable_contact" for reason in assessed.reasons):
        return NoUsableContact()
    wait_s = assessed.retry_after_s or 0
    return TooManyChallenges(free_at=later(assessed.action.created_at, seconds=wait_s))
