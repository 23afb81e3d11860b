"""What really was asked in a user's name, for "is this message genuine?", and his word that it wasn't him."""

from msgspec import Struct

from watchword.api.bodies import NoFieldsBody
from watchword.api.cursors import read_wanted, write_cursor
from watchword.api.operation import Call, Operation, Scope, Served
from watchword.api.responses import MoneyAnswer, answer_with, moment_text, money_answer
from watchword.api.users import USER, named_user
from watchword.domain.contact import Channel
from watchword.domain.errors import InvalidField, UnknownUser
from watchword.domain.ids import ActionId
from watchword.domain.instant import rfc3339
from watchword.domain.message import DeliveryStatus
from watchword.flow.dispute import by_owner
from watchword.flow.overview import CodeSent, OwnRequest, RequestState, list_own_requests
from watchword.flow.register import read_user
from watchword.ports.store.values import OwnersWord
from watchword.web.exchange import Answer

_REQUESTS = f"{USER}/requests"


class RequestSentTo(Struct, kw_only=True):
    """Where the newest code of a request went, and what is known of its message."""

    contact_id: str
    channel: Channel
    masked: str | None
    """Null where a concealed request went to a contact that the user lists no more."""
    status: DeliveryStatus | None


class GenuineRequest(Struct, kw_only=True):
    """A request that really was made; a message that belongs to none of them is a fake."""

    action_id: str
    challenge_id: str | None
    reference: str | None
    type: str
    field: str | None
    amount: MoneyAnswer | None
    payee: str | None
    state: RequestState
    device: str | None
    country: str | None
    sent_to: RequestSentTo | None
    can_be_denied: bool
    can_be_disputed: bool
    created_at: str
    expires_at: str | None
    ended_at: str | None
    disputed_at: str | None


class RequestList(Struct, kw_only=True):
    """The genuine requests of a user, newest first."""

    data: list[GenuineRequest]
    next_cursor: str | None


class DisputeAnswer(Struct, kw_only=True):
    """What the owner's word came to: ended, disputed, or noted where there was nothing left to end or to take back."""

    action_id: str
    outcome: OwnersWord


def request_calls() -> tuple[Served, ...]:
    """Return the calls about the requests of a user."""
    return (
        Served(
            operation=Operation(
                method="GET",
                path=_REQUESTS,
                name="listRequests",
                summary="List the genuine requests of the last 30 days, and what was refused",
                scope=Scope.USERS,
                parameters=("limit", "cursor"),
                answers={200: RequestList},
                refusals=(UnknownUser, InvalidField),
            ),
            handle=show_requests,
        ),
        Served(
            operation=Operation(
                method="POST",
                path=f"{_REQUESTS}/{{action_id}}/dispute",
                name="disputeRequest",
                summary="Take the signed-in owner's \"this wasn't me\" about a request",
                scope=Scope.USERS,
                body=NoFieldsBody,
                body_may_be_empty=True,
                answers={200: DisputeAnswer},
                refusals=(UnknownUser,),
            ),
            handle=dispute_request,
        ),
    )


async def show_requests(call: Call) -> Answer:
    """List the genuine requests of a user."""
    wanted = read_wanted(call.request, "requests")
    page = await list_own_requests(
        call.ports, call.application, named_user(call), limit=wanted.limit, after=wanted.after
    )
    cursor = None if page.next_after is None else write_cursor("requests", page.next_after)
    return answer_with(200, RequestList(data=[_genuine(own) for own in page.requests], next_cursor=cursor))


async def dispute_request(call: Call) -> Answer:
    """Take the owner's word."""
    call.body(NoFieldsBody)
    action_id = ActionId(call.request.values["action_id"])
    user = await read_user(call.ports, call.application, named_user(call))

    def answer(word: OwnersWord) -> Answer:
        return answer_with(200, DisputeAnswer(action_id=action_id, outcome=word))

    return answer(await by_owner(call.ports, call.application, user.id, action_id, keep=call.keep(answer)))


def _genuine(own: OwnRequest) -> GenuineRequest:
    action, field = own.action, own.action.account_field
    return GenuineRequest(
        action_id=action.id,
        challenge_id=own.challenge_id,
        reference=own.reference,
        type=action.type,
        field=None if field is None else field.value,
        amount=money_answer(action.amount),
        payee=action.payee,
        state=own.state,
        device=own.device_name,
        country=own.country,
        sent_to=_sent_to(own.sent),
        can_be_denied=own.can_be_denied,
        can_be_disputed=own.can_be_disputed,
        created_at=rfc3339(own.created_at),
        expires_at=moment_text(own.expires_at),
        ended_at=moment_text(own.ended_at),
        disputed_at=moment_text(own.disputed_at),
    )


def _sent_to(sent: CodeSent | None) -> RequestSentTo | None:
    if sent is None:
        return None
    return RequestSentTo(contact_id=sent.contact_id, channel=sent.channel, masked=sent.masked, status=sent.status)
