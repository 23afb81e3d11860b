"""The whole API as routes: every call with who may make it, and the few that carry the load as hot paths."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.routing import Route

from watchword.api.actions import action_calls
from watchword.api.callbacks import callback_handlers
from watchword.api.challenges import ATTEMPTS, CHALLENGES, challenge_calls
from watchword.api.credentials import identify
from watchword.api.cross_origin import across_origins, preflight
from watchword.api.events import event_calls
from watchword.api.grants import REDEEM, grant_calls, key_set_call
from watchword.api.health import health_calls
from watchword.api.idempotency import Idempotency, read_key
from watchword.api.manual import description_call, error_calls
from watchword.api.openapi import KEYED_METHODS
from watchword.api.operation import Call, Operation, Served
from watchword.api.user_devices import device_calls
from watchword.api.user_requests import request_calls
from watchword.api.users import user_calls
from watchword.api.view_links import view_link_calls
from watchword.ports import Ports
from watchword.web.dispatcher import HotPath
from watchword.web.edge import Edge
from watchword.web.endpoint import Endpoint, Handler
from watchword.web.exchange import Answer, Request
from watchword.wording.languages import Languages


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The API, ready to be made part of a site."""

    routes: tuple[Route, ...]
    hot: tuple[HotPath, ...]
    operations: tuple[Operation, ...]


def create_api(
    ports: Ports, edge: Edge, languages: Languages, *, version: str, is_stopping: Callable[[], bool] = lambda: False
) -> Api:
    """Return the API's routes and hot paths.

    ``is_stopping`` turns ``/readyz`` to 503 while the process shuts down.
    """
    served = (
        *(*user_calls(), *device_calls(), *request_calls(), *view_link_calls()),
        *(*action_calls(), *challenge_calls(languages), *grant_calls(), *event_calls()),
    )
    public = [*health_calls(ports, edge.metrics, version, is_stopping), key_set_call(ports), *error_calls()]
    operations = [*(call.operation for call in served), *(call.operation for call in public)]
    description = description_call(tuple(operations), version=version, address=edge.address_base)
    public.append(description)
    idempotency = Idempotency(ports, edge)
    table: dict[str, dict[str, Handler]] = defaultdict(dict)
    for call in served:
        table[call.operation.path][call.operation.method] = _handler(call, ports, edge, idempotency)
    for open_call in public:
        table[open_call.operation.path][open_call.operation.method] = open_call.handler
    for path, handlers in callback_handlers(ports).items():
        table[path].update(handlers)
    for path in {call.operation.path for call in served if call.operation.takes_token}:
        table[path]["OPTIONS"] = preflight(ports, edge, ", ".join(sorted(table[path])))
    endpoints = {path: Endpoint(path, handlers, edge) for path, handlers in table.items()}
    return Api(
        routes=tuple(Route(path, endpoint) for path, endpoint in endpoints.items()),
        hot=_hot_paths(endpoints),
        operations=(*operations, description.operation),
    )


def _hot_paths(endpoints: dict[str, Endpoint]) -> tuple[HotPath, ...]:
    attempts = f"{CHALLENGES}{{challenge_id}}{ATTEMPTS}"
    return (
        HotPath(method="POST", head="/v1/actions", endpoint=endpoints["/v1/actions"]),
        HotPath(
            method="POST",
            head=CHALLENGES,
            parameter="challenge_id",
            tail=ATTEMPTS,
            endpoint=endpoints[attempts],
        ),
        HotPath(method="POST", head=REDEEM, endpoint=endpoints[REDEEM]),
    )


def _handler(served: Served, ports: Ports, edge: Edge, idempotency: Idempotency) -> Handler:
    """Return the handler of a call: who calls, what was sent, whether it was answered before, and then the call."""
    operation = served.operation

    async def answer(request: Request) -> Answer:
        caller = await identify(ports, request, operation)
        takes_body = operation.body is not None
        json = request.json(empty_is_object=operation.body_may_be_empty) if takes_body else None
        key = read_key(request) if operation.method in KEYED_METHODS else None
        keeper = (
            None
            if key is None
            else idempotency.keeper(caller.application.id, request, key, json, with_token=caller.with_token)
        )
        call = Call(
            ports=ports,
            metrics=edge.metrics,
            application=caller.application,
            with_token=caller.with_token,
            request=request,
            json=json,
            keeper=keeper,
        )
        if keeper is None:
            return await served.handle(call)
        return await idempotency.answer_once(caller.application.id, keeper, request, lambda: served.handle(call))

    return across_origins(answer, ports, edge) if operation.takes_token else answer
