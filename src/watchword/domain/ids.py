"""The names of things: prefixed ids that lead to their user's shard, and references for the telephone.

An id is ``prefix_`` and the lower-case Crockford base 32 of the user's 8-byte key and 16 random bytes
(``ARCHITECTURE.md``: one user, one shard). Nothing here draws randomness: the bytes are arguments.
"""

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

_CROCKFORD: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS: Final = tuple(first + second for first in _CROCKFORD for second in _CROCKFORD)
"""Two characters for each ten bits: an allowed action makes eight texts of this kind, so they are made in few steps."""
_PAIR_BITS: Final = 10
_PAIR_MASK: Final = 1023
_CHARACTER_BITS: Final = 5
_TO_DIGITS: Final = str.maketrans(_CROCKFORD, "0123456789abcdefghijklmnopqrstuv")
"""To the digits that ``int`` reads in base 32."""
_CHARACTERS: Final = frozenset(_CROCKFORD)
_TEXT: Final = re.compile(f"[{_CROCKFORD}]+")
_HEARD_AS: Final = str.maketrans("ilo", "110")
"""What Crockford's alphabet leaves out is read as its look-alike."""


def encode(data: bytes) -> str:
    """Return bytes as lower-case Crockford base 32 without padding."""
    missing = -8 * len(data) % _PAIR_BITS
    number = int.from_bytes(data, "big") << missing
    last = 8 * len(data) + missing - _PAIR_BITS
    text = "".join([_PAIRS[number >> shift & _PAIR_MASK] for shift in range(last, -1, -_PAIR_BITS)])
    return text[:-1] if missing >= _CHARACTER_BITS else text


def decode(text: str) -> bytes | None:
    """Return the bytes that ``encode`` wrote, or None for anything it would not have written."""
    if not _TEXT.fullmatch(text):
        return None
    length, left_over = divmod(len(text) * _CHARACTER_BITS, 8)
    number = int(text.translate(_TO_DIGITS), 32)
    if left_over >= _CHARACTER_BITS or number & (1 << left_over) - 1:
        return None
    return (number >> left_over).to_bytes(length, "big")


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
    if len(folded) != REFERENCE_LENGTH or not set(folded) <= _CHARACTERS:
        return None
    return Reference(folded.upper())
