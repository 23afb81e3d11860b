"""The keyring in memory: HMAC-SHA256, AES-256-GCM and Ed25519 from well-known libraries, nothing of our own.

Where the keys come from is the business of ``key_file`` and of bootstrap. Every keyed hash covers a version, its
purpose and its parts, each with its length in front, so that no two meanings share a value.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry
from typing_extensions import override

from watchword.adapters.key_file import ID_LENGTH, Key, KeyKind, KeyTable, draw_key, read_table, write_table
from watchword.domain.instant import Instant, later
from watchword.domain.limits import bounds_of
from watchword.domain.secret import Secret
from watchword.ports.clock import Entropy
from watchword.ports.keyring import Purpose

if TYPE_CHECKING:
    # The library has no public name for what its own method returns.
    from joserfc._rfc7515.model import JWSAlgModel

ALGORITHM: Final = "EdDSA"
"""RFC 8037 §3.1. RFC 9864 prefers ``Ed25519`` for the same thing; verifiers that know only the older name are many."""
NONCE_BYTES: Final = 12
"""96 random bits (SP 800-38D §8.2.2); a key may seal 2**32 values (§8.3), so rotate it before."""
TAG_BYTES: Final = 16
"""The whole tag of AES-GCM (SP 800-38D §5.2.1.2)."""
LEAST_MAC_BYTES: Final = 16
"""The shortest front of a keyed hash that is believed: 128 bits (SP 800-107 §5.3.3)."""
GRANT_CHARACTERS_AT_MOST: Final = 8_192
"""A grant is about 700 characters; whatever is far longer is not looked at."""
RETIRED_SLACK_S: Final = 3_600
"""How long after its retirement a process may still sign with a key because it has not read the keys again."""
_VERSION: Final = b"watchword 1"
_CLAIMS: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


class KeySet:
    """Keeps the promise of ``ports.keyring.Keyring`` with keys in memory.

    One object serves a whole process; ``adopt`` changes its keys in one step, so that a rotation needs no restart.
    ``look`` is asked where a key is met that is not here: another process may have rotated a moment ago. It adopts what
    it finds, and returns whether it found anything. A key that was created later than ``now`` opens and verifies, and
    makes nothing yet: machines that read their own copies of the keys can all have it before any uses it.
    """

    __slots__ = ("_entropy", "_ready", "look")

    def __init__(self, table: KeyTable, entropy: Entropy, now: Instant | None = None) -> None:
        self._entropy = entropy
        self._ready = _prepare(table, now)
        self.look: Callable[[], bool] = _nothing_new

    @classmethod
    def generate(cls, entropy: Entropy, now: Instant) -> Self:
        """Return a set with one new key of each kind."""
        index, mac, sealing, signing = (draw_key(entropy, now) for _ in KeyKind)
        return cls(KeyTable(index=index, mac=(mac,), sealing=(sealing,), signing=(signing,)), entropy)

    @classmethod
    def from_toml(cls, text: str, *, source: str, entropy: Entropy, now: Instant | None = None) -> Self:
        """Return the set of a ``keys.toml`` text; raises ``ConfigurationError`` that names ``source`` and no key."""
        return cls(read_table(text, source=source), entropy, now)

    def to_toml(self) -> str:
        """Return the text of ``keys.toml``, which is as secret as the keys."""
        return write_table(self.table)

    @property
    def table(self) -> KeyTable:
        """The keys themselves, for writing them down and for listing their ids and times."""
        return self._ready.table

    @property
    def next_due(self) -> Instant | None:
        """When a key begins to make values that makes none yet; None where there is no such key."""
        return self._ready.next_due

    def makes_values(self, key: Key) -> bool:
        """Whether new values are made with this key."""
        return key in self._ready.makers

    def rotate(self, kind: KeyKind, entropy: Entropy, now: Instant) -> "KeySet":
        """Return a set with a new newest key of this kind; the others go on checking, opening and verifying.

        ``ValueError`` for the index key, which does not rotate.
        """
        table, key = self.table, draw_key(entropy, now)
        match kind:
            case KeyKind.INDEX:
                raise ValueError("the index key does not rotate: rows of the database are found by its hashes")
            case KeyKind.MAC:
                table = replace(table, mac=(*table.mac, key))
            case KeyKind.SEALING:
                table = replace(table, sealing=(*table.sealing, key))
            case KeyKind.SIGNING:
                retired = (entry if entry.retired_at else replace(entry, retired_at=now) for entry in table.signing)
                table = replace(table, signing=(*retired, key))
        return KeySet(table, entropy)

    def pruned(self, now: Instant) -> "KeySet":
        """Return a set without the signing keys whose last grant has expired."""
        *old, newest = self.table.signing
        live = (key for key in old if _may_be_needed(key, now))
        return KeySet(replace(self.table, signing=(*live, newest)), self._entropy)

    def adopt(self, other: "KeySet") -> None:
        """Use the keys of another set from now on, all at once."""
        self._ready = other._ready  # noqa: SLF001 it is the same class

    def index(self, purpose: Purpose, *parts: bytes) -> bytes:
        """Return 32 bytes that are the same for the same parts for ever."""
        return _keyed_hash(self._ready.index, _message(purpose, parts))

    def mac_key_id(self) -> str:
        """Return the id of the newest key for ``mac``."""
        return self._ready.newest_mac

    def mac(self, purpose: Purpose, *parts: bytes, key_id: str | None = None) -> bytes:
        """Return HMAC-SHA256 under the newest key or the named one; ``KeyError`` for an unknown id."""
        ready = self._ready
        if key_id is not None and key_id not in ready.mac and self.look():
            ready = self._ready
        keyed = ready.mac[ready.newest_mac if key_id is None else key_id]
        return _keyed_hash(keyed, _message(purpose, parts))

    def is_mac(self, purpose: Purpose, mac: bytes, *parts: bytes) -> bool:
        """Whether ``mac``, of 16 to 32 bytes, is the front of a keyed hash under any key of the ring."""
        if not LEAST_MAC_BYTES <= len(mac) <= hashlib.sha256().digest_size:
            return False
        message = _message(purpose, parts)
        return self._is_mac_of(message, mac) or (self.look() and self._is_mac_of(message, mac))

    def _is_mac_of(self, message: bytes, mac: bytes) -> bool:
        found = False
        for keyed in self._ready.mac.values():
            found |= hmac.compare_digest(_keyed_hash(keyed, message)[: len(mac)], mac)
        return found

    def seal(self, place: str, plain: bytes) -> bytes:
        """Return key id, nonce and AES-GCM ciphertext, bound to ``place``."""
        ready, nonce = self._ready, self._entropy.token(NONCE_BYTES)
        return ready.newest_sealing + nonce + ready.sealing[ready.newest_sealing].encrypt(nonce, plain, _bound(place))

    def open(self, place: str, sealed: bytes) -> bytes:
        """Return what ``seal`` was given; ``ValueError`` for a wrong place, an unknown key or a changed value."""
        cipher = self._ready.sealing.get(sealed[:ID_LENGTH])
        if cipher is None and self.look():
            cipher = self._ready.sealing.get(sealed[:ID_LENGTH])
        if cipher is None:
            raise ValueError("sealed under a key that is not here")
        body = ID_LENGTH + NONCE_BYTES
        if len(sealed) < body + TAG_BYTES:
            raise ValueError("too short to be sealed")
        try:
            return cipher.decrypt(sealed[ID_LENGTH:body], sealed[body:], _bound(place))
        except InvalidTag:
            raise ValueError("not what was sealed here") from None

    def is_newest(self, sealed: bytes) -> bool:
        """Whether a sealed value is under the newest key."""
        return sealed[:ID_LENGTH] == self._ready.newest_sealing

    def sign(self, claims: Mapping[str, object]) -> Secret:
        """Return a JWT; keys are ordered and Ed25519 draws nothing, so equal claims give equal text.

        Put together here (RFC 7515 §7.1), because the library's own way takes as long as the signature itself.
        """
        signer = self._ready.signer
        payload = _CLAIMS.encode(claims)
        signed = b".".join((signer.header, _base64url(payload.encode())))
        return Secret(b".".join((signed, _base64url(signer.key.sign(signed)))).decode("ascii"))

    def verify(self, token: str) -> Mapping[str, object] | None:
        """Return the claims of a JWT that one of our keys signed, expired or not, or None."""
        if len(token) > GRANT_CHARACTERS_AT_MOST or not token.isascii():
            return None
        ready = self._ready
        try:
            signature = jws.extract_compact(token.encode("ascii"), registry=ready.algorithms)
            key_id = str(signature.headers().get("kid"))
            if key_id not in ready.signing and self.look():
                ready = self._ready
            key = ready.signing.get(key_id)
            if key is None or not jws.validate_compact(signature, key, registry=ready.algorithms):
                return None
            claims = json.loads(signature.payload)
        except (JoseError, ValueError, KeyError, TypeError):
            return None
        return claims if isinstance(claims, dict) else None

    def public_keys(self) -> Mapping[str, object]:
        """Return the JWKS, newest key first."""
        return {"keys": [dict(key) for key in self._ready.public]}

    def __repr__(self) -> str:
        ids = ", ".join(f"{kind}: {' '.join(key.id for key in self.table.of(kind))}" for kind in KeyKind)
        return f"KeySet({ids})"


def _nothing_new() -> bool:
    return False


class _OnlyEdDSA(JWSRegistry):
    """Takes the one algorithm by its older name; the library's own look-up warns of that name at every call."""

    @override
    def get_alg(self, name: str) -> "JWSAlgModel":
        if name != ALGORITHM:
            raise UnsupportedAlgorithmError(ALGORITHM)
        return self.algorithms[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """The keys as the libraries want them, made once per key and not per call."""

    table: KeyTable
    makers: tuple[Key, ...]
    """The key of each kind that new values are made with."""
    next_due: Instant | None
    index: HMAC
    """Begun with the key and not gone on with: copying it takes a third of beginning anew."""
    mac: Mapping[str, HMAC]
    newest_mac: str
    sealing: Mapping[bytes, AESGCM]
    newest_sealing: bytes
    signing: Mapping[str, OKPKey]
    signer: "_Signer"
    public: tuple[Mapping[str, object], ...]
    algorithms: JWSRegistry


def _prepare(table: KeyTable, now: Instant | None) -> _Ready:
    signing = {key.id: _signing_key(key) for key in table.signing}
    mac, sealing, signer = (_maker(keys, now) for keys in (table.mac, table.sealing, table.signing))
    waiting = (key.created_at for keys in (table.mac, table.sealing, table.signing) for key in keys)
    return _Ready(
        table=table,
        makers=(table.index, mac, sealing, signer),
        next_due=None if now is None else min((due for due in waiting if due > now), default=None),
        index=HMAC(table.index.secret, SHA256()),
        mac={key.id: HMAC(key.secret, SHA256()) for key in table.mac},
        newest_mac=mac.id,
        sealing={key.id.encode("ascii"): AESGCM(key.secret) for key in table.sealing},
        newest_sealing=sealing.id.encode("ascii"),
        signing=signing,
        signer=_signer(signer),
        public=tuple(key.as_dict(private=False) for key in reversed(signing.values())),
        algorithms=_OnlyEdDSA(),
    )


def _maker(keys: Sequence[Key], now: Instant | None) -> Key:
    """Return the newest key that is due; where none is, which only a clock far behind brings about, the oldest."""
    return next((key for key in reversed(keys) if now is None or key.created_at <= now), keys[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signer:
    """The newest signing key with the header that stands before whatever it signs."""

    key: Ed25519PrivateKey
    header: bytes


def _signer(key: Key) -> _Signer:
    header = {"alg": ALGORITHM, "kid": key.id, "typ": "JWT"}
    return _Signer(
        key=Ed25519PrivateKey.from_private_bytes(key.secret),
        header=_base64url(json.dumps(header, separators=(",", ":")).encode()),
    )


def _base64url(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def _signing_key(key: Key) -> OKPKey:
    private = Ed25519PrivateKey.from_private_bytes(key.secret)
    return OKPKey.import_key(private, {"kid": key.id, "use": "sig", "alg": ALGORITHM})


def _may_be_needed(key: Key, now: Instant) -> bool:
    if key.retired_at is None:
        return True
    lifetime_s = bounds_of("grant_lifetime_s").high
    return now < later(key.retired_at, seconds=lifetime_s + RETIRED_SLACK_S)


def _keyed_hash(keyed: HMAC, message: bytes) -> bytes:
    hashing = keyed.copy()
    hashing.update(message)
    return hashing.finalize()


def _message(purpose: Purpose, parts: tuple[bytes, ...]) -> bytes:
    return _OPENINGS[purpose] + _joined(parts)


def _joined(pieces: Sequence[bytes]) -> bytes:
    return b"".join([len(piece).to_bytes(4, "big") + piece for piece in pieces])


_OPENINGS: Final = {purpose: _joined((_VERSION, purpose.encode("ascii"))) for purpose in Purpose}
"""What every keyed hash of a purpose begins with."""


def _bound(place: str) -> bytes:
    return _VERSION + b"\0" + place.encode()
