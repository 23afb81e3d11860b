"""The headers that every answer carries unless its maker set them otherwise (ASVS 3.4)."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

Header = tuple[bytes, bytes]

_EVERY_ANSWER: Final[tuple[Header, ...]] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
_POLICY: Final = b"content-security-policy"
_FRAMES: Final = b"x-frame-options"
_ANCESTORS: Final = b"frame-ancestors "
_NO_ANCESTORS: Final = b"frame-ancestors 'none'"
_OVER_TLS: Final[Header] = (b"strict-transport-security", b"max-age=63072000")
"""Two years (ASVS 3.4.1 asks for one at least); what lies on subdomains is not ours to decide."""


def standing_headers(*, over_tls: bool) -> tuple[Header, ...]:
    """Return the headers of every answer; ``over_tls`` says that the public address is https."""
    return (*_EVERY_ANSWER, _OVER_TLS) if over_tls else _EVERY_ANSWER


def completed(headers: Sequence[Header], standing: tuple[Header, ...], request_id: str) -> list[Header]:
    """Return an answer's headers with the standing ones it does not set itself, and its request id.

    An answer whose own policy names who may frame it gets no ``X-Frame-Options``, which cannot name anybody (RFC 7034
    §2.2; ``ALLOW-FROM`` is gone) and would contradict it.
    """
    names = [name.lower() for name, _ in headers]
    is_framed = _POLICY in names and any(name.lower() == _POLICY and _names_ancestors(value) for name, value in headers)
    added = _missing(frozenset((*names, _FRAMES)) if is_framed else frozenset(names), standing)
    return [*headers, *added, (b"x-request-id", request_id.encode())]


@lru_cache(maxsize=256)  # answers set few combinations of headers
def _missing(present: frozenset[bytes], standing: tuple[Header, ...]) -> tuple[Header, ...]:
    return tuple(header for header in standing if header[0] not in present)


def _names_ancestors(policy: bytes) -> bool:
    return _ANCESTORS in policy and _NO_ANCESTORS not in policy
