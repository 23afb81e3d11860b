"""The random cookie that tells one browser from another, and what a challenge is bound to by it; knows no page.

The cookie says nothing about a person and opens nothing by itself: it only makes sure that a challenge is finished in
the browser that began it.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from watchword.domain.ids import ChallengeId, decode, encode
from watchword.ports.clock import Entropy
from watchword.ports.keyring import Keyring, Purpose

COOKIE_BYTES: Final = 32
"""256 random bits (SP 800-63B-4 §5.1 asks for at least 64 of a session secret)."""

_FRAMES: Final = frozenset({"frame", "iframe"})
_ORDINARY: Final = b"; SameSite=lax"
_SECURE: Final = b"; Secure"
_PARTITIONED: Final = b"; SameSite=none; Secure; Partitioned"
"""Cookies Having Independent Partitioned State (CHIPS): ``Partitioned`` asks for ``Secure``, also on loopback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """One browser, as far as we know it."""

    value: str
    """The value of its cookie."""
    is_fresh: bool
    """Whether the request brought no cookie of ours, so that this answer has to set it."""


def is_secure(page_base: str) -> bool:
    """Whether the pages are reached by https; plain http is for loopback in ``dev``."""
    return urlsplit(page_base).scheme == "https"


def cookie_name(page_base: str, name: str) -> str:
    """Return the name under which a cookie of the pages is set.

    ``__Host-`` ties it to exactly this host, https and the root path, so that no neighbour can plant one; browsers
    refuse that prefix over plain http.
    """
    return f"__Host-{name}" if is_secure(page_base) else name


def browser_cookie(page_base: str) -> str:
    """Return the name of the cookie that stands for a browser."""
    return "__Host-watchword" if is_secure(page_base) else "watchword-browser"


def read_browser(request: Request, page_base: str) -> Browser | None:
    """Return the browser that a request comes from; None where it brings no cookie that we could have made."""
    value = request.cookies.get(browser_cookie(page_base), "")
    data = decode(value) if len(value) <= 2 * COOKIE_BYTES else None
    if data is None or len(data) != COOKIE_BYTES:
        return None
    return Browser(value=value, is_fresh=False)


def meet_browser(request: Request, page_base: str, entropy: Entropy) -> Browser:
    """Return the browser that a request comes from, with a new name where it has none. Stores nothing."""
    known = read_browser(request, page_base)
    return known or Browser(value=encode(entropy.token(COOKIE_BYTES)), is_fresh=True)


def set_browser(response: Response, browser: Browser, page_base: str) -> None:
    """Let the answer name the browser, where it had no name yet; the cookie ends with the browser's session."""
    if browser.is_fresh:
        set_cookie(response, browser_cookie(page_base), browser.value, page_base)


def set_cookie(response: Response, name: str, value: str, page_base: str, *, lifetime_s: int | None = None) -> None:
    """Set a cookie that scripts cannot read and that foreign pages cannot send along with a form."""
    response.set_cookie(
        name, value, max_age=lifetime_s, path="/", secure=is_secure(page_base), httponly=True, samesite="lax"
    )


def is_framed(request: Request) -> bool:
    """Whether a page was asked for by a frame (Fetch Metadata, ``Sec-Fetch-Dest``); a browser that is silent is not."""
    return request.headers.get("sec-fetch-dest") in _FRAMES


def keep_cookies_in_frame(response: Response) -> None:
    """Let the cookies of an answer last in a frame on a foreign site, in a jar for that site alone.

    Such a cookie is sent with every request from that jar, so it is for framed answers only; what keeps foreign forms
    out is ``csrf`` (docs/decisions/0008). The server's cookie library learnt ``Partitioned`` later than we need it.
    """
    for index, (name, value) in enumerate(response.raw_headers):
        if name == b"set-cookie" and value.count(_ORDINARY) == 1:
            kept = value.removesuffix(_SECURE).replace(_ORDINARY, _PARTITIONED)
            response.raw_headers[index] = (name, kept)


def browser_binding(keyring: Keyring, browser: Browser, challenge_id: ChallengeId) -> bytes:
    """Return what a challenge is bound to: a keyed hash, so that the store's copy is no cookie."""
    return keyring.index(Purpose.BROWSER, browser.value.encode(), challenge_id.encode())
