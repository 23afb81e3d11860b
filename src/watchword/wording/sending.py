"""Tells where a code went, what became of its message, and what can be sent now; the same for page and component.

Concealment is already applied to the view: nothing here knows more than it shows (I17).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchword.domain.challenge import Challenge, Option
from watchword.domain.contact import Channel, ContactKind
from watchword.domain.message import DeliveryStatus
from watchword.flow.show import ChallengeView
from watchword.wording.subject import Speech

_FAILURES: Final = frozenset({DeliveryStatus.UNDELIVERED, DeliveryStatus.BOUNCED, DeliveryStatus.BLOCKED})


class Waits(StrEnum):
    """What has to wait until ``resend_at``."""

    NONE = "none"
    AGAIN = "again"
    """The same message once more."""
    ALL = "all"
    """Every message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sendable:
    """What can be sent for a challenge now."""

    left: int
    """How many messages; 0 when all are spent."""
    is_repeatable: bool
    """Whether there is something to send once more."""
    waits: Waits
    ways: tuple[tuple[Option, Channel], ...]
    """The contacts and channels besides the one that the code was last sent over."""


def sendable(challenge: Challenge, view: ChallengeView, *, sends_at_most: int) -> Sendable:
    """Return what can be sent; where concealed, every way waits, because nothing may tell which one was used."""
    left = max(0, sends_at_most - challenge.sends)
    can_repeat = view.delivery_status is not DeliveryStatus.BOUNCED and view.resend_at < view.expires_at
    is_repeatable = challenge.sends > 0 and left > 0 and can_repeat
    if left > 0 and (challenge.action.conceal or challenge.sends == 0):
        waits = Waits.ALL
    else:
        waits = Waits.AGAIN if is_repeatable else Waits.NONE
    return Sendable(left=left, is_repeatable=is_repeatable, waits=waits, ways=other_ways(view) if left > 0 else ())


def again_label(speech: Speech, view: ChallengeView) -> str:
    """Return the button that sends the same once more."""
    is_call = view.route is not None and view.route.channel is Channel.VOICE
    return speech.say("resend.call" if is_call else "resend")


def sent_sentence(speech: Speech, view: ChallengeView, *, sends: int, brand: str) -> str:
    """Return where the code went, or the question where it shall go."""
    if sends == 0:
        return speech.say("sent.nothing") if view.options else speech.say("sent.nothing_possible", brand=brand)
    if view.route is None:
        return speech.say("sent.concealed")
    return speech.say(f"sent.{view.route.channel}", where=speech.address(view.route.channel.kind, view.route.masked))


def delivery_sentence(speech: Speech, view: ChallengeView, *, time: str) -> str | None:
    """Return what is known of the message on its way; ``time`` is when that became known, as it is to be written."""
    key = delivery_key(view)
    return None if key is None else speech.say(key, time=time)


def delivery_key(view: ChallengeView) -> str | None:
    """Return the sentence about the message on its way; None where there is nothing to say, or nothing may be said."""
    status = view.delivery_status
    if status is None or status is DeliveryStatus.WITHHELD:
        return None
    is_phone = view.route is not None and view.route.channel.kind is ContactKind.PHONE
    is_reported = is_phone and view.delivery_reported
    if view.delivery_going_on and status in _FAILURES:
        return "delivery.reported.going_on" if is_reported else "delivery.undelivered.going_on"
    if view.delivery_going_on and status is DeliveryStatus.UNKNOWN:
        return "delivery.unknown.going_on"
    if status is DeliveryStatus.BOUNCED and is_phone:
        return "delivery.unreachable"
    if status is DeliveryStatus.UNDELIVERED and is_reported:
        return "delivery.reported"
    return f"delivery.{status}"


def has_failed(view: ChallengeView) -> bool:
    """Whether the message did not arrive and goes no other way, which is said first."""
    return view.delivery_status in _FAILURES and not view.delivery_going_on


def is_settled(view: ChallengeView) -> bool:
    """Whether nothing more will be heard of the message."""
    return has_failed(view) or view.delivery_status is DeliveryStatus.DELIVERED


def other_ways(view: ChallengeView) -> tuple[tuple[Option, Channel], ...]:
    """Return the contacts and channels besides the one that the code was last sent over, and none of a dead address."""
    route = view.route
    dead = route.option_id if route is not None and view.delivery_status is DeliveryStatus.BOUNCED else None
    return tuple(
        (option, channel)
        for option in view.options
        for channel in option.channels
        if option.id != dead and (route is None or (option.id, channel) != (route.option_id, route.channel))
    )


def way_label(speech: Speech, option: Option, channel: Channel, *, concealed: bool) -> str:
    """Return the button of one way to get a message."""
    if concealed:
        return speech.say(f"send.{channel}.concealed")
    return speech.say(f"send.{channel}", where=speech.address(option.kind, option.masked))
