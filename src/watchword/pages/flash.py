"""What the last form came to, carried over the redirect that follows it, and shown once; knows no page.

It is one word in a short-lived, signed cookie: so a reload repeats neither the form nor its error, nobody else can make
the page say something, and a code is never in it.
"""

from enum import StrEnum
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from watchword.domain.ids import decode, encode
from watchword.domain.instant import Instant, later
from watchword.ports.keyring import Keyring, Purpose
from watchword.web.browser import Browser, cookie_name, set_cookie

LIFETIME_S: Final = 60
"""The redirect is followed at once; a minute is for slow networks."""
_MAC_BYTES: Final = 16
_LONGEST: Final = 128


class Said(StrEnum):
    """What there is to say after a form; most words are those of an attempt's outcome."""

    EMPTY = "empty"
    SHORT = "short"
    LONG = "long"
    MALFORMED = "malformed"
    INCORRECT = "incorrect"
    SUPERSEDED = "superseded"
    NOT_SENT = "not_sent"
    SENT_AGAIN = "sent_again"
    SENT_NEW = "sent_new"
    SENT_MAYBE = "sent_maybe"
    SENDS_SPENT = "sends_spent"
    UNUSABLE = "unusable"
    ENDED = "ended"
    DISPUTED = "disputed"
    UNDONE = "undone"
    NOTED = "noted"
    RENAMED = "renamed"
    BAD_NAME = "bad_name"
    DISTRUSTED = "distrusted"
    DISTRUSTED_ALL = "distrusted_all"
    FORGOTTEN = "forgotten"
    FORGOTTEN_ALL = "forgotten_all"
    PREFERRED = "preferred"
    NO_PREFERENCE = "no_preference"
    NOT_PREFERRED = "not_preferred"
    GONE = "gone"
    UNKNOWN = "unknown"
    LINK_OLD = "link_old"


def write_said(said: Said, *, keyring: Keyring, browser: Browser, about: str, now: Instant) -> str:
    """Return the word with its time, signed for one browser and one thing."""
    mac = keyring.mac(Purpose.CSRF, *_parts(browser, about, said, str(now)))[:_MAC_BYTES]
    return f"{said}.{now}.{encode(mac)}"


def read_said(value: str, *, keyring: Keyring, browser: Browser, about: str, now: Instant) -> Said | None:
    """Return the word, if it was said to this browser about this thing within the last minute."""
    word, _, rest = value.partition(".")
    time, _, tail = rest.partition(".")
    mac = decode(tail) if len(value) <= _LONGEST else None
    if mac is None or len(mac) != _MAC_BYTES or word not in set(Said):
        return None
    if not keyring.is_mac(Purpose.CSRF, mac, *_parts(browser, about, word, time)):
        return None
    return Said(word) if now < later(Instant(int(time)), seconds=LIFETIME_S) else None


def said_cookie(page_base: str) -> str:
    """Return the name of the cookie that carries the word."""
    return cookie_name(page_base, "watchword-said")


def set_said(response: Response, value: str, page_base: str) -> None:
    """Send the word along."""
    set_cookie(response, said_cookie(page_base), value, page_base, lifetime_s=LIFETIME_S)


def forget_said(request: Request, response: Response, page_base: str) -> None:
    """Take the word back once it is shown."""
    if said_cookie(page_base) in request.cookies:
        set_cookie(response, said_cookie(page_base), "", page_base, lifetime_s=0)


def _parts(browser: Browser, about: str, word: str, time: str) -> tuple[bytes, ...]:
    return (b"said", browser.value.encode(), about.encode(), word.encode(), time.encode())
