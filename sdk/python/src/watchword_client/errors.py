"""Everything this client raises.

::

    WatchwordError
    ├── Problem                the server refused the request (4xx); has a stable ``code``
    │   ├── BadRequest         400, 413, 415
    │   ├── NotAuthorized      401, 403
    │   ├── NotFound           404
    │   ├── Conflict           409
    │   ├── Gone               410
    │   ├── Unprocessable      422
    │   └── LimitReached       429, always with ``retry_after``
    ├── ServiceUnavailable     no answer in time, or 5xx
    ├── UnreadableAnswer       an answer that is not what the API promises
    ├── GrantRefused           the offline check of a grant failed
    └── WebhookRefused         what was received is no webhook of yours, or an old one

No message holds a code, an address, a grant, a token or a key.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """One thing that is wrong with one field of a request."""

    pointer: str
    """A JSON pointer into the request body (RFC 6901), such as ``/amount/value``."""
    detail: str


class WatchwordError(Exception):
    """The root of everything this client raises by itself."""


class Problem(WatchwordError):
    """The server understood the call and refused it (RFC 9457)."""

    def __init__(
        self,
        *,
        status: int,
        code: str,
        title: str,
        detail: str | None = None,
        request_id: str | None = None,
        retry_after: int | None = None,
        errors: tuple[FieldProblem, ...] = (),
    ) -> None:
        self.status = status
        self.code = code
        """A stable word, such as ``grant_mismatch``; ``http_<status>`` if whatever answered gave none."""
        self.title = title
        self.detail = detail
        self.request_id = request_id
        self.retry_after = retry_after
        """Seconds until another try can succeed, where the server knows."""
        self.errors = errors
        super().__init__(self._sentence())

    @property
    def pointers(self) -> tuple[str, ...]:
        """The fields that are wrong, as JSON pointers."""
        return tuple(error.pointer for error in self.errors)

    def _sentence(self) -> str:
        places = "".join(f"; {error.pointer}: {error.detail}" for error in self.errors)
        request = f" (request {self.request_id})" if self.request_id else ""
        return f"{self.status} {self.code}: {self.detail or self.title}{places}{request}"


class BadRequest(Problem):
    """The body could not be read: not JSON, too large, or of another type (400, 413, 415)."""


class NotAuthorized(Problem):
    """The secret key is missing, wrong, revoked or lacks the scope (401, 403)."""


class NotFound(Problem):
    """There is no such thing, or it is not this application's (404)."""


class Conflict(Problem):
    """The state of the thing does not allow it (409), such as ``grant_already_redeemed``."""


class Gone(Problem):
    """It was there and is not any more (410), such as ``grant_expired``."""


class Unprocessable(Problem):
    """A field is wrong (422), such as ``grant_mismatch``."""


class LimitReached(Problem):
    """A limit is reached (429); ``retry_after`` says when to come back."""


class ServiceUnavailable(WatchwordError):
    """Watchword gave no answer in time, or said that it cannot answer; nothing is known about the outcome."""

    def __init__(
        self,
        reason: str,
        *,
        code: str,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        self.reason = reason
        self.code = code
        """``no_answer``, ``no_connection``, or the server's own code."""
        self.status = status
        """The HTTP status, ``None`` if no answer came."""
        self.request_id = request_id
        self.retry_after = retry_after
        super().__init__(f"{code}: {reason}" + (f" (request {request_id})" if request_id else ""))


class UnreadableAnswer(WatchwordError):
    """An answer lacks a field that the API promises, or is no JSON at all."""


class GrantRefused(WatchwordError):
    """A grant failed the offline check; ``code`` says why."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        """``grant_invalid``, ``grant_expired``, ``unknown_key`` or ``wrong_mode``."""
        super().__init__(f"{code}: {reason}")


class WebhookRefused(WatchwordError):
    """What was received is no webhook of yours, or is too old; ``code`` says why."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        """``missing_header``, ``wrong_time``, ``wrong_signature`` or ``not_an_event``."""
        super().__init__(f"{code}: {reason}")
