"""Keeps passwords as Argon2id hashes: slow to guess at, and bounded for whoever has to compute them."""

import base64
import secrets
from dataclasses import dataclass
from threading import BoundedSemaphore

import anyio
from anyio import to_thread
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from watchword_client.passwords.judging import LONGEST, LengthRule, normalised

_SALT_BYTES = 16
_HASH_BYTES = 32
"""Salt and tag of RFC 9106, section 4."""
_LEAST_MEMORY_KIB = {1: 47_104, 2: 19_456, 3: 12_288, 4: 9_216, 5: 7_168}
"""What counts as equally hard by number of passes (OWASP Password Storage Cheat Sheet, Argon2id)."""
_MANY_PASSES = max(_LEAST_MEMORY_KIB)


@dataclass(frozen=True, slots=True, kw_only=True)
class HashParameters:
    """How hard a hash is to compute. The default is the second recommended choice of RFC 9106, section 4.

    Refuses what is below the OWASP Password Storage Cheat Sheet.
    """

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 4

    def __post_init__(self) -> None:
        least_kib = _LEAST_MEMORY_KIB.get(min(self.passes, _MANY_PASSES))
        if least_kib is None or self.lanes < 1:
            raise ValueError("passes and lanes are at least 1")
        if self.memory_kib < least_kib:
            raise ValueError(f"with {self.passes} passes, memory_kib is at least {least_kib}")


class PasswordHashes:
    """Makes and checks the hashes to keep; for code that waits. Safe to share between threads.

    ``parallel`` is how many are computed at once: each takes ``memory_kib``, and further ones wait. ``longest`` is the
    greatest number of characters that a password may ever have had.
    """

    def __init__(self, *, parameters: HashParameters | None = None, longest: int = LONGEST, parallel: int = 4) -> None:
        chosen = parameters or HashParameters()
        self._lengths = LengthRule(shortest=8, longest=longest)
        self._places = BoundedSemaphore(parallel)
        self._nobodys_hash = _nobodys_hash(chosen)
        self._hasher = PasswordHasher(
            time_cost=chosen.passes,
            memory_cost=chosen.memory_kib,
            parallelism=chosen.lanes,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
            type=Type.ID,
        )

    def hash(self, password: str) -> str:
        """Return what to keep; raises ``ValueError`` for a password that is longer than any may be."""
        if self._lengths.is_passed_by(password):
            raise ValueError("the password is longer than any may be: judge it before it is hashed")
        with self._places:
            return self._hasher.hash(_bytes(normalised(password)))

    def verify(self, kept_hash: str | None, password: str) -> bool:
        """Say whether this is the password; ``None`` stands for an account that does not exist and takes as long."""
        # Nobody can have set a longer one, and cutting it short would take a wrong one for right.
        too_long = self._lengths.is_passed_by(password)
        entered = b"" if too_long else _bytes(normalised(password))
        asked_hash = self._nobodys_hash if too_long or kept_hash is None else kept_hash
        try:
            with self._places:
                self._hasher.verify(asked_hash, entered)
        except InvalidHashError:
            return self.verify(None, password) if asked_hash is kept_hash else False
        except VerificationError:
            return False
        return asked_hash is kept_hash

    def needs_rehash(self, kept_hash: str) -> bool:
        """Say whether a hash was made otherwise than today: after a successful ``verify``, hash anew and keep that."""
        try:
            return self._hasher.check_needs_rehash(kept_hash)
        except InvalidHashError:
            return True


class AsyncPasswordHashes:
    """Makes and checks the hashes to keep, in threads; for asyncio and Trio. Takes what ``PasswordHashes`` takes."""

    def __init__(self, *, parameters: HashParameters | None = None, longest: int = LONGEST, parallel: int = 4) -> None:
        self._hashes = PasswordHashes(parameters=parameters, longest=longest, parallel=parallel)
        self._parallel = parallel
        self._limiter: anyio.CapacityLimiter | None = None

    async def hash(self, password: str) -> str:
        """Return what to keep; see ``PasswordHashes.hash``."""
        return await to_thread.run_sync(self._hashes.hash, password, limiter=self._places())

    async def verify(self, kept_hash: str | None, password: str) -> bool:
        """Say whether this is the password; see ``PasswordHashes.verify``."""
        return await to_thread.run_sync(self._hashes.verify, kept_hash, password, limiter=self._places())

    def needs_rehash(self, kept_hash: str) -> bool:
        """Say whether a hash was made otherwise than today; see ``PasswordHashes.needs_rehash``."""
        return self._hashes.needs_rehash(kept_hash)

    def _places(self) -> anyio.CapacityLimiter:
        # Made with the first call, because it belongs to a running event loop.
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._parallel)
        return self._limiter


def _bytes(password: str) -> bytes:
    # A broken client may send half of a surrogate pair; it is a wrong password then, and no reason to fail.
    return password.encode("utf-8", "surrogatepass")


def _nobodys_hash(parameters: HashParameters) -> str:
    """Return a hash that no password has and that takes as long to check as any made with these parameters."""
    salt, tag = (_unpadded(secrets.token_bytes(length)) for length in (_SALT_BYTES, _HASH_BYTES))
    return f"$argon2id$v=19$m={parameters.memory_kib},t={parameters.passes},p={parameters.lanes}${salt}${tag}"


def _unpadded(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")
