"""How one call is carried out: what to send, when to wait, when to give up. Pure; both clients play it the same way.

A conversation yields steps and is sent what came of each. It never reads a clock that it was not given.
"""

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from watchword_client.calls import Call
from watchword_client.errors import (
    BadRequest,
    Conflict,
    FieldProblem,
    Gone,
    LimitReached,
    NotAuthorized,
    NotFound,
    Problem,
    ServiceUnavailable,
    Unprocessable,
    UnreadableAnswer,
)
from watchword_client.fields import Fields

Answer = TypeVar("Answer")

RETRY_WAITS_S = (0.05, 0.2)
"""Waits before the first and the second retry, where the server names none: well within the usual 2 s. There is no
third retry: two outlast one restarted process behind a balancer, and more would only add load to a sick server."""

_SUCCESS = range(200, 300)
_SERVER_ERRORS = range(500, 600)
_UNAVAILABLE = 503
_LIMITED = 429
_PROBLEMS: Mapping[int, type[Problem]] = {
    400: BadRequest,
    401: NotAuthorized,
    403: NotAuthorized,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: BadRequest,
    415: BadRequest,
    422: Unprocessable,
    _LIMITED: LimitReached,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Step: send the request, and give up on it after ``timeout_s``."""

    timeout_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Step: let ``wait_s`` pass."""

    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Generic[Answer]):
    """Last step: this is the answer."""

    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of sending: an answer of the server."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """With names in small letters."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoReply:
    """What came of sending: nothing that could be read as an answer."""

    reason: str
    connected: bool
    """Whether the request may have reached the server."""


Step: TypeAlias = Send | Wait | Done[Answer]
Outcome: TypeAlias = Reply | NoReply | None


def converse(
    call: Call[Answer], *, timeout_s: float, now_s: Callable[[], float]
) -> Generator[Step[Answer], Outcome, None]:
    """Carry out a call within ``timeout_s`` in all, retries and waits included.

    Retried, with the same idempotency key, are a broken connection, 503 and 409 ``idempotency_in_progress``; a call
    that is not repeatable only where nothing was connected. Raises the errors of ``errors``.
    """
    deadline_s = now_s() + timeout_s
    for wait_s in (*RETRY_WAITS_S, None):
        outcome = yield Send(timeout_s=max(deadline_s - now_s(), 0.001))
        try:
            answer = _settle(call, outcome)
        except (ServiceUnavailable, Conflict) as error:
            if wait_s is None or not _is_worth_a_retry(call, outcome, error):
                raise
            pause_s = wait_s if error.retry_after is None else float(error.retry_after)
            if now_s() + pause_s >= deadline_s:
                raise
        else:
            yield Done(answer=answer)
            return
        yield Wait(wait_s=pause_s)


def request_headers(call: Call[Answer], secret_key: str, version: str) -> dict[str, str]:
    """Return the headers of a call; they hold the secret key."""
    headers = {
        "authorization": f"Bearer {secret_key}",
        "accept": "application/json",
        "user-agent": f"watchword-client-python/{version}",
    }
    if call.body is not None:
        headers["content-type"] = "application/json"
    if call.idempotency_key is not None:
        headers["idempotency-key"] = call.idempotency_key
    return headers


def _settle(call: Call[Answer], outcome: Outcome) -> Answer:
    if outcome is None:
        raise RuntimeError("a step was answered with nothing")
    if isinstance(outcome, NoReply):
        code = "no_answer" if outcome.connected else "no_connection"
        raise ServiceUnavailable(outcome.reason, code=code)
    if outcome.status in _SUCCESS:
        return call.read(Fields(values=_json_object(outcome), place=f"{call.method} answer"))
    raise _refusal(outcome)


def _is_worth_a_retry(call: Call[Answer], outcome: Outcome, error: ServiceUnavailable | Conflict) -> bool:
    if isinstance(outcome, NoReply):
        return call.repeatable or not outcome.connected
    if isinstance(error, Conflict):
        return error.code == "idempotency_in_progress"
    return call.repeatable and error.status == _UNAVAILABLE


def _json_object(reply: Reply) -> Mapping[str, object]:
    if not reply.body:
        return {}
    try:
        values = json.loads(reply.body)
    except ValueError:
        raise UnreadableAnswer(f"an answer with status {reply.status} is not JSON") from None
    if not isinstance(values, dict):
        raise UnreadableAnswer(f"an answer with status {reply.status} is not a JSON object")
    return values


def _refusal(reply: Reply) -> Problem | ServiceUnavailable | UnreadableAnswer:
    problem = _problem_fields(reply)
    code = _text(problem, "code") or f"http_{reply.status}"
    title = _text(problem, "title") or f"status {reply.status}"
    request_id = _text(problem, "request_id")
    retry_after = _retry_after(reply, problem)
    if reply.status in _SERVER_ERRORS:
        reason = _text(problem, "detail") or title
        return ServiceUnavailable(
            reason, code=code, status=reply.status, request_id=request_id, retry_after=retry_after
        )
    kind = _PROBLEMS.get(reply.status)
    if kind is None and not 400 <= reply.status < 500:  # noqa: PLR2004 - the classes of RFC 9110 section 15
        return UnreadableAnswer(f"an answer with status {reply.status} is not one that the API gives")
    return (kind or Problem)(
        status=reply.status,
        code=code,
        title=title,
        detail=_text(problem, "detail"),
        request_id=request_id,
        retry_after=retry_after,
        errors=_field_problems(problem),
    )


def _problem_fields(reply: Reply) -> Mapping[str, object]:
    # Whatever stands between us and the server, a balancer for one, may answer an error with a page.
    try:
        return _json_object(reply)
    except UnreadableAnswer:
        return {}


def _text(problem: Mapping[str, object], name: str) -> str | None:
    value = problem.get(name)
    return value if isinstance(value, str) else None


def _retry_after(reply: Reply, problem: Mapping[str, object]) -> int | None:
    value = problem.get("retry_after")
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    header = reply.headers.get("retry-after", "")
    return int(header) if header.isascii() and header.isdigit() else None


def _field_problems(problem: Mapping[str, object]) -> tuple[FieldProblem, ...]:
    errors = problem.get("errors")
    if not isinstance(errors, list):
        return ()
    return tuple(
        FieldProblem(pointer=str(error.get("pointer", "")), detail=str(error.get("detail", "")))
        for error in errors
        if isinstance(error, dict)
    )
