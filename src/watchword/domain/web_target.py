"""Takes an address of the web apart, as strictly as it is checked; nothing is looked up."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

URL_CHARACTERS: Final = 1_000
_URL: Final = re.compile(r"https?://[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+", re.ASCII)
"""RFC 3986 §2 without ``#``: no space, no control character, nothing that somebody reads in another way."""
_NAME: Final = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII
)
"""RFC 1123 §2.1; the last label starts with a letter, so that no number in any notation is taken for a name."""
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a request goes."""

    scheme: str
    host: str
    """A name, or an address in digits and without brackets."""
    port: int
    authority: str
    """What stands in ``Host``."""
    path: str
    """With the query."""


def read_target(url: str) -> Target | None:
    """Return the parts of an absolute http or https address, or None for one that anybody could read differently."""
    if len(url) > URL_CHARACTERS or not _URL.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if host is None or "@" in parts.netloc or parts.netloc.endswith(":") or port == 0:
        return None
    if not _NAME.fullmatch(host) and _digits(host, parts.netloc) is None:
        return None
    return Target(
        scheme=parts.scheme,
        host=host,
        port=_DEFAULT_PORTS[parts.scheme] if port is None else port,
        authority=parts.netloc.lower(),
        path=f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}",
    )


def _digits(host: str, netloc: str) -> IPv4Address | IPv6Address | None:
    """Return an address in its one usual notation; IPv6 stands in brackets and has no zone."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return address if netloc.startswith("[") == (address.version == 6) and "%" not in host else None  # noqa: PLR2004 the version of IP
