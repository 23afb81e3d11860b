"""The one table from errors to answers: problem details for HTTP APIs (RFC 9457)."""

from dataclasses import dataclass
from typing import Final

from watchword.domain.errors import (
    MethodNotAllowed,
    NotFound,
    Refusal,
    ServiceUnavailable,
    StorageUnavailable,
    Unauthorized,
)
from watchword.domain.instant import Instant, seconds_until
from watchword.web.exchange import Answer
from watchword.web.json_texts import write_json

PROBLEM_TYPE: Final = "application/problem+json"
STORAGE_RETRY_S: Final = 1
"""A store that failed a commit is either back within a second or down for longer than a caller should wait."""
INTERNAL_CODE: Final = "internal_error"
INTERNAL_TITLE: Final = "Internal error"
INTERNAL_DETAIL: Final = "Something is wrong in Watchword; the log has more under this request id."


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a request got no other answer."""

    status: int
    code: str
    title: str
    detail: str
    retry_after_s: int | None = None
    pointer: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


def problem_of(error: Refusal | StorageUnavailable, now: Instant | None) -> Problem:
    """Return the problem for an error; ``now`` is needed for one that says when to try again."""
    if isinstance(error, StorageUnavailable):
        unavailable = ServiceUnavailable()
        return _problem(unavailable, str(unavailable), STORAGE_RETRY_S)
    retry_after_s = None
    if error.status in _ALWAYS_WITH_RETRY or error.free_at is not None:
        wait_s = 0 if error.free_at is None or now is None else seconds_until(error.free_at, now)
        retry_after_s = max(1, wait_s)
    return _problem(error, str(error), retry_after_s)


def internal_problem() -> Problem:
    """Return what is said where our own code failed: nothing that helps anybody but the operator."""
    return Problem(status=500, code=INTERNAL_CODE, title=INTERNAL_TITLE, detail=INTERNAL_DETAIL)


def routing_problem(status: int, allowed: str | None) -> Problem:
    """Return the problem for an address or a method that nobody serves; ``allowed`` lists the methods."""
    if status == MethodNotAllowed.status:
        problem = problem_of(MethodNotAllowed(), None)
        headers = () if allowed is None else (("allow", allowed),)
        return Problem(
            status=problem.status, code=problem.code, title=problem.title, detail=problem.detail, headers=headers
        )
    if status == NotFound.status:
        return problem_of(NotFound(), None)
    return Problem(status=status, code=Refusal.code, title=Refusal.title, detail=str(Refusal()))


def write_problem(problem: Problem, *, request_id: str, address_base: str) -> Answer:
    """Return the answer to a problem; ``address_base`` is our public address, under which ``/errors/…`` explains it."""
    body: dict[str, object] = {
        "type": f"{address_base}/errors/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "request_id": request_id,
    }
    headers = problem.headers
    if problem.retry_after_s is not None:
        body["retry_after"] = problem.retry_after_s
        headers = (*headers, ("retry-after", str(problem.retry_after_s)))
    if problem.pointer is not None:
        body["errors"] = [{"pointer": problem.pointer, "detail": problem.detail}]
    return Answer(status=problem.status, body=write_json(body), content_type=PROBLEM_TYPE, headers=headers)


_ALWAYS_WITH_RETRY: Final = frozenset({429, 503})


def _problem(error: Refusal, detail: str, retry_after_s: int | None) -> Problem:
    # RFC 9110 §11.6.1: a 401 names the scheme that would help.
    headers = (("www-authenticate", "Bearer"),) if error.status == Unauthorized.status else ()
    return Problem(
        status=error.status,
        code=error.code,
        title=error.title,
        detail=detail,
        retry_after_s=retry_after_s,
        pointer=error.pointer,
        headers=headers,
    )
