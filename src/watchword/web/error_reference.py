"""What every error code means and what to do about it: the source of ``docs/errors.md`` and of ``/errors/…``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from watchword.domain.errors import Refusal
from watchword.web.problems import INTERNAL_CODE, INTERNAL_DETAIL, INTERNAL_TITLE

_ANY_REMEDY: Final = "Read `detail` and correct the request."
_REMEDIES: Final[Mapping[str, str]] = {
    "bad_header": "Send the named header once, in printable ASCII; an `Idempotency-Key` has 1 to 255 characters.",
    "body_too_large": "Send less; no call needs more than 64 KiB.",
    "challenge_ended": "Report the action again and use the new challenge.",
    "code_not_sent": "Order a delivery (`POST /v1/challenges/{challenge_id}/deliveries`), then try the code.",
    "contact_not_usable": "Choose a contact and channel from the challenge's `contacts`.",
    "grant_already_redeemed": "Treat the action as done if your own records say so; otherwise report it again.",
    "grant_expired": "Report the action again; redeem a grant within its life (300 s by default).",
    "grant_invalid": "Check that the grant arrived whole, and that the key belongs to the application that got it.",
    "grant_mismatch": "Redeem with exactly the fields and the session that the action was reported with.",
    "grant_revoked": "Report the action again; the grant was taken back by a reset, a change of contacts or a dispute.",
    "idempotency_in_progress": "Wait for the first call's answer, or repeat the call a little later.",
    "idempotency_mismatch": "Use a new idempotency key for a new request; repeat an old one unchanged.",
    INTERNAL_CODE: "Give the `request_id` to whoever runs Watchword; repeat the call with the same idempotency key.",
    "invalid_field": "Correct the field that `errors[].pointer` names; `/openapi.json` says what it takes.",
    "method_not_allowed": "Use one of the methods in the `Allow` header.",
    "no_usable_contact": "Ask the user to register a contact; a new one counts after its wait or with a grant.",
    "not_found": "Check the id, and that the key belongs to the application that made it.",
    "not_json": "Send one JSON value in UTF-8, each key once; NaN and Infinity are not JSON.",
    "refused": "Read `detail`; the request was not understood at all.",
    "resend_too_soon": "Wait `retry_after` seconds (or until `resend_at`), or choose another contact or channel.",
    "return_url_not_allowed": "List the exact address under `return_urls` of the application, or send one that is.",
    "sends_exhausted": "Report the action again and use the new challenge.",
    "service_unavailable": "Repeat the call after `retry_after` seconds with the same idempotency key.",
    "session_mismatch": "Claim with the `session_id` that the action was reported with.",
    "too_many_challenges": "Wait `retry_after` seconds; nothing is decided until then.",
    "too_many_tries": "Wait `retry_after` seconds.",
    "unauthorized": "Send `Authorization: Bearer wk_…` with a key that is not revoked and has the scope of this call.",
    "unknown_action_type": "Use a built-in type, or declare this one under `action_types` of the application.",
    "unknown_user": "Register the user first (`PUT /v1/users/{user_id}`).",
    "unsupported_media_type": "Send the header `Content-Type: application/json`.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEntry:
    """One error code, explained."""

    code: str
    status: int
    title: str
    meaning: str
    remedy: str


def error_entries() -> tuple[ErrorEntry, ...]:
    """Return every error code there is, in alphabetical order."""
    entries = [
        ErrorEntry(
            code=refusal.code,
            status=refusal.status,
            title=refusal.title,
            meaning=str(refusal()),
            remedy=_REMEDIES.get(refusal.code, _ANY_REMEDY),
        )
        for refusal in {refusal.code: refusal for refusal in _tree(Refusal)}.values()
    ]
    internal = ErrorEntry(
        code=INTERNAL_CODE,
        status=500,
        title=INTERNAL_TITLE,
        meaning=INTERNAL_DETAIL,
        remedy=_REMEDIES.get(INTERNAL_CODE, _ANY_REMEDY),
    )
    return tuple(sorted((*entries, internal), key=lambda entry: entry.code))


def render_entry(entry: ErrorEntry) -> str:
    """Return one entry in Markdown."""
    return f"## {entry.code}\n{entry.status} {entry.title}. {entry.meaning}\n\nWhat to do: {entry.remedy}\n"


def render_errors() -> str:
    """Return the page ``docs/errors.md``."""
    head = (
        "# Error codes\n\n"
        "Errors are `application/problem+json` (RFC 9457). Programs look at `code`, which is stable;\n"
        "`detail` is for people.\n"
    )
    return "\n".join([head, *map(render_entry, error_entries())])


def _tree(refusal: type[Refusal]) -> list[type[Refusal]]:
    """Return the classes under one in the error tree; a class that only groups others has no code of its own."""
    below = [found for child in refusal.__subclasses__() for found in _tree(child)]
    has_code = refusal is Refusal or "code" in vars(refusal)
    return [refusal, *below] if has_code else below
