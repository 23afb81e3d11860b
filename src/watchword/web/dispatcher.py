"""The front of the server: gives every request an id, takes the hottest addresses by a short way, and logs.

A plain ASGI application serves more requests than the router behind it (``bench/short_way.py`` measures how many), so
the few addresses that carry the load skip it. Both ways end in the very same ``Endpoint``.
"""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as RoutedRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from watchword.domain.errors import Refusal, StorageUnavailable
from watchword.domain.ids import encode
from watchword.web.edge import Edge
from watchword.web.endpoint import Endpoint, answer_error, send_answer
from watchword.web.exchange import REQUEST_ID, Answer, request_id_of
from watchword.web.problems import internal_problem, routing_problem, write_problem
from watchword.web.response_headers import completed, standing_headers

UNMATCHED: Final = "unmatched"
"""The route that logs and metrics name where no template fits."""
_ROUTE: Final = "watchword.route"
_REQUEST_ID_BYTES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class HotPath:
    """An address that skips the router: ``head`` alone, or ``head``, one part named ``parameter``, and ``tail``."""

    method: str
    head: str
    endpoint: Endpoint
    parameter: str | None = None
    tail: str = ""

    def values(self, method: str, path: str) -> dict[str, str] | None:
        """Return the named parts if this is the address, else None."""
        if method != self.method:
            return None
        if self.parameter is None:
            return {} if path == self.head else None
        if not (path.startswith(self.head) and path.endswith(self.tail)):
            return None
        part = path[len(self.head) : len(path) - len(self.tail)]
        return {self.parameter: part} if part and "/" not in part else None


class Dispatcher:
    """The ASGI application that a server runs."""

    def __init__(self, hot: Sequence[HotPath], rest: ASGIApp, edge: Edge) -> None:
        self._hot = tuple(hot)
        self._rest = rest
        self._edge = edge
        # A logger that is bound knows at once whether a line is wanted; one that is not finds out anew for each.
        self._log = edge.log.bind()
        self._standing = standing_headers(over_tls=edge.address_base.startswith("https://"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass the server's own messages on."""
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        started_s = self._edge.monotonic_s()
        request_id = f"req_{encode(self._edge.entropy.token(_REQUEST_ID_BYTES))}"
        # The undecoded path keeps "%2F" apart from "/": both may stand in a user's id.
        path = scope["raw_path"].decode("ascii", "replace") if scope.get("raw_path") else scope["path"]
        passage: dict[str, Any] = {**scope, "path": path, REQUEST_ID: request_id}
        sent_status = 0

        async def send_completed(message: Message) -> None:
            nonlocal sent_status
            if message["type"] == "http.response.start":
                sent_status = message["status"]
                headers = completed(message.get("headers", ()), self._standing, request_id)
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._pass_on(passage, receive, send_completed)
        except Exception as error:  # noqa: BLE001 the outermost edge: nothing above could answer without details
            self._log_failure(error, passage)
            if sent_status == 0:
                await send_answer(self._internal(request_id), send_completed)
        self._note(passage, sent_status, self._edge.monotonic_s() - started_s)

    async def _pass_on(self, passage: Scope, receive: Receive, send: Send) -> None:
        for hot_path in self._hot:
            values = hot_path.values(passage["method"], passage["path"])
            if values is not None:
                passage["path_params"] = values
                passage[_ROUTE] = hot_path.endpoint.route
                await hot_path.endpoint(passage, receive, send)
                return
        await self._rest(passage, receive, send)

    def _internal(self, request_id: str) -> Answer:
        return write_problem(internal_problem(), request_id=request_id, address_base=self._edge.address_base)

    def _log_failure(self, error: Exception, passage: Scope) -> None:
        # Only where, never what: the message of an unexpected error may hold a value of the request.
        places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        self._log.error(
            "request_failed",
            error=type(error).__name__,
            places=places,
            route=_route_of(passage),
            request_id=request_id_of(passage),
        )

    def _note(self, passage: Scope, status: int, duration_s: float) -> None:
        route, method = _route_of(passage), passage["method"]
        self._edge.metrics.observe_request(method, route, status, duration_s)
        self._log.info(
            "request",
            method=method,
            route=route,
            status=status,
            duration_ms=round(duration_s * 1_000, 2),
            request_id=request_id_of(passage),
        )


def create_site(
    routes: Sequence[BaseRoute], hot: Sequence[HotPath], edge: Edge, *, lifespan: Lifespan[Starlette] | None = None
) -> Dispatcher:
    """Return the whole site: every surface's routes behind the hot paths; ``lifespan`` runs around its life."""

    async def answer(request: RoutedRequest, error: Exception) -> Response:
        answer = await _answer_any(error, edge, request_id_of(request.scope))
        return Response(answer.body, answer.status, dict(answer.headers), answer.content_type)

    # For ``Exception`` the router answers and raises it again, so that the dispatcher can log it.
    handled: tuple[type[Exception], ...] = (HTTPException, Refusal, StorageUnavailable, Exception)
    site = Starlette(routes=list(routes), exception_handlers=dict.fromkeys(handled, answer), lifespan=lifespan)
    # An address with a slash too many is another address; a redirect would turn a POST into a GET in some clients.
    site.router.redirect_slashes = False
    return Dispatcher(hot, site, edge)


async def _answer_any(error: Exception, edge: Edge, request_id: str) -> Answer:
    if isinstance(error, Refusal | StorageUnavailable):
        return await answer_error(error, edge, request_id)
    if isinstance(error, HTTPException):
        problem = routing_problem(error.status_code, (error.headers or {}).get("Allow"))
    else:
        problem = internal_problem()
    return write_problem(problem, request_id=request_id, address_base=edge.address_base)


def _route_of(passage: Scope) -> str:
    if _ROUTE in passage:
        return str(passage[_ROUTE])
    route = passage.get("route")
    return route.path if isinstance(route, Route) else UNMATCHED
