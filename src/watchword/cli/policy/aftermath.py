"""What became of a recorded action: its challenge, its grant, and what was said of it afterwards, in sentences."""

from collections.abc import Iterator
from typing import Final

from babel import Locale

from watchword.domain.action import Decision, Label
from watchword.domain.challenge import Challenge, ChallengeState
from watchword.domain.contact import Channel
from watchword.domain.grant import Grant, GrantState
from watchword.domain.instant import Instant
from watchword.domain.message import DeliveryStatus
from watchword.ports.store.values import ActionRecord
from watchword.wording.numbers import day_and_clock, plain_spaces

_ENGLISH: Final = Locale("en")


def tell_what_followed(record: ActionRecord) -> Iterator[str]:
    """Yield what happened after the decision, in its order."""
    if record.challenge is not None:
        yield from _challenge(record.challenge)
    elif record.decision is Decision.DENY:
        yield "Nothing was sent, and nothing went ahead."
    if record.grant is not None:
        yield _grant(record.grant)
    if record.disputed_at is not None:
        yield f'On {_moment(record.disputed_at)} the owner of the account said "this wasn\'t me".'
    match record.label:
        case Label.FRAUD:
            yield "The application says that it was fraud."
        case Label.LEGITIMATE:
            yield "The application says that it was legitimate."
        case None:
            pass


def _challenge(challenge: Challenge) -> Iterator[str]:
    yield from _messages(challenge)
    if challenge.tries_spent:
        codes = "code was" if challenge.tries_spent == 1 else "codes were"
        yield f"{challenge.tries_spent} {codes} typed, of {challenge.tries_allowed} that may be."
    yield _end(challenge)


def _messages(challenge: Challenge) -> Iterator[str]:
    reference = f"{challenge.reference[:4]} {challenge.reference[4:]}"
    if challenge.decoy:
        yield f"The challenge has the reference {reference}. Nothing was sent: nobody could be reached."
        return
    route = challenge.route
    if route is None:
        yield f"The challenge has the reference {reference}. No code was sent yet."
        return
    times = "once" if challenge.sends == 1 else f"{challenge.sends} times"
    how = f"last by {_CHANNELS[route.channel]} to {route.masked}"
    yield f"A code was sent {times}, {how}; the message has the reference {reference}."
    if challenge.delivery_status is not None:
        yield f"The last message {_DELIVERIES[challenge.delivery_status]}."


_CHANNELS: Final = {
    Channel.SMS: "text message",
    Channel.VOICE: "call",
    Channel.WHATSAPP: "WhatsApp",
    Channel.EMAIL: "e-mail",
}
_DELIVERIES: Final = {
    DeliveryStatus.QUEUED: "is on its way out",
    DeliveryStatus.ACCEPTED: "was taken by the provider, who has not said more",
    DeliveryStatus.SENT: "was sent; whether it arrived is not known",
    DeliveryStatus.DELIVERED: "was delivered",
    DeliveryStatus.UNDELIVERED: "could not be delivered",
    DeliveryStatus.BOUNCED: "came back: the address does not take it",
    DeliveryStatus.BLOCKED: "was blocked by the provider",
    DeliveryStatus.UNKNOWN: "was handed over; what became of it is not known",
    DeliveryStatus.WITHHELD: "was withheld",
}


def _end(challenge: Challenge) -> str:
    at = "" if challenge.ended_at is None else f" on {_moment(challenge.ended_at)}"
    match challenge.state:
        case ChallengeState.PENDING:
            return f"It waits for the code until {_moment(challenge.expires_at)}."
        case ChallengeState.APPROVED:
            return f"The right code was typed{at}, so the action was proven."
        case ChallengeState.EXHAUSTED:
            return f"The last try was used up{at} without the right code."
        case ChallengeState.EXPIRED:
            return f"Its time was up on {_moment(challenge.expires_at)} without the right code."
        case ChallengeState.CANCELLED:
            return f"It was cancelled{at} ({challenge.end_reason})."
        case ChallengeState.DENIED:
            return f'Somebody said "this wasn\'t me"{at} and ended it.'


def _grant(grant: Grant) -> str:
    match grant.state:
        case GrantState.REDEEMED if grant.redeemed_at is not None:
            return f"The application let the action go ahead on {_moment(grant.redeemed_at)}."
        case GrantState.REVOKED:
            return "The permission was taken back before the action went ahead."
        case _:
            return f"The permission was given until {_moment(grant.expires_at)} and has not been used."


def _moment(moment: Instant) -> str:
    return plain_spaces(day_and_clock(moment, _ENGLISH))
