"""A keyed hash without a key, for the tests of hashed values."""

import hashlib


class Hashing:
    """Hashes length-prefixed parts, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, *parts: bytes) -> bytes:
        self.asked += 1
        return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()
