"""How a message to somebody else's server is signed, so that he knows it is ours: Standard Webhooks 1.0."""

import hmac
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

SECRET_PREFIX: Final = "whsec_"
SECRET_BYTES_LEAST: Final = 24
SECRET_BYTES_MOST: Final = 64
"""Standard Webhooks 1.0, "Symmetric keys": between 192 and 512 bits."""
_SCHEME: Final = "v1"


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """The key that one receiver shares with us."""

    key: bytes = field(repr=False)


def read_secret(text: str) -> SigningSecret | None:
    """Return what ``whsec_`` and base64 stand for, or None for another text or a key of another length."""
    prefix, found, body = text.partition(SECRET_PREFIX)
    if prefix or not found:
        return None
    try:
        key = b64decode(body, validate=True)
    except (NotBase64, ValueError):
        return None
    return SigningSecret(key) if SECRET_BYTES_LEAST <= len(key) <= SECRET_BYTES_MOST else None


def write_secret(key: bytes) -> str:
    """Return a key as it stands in settings and in the hands of the receiver."""
    return f"{SECRET_PREFIX}{b64encode(key).decode()}"


def signed_headers(secrets: Sequence[SigningSecret], message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a message: its id, when it was sent, and a signature by each secret.

    With two secrets, while one takes the place of the other, a receiver who knows either is content.
    """
    if "." in message_id or not message_id:
        raise ValueError("an id with a dot could be read as another id and time")
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    signatures = [b64encode(hmac.new(secret.key, signed, sha256).digest()).decode() for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(f"{_SCHEME},{signature}" for signature in signatures),
    }
