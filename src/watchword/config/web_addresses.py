"""Says whether an address of the web may stand in the configuration: public origins, return addresses, networks.

Each function returns a sentence that says what is wrong, or None; nothing is looked up.
"""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from watchword.domain.loopback import is_loopback

ANY_PORT: Final = ":*"
_URL_CHARACTERS: Final = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+", re.ASCII)
"""RFC 3986 §2, without ``#``."""
_HOST: Final = re.compile(r"(?:[a-z0-9_-]+\.)*[a-z0-9_-]+|(?=.*:)[0-9a-f:.]+", re.ASCII)
"""A name or an address. RFC 3986 §3.2.2 lets more into a host, but ``;`` and ``,`` would end a rule of a header."""
_APP_SCHEME: Final = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+", re.ASCII)
"""RFC 8252 §7.1: the scheme of an app is a domain name turned round, so it has a dot and cannot be ``javascript``."""
_LOOPBACK_PATTERN: Final = re.compile(r"http://(?:localhost|127\.0\.0\.1|\[::1\]):\*(?:/[^*?]*|/\*)?", re.ASCII)


def origin_problem(origin: str, *, may_be_local: bool) -> str | None:
    """Return why this is no origin (RFC 6454 §4): scheme and host in lower case, a port where it is not the default."""
    parts = _split(origin)
    if isinstance(parts, str):
        return parts
    if parts.path or parts.query or "*" in origin:
        return "must be an origin such as https://shop.example, without a path"
    if origin != origin.lower():
        return "must be in lower case, as browsers send it"
    if parts.port == {"https": 443, "http": 80}.get(parts.scheme):
        return "must leave out the default port, as browsers do"
    return _authority_problem(parts, may_be_local=may_be_local)


def return_url_problem(url: str, *, may_be_local: bool, may_have_any_port: bool) -> str | None:
    """Return why a page may not be told to return here."""
    if ANY_PORT in url:
        if not (may_be_local and _LOOPBACK_PATTERN.fullmatch(url)):
            return "only http on loopback in `dev` and `demo` may leave the port open with :*"
        return None if may_have_any_port else "a live application lists exact addresses, without :*"
    if "*" in url:
        return "must be one exact address; there are no patterns but :* on loopback"
    if _APP_SCHEME.fullmatch(url.partition(":")[0]):
        return None if _URL_CHARACTERS.fullmatch(url) else "must be a URL without spaces, # and characters beyond ASCII"
    parts = _split(url)
    return parts if isinstance(parts, str) else _authority_problem(parts, may_be_local=may_be_local)


def web_link_problem(url: str) -> str | None:
    """Return why a page may not link here: only https, a full address, and no user name."""
    parts = _split(url)
    if isinstance(parts, str):
        return parts
    return None if parts.scheme == "https" else "must be https or mailto"


def read_network(text: str) -> IPv4Network | IPv6Network | str:
    """Return a network whose word about forwarded addresses may be believed, or why it may not."""
    try:
        network = ip_network(text)
    except ValueError as error:
        return f"must be an address or a network such as 10.0.0.0/8: {error}"
    if network.prefixlen == 0:
        return f"{text} is the whole internet: anybody could then choose the address that limits are counted under"
    return network


def _split(url: str) -> SplitResult | str:
    if not _URL_CHARACTERS.fullmatch(url):
        return "must be a URL without spaces, # and characters beyond ASCII"
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return "is not a URL"
    if not has_host or "@" in parts.netloc or parts.netloc.endswith(":"):
        return "must be a full URL such as https://shop.example/continue, without user name"
    return parts


def _authority_problem(parts: SplitResult, *, may_be_local: bool) -> str | None:
    if not _HOST.fullmatch(parts.hostname or ""):
        return "names no host that browsers could look up"
    if parts.scheme == "https":
        return None
    if parts.scheme == "http":
        if not is_loopback(parts.hostname or ""):
            return "must be https; http is for loopback only"
        return None if may_be_local else "must be https; http on loopback is for `dev` and `demo`"
    return "must be https or a registered app link such as com.example.shop:/continue"
