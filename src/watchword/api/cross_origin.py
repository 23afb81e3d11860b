"""Lets pages of an application's own origins call the few addresses that take a challenge's token.

Whose challenge it is says which origins count. No credentials are allowed: a token is sent on purpose, or not at all.
A caller without an ``Origin`` header, such as a back end, costs nothing.
"""

from dataclasses import replace
from typing import Final

from watchword.domain.errors import MethodNotAllowed, Refusal, StorageUnavailable
from watchword.domain.ids import ChallengeId
from watchword.ports import Ports
from watchword.web.edge import Edge
from watchword.web.endpoint import Handler, answer_error
from watchword.web.exchange import Answer, Request
from watchword.web.problems import routing_problem, write_problem

_PREFLIGHT_LIFE_S: Final = 600
_VARY: Final = ("vary", "Origin")
_EXPOSED: Final = "Idempotent-Replayed, Retry-After, X-Request-Id"
_ASKED_HEADERS: Final = "Authorization, Content-Type, Idempotency-Key"


def across_origins(handler: Handler, ports: Ports, edge: Edge) -> Handler:
    """Return a handler whose every answer, refusals included, tells the browser whether the page may read it."""

    async def answer(request: Request) -> Answer:
        allowed = await _allowed_headers(ports, request)
        try:
            found = await handler(request)
        except (Refusal, StorageUnavailable) as error:
            found = await answer_error(error, edge, request.id)
        return replace(found, headers=(*found.headers, *allowed))

    return answer


def preflight(ports: Ports, edge: Edge, methods: str) -> Handler:
    """Return the handler that answers a browser's question before the call itself."""

    async def answer(request: Request) -> Answer:
        if request.header("origin") is None:
            problem = routing_problem(MethodNotAllowed.status, methods)
            return write_problem(problem, request_id=request.id, address_base=edge.address_base)
        allowed = await _allowed_headers(ports, request)
        if _VARY in allowed and len(allowed) == 1:
            return Answer(status=204, headers=allowed)
        asked = (
            ("access-control-allow-methods", methods),
            ("access-control-allow-headers", _ASKED_HEADERS),
            ("access-control-max-age", str(_PREFLIGHT_LIFE_S)),
        )
        return Answer(status=204, headers=(*allowed, *asked))

    return answer


async def _allowed_headers(ports: Ports, request: Request) -> tuple[tuple[str, str], ...]:
    origin = request.header("origin")
    if origin is None:
        return (_VARY,)
    challenge_id = ChallengeId(request.values.get("challenge_id", ""))
    try:
        found = await ports.store.challenge(challenge_id)
    except StorageUnavailable:
        found = None
    application = None if found is None else ports.applications.get(found.challenge.action.application_id)
    if application is None or origin not in application.origins:
        return (_VARY,)
    return (_VARY, ("access-control-allow-origin", origin), ("access-control-expose-headers", _EXPOSED))
