"""One handler as an ASGI application: reads the request, calls the handler, and turns every refusal into a problem."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.types import Receive, Scope, Send

from watchword.domain.errors import MethodNotAllowed, Refusal, StorageUnavailable
from watchword.web.body_reader import ClientLeft, read_body
from watchword.web.edge import Edge
from watchword.web.exchange import Answer, Request, decode_values, request_id_of
from watchword.web.problems import problem_of, routing_problem, write_problem

Handler = Callable[[Request], Awaitable[Answer]]


class Endpoint:
    """One address with a handler for each of its methods; reached through the hot path and through the router alike."""

    def __init__(self, route: str, handlers: Mapping[str, Handler], edge: Edge) -> None:
        self.route = route
        self._handlers = dict(handlers)
        if "GET" in handlers:
            self._handlers.setdefault("HEAD", handlers["GET"])
        self._allowed = ", ".join(sorted(self._handlers))
        self._edge = edge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            body, is_whole = await read_body(receive)
        except ClientLeft:
            return
        answer = await self._answer(scope, body)
        await send_answer(answer, send, keeps_connection=is_whole)

    async def _answer(self, scope: Scope, body: bytes | None) -> Answer:
        request_id = request_id_of(scope)
        handler = self._handlers.get(scope["method"])
        if handler is None:
            problem = routing_problem(MethodNotAllowed.status, self._allowed)
            return write_problem(problem, request_id=request_id, address_base=self._edge.address_base)
        try:
            return await handler(self._request(scope, request_id, body))
        except (Refusal, StorageUnavailable) as error:
            return await answer_error(error, self._edge, request_id)

    def _request(self, scope: Scope, request_id: str, body: bytes | None) -> Request:
        return Request(
            id=request_id,
            method=scope["method"],
            route=self.route,
            path=scope["path"],
            query=scope["query_string"],
            values=decode_values(scope.get("path_params", {})),
            headers=tuple(scope["headers"]),
            body=body,
        )


async def answer_error(error: Refusal | StorageUnavailable, edge: Edge, request_id: str) -> Answer:
    """Return the problem for an error, asking the store for the time only where the error names one."""
    now = None
    if isinstance(error, Refusal) and error.free_at is not None:
        try:
            now = await edge.now()
        except StorageUnavailable as unavailable:
            error = unavailable
    return write_problem(problem_of(error, now), request_id=request_id, address_base=edge.address_base)


async def send_answer(answer: Answer, send: Send, *, keeps_connection: bool = True) -> None:
    """Send an answer; where the request was not read to its end, the connection closes behind it."""
    headers = [
        (b"content-length", str(len(answer.body)).encode()),
        *((name.encode(), value.encode()) for name, value in answer.headers),
    ]
    if answer.body:
        headers.append((b"content-type", answer.content_type.encode()))
    if not keeps_connection:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
