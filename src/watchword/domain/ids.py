"""The names of things: prefixed ids that lead to their user's shard, and references for the telephone.

An id is ``prefix_`` and the lower-case Crockford base 32 of the user's 8-byte key and 16 random bytes
(``ARCHITECTURE.md``: one user, one shard). Nothing here draws randomness: the bytes are arguments.
"""

import base64
import re
from typing import Final, NewType

ApplicationId = NewType("ApplicationId", str)
UserId = NewType("UserId", str)
UserKey = NewType("UserKey", bytes)
"""Eight bytes: the keyed hash of application and user id."""
ActionId = NewType("ActionId", str)
ChallengeId = NewType("ChallengeId", str)
ContactId = NewType("ContactId", str)
DeviceId = NewType("DeviceId", str)
DeliveryId = NewType("DeliveryId", str)
EventId = NewType("EventId", str)
GrantId = NewType("GrantId", str)
Reference = NewType("Reference", str)
"""Eight Crockford characters that a customer can read out; at least one is a letter, so that it is never a code."""

USER_KEY_BYTES: Final = 8
RANDOM_BYTES: Final = 16
"""128 bits besides the shard key: an id is never met by guessing."""
REFERENCE_LENGTH: Final = 8

_LONGEST_BODY: Final = 64

_STANDARD: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_CROCKFORD: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_TO_CROCKFORD: Final = str.maketrans(_STANDARD, _CROCKFORD)
_FROM_CROCKFORD: Final = str.maketrans(_CROCKFORD, _STANDARD)
_HEARD_AS: Final = str.maketrans("ilo", "110")
"""What Crockford's alphabet leaves out is read as its look-alike."""


def encode(data: bytes) -> str:
    """Return bytes as lower-case Crockford base 32 without padding."""
    return base64.b32encode(data).decode("ascii").rstrip("=").translate(_TO_CROCKFORD)


def decode(text: str) -> bytes | None:
    """Return the bytes that ``encode`` wrote, or None for anything it would not have written."""
    if not text or not set(text) <= set(_CROCKFORD):
        return None
    padded = text.translate(_FROM_CROCKFORD) + "=" * (-len(text) % 8)
    try:
        data = base64.b32decode(padded)
    except ValueError:
        return None
    return data if encode(data) == text else None


def make_id(prefix: str, user_key: UserKey, random: bytes) -> str:
    """Return an id such as ``act_…`` for this user from 16 random bytes."""
    if len(user_key) != USER_KEY_BYTES or len(random) != RANDOM_BYTES:
        raise ValueError("an id takes 8 bytes of user key and 16 random bytes")
    return f"{prefix}_{encode(user_key + random)}"


def user_key_of(prefix: str, identifier: str) -> UserKey | None:
    """Return the user key inside an id of this prefix, or None if it is not such an id."""
    head, _, body = identifier.partition("_")
    if head != prefix or len(body) > _LONGEST_BODY:
        return None
    data = decode(body)
    if data is None or len(data) != USER_KEY_BYTES + RANDOM_BYTES:
        return None
    return UserKey(data[:USER_KEY_BYTES])


def make_reference(random: bytes) -> Reference | None:
    """Return a reference from five random bytes, or None where it would read like a code (draw again then).

    A letter alone is not enough: in a pasted message, six digits in a row beside the code would be a second one.
    """
    text = encode(random[:5]).upper()
    return None if re.search(r"[0-9]{6}", text) else Reference(text)


def read_reference(text: str) -> Reference | None:
    """Return the reference somebody typed, with look-alikes and separators mended, or None."""
    folded = "".join(character for character in text.lower() if not character.isspace() and character not in "-–.")
    folded = folded.translate(_HEARD_AS)
    if len(folded) != REFERENCE_LENGTH or not set(folded) <= set(_CROCKFORD):
        return None
    return Reference(folded.upper())
