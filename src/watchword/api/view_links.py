"""Links that open a user's own view for ten minutes: whoever is signed in at the application is sent there."""

from msgspec import Struct

from watchword.api.bodies import ViewLinkBody
from watchword.api.field_reading import locale_of
from watchword.api.operation import Call, Operation, Scope, Served
from watchword.api.responses import answer_with
from watchword.api.users import USER, named_user
from watchword.domain.errors import ReturnUrlNotAllowed, UnknownUser
from watchword.domain.instant import rfc3339
from watchword.flow.link import make_view_link
from watchword.web.exchange import Answer


class ViewLinkAnswer(Struct, kw_only=True):
    """A link to send the signed-in user to at once; whoever has it sees his view until it expires."""

    url: str
    expires_at: str


def view_link_calls() -> tuple[Served, ...]:
    """Return the call that makes a link."""
    return (
        Served(
            operation=Operation(
                method="POST",
                path=f"{USER}/view_links",
                name="createViewLink",
                summary="Make a link to a user's own view: his requests, devices and contacts",
                scope=Scope.USERS,
                body=ViewLinkBody,
                body_may_be_empty=True,
                answers={201: ViewLinkAnswer},
                refusals=(UnknownUser, ReturnUrlNotAllowed),
            ),
            handle=create_view_link,
        ),
    )


async def create_view_link(call: Call) -> Answer:
    """Make a link."""
    body = call.body(ViewLinkBody)
    link = await make_view_link(
        call.ports,
        call.application,
        named_user(call),
        body.page,
        return_url=body.return_url,
        locale=locale_of(body.locale, "/locale"),
    )
    return answer_with(201, ViewLinkAnswer(url=link.url.reveal(), expires_at=rfc3339(link.expires_at)))
