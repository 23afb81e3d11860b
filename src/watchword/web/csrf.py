"""Tells a form of ours from one that a foreign page made a browser send; knows no page and stores nothing.

Two independent checks. The hidden field is a keyed hash of the browser's cookie and of what the form is about: a
foreign page can read neither. And the headers in which a browser says where a form came from, where it sends them.
"""

from typing import Final

from starlette.datastructures import Headers

from watchword.domain.ids import decode, encode
from watchword.ports.keyring import Keyring, Purpose
from watchword.web.browser import Browser

CSRF_FIELD: Final = "csrf"
_MAC_BYTES: Final = 16
_OWN_SITES: Final = frozenset({"same-origin", "none"})
"""``none``: the person himself, for example by a reload."""


def form_mark(keyring: Keyring, browser: Browser, about: str) -> str:
    """Return the value of the hidden field for a form about one thing, in one browser."""
    return encode(keyring.mac(Purpose.CSRF, *_parts(browser, about))[:_MAC_BYTES])


def is_own_form(keyring: Keyring, browser: Browser, about: str, mark: str) -> bool:
    """Whether a hidden field was made by us for this browser and this thing."""
    mac = decode(mark) if len(mark) <= 2 * _MAC_BYTES else None
    return mac is not None and len(mac) == _MAC_BYTES and keyring.is_mac(Purpose.CSRF, mac, *_parts(browser, about))


def is_sent_from_here(headers: Headers, own_origin: str) -> bool:
    """Whether nothing in the headers says that the form came from a foreign page.

    Under ``Referrer-Policy: no-referrer`` browsers send ``Origin: null`` even with our own forms (Fetch, "append a
    request Origin header"), so that ``null`` says nothing; ``Sec-Fetch-Site`` still does.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in _OWN_SITES:
        return False
    return origin is None or origin == "null" or site == "same-origin" or origin == own_origin


def _parts(browser: Browser, about: str) -> tuple[bytes, ...]:
    return (b"form", browser.value.encode(), about.encode())
