"""Links to a user's own view: made for an application that has signed him in, and read by the pages.

Nothing of a link is stored: it is sealed, says by itself whose view it opens, and opens nothing after ten minutes
(``docs/decisions/0006``).
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchword.domain.application import Application
from watchword.domain.errors import InvalidField, ReturnUrlNotAllowed
from watchword.domain.ids import ApplicationId, UserId, UserKey, decode, encode
from watchword.domain.instant import Instant, later
from watchword.domain.secret import Secret
from watchword.domain.user import User, UserRef
from watchword.flow.register import read_user
from watchword.ports import Ports

LINK_LIFETIME_S: Final = 600
"""Ten minutes, like a code: long enough to look through three pages, too short to be found in a history later."""
LONGEST_LINK_URL: Final = 400
"""Characters of a return address in a link, so that the whole link stays below 1,000."""
_TOKEN_PREFIX: Final = "wvl_"
_LONGEST_TOKEN: Final = 960
_PLACE: Final = "-/view_links/-/token"
"""What the seal is bound to; the application stands inside, because the address of the pages is everybody's."""
_VERSION: Final = 1


class ViewPage(StrEnum):
    """The pages of a user's own view."""

    REQUESTS = "requests"
    DEVICES = "devices"
    CONTACTS = "contacts"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewLink:
    """A link that opens a user's own view for a while."""

    url: Secret
    expires_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a link opens."""

    application: Application
    user: User
    """As he is now."""
    page: ViewPage
    """Where to begin."""
    return_url: str | None
    """The way back, still on the application's list."""
    locale: str | None
    """The language that the link, or else the application's word about the user, asks for."""
    expires_at: Instant


async def make_view_link(
    ports: Ports,
    application: Application,
    user_id: UserId,
    page: ViewPage,
    *,
    return_url: str | None = None,
    locale: str | None = None,
) -> ViewLink:
    """Return a link to a user's own view, for the application to send him to at once.

    Raises ``UnknownUser``, ``ReturnUrlNotAllowed``, and ``InvalidField`` for a return address that is too long.
    """
    if return_url is not None and not application.allows_return_to(return_url):
        raise ReturnUrlNotAllowed(pointer="/return_url")
    user = await read_user(ports, application, user_id)
    expires_at = later(await ports.store.now(), seconds=LINK_LIFETIME_S)
    content = [_VERSION, application.id, encode(user.ref.key), expires_at, page.value, return_url, locale]
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    token = _TOKEN_PREFIX + encode(ports.keyring.seal(_PLACE, text.encode()))
    if len(token) > _LONGEST_TOKEN:
        raise InvalidField("return_url is too long for a link", pointer="/return_url")
    return ViewLink(url=Secret(f"{ports.page_base}/me/{token}"), expires_at=expires_at)


async def read_view_link(ports: Ports, token: str) -> View | None:
    """Return what a link opens now.

    None for anything that is not ours or expired, an application that is gone, and a user who was erased, whether or
    not he came back since.
    """
    content = _open(ports, token)
    if content is None:
        return None
    _, application_id, user_key, expires_at, page, return_url, locale = content
    application, key = ports.applications.get(ApplicationId(application_id)), decode(user_key)
    if application is None or key is None or await ports.store.now() >= expires_at:
        return None
    user = await ports.store.user(UserRef(application_id=application.id, key=UserKey(key)))
    if user is None or user.created_at > later(Instant(expires_at), seconds=-LINK_LIFETIME_S):
        return None
    return View(
        application=application,
        user=user,
        page=ViewPage(page),
        return_url=return_url if return_url is not None and application.allows_return_to(return_url) else None,
        locale=locale or user.locale,
        expires_at=Instant(expires_at),
    )


_Content = tuple[int, str, str, int, str, str | None, str | None]


def _open(ports: Ports, token: str) -> _Content | None:
    """Return what a token says, or None for one that we did not make in this form."""
    if not token.startswith(_TOKEN_PREFIX) or len(token) > _LONGEST_TOKEN:
        return None
    sealed = decode(token.removeprefix(_TOKEN_PREFIX))
    if sealed is None:
        return None
    try:
        content = json.loads(ports.keyring.open(_PLACE, sealed))
    except ValueError:
        return None
    return tuple(content) if content[0] == _VERSION else None
