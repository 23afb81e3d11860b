"""How a browser reads a code and its site out of an SMS, so that we can check a message before it leaves.

The parsing algorithm of "Origin-bound one-time codes delivered via SMS" (WICG draft community group report,
§3.2 Parsing). A browser offers the code to pages of that host only; a text from outside that could add a last line of
its own would choose the host.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from watchword.domain.secret import Secret

_ASCII_WHITESPACE: Final = frozenset("\t\n\f\r ")
"""As the Infra Standard has it, §4.6 Code points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginBound:
    """What a message binds: this code is for pages of this host."""

    host: str
    code: Secret
    embedded_host: str | None = None
    """The host of a frame the code is for; our messages name none."""


def host_of(address: str) -> str:
    """Return the host of an address as such a line names it: without port, IPv6 in brackets; empty where none is."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return f"[{host}]" if ":" in host else host


def write_origin_bound(host: str, code: Secret) -> str:
    """Return the last line of a message that binds a code to a host, without a line break."""
    return f"@{host} #{code.reveal()}"


def parse_origin_bound(text: str) -> OriginBound | None:
    """Return what a browser reads from the last line of a message, or None if that binds nothing."""
    line = text.replace("\r\n", "\n").replace("\r", "\n").rpartition("\n")[2]
    host, rest = _marked_token(line, "@")
    if host is None or not rest.startswith(" "):
        return None
    code, rest = _marked_token(rest[1:], "#")
    if code is None:
        return None
    embedded, _ = _marked_token(rest[1:], "%") if rest.startswith(" ") else (None, "")
    return OriginBound(host=host, code=Secret(code), embedded_host=embedded)


def _marked_token(line: str, marker: str) -> tuple[str | None, str]:
    """Return the token after ``marker`` up to white space and what follows it, or None where there is none."""
    if not line.startswith(marker):
        return None, line
    body = line[1:]
    end = next((index for index, one in enumerate(body) if one in _ASCII_WHITESPACE), len(body))
    return (body[:end], body[end:]) if end else (None, line)
