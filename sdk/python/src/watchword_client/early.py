"""Checks a grant without asking the server: an early look, never the reason to go ahead."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NoReturn

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError, UnsupportedAlgorithmError
from joserfc.jwk import KeySet, OKPKey
from joserfc.jws import JWSRegistry
from typing_extensions import override

from watchword_client.errors import GrantRefused

if TYPE_CHECKING:
    # The library has no public name for what its own method returns.
    from joserfc._rfc7515.model import JWSAlgModel

ALGORITHMS = frozenset({"EdDSA", "Ed25519"})
"""Both names of one algorithm: the one of RFC 8037 and the one that RFC 9864 put in its place."""
LEEWAY_S = 5
"""How far the clocks of store and server may stand apart; a grant lives at least 30 s."""
KEEP_KEYS_S = 300
"""How long a fetched JWKS is used without asking again."""
REFETCH_KEYS_S = 30
"""The shortest time between two fetches because of an unknown key, so that forged grants cannot cause a flood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyCheck:
    """What a genuine, unexpired grant says. This is not a redemption, and the action may not go ahead on it.

    The grant may have been redeemed or revoked already, and whether amount, payee and details are those of the action
    only ``grants.redeem`` can tell. It is neither true nor false, so that no ``if`` can take it for an approval.
    """

    action_id: str
    type: str
    user_id: str
    assurance: str
    methods: tuple[str, ...]
    """The claim ``amr``."""
    livemode: bool
    expires_at: datetime
    is_redemption: Literal[False] = False

    def __bool__(self) -> NoReturn:
        """Refuse to be read as yes or no."""
        raise TypeError("an EarlyCheck is not a redemption: call grants.redeem before the action goes ahead")


class GrantChecker:
    """Checks signature, issuer, audience, mode and time of grants against a JWKS that was fetched before."""

    def __init__(
        self,
        *,
        jwks: Mapping[str, object],
        issuer: str,
        audience: str,
        livemode: bool = True,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._keys = _signing_keys(jwks)
        self._issuer = issuer
        self._audience = audience
        self._livemode = livemode
        self._now_s = now_s

    def check(self, grant: str) -> EarlyCheck:
        """Return what the grant says, or raise ``GrantRefused``."""
        claims = self._verified_claims(grant)
        self._check_claims(claims)
        return _early_check(claims)

    def _verified_claims(self, grant: str) -> Mapping[str, object]:
        try:
            return jwt.decode(grant, self._keys, registry=_GrantAlgorithms(algorithms=ALGORITHMS)).claims
        except InvalidKeyIdError:
            raise GrantRefused("unknown_key", "no key of the JWKS signed this grant; fetch the JWKS again") from None
        except (JoseError, ValueError):
            raise GrantRefused("grant_invalid", "not a grant, or its signature is wrong") from None

    def _check_claims(self, claims: Mapping[str, object]) -> None:
        if claims.get("iss") != self._issuer or claims.get("aud") != self._audience:
            raise GrantRefused("grant_invalid", "issued by another server or for another application")
        if claims.get("livemode") is not self._livemode:
            raise GrantRefused("wrong_mode", "a test grant where live ones count, or the other way round")
        if _seconds(claims, "exp") <= self._now_s():
            raise GrantRefused("grant_expired", "the grant has expired")
        if _seconds(claims, "iat") > self._now_s() + LEEWAY_S:
            raise GrantRefused("grant_invalid", "the grant comes from the future")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedKeys:
    """A JWKS and when it was fetched, in seconds of a clock that only goes forward."""

    jwks: Mapping[str, object]
    fetched_at_s: float

    def is_fresh(self, now_s: float) -> bool:
        """Say whether the keys can be used without asking again."""
        return now_s < self.fetched_at_s + KEEP_KEYS_S

    def may_lack_a_key(self, now_s: float) -> bool:
        """Say whether they are old enough to be fetched again because a grant names a key that is not there."""
        return now_s >= self.fetched_at_s + REFETCH_KEYS_S


class _GrantAlgorithms(JWSRegistry):
    """Allows the one algorithm under both its names, without the library's warning about the older one."""

    @override
    def get_alg(self, name: str) -> "JWSAlgModel":
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(f"Algorithm of '{name}' is not allowed")
        return self.algorithms[name]


def _signing_keys(jwks: Mapping[str, object]) -> KeySet:
    keys = jwks.get("keys")
    if not isinstance(keys, list):
        raise GrantRefused("unknown_key", "the JWKS holds no list of keys")
    # A key of another type may be there for something else; one without an id could answer for any grant.
    usable = [key for key in keys if isinstance(key, dict) and key.get("crv") == "Ed25519" and key.get("kid")]
    try:
        return KeySet([OKPKey.import_key(key) for key in usable])
    except (JoseError, ValueError):
        raise GrantRefused("unknown_key", "a key of the JWKS cannot be read") from None


def _early_check(claims: Mapping[str, object]) -> EarlyCheck:
    action = claims.get("act")
    methods = claims.get("amr")
    if not isinstance(action, dict) or not isinstance(methods, list):
        raise GrantRefused("grant_invalid", "the grant lacks a claim")
    return EarlyCheck(
        action_id=_word(action, "id"),
        type=_word(action, "type"),
        user_id=_word(claims, "sub"),
        assurance=_word(claims, "assurance"),
        methods=tuple(str(method) for method in methods),
        livemode=claims.get("livemode") is True,
        expires_at=datetime.fromtimestamp(_seconds(claims, "exp"), UTC),
    )


def _word(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str):
        raise GrantRefused("grant_invalid", f"the grant lacks the claim {name}")
    return value


def _seconds(claims: Mapping[str, object], name: str) -> int | float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GrantRefused("grant_invalid", f"the grant lacks the claim {name}")
    return value
