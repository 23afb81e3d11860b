"""Describes the API as OpenAPI 3.1, from the very structures and operations that serve it."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from msgspec import UNSET, Struct, UnsetType
from msgspec.json import schema_components

from watchword.api.bodies import LOCALE, LONGEST_LOCALE
from watchword.api.cursors import DEFAULT_LIMIT, LARGEST_LIMIT
from watchword.api.examples import ANSWERS, REQUESTS
from watchword.api.idempotency import LONGEST_KEY
from watchword.api.operation import Operation
from watchword.domain.errors import (
    BadHeader,
    BodyTooLarge,
    IdempotencyInProgress,
    IdempotencyMismatch,
    InvalidField,
    NotFound,
    NotJson,
    Refusal,
    ServiceUnavailable,
    Unauthorized,
    UnsupportedMediaType,
)
from watchword.web.exchange import JSON_TYPE
from watchword.web.problems import PROBLEM_TYPE

KEYED_METHODS: Final = frozenset({"POST", "PUT"})
"""Methods that take an idempotency key."""
_REFERENCE: Final = "#/components/schemas/{name}"
_DESCRIPTIONS: Final = {200: "Done", 201: "Created", 202: "Accepted", 204: "Done; nothing to say"}
_PARAMETERS: Final[dict[str, dict[str, object]]] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
    "cursor": {"type": "string", "minLength": 1, "maxLength": 256},
    "user_id": {"type": "string", "minLength": 1, "maxLength": 128},
    "words": {"type": "string", "minLength": 1, "maxLength": LONGEST_LOCALE, "pattern": LOCALE, "examples": ["pt-BR"]},
}


class FieldErrorAnswer(Struct, kw_only=True):
    """One field that is wrong: a JSON pointer (RFC 6901) into the body, and why."""

    pointer: str
    detail: str


class ProblemAnswer(Struct, kw_only=True):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    retry_after: int | UnsetType = UNSET
    errors: list[FieldErrorAnswer] | UnsetType = UNSET


def describe(operations: Sequence[Operation], *, version: str, address: str) -> dict[str, object]:
    """Return the description; ``address`` is where the API is reached."""
    paths: dict[str, dict[str, object]] = defaultdict(dict)
    for operation in operations:
        paths[operation.path][operation.method.lower()] = _operation(operation, address)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Watchword",
            "version": version,
            "summary": "Decides when an action needs proof, sends the code, checks it and hands over a grant.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": address}],
        "paths": dict(paths),
        "components": {"schemas": _schemas(operations), "securitySchemes": _security_schemes()},
    }


def refusals_of(operation: Operation) -> tuple[type[Refusal], ...]:
    """Return everything a call may refuse: what is its own, and what every call of its kind may."""
    found: list[type[Refusal]] = list(operation.refusals)
    if operation.scope is not None:
        found += [Unauthorized, ServiceUnavailable, BadHeader]
        if "{" in operation.path:
            found.append(NotFound)
            found.append(InvalidField)
    if operation.body is not None:
        found += [NotJson, BodyTooLarge, UnsupportedMediaType, InvalidField]
    if operation.scope is not None and operation.method in KEYED_METHODS:
        found += [IdempotencyInProgress, IdempotencyMismatch]
    return tuple(dict.fromkeys(found))


def _operation(operation: Operation, address: str) -> dict[str, object]:
    described: dict[str, object] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [_tag(operation.path)],
        "security": _security(operation),
        "parameters": _parameters(operation),
        "responses": {**_answers(operation), **_problems(operation, address)},
    }
    if operation.body is not None:
        content = {"schema": _reference(operation.body), "example": REQUESTS[operation.name]}
        described["requestBody"] = {
            "required": not operation.body_may_be_empty,
            "content": {JSON_TYPE: content},
        }
    return described


def _tag(path: str) -> str:
    found = re.match("/v1/(?P<resource>[a-z]+)", path)
    return "operations" if found is None else found["resource"]


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.scope is None:
        return []
    schemes = ["secretKey", "challengeToken"] if operation.takes_token else ["secretKey"]
    return [{scheme: []} for scheme in schemes]


def _parameters(operation: Operation) -> list[dict[str, object]]:
    named = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": 128},
        }
        for name in re.findall(r"\{(\w+)\}", operation.path)
    ]
    asked = [
        {
            "name": name,
            "in": "query",
            "required": name in operation.required_parameters,
            "schema": _PARAMETERS[name],
        }
        for name in operation.parameters
    ]
    takes_key = operation.scope is not None and operation.method in KEYED_METHODS
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "The same key with the same request gives the same answer and one effect, for 24 hours.",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"},
    }
    return [*named, *asked, *([key] if takes_key else [])]


def _answers(operation: Operation) -> dict[str, object]:
    answers: dict[str, object] = {}
    for status, shape in operation.answers.items():
        answer: dict[str, object] = {"description": _DESCRIPTIONS[status]}
        if isinstance(shape, str):
            answer["content"] = {shape: {"schema": {"type": "object" if shape == JSON_TYPE else "string"}}}
        elif shape is not None:
            content: dict[str, object] = {"schema": _reference(shape)}
            if operation.name in ANSWERS:
                content["example"] = ANSWERS[operation.name]
            answer["content"] = {JSON_TYPE: content}
        answers[str(status)] = answer
    return answers


def _problems(operation: Operation, address: str) -> dict[str, object]:
    by_status: dict[int, list[type[Refusal]]] = defaultdict(list)
    for refusal in refusals_of(operation):
        by_status[refusal.status].append(refusal)
    return {str(status): _problem(refusals, address) for status, refusals in sorted(by_status.items())}


def _problem(refusals: Sequence[type[Refusal]], address: str) -> dict[str, object]:
    examples = {
        refusal.code: {
            "summary": refusal.title,
            "value": {
                "type": f"{address}/errors/{refusal.code}",
                "title": refusal.title,
                "status": refusal.status,
                "detail": str(refusal()),
                "code": refusal.code,
                "request_id": "req_4wbfs3mxzb9q5d1r",
                **({"retry_after": 30} if refusal.status in _WITH_RETRY else {}),
            },
        }
        for refusal in refusals
    }
    described: dict[str, object] = {
        "description": " · ".join(f"`{refusal.code}`" for refusal in refusals),
        "content": {PROBLEM_TYPE: {"schema": _reference(ProblemAnswer), "examples": examples}},
    }
    if refusals[0].status in _WITH_RETRY:
        described["headers"] = {
            "Retry-After": {"description": "Seconds to wait", "required": True, "schema": {"type": "integer"}}
        }
    return described


_WITH_RETRY: Final = frozenset({429, 503})


def _reference(shape: type[Struct]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(name=shape.__name__)}


def _schemas(operations: Sequence[Operation]) -> dict[str, object]:
    bodies = [operation.body for operation in operations if operation.body is not None]
    answers = [
        shape
        for operation in operations
        for shape in operation.answers.values()
        if shape is not None and not isinstance(shape, str)
    ]
    shapes = dict.fromkeys([*bodies, *answers, ProblemAnswer])
    _, components = schema_components(shapes, ref_template=_REFERENCE)
    return dict(components)


def _security_schemes() -> dict[str, object]:
    return {
        "secretKey": {
            "type": "http",
            "scheme": "bearer",
            "description": "An application's secret key, `wk_live_…` or `wk_test_…`; never in a browser.",
        },
        "challengeToken": {
            "type": "http",
            "scheme": "bearer",
            "description": "One challenge's token, `wct_…`, until 15 minutes after its end; sees no grant, no device.",
        },
    }
