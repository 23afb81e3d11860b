"""Tells where a code went, what became of its message, and what can be sent now; the same for page and component.

Concealment is already applied to the view: nothing here knows more than it shows (I17).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchword.domain.challenge import Challenge, LastSend, Option
from watchword.domain.contact import Channel, ContactKind
from watchword.domain.instant import later
from watchword.domain.limits import Limits
from watchword.domain.message import DeliveryStatus
from watchword.flow.show import ChallengeView
from watchword.wording.subject import Speech

_FAILURES: Final = frozenset({DeliveryStatus.UNDELIVERED, DeliveryStatus.BOUNCED, DeliveryStatus.BLOCKED})
_CALL_OVER: Final = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.UNKNOWN})


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
    """The contacts and channels besides the one that the code was last sent over, if they open before the end."""
    is_spent: bool
    """Whether the code that was sent is all there will be."""

    @property
    def is_anything(self) -> bool:
        """Whether a further message can be sent at all."""
        return self.is_repeatable or bool(self.ways)


def sendable(challenge: Challenge, view: ChallengeView, limits: Limits) -> Sendable:
    """Return what can be sent; where concealed, every way waits, because nothing may tell which one was used.

    What has to wait until after the end is not offered: it would lead to nothing but a time.
    """
    left = max(0, limits.sends_per_challenge - challenge.sends)
    opens_in_time = view.resend_at < view.expires_at
    is_dead = view.is_code_dead or view.delivery_status is DeliveryStatus.BOUNCED
    is_repeatable = challenge.sends > 0 and left > 0 and opens_in_time and not is_dead
    all_wait = left > 0 and (challenge.action.conceal or challenge.sends == 0)
    ways = other_ways(view) if left > 0 and (opens_in_time or not all_wait) else ()
    if not challenge.action.conceal:
        ways = tuple(way for way in ways if not _waits_too_long(challenge, way, limits))
    is_spent = takes_code(challenge, view) and not is_repeatable and not ways
    waits = Waits.AGAIN if is_repeatable else Waits.NONE
    if all_wait and not is_spent:
        waits = Waits.ALL
    return Sendable(left=left, is_repeatable=is_repeatable, waits=waits, ways=ways, is_spent=is_spent)


def _waits_too_long(challenge: Challenge, way: tuple[Option, Channel], limits: Limits) -> bool:
    """Whether a contact and channel that was used before has to rest until the challenge has ended."""
    option, channel = way
    wait_s = limits.resend_wait_s(challenge.sends)

    def is_in_vain(one: LastSend) -> bool:
        same = (one.option_id, one.channel) == (option.id, channel)
        return same and later(one.at, seconds=wait_s) >= challenge.expires_at

    return any(is_in_vain(one) for one in challenge.last_sends)


def again_label(speech: Speech, view: ChallengeView) -> str:
    """Return the button that sends the same once more."""
    is_call = view.route is not None and view.route.channel is Channel.VOICE
    return speech.say("resend.call" if is_call else "resend")


def sent_sentence(speech: Speech, challenge: Challenge, view: ChallengeView, can: Sendable, *, brand: str) -> str:
    """Return where the code went or is going, true whatever became of it, or the question where it shall go."""
    key = sent_key(challenge, view, can)
    if view.route is None or not takes_code(challenge, view):
        return speech.say(key, brand=brand)
    return speech.say(key, where=speech.address(view.route.channel.kind, view.route.masked))


def takes_code(challenge: Challenge, view: ChallengeView) -> bool:
    """Whether there is a code to enter: one was sent, and its contact did not bounce or leave since."""
    return challenge.sends > 0 and not view.is_code_dead


def sent_key(challenge: Challenge, view: ChallengeView, can: Sendable) -> str:
    """Return which sentence says where the code went: another one is news."""
    if not takes_code(challenge, view):
        return _nothing_key(challenge, can)
    if view.route is None:
        return "sent.concealed"
    status, channel = view.delivery_status, view.route.channel
    if has_failed(view):
        return "sent.failed"
    if view.delivery_going_on or status is None or status is DeliveryStatus.QUEUED:
        return f"sending.{channel}"
    return "sent.voice.over" if channel is Channel.VOICE and status in _CALL_OVER else f"sent.{channel}"


def _nothing_key(challenge: Challenge, can: Sendable) -> str:
    if can.ways:
        return "sent.dead" if challenge.sends else "sent.nothing"
    return "sent.closed" if can.waits is Waits.ALL and challenge.options else "sent.nothing_possible"


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
    if view.is_code_dead and status not in _FAILURES:
        # The contact left, or a mail server gave back what it had taken: what became of that message is of no use now.
        return None
    if status is DeliveryStatus.BLOCKED and not view.delivery_reported:
        return "delivery.undelivered"
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
    is_dead = view.is_code_dead or view.delivery_status is DeliveryStatus.BOUNCED
    dead = route.option_id if route is not None and is_dead else None
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
