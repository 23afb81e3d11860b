"""The offline check of a grant: strict about what it takes, and impossible to mistake for a redemption."""

from collections.abc import Mapping

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey

from tests.sdk.canned import Canned, CannedServer, Json
from watchword_client import Client, EarlyCheck, GrantChecker, GrantRefused, Redemption

NOW_S = 1_800_000_000
ISSUER = "https://verify.shop.example"
CLAIMS: Json = {
    "iss": ISSUER,
    "aud": "shop",
    "sub": "u-42",
    "act": {"id": "act_1", "type": "purchase", "digest": "x"},
    "amr": ["otp", "sms"],
    "assurance": "sim_control",
    "livemode": True,
    "iat": NOW_S,
    "exp": NOW_S + 300,
    "jti": "g1",
    "novelty": {"of": ["a newer server"]},
}


@pytest.fixture(scope="module")
def key() -> OKPKey:
    """Return the signing key of the server."""
    return OKPKey.generate_key("Ed25519", {"kid": "one"})


def _jwks(*keys: OKPKey | ECKey) -> Json:
    return {"keys": [key.as_dict(private=False) for key in keys]}


def _signed(key: OKPKey | ECKey | OctKey, claims: Mapping[str, object], algorithm: str = "Ed25519") -> str:
    return jwt.encode({"alg": algorithm, "kid": key.kid}, dict(claims), key, algorithms=[algorithm])


def _checker(key: OKPKey, *, livemode: bool = True, now_s: float = NOW_S) -> GrantChecker:
    return GrantChecker(jwks=_jwks(key), issuer=ISSUER, audience="shop", livemode=livemode, now_s=lambda: now_s)


def test_tells_what_a_genuine_grant_says(key: OKPKey) -> None:
    early = _checker(key).check(_signed(key, CLAIMS))

    assert (early.action_id, early.type, early.user_id) == ("act_1", "purchase", "u-42")
    assert (early.assurance, early.methods, early.livemode) == ("sim_control", ("otp", "sms"), True)
    assert early.expires_at.timestamp() == NOW_S + 300


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_takes_the_older_name_of_the_algorithm(key: OKPKey) -> None:
    assert isinstance(_checker(key).check(_signed(key, CLAIMS, "EdDSA")), EarlyCheck)


def test_cannot_be_mistaken_for_a_redemption(key: OKPKey) -> None:
    early = _checker(key).check(_signed(key, CLAIMS))

    assert not issubclass(type(early), Redemption)
    assert early.is_redemption is False
    with pytest.raises(TypeError, match="not a redemption"):
        bool(early)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"iss": "https://verify.thief.example"}, "grant_invalid"),
        ({"aud": "another"}, "grant_invalid"),
        ({"aud": ["shop", "another"]}, "grant_invalid"),
        ({"livemode": False}, "wrong_mode"),
        ({"livemode": 1}, "wrong_mode"),
        ({"exp": NOW_S}, "grant_expired"),
        ({"exp": None}, "grant_invalid"),
        ({"exp": "2030"}, "grant_invalid"),
        ({"iat": NOW_S + 60}, "grant_invalid"),
        ({"sub": None}, "grant_invalid"),
        ({"act": "act_1"}, "grant_invalid"),
        ({"amr": None}, "grant_invalid"),
    ],
)
def test_refuses_a_grant_that_is_not_for_here_and_now(key: OKPKey, change: Json, code: str) -> None:
    with pytest.raises(GrantRefused) as caught:
        _checker(key).check(_signed(key, CLAIMS | change))

    assert caught.value.code == code


def test_keeps_test_grants_out_of_live_ones_and_the_other_way_round(key: OKPKey) -> None:
    test_grant = _signed(key, CLAIMS | {"livemode": False})

    assert isinstance(_checker(key, livemode=False).check(test_grant), EarlyCheck)
    with pytest.raises(GrantRefused):
        _checker(key, livemode=False).check(_signed(key, CLAIMS))


def test_refuses_other_signatures(key: OKPKey) -> None:
    stranger = OKPKey.generate_key("Ed25519", {"kid": "one"})
    public = OctKey.import_key(str(key.as_dict(private=False)["x"]), {"kid": "one"})
    elliptic = ECKey.generate_key("P-256", {"kid": "two"})
    checker = GrantChecker(jwks=_jwks(key, elliptic), issuer=ISSUER, audience="shop", now_s=lambda: NOW_S)
    genuine = _signed(key, CLAIMS)
    head, body, _ = genuine.split(".")

    for forged in (
        _signed(stranger, CLAIMS),
        _signed(public, CLAIMS, "HS256"),
        _signed(elliptic, CLAIMS, "ES256"),
        f"{head}.{body}.",
        "eyJhbGciOiJub25lIn0." + body + ".",
        genuine[:-4],
        "",
        "not a grant",
        "…",
    ):
        with pytest.raises(GrantRefused):
            checker.check(forged)


def test_says_when_the_key_is_unknown(key: OKPKey) -> None:
    with pytest.raises(GrantRefused) as caught:
        _checker(key).check(_signed(OKPKey.generate_key("Ed25519", {"kid": "two"}), CLAIMS))

    assert caught.value.code == "unknown_key"


@pytest.mark.parametrize("jwks", [{}, {"keys": None}, {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "one"}]}])
def test_refuses_keys_that_are_none(jwks: Json) -> None:
    with pytest.raises(GrantRefused):
        GrantChecker(jwks=jwks, issuer=ISSUER, audience="shop")


def test_fetches_the_keys_once(server: CannedServer, client: Client, key: OKPKey) -> None:
    server.will_answer(Canned(body=_jwks(key)))
    lasting = _signed(key, CLAIMS | {"iat": 0, "exp": 2**33})
    other = _signed(OKPKey.generate_key("Ed25519", {"kid": "two"}), CLAIMS)

    for _ in range(3):
        assert isinstance(client.grants.check_early(lasting, issuer=ISSUER, audience="shop"), EarlyCheck)
    with pytest.raises(GrantRefused):
        client.grants.check_early(other, issuer=ISSUER, audience="shop")

    assert len(server.received) == 1
