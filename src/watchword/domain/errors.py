"""Every refusal there is, each with a stable code; its docstring is the message, so that docs and answers agree.

WatchwordError
├── Refusal                      the caller can do something about it
│   ├── RequestError             400, 413, 415, 422: the request itself
│   ├── AccessError              401, 403, 404, 410: who asks, and for what
│   ├── StateError               409, 410, 422: the thing is not in the state that the call needs
│   └── LimitError               429: too much, with the time when it may be tried again
├── StorageUnavailable           503: the store did not answer; nothing is known to have happened
├── DeliveryFailed               a sender could not hand a message over; says whether to try again
├── ReceiptRefused               what claims to be a provider's receipt is not his
└── ConfigurationError           the operator's files are wrong; refused at start
"""

from typing import Final

from watchword.domain.instant import Instant, rfc3339
from watchword.domain.message import DeliveryStatus

NOT_BELIEVED: Final = "the store says that it is later than it can be: a clock has jumped ahead (docs/operations.md)"


def time_ahead(place: str, at: Instant) -> str:
    """Say of a store that its time is ahead of this machine's, and what helps."""
    return (
        f"{place}: it is {rfc3339(at)} there, which is ahead of this machine's clock;"
        " set the clock that is wrong, and if it was the store's: watchword clock --set-back"
    )


class WatchwordError(Exception):
    """Something went wrong in Watchword."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else (type(self).__doc__ or "").partition("\n")[0]


class Refusal(WatchwordError):
    """The request was refused and changed nothing."""

    code: str = "refused"
    status: int = 400
    title: str = "Refused"

    def __init__(
        self,
        detail: str | None = None,
        *,
        pointer: str | None = None,
        free_at: Instant | None = None,
    ) -> None:
        super().__init__(*(() if detail is None else (detail,)))
        self.pointer = pointer
        """JSON pointer to the field that is wrong, or None."""
        self.free_at = free_at
        """From when the same call may succeed, or None."""


class RequestError(Refusal):
    """The request is not well formed."""


class AccessError(Refusal):
    """The caller may not do this."""


class StateError(Refusal):
    """The thing is not in the state that this call needs."""


class LimitError(Refusal):
    """A limit was reached; try again later."""

    status = 429
    title = "Too many requests"


class NotJson(RequestError):
    """The body is not one JSON value in UTF-8 without duplicate keys, NaN or Infinity."""

    code, status, title = "not_json", 400, "Not JSON"


class BadHeader(RequestError):
    """A header is not well formed."""

    code, status, title = "bad_header", 400, "Bad header"


class BodyTooLarge(RequestError):
    """The body is larger than 64 KiB."""

    code, status, title = "body_too_large", 413, "Body too large"


class UnsupportedMediaType(RequestError):
    """The body must be application/json."""

    code, status, title = "unsupported_media_type", 415, "Unsupported media type"


class InvalidField(RequestError):
    """A field has a wrong type, is unknown, or is out of range."""

    code, status, title = "invalid_field", 422, "Invalid field"


class UnknownActionType(RequestError):
    """The action type is neither built in nor declared by the application."""

    code, status, title = "unknown_action_type", 422, "Unknown action type"


class ReturnUrlNotAllowed(RequestError):
    """The return address is not on the application's list."""

    code, status, title = "return_url_not_allowed", 422, "Return address not allowed"


class IdempotencyMismatch(RequestError):
    """This idempotency key was used with another request."""

    code, status, title = "idempotency_mismatch", 422, "Idempotency key reused"


class IdempotencyInProgress(StateError):
    """A request with this idempotency key is still running."""

    code, status, title = "idempotency_in_progress", 409, "Still running"


class Unauthorized(AccessError):
    """The key is missing, wrong or revoked, or lacks the scope of this call."""

    code, status, title = "unauthorized", 401, "Unauthorized"


class NotFound(AccessError):
    """There is no such thing, or it is not yours."""

    code, status, title = "not_found", 404, "Not found"


class MethodNotAllowed(AccessError):
    """This address does not take this method."""

    code, status, title = "method_not_allowed", 405, "Method not allowed"


class UnknownUser(AccessError):
    """The application has not registered this user."""

    code, status, title = "unknown_user", 404, "Unknown user"


class NoUsableContact(StateError):
    """The user has no contact that could carry this code."""

    code, status, title = "no_usable_contact", 409, "No usable contact"


class ChallengeEnded(StateError):
    """The challenge has ended; start again."""

    code, status, title = "challenge_ended", 409, "Challenge ended"


class CodeNotSent(StateError):
    """No code was sent for this challenge yet; send one first."""

    code, status, title = "code_not_sent", 409, "No code sent"


class SendsExhausted(StateError):
    """This challenge has used up its sends; start again."""

    code, status, title = "sends_exhausted", 409, "Sends exhausted"


class ContactNotUsable(StateError):
    """This contact or channel cannot carry the code of this challenge now."""

    code, status, title = "contact_not_usable", 422, "Contact not usable"


class SessionMismatch(StateError):
    """The action named another session."""

    code, status, title = "session_mismatch", 422, "Session mismatch"


class GrantInvalid(StateError):
    """This is not a grant of this application."""

    code, status, title = "grant_invalid", 422, "Invalid grant"


class GrantMismatch(StateError):
    """The grant is for another action, user, session or change; it was not consumed."""

    code, status, title = "grant_mismatch", 422, "Grant does not match"


class GrantAlreadyRedeemed(StateError):
    """The grant was redeemed before."""

    code, status, title = "grant_already_redeemed", 409, "Grant already redeemed"


class GrantExpired(StateError):
    """The grant has expired; start again."""

    code, status, title = "grant_expired", 410, "Grant expired"


class GrantRevoked(StateError):
    """The grant was revoked; start again."""

    code, status, title = "grant_revoked", 410, "Grant revoked"


class ResendTooSoon(LimitError):
    """The next message to this contact may not leave yet."""

    code, title = "resend_too_soon", "Resend too soon"


class TooManyChallenges(LimitError):
    """Too many challenges were started for this user or from this address."""

    code, title = "too_many_challenges", "Too many challenges"


class TooManyTries(LimitError):
    """Too many tries from this address."""

    code, title = "too_many_tries", "Too many tries"


class ServiceUnavailable(Refusal):
    """The store did not answer; nothing is known to have happened. Try again with the same idempotency key."""

    code, status, title = "service_unavailable", 503, "Service unavailable"


class StorageUnavailable(WatchwordError):
    """The store did not answer in time, or its commit failed."""


class DeliveryFailed(WatchwordError):
    """A sender could not hand a message over."""

    def __init__(
        self,
        detail: str,
        *,
        retryable: bool,
        status: DeliveryStatus = DeliveryStatus.UNDELIVERED,
        certain: bool | None = None,
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.retryable = retryable
        """Whether the same message may be tried again by this sender."""
        self.status = status
        """What the provider's definite word amounts to: ``undelivered``, ``bounced`` (the address is dead: no other
        sender is asked, and the contact is marked) or ``blocked``."""
        self.certain = (not retryable) if certain is None else certain
        """Whether the provider is known not to have the message, so that nothing is paid for it. A time-out and a lost
        connection are not certain; an answer that says no is, also where it only means not now."""
        self.retry_after_ms = retry_after_ms
        """How long the provider asks to be left alone; None where he says nothing of it."""


class ReceiptRefused(WatchwordError):
    """What claims to be a provider's receipt is not signed by him, or cannot be read; says nothing of its content."""


class ConfigurationError(WatchwordError):
    """The configuration is wrong; ``problems`` says where and why."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
