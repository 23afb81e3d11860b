"""The addresses of the pages, and how what goes wrong on them is answered; knows no single page."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchword.domain.errors import NotFound, Refusal, StorageUnavailable
from watchword.pages.assets import AssetPages
from watchword.pages.dev_inbox import INBOX_PATH
from watchword.pages.disavow import DisavowPages
from watchword.pages.entry import EntryPages
from watchword.pages.framing import allow_frames, noted_application
from watchword.pages.own_view import OwnViewPages
from watchword.pages.reader import meet_reader
from watchword.pages.refused import STATUS, PageRefused, Why
from watchword.pages.renderer import Renderer, make_renderer
from watchword.ports import Ports
from watchword.web.browser import is_framed
from watchword.web.client_address import Network
from watchword.wording.languages import Languages
from watchword.wording.page_words import isolated

Handler = Callable[[Request], Awaitable[Response]]
RETRY_AFTER_S: Final = 5
"""How long a browser is told to wait while the store does not answer."""


def create_page_routes(
    ports: Ports, languages: Languages, *, trusted_proxies: Sequence[Network] = (), has_inbox: bool = False
) -> list[Route]:
    """Return the routes of the hosted pages.

    ``trusted_proxies`` are those whose word about the client's address is believed. ``has_inbox`` says that messages
    end in the local inbox, so that a page shows whoever tries it where to find them. Every answer is a page: a
    handler's refusals are turned into one here, and so is a store that does not answer.
    """
    base = urlsplit(ports.page_base)
    own_origin = f"{base.scheme}://{base.netloc}"
    renderer = make_renderer(languages, ports.page_base, ports.applications)
    inbox = f"{renderer.root}{INBOX_PATH}" if has_inbox else None
    entry = EntryPages(ports=ports, renderer=renderer, own_origin=own_origin, inbox=inbox)
    disavow = DisavowPages(ports=ports, renderer=renderer, own_origin=own_origin, trusted_proxies=trusted_proxies)
    files = {**renderer.assets, **renderer.looks.files}
    table: list[tuple[str, Mapping[str, Handler]]] = [
        ("/c/{token}", {"GET": entry.show, "POST": entry.check}),
        ("/c/{token}/help", {"GET": entry.help}),
        ("/c/{token}/live", {"GET": entry.live}),
        ("/c/{token}/send", {"GET": entry.back_to_entry, "POST": entry.send}),
        ("/c/{token}/deny", {"GET": entry.back_to_entry, "POST": entry.deny}),
        ("/c/{token}/cancel", {"GET": entry.back_to_entry, "POST": entry.cancel}),
        *_own_view_table(OwnViewPages(ports=ports, renderer=renderer, own_origin=own_origin)),
        ("/no", {"GET": disavow.show, "POST": disavow.act}),
        ("/assets/{digest}/{name}", {"GET": AssetPages(assets=files).show}),
    ]
    return [Route(path, _answering(path, handlers, renderer), methods=list(handlers)) for path, handlers in table]


def _own_view_table(own: OwnViewPages) -> list[tuple[str, Mapping[str, Handler]]]:
    """Return the addresses of a user's own view; the one of a form leads, opened by hand, to where it began."""
    return [
        ("/me/{token}", {"GET": own.start}),
        ("/me/{token}/requests", {"GET": own.requests}),
        ("/me/{token}/devices", {"GET": own.devices}),
        ("/me/{token}/contacts", {"GET": own.contacts}),
        ("/me/{token}/requests/{id}/deny", {"GET": own.start, "POST": own.deny}),
        ("/me/{token}/devices/distrust", {"GET": own.start, "POST": own.distrust_all}),
        ("/me/{token}/devices/forget", {"GET": own.start, "POST": own.forget_all}),
        ("/me/{token}/devices/{id}/rename", {"GET": own.start, "POST": own.rename}),
        ("/me/{token}/devices/{id}/distrust", {"GET": own.start, "POST": own.distrust}),
        ("/me/{token}/devices/{id}/forget", {"GET": own.start, "POST": own.forget}),
        ("/me/{token}/contacts/{id}/prefer", {"GET": own.start, "POST": own.prefer}),
    ]


def _answering(path: str, handlers: Mapping[str, Handler], renderer: Renderer) -> Handler:
    home = path.partition("{token}")[0]

    async def answer(request: Request) -> Response:
        response = await page(request)
        allow_frames(request, response)
        return response

    async def page(request: Request) -> Response:
        handler = handlers["GET" if request.method == "HEAD" else request.method]
        token = request.path_params.get("token")
        again = None if token is None else f"{renderer.root}{home}{token}"
        try:
            return await handler(request)
        except PageRefused as refusal:
            is_over = refusal.why in {Why.UNKNOWN, Why.CLOSED}
            return _refused(request, renderer, refusal.why, STATUS[refusal.why], None if is_over else again)
        except NotFound:
            return _refused(request, renderer, Why.UNKNOWN, STATUS[Why.UNKNOWN], None)
        except Refusal as refusal:
            return _refused(request, renderer, Why.KIND, refusal.status, again)
        except StorageUnavailable:
            return _refused(request, renderer, "unavailable", 503, again, retry_after_s=RETRY_AFTER_S)

    return answer


def _refused(
    request: Request, renderer: Renderer, why: str, status: int, again: str | None, *, retry_after_s: int | None = None
) -> Response:
    application = noted_application(request)
    locale = None if application is None else application.locale
    return renderer.page(
        "refused.html",
        reader=meet_reader(renderer.languages, request, renderer.page_base, default=locale),
        application=application,
        status=status,
        retry_after_s=retry_after_s,
        why=why,
        wait_s=None,
        free_at=None,
        brand="" if application is None else isolated(application.name),
        again=again,
        # Where a browser keeps no cookies in frames, the page itself is the way on.
        leaves_frame=why == Why.COOKIES and is_framed(request),
    )
