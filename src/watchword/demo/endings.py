"""The pages for everything that does not go ahead, each saying why and how to go on."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from watchword.demo.intentions import Intention, Kind
from watchword.demo.templating import duration_in_words, render
from watchword_client import (
    Action,
    ChallengeState,
    LimitReached,
    Problem,
    Reason,
    ServiceUnavailable,
    WatchwordError,
)

_UNAVAILABLE = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What a page says about an end."""

    title: str
    words: str


_ENDS = {
    ChallengeState.EXHAUSTED: Ending(
        title="That was the last try",
        words="The code was wrong too often, so this was cancelled. Nothing was changed, ordered or opened.",
    ),
    ChallengeState.EXPIRED: Ending(
        title="The time for the code is over",
        words="The code was not entered in time, so this was cancelled. Nothing was changed, ordered or opened.",
    ),
    ChallengeState.CANCELLED: Ending(
        title="This was cancelled",
        words="It was given up, or a newer request took its place. Nothing was changed, ordered or opened.",
    ),
    ChallengeState.DENIED: Ending(
        title="You said that this was not you",
        words="So it was stopped. Nothing was changed, ordered or opened. If somebody knows your password, change it.",
    ),
}

_DENIALS = {
    "user_locked": Ending(
        title="Too many wrong codes",
        words="There were too many wrong codes for this account, so codes are not taken here for a while. A device"
        " that you have used before still works.",
    ),
    "no_usable_contact": Ending(
        title="We cannot send you a code",
        words="This needs a code, and there is no phone number or e-mail address that one may be sent to now. An"
        " address that was added a short time ago has to wait first.",
    ),
}

_AGAIN = {
    Kind.SIGN_IN: "/sign-in",
    Kind.RESET: "/reset",
    Kind.PASSWORD: "/account/password",
    Kind.POSTAL_ADDRESS: "/account/address",
    Kind.CONTACT: "/account",
    Kind.PURCHASE: "/basket",
    Kind.CONFIRMATION: "/account",
}


def show_end(request: Request, intention: Intention, state: str) -> Response:
    """Show how a challenge ended."""
    ending = next((said for known, said in _ENDS.items() if known == state), _ENDS[ChallengeState.CANCELLED])
    return _show(request, ending, reference=intention.reference, again=again_at(intention.kind))


def show_pending(request: Request, intention: Intention) -> Response:
    """Show that a challenge still waits for its code."""
    ending = Ending(
        title="The code is still missing",
        words="You came back before the code was entered. As long as its time lasts you can go on.",
    )
    return _show(
        request,
        ending,
        reference=intention.reference,
        again=again_at(intention.kind),
        go_on=intention.challenge_url,
    )


def show_denial(request: Request, action: Action) -> Response:
    """Show why an action was denied."""
    ending = Ending(title="This cannot be done now", words="It was stopped to protect the account.")
    known = [_DENIALS[reason.rule] for reason in action.reasons if reason.rule in _DENIALS]
    return _show(
        request,
        known[0] if known else ending,
        status=403,
        reasons=() if known else action.reasons,
        retry_after_s=action.retry_after,
    )


def show_unavailable(request: Request, retry_after: int | None) -> Response:
    """Show that Watchword could not be asked; the store stays closed for whatever needed it."""
    ending = Ending(
        title="We cannot check this right now",
        words="The service that protects your account does not answer, so nothing was changed, ordered or opened."
        " Please try again.",
    )
    return _show(request, ending, status=_UNAVAILABLE, retry_after_s=retry_after)


def show_lost(request: Request) -> Response:
    """Show that what the customer was about to do is not known any more, or is done already."""
    ending = Ending(
        title="This was finished before",
        words="What you were about to do is done already, or it was begun in another browser or too long ago. If"
        " something is missing, start it again.",
    )
    return _show(request, ending, status=409)


def show_nothing_here(request: Request) -> Response:
    """Show that there is no such page, product or order."""
    ending = Ending(title="There is nothing here", words="The address may be mistyped, or it is not sold any more.")
    return _show(request, ending, status=404)


async def show_refusal(request: Request, error: Exception) -> Response:
    """Show what the client raised: every error of Watchword ends here, and nothing goes ahead."""
    if not isinstance(error, WatchwordError):
        raise error
    if isinstance(error, ServiceUnavailable):
        return show_unavailable(request, error.retry_after)
    if isinstance(error, LimitReached):
        ending = Ending(
            title="Too many requests", words="There were too many of these in a short time. Nothing was changed."
        )
        return _show(request, ending, status=429, retry_after_s=error.retry_after)
    code = error.code if isinstance(error, Problem) else "unreadable"
    ending = Ending(title="That did not work", words=f"Nothing was changed, ordered or opened (reason: {code}).")
    return _show(request, ending, status=409)


async def show_error(request: Request, error: Exception) -> Response:
    """Show a page for a wrong address or a form that was refused."""
    if not isinstance(error, HTTPException):
        raise error
    titles = {404: "There is nothing here", 405: "That is not done here"}
    words = "The address may be mistyped." if error.status_code in titles else error.detail
    ending = Ending(title=titles.get(error.status_code, "That did not work"), words=words)
    return _show(request, ending, status=error.status_code)


def again_at(kind: Kind) -> str:
    """Return where an intention of this kind is begun."""
    return _AGAIN[kind]


def _show(
    request: Request,
    ending: Ending,
    *,
    status: int = 200,
    reasons: Sequence[Reason] = (),
    retry_after_s: int | None = None,
    reference: str | None = None,
    again: str | None = None,
    go_on: str | None = None,
) -> Response:
    return render(
        request,
        "ending.html",
        status=status,
        ending=ending,
        reasons=reasons,
        retry=None if retry_after_s is None else duration_in_words(retry_after_s),
        reference=reference,
        again=again,
        go_on=go_on,
    )
