"""What Twilio's error codes mean for a message, at its hand-over and in receipts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from watchword.domain.errors import DeliveryFailed
from watchword.domain.message import DeliveryStatus

_UNDELIVERED: Final = DeliveryStatus.UNDELIVERED
_BOUNCED: Final = DeliveryStatus.BOUNCED
_BLOCKED: Final = DeliveryStatus.BLOCKED


@dataclass(frozen=True, slots=True)
class TwilioError:
    """One code."""

    word: str
    """Ours, for the operator and the page."""
    status: DeliveryStatus
    is_passing: bool = False
    """Whether the same call may succeed a little later."""


TWILIO_ERRORS: Final[Mapping[str, TwilioError]] = {
    "20003": TwilioError("the credentials were refused", _UNDELIVERED),
    "20005": TwilioError("the account is not active", _UNDELIVERED),
    "20404": TwilioError("there is no such account", _UNDELIVERED),
    "20429": TwilioError("too many calls at once", _UNDELIVERED, is_passing=True),
    "21211": TwilioError("not a number that can be reached", _UNDELIVERED),
    "21214": TwilioError("not a number that can be called", _UNDELIVERED),
    "21215": TwilioError("calls to this country are not enabled", _BLOCKED),
    "21216": TwilioError("calls to this number are not allowed", _BLOCKED),
    "21217": TwilioError("not a number that can be called", _UNDELIVERED),
    "21408": TwilioError("messages to this country are not enabled", _BLOCKED),
    "21606": TwilioError("the number it is sent from cannot send", _UNDELIVERED),
    "21608": TwilioError("a trial account sends to verified numbers only", _BLOCKED),
    "21610": TwilioError("the recipient opted out", _BLOCKED),
    "21611": TwilioError("too many messages wait at the number it is sent from", _UNDELIVERED, is_passing=True),
    "21612": TwilioError("no way from this sender to this number", _UNDELIVERED),
    "21614": TwilioError("not a mobile number", _UNDELIVERED),
    "21635": TwilioError("a landline", _UNDELIVERED),
    "30001": TwilioError("the queue is full", _UNDELIVERED, is_passing=True),
    "30002": TwilioError("the account is suspended", _UNDELIVERED),
    "30003": TwilioError("the phone cannot be reached", _UNDELIVERED),
    "30004": TwilioError("blocked by the network or the recipient", _BLOCKED),
    "30005": TwilioError("the network knows no such number", _BOUNCED),
    "30006": TwilioError("a landline, or a network that cannot be reached", _UNDELIVERED),
    "30007": TwilioError("filtered as unwanted", _BLOCKED),
    "30008": TwilioError("the network gave no reason", _UNDELIVERED),
    "30010": TwilioError("dearer than the account allows", _BLOCKED),
    "30034": TwilioError("the sender is not registered with the network", _BLOCKED),
    "30036": TwilioError("not delivered in time", _UNDELIVERED),
    "30410": TwilioError("the network did not answer in time", _UNDELIVERED),
    "30450": TwilioError("blocked as suspected fraud", _BLOCKED),
    "30453": TwilioError("blocked as suspected fraud", _BLOCKED),
    "30454": TwilioError("too many messages to this number", _BLOCKED),
    "63003": TwilioError("no account of the channel at this number", _UNDELIVERED),
    "63016": TwilioError("the channel takes a template only", _UNDELIVERED),
    "63018": TwilioError("too many messages on the channel", _UNDELIVERED, is_passing=True),
    "63024": TwilioError("the channel does not take this recipient", _UNDELIVERED),
    "63032": TwilioError("the channel refused this recipient", _BLOCKED),
}
"""Twilio's "Error and Warning Dictionary" as far as it concerns messages and calls; all others go by the HTTP status.

Only 30005 marks the contact as dead: the network itself says that there is no such number. 21211, 21614 and 30006 may
be a landline that a call still reaches, and 30003 a phone that is off.
"""


def reason_of(code: str | None) -> str | None:
    """Return what a code says, for people; a code that is unknown stands alone."""
    if code is None or code == "0":
        return None
    known = TWILIO_ERRORS.get(code)
    return code if known is None else f"{code} {known.word}"


def failed_status(code: str | None) -> DeliveryStatus:
    """Return what a failed message amounts to."""
    known = None if code is None else TWILIO_ERRORS.get(code)
    return _UNDELIVERED if known is None else known.status


def known_refusal(code: str | None, after_ms: int | None = None) -> DeliveryFailed | None:
    """Return what a hand-over that was refused with a code amounts to, or None for an unknown code.

    ``after_ms`` is how long Twilio asks to be left alone.
    """
    known = None if code is None else TWILIO_ERRORS.get(code)
    if known is None:
        return None
    return DeliveryFailed(
        f"{code} {known.word}",
        retryable=known.is_passing,
        status=known.status,
        certain=True,
        retry_after_ms=after_ms,
    )
