"""Stands in front of the store: takes requests to its own address only, and sends the headers that guard its pages."""

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")


class Doorkeeper:
    """Guards every answer of the store.

    Another host name would be another site to the browser, with other cookies, and could be an attacker's name for
    this machine (DNS rebinding). A page opened at another loopback name is sent to the right one.
    """

    def __init__(self, app: ASGIApp, base_url: str, form_targets: str) -> None:
        self._app = app
        self._base_url = base_url
        self._host = urlsplit(base_url).netloc
        self._headers = _guarding_headers(form_targets, is_https=base_url.startswith("https://"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        host = Headers(scope=scope).get("host", "")
        guarded = self._app if host == self._host else self._elsewhere(scope, host)
        await guarded(scope, receive, send_guarded)

    def _elsewhere(self, scope: Scope, host: str) -> Response:
        name = host.rpartition(":")[0] or host
        if scope["method"] == "GET" and name in _LOOPBACK and self._host.rpartition(":")[0] in _LOOPBACK:
            query = scope["query_string"].decode("latin-1")
            return RedirectResponse(f"{self._base_url}{scope['path']}{'?' if query else ''}{query}", status_code=307)
        return PlainTextResponse("The store has another address.\n", status_code=421)


def allowed_form_targets(api_url: str) -> str:
    """Return where a form may lead in the end: browsers check the redirect to Watchword's page too.

    On loopback one server has several names.
    """
    parts = urlsplit(api_url)
    if f"{parts.hostname}" not in {"localhost", "127.0.0.1"}:
        return f"{parts.scheme}://{parts.netloc}"
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.scheme}://localhost{port} {parts.scheme}://127.0.0.1{port}"


def _guarding_headers(form_targets: str, *, is_https: bool) -> dict[str, str]:
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self';"
        " base-uri 'none'; frame-ancestors 'none';"
        f" form-action 'self' {form_targets}"
    )
    headers = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        # Not "no-referrer": with it browsers send "Origin: null" with the store's own forms.
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }
    if is_https:
        headers["strict-transport-security"] = "max-age=31536000"
    return headers
