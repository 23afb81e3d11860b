"""What is done with keys, which never leave the keyring.

Every keyed hash covers its purpose and length-prefixed parts, so that no two meanings share a value. Keys have ids:
new values are made under the newest, old ones still check and open.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from watchword.domain.secret import Secret


class Purpose(StrEnum):
    """What a keyed hash or a sealed value is for; part of everything it covers."""

    USER = "user"
    ADDRESS = "address"
    NETWORK = "network"
    CODE = "code"
    BOUND = "bound"
    PAGE = "page"
    DEVICE = "device"
    BROWSER = "browser"
    API_KEY = "api-key"
    IDEMPOTENCY = "idempotency"
    NOTICE = "notice"
    CSRF = "csrf"
    TRAIT = "trait"


class Keyring(Protocol):
    """Keyed hashes, sealing and signing; pure computation in memory."""

    def index(self, purpose: Purpose, *parts: bytes) -> bytes:
        """Return 32 bytes that are the same for the same parts for ever: for look-ups (this key does not rotate)."""
        ...

    def mac_key_id(self) -> str:
        """Return the id of the newest key for ``mac``."""
        ...

    def mac(self, purpose: Purpose, *parts: bytes, key_id: str | None = None) -> bytes:
        """Return HMAC-SHA256 (32 bytes) under the newest key or the named one; ``KeyError`` for an unknown id."""
        ...

    def is_mac(self, purpose: Purpose, mac: bytes, *parts: bytes) -> bool:
        """Whether ``mac`` (or its first 16 bytes or more) was made by any key of the ring; constant time."""
        ...

    def seal(self, place: str, plain: bytes) -> bytes:
        """Return AES-GCM ciphertext bound to ``place`` (application, table, row and purpose), key id in front."""
        ...

    def open(self, place: str, sealed: bytes) -> bytes:
        """Return what ``seal`` was given; ``ValueError`` for a wrong place, an unknown key or a changed value."""
        ...

    def is_newest(self, sealed: bytes) -> bool:
        """Whether a sealed value is under the newest key."""
        ...

    def sign(self, claims: Mapping[str, object]) -> Secret:
        """Return a JWT (EdDSA, ``kid`` in the header); the same claims under the same key give the same text."""
        ...

    def verify(self, token: str) -> Mapping[str, object] | None:
        """Return the claims of a JWT that one of our keys signed, expired or not, or None."""
        ...

    def public_keys(self) -> Mapping[str, object]:
        """Return the JWKS (RFC 7517) with every key that a live grant may carry."""
        ...
