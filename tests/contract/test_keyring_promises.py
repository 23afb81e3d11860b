"""The promises of the keyring: separate meanings, places that hold, rotation that loses nothing, grants that verify."""

import base64
import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.kit.clock_and_chance import SeededEntropy
from watchword.adapters.key_file import KeyKind
from watchword.adapters.key_set import KeySet
from watchword.domain.instant import Instant, later
from watchword.ports.keyring import Keyring, Purpose

NOW = Instant(1_790_000_000_000)
PARTS = st.lists(st.binary(max_size=12), max_size=5).map(tuple)
CLAIMS = {
    "iss": "https://verify.shop.example/test",
    "sub": "u-42",
    "act": {"type": "purchase", "id": "act_1"},
    "exp": 1,
}

ENTROPY = SeededEntropy(7)
KEYS = KeySet.generate(ENTROPY, NOW)
"""One set for the tests that only read: making keys is not what they are about."""


def _rotated(kind: KeyKind) -> KeySet:
    return KEYS.rotate(kind, ENTROPY, later(NOW, days=1))


def test_is_a_keyring() -> None:
    keyring: Keyring = KEYS
    assert len(keyring.index(Purpose.USER, b"shop", b"u-42")) == hashlib.sha256().digest_size


@given(PARTS, PARTS, st.sampled_from(Purpose), st.sampled_from(Purpose))
@example((b"ab", b"c"), (b"a", b"bc"), Purpose.CODE, Purpose.CODE)
@example((b"a", b""), (b"a",), Purpose.CODE, Purpose.CODE)
def test_two_meanings_never_share_a_hash(
    left: tuple[bytes, ...], right: tuple[bytes, ...], left_purpose: Purpose, right_purpose: Purpose
) -> None:
    is_same_meaning = (left, left_purpose) == (right, right_purpose)
    assert (KEYS.mac(left_purpose, *left) == KEYS.mac(right_purpose, *right)) is is_same_meaning
    assert (KEYS.index(left_purpose, *left) == KEYS.index(right_purpose, *right)) is is_same_meaning


def test_index_and_mac_are_under_different_keys() -> None:
    assert KEYS.index(Purpose.USER, b"u-42") != KEYS.mac(Purpose.USER, b"u-42")


def test_two_sets_agree_on_nothing() -> None:
    other = KeySet.generate(ENTROPY, NOW)
    assert other.index(Purpose.USER, b"u-42") != KEYS.index(Purpose.USER, b"u-42")
    assert not other.is_mac(Purpose.USER, KEYS.mac(Purpose.USER, b"u-42"), b"u-42")


@pytest.mark.parametrize("kind", [KeyKind.MAC, KeyKind.SEALING, KeyKind.SIGNING])
def test_look_ups_find_the_same_rows_after_a_rotation(kind: KeyKind) -> None:
    assert _rotated(kind).index(Purpose.USER, b"u-42") == KEYS.index(Purpose.USER, b"u-42")


def test_the_index_key_does_not_rotate() -> None:
    with pytest.raises(ValueError, match="does not rotate"):
        KEYS.rotate(KeyKind.INDEX, ENTROPY, NOW)


def test_a_hash_made_before_a_rotation_is_still_believed() -> None:
    before = KEYS.mac(Purpose.DEVICE, b"dev_1", b"3")
    rotated = _rotated(KeyKind.MAC)
    assert rotated.mac(Purpose.DEVICE, b"dev_1", b"3") != before
    assert rotated.mac(Purpose.DEVICE, b"dev_1", b"3", key_id=KEYS.mac_key_id()) == before
    assert rotated.is_mac(Purpose.DEVICE, before, b"dev_1", b"3")
    assert not KEYS.is_mac(Purpose.DEVICE, rotated.mac(Purpose.DEVICE, b"dev_1", b"3"), b"dev_1", b"3")


def test_a_hash_under_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        KEYS.mac(Purpose.CODE, b"123456", key_id="nosuchid")


@pytest.mark.parametrize(("length", "is_believed"), [(0, False), (15, False), (16, True), (32, True)])
def test_the_front_of_a_hash_is_believed_from_128_bits_on(length: int, *, is_believed: bool) -> None:
    mac = KEYS.mac(Purpose.PAGE, b"chl_1")
    assert KEYS.is_mac(Purpose.PAGE, mac[:length], b"chl_1") is is_believed


@pytest.mark.parametrize("position", [0, 15, 31])
def test_a_changed_hash_is_not_believed(position: int) -> None:
    mac = bytearray(KEYS.mac(Purpose.PAGE, b"chl_1"))
    mac[position] ^= 1
    assert not KEYS.is_mac(Purpose.PAGE, bytes(mac), b"chl_1")


def test_a_longer_hash_is_not_believed() -> None:
    assert not KEYS.is_mac(Purpose.PAGE, KEYS.mac(Purpose.PAGE, b"chl_1") + b"\0", b"chl_1")


@given(st.binary(max_size=200), st.text(max_size=40))
def test_what_is_sealed_opens_in_its_place(plain: bytes, place: str) -> None:
    place = place.encode("utf-8", "replace").decode()
    assert KEYS.open(place, KEYS.seal(place, plain)) == plain


def test_a_value_moved_to_another_row_does_not_open() -> None:
    sealed = KEYS.seal("shop/contact/ctc_1/address", b"+14155550123")
    with pytest.raises(ValueError, match="not what was sealed here"):
        KEYS.open("shop/contact/ctc_2/address", sealed)


@given(st.integers(min_value=0, max_value=47), st.integers(min_value=1, max_value=255))
def test_a_changed_value_does_not_open(position: int, change: int) -> None:
    sealed = bytearray(KEYS.seal("a", b"+14155550123"))
    assert len(sealed) == 48
    sealed[position] ^= change
    with pytest.raises(ValueError, match="sealed"):
        KEYS.open("a", bytes(sealed))


@given(st.integers(min_value=0, max_value=47))
def test_a_value_cut_short_does_not_open(length: int) -> None:
    sealed = KEYS.seal("a", b"+14155550123")
    with pytest.raises(ValueError, match="sealed"):
        KEYS.open("a", sealed[:length])


def test_the_same_plain_text_is_sealed_differently_each_time() -> None:
    assert len({KEYS.seal("a", b"123456") for _ in range(100)}) == 100


def test_the_plain_text_is_not_in_the_sealed_value() -> None:
    assert b"14155550123" not in KEYS.seal("a", b"+14155550123")


def test_sealed_values_open_after_a_rotation_and_can_be_found() -> None:
    before, rotated = KEYS.seal("a", b"x"), _rotated(KeyKind.SEALING)
    assert rotated.open("a", before) == b"x"
    assert KEYS.is_newest(before)
    assert not rotated.is_newest(before)
    assert rotated.is_newest(rotated.seal("a", b"x"))
    with pytest.raises(ValueError, match="key that is not here"):
        KEYS.open("a", rotated.seal("a", b"x"))


def test_equal_claims_give_equal_text() -> None:
    backwards = dict(reversed(CLAIMS.items()))
    assert KEYS.sign(CLAIMS).reveal() == KEYS.sign(backwards).reveal()


def test_a_grant_shows_nothing_by_accident() -> None:
    assert "ey" not in f"{KEYS.sign(CLAIMS)!r} {KEYS.sign(CLAIMS)}"


def test_verifying_gives_the_claims_back_even_when_expired() -> None:
    assert KEYS.verify(KEYS.sign(CLAIMS).reveal()) == CLAIMS


@given(st.text(max_size=200) | st.from_regex(r"[\w.-]{0,80}\.[\w-]{0,80}\.[\w-]{0,80}", fullmatch=True))
@example("..")
@example("bnVsbA.e30.e30")
@example("W10.e30.e30")
@example("eyJhbGciOiJub25lIn0.e30.")
@example("e30.e30.e30")
@example("x" * 9_000)
def test_anything_else_is_not_a_grant(text: str) -> None:
    assert KEYS.verify(text) is None


def _segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "none", "kid": KEYS.table.signing[0].id},
        {"alg": "HS256", "kid": KEYS.table.signing[0].id},
        {"alg": ["EdDSA"], "kid": KEYS.table.signing[0].id},
        {"alg": "EdDSA"},
        {"alg": "EdDSA", "kid": "nosuchid"},
        {"alg": "EdDSA", "kid": ["x"]},
    ],
)
def test_a_header_of_another_kind_is_refused(header: dict[str, object]) -> None:
    _, claims, signature = KEYS.sign(CLAIMS).reveal().split(".")
    assert KEYS.verify(f"{_segment(header)}.{claims}.{signature}") is None
    assert KEYS.verify(f"{_segment(header)}.{claims}.") is None


def test_changed_claims_are_refused() -> None:
    header, _, signature = KEYS.sign(CLAIMS).reveal().split(".")
    assert KEYS.verify(f"{header}.{_segment(CLAIMS | {'sub': 'u-43'})}.{signature}") is None


def test_the_published_keys_verify_and_hold_nothing_private() -> None:
    rotated = _rotated(KeyKind.SIGNING)
    keys = rotated.public_keys()["keys"]
    assert isinstance(keys, list)
    assert [key["kid"] for key in keys] == [key.id for key in reversed(rotated.table.signing)]
    expected = {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA"}
    assert [{name: key[name] for name in expected} for key in keys] == [expected, expected]
    assert {name for key in keys for name in key} == {"kty", "crv", "x", "kid", "use", "alg"}


def test_a_retired_signing_key_stays_until_its_last_grant_has_expired() -> None:
    grant, retired_at = KEYS.sign(CLAIMS).reveal(), later(NOW, days=1)
    rotated = KEYS.rotate(KeyKind.SIGNING, ENTROPY, retired_at)
    assert rotated.sign(CLAIMS).reveal() != grant
    assert rotated.pruned(later(retired_at, seconds=900)).verify(grant) == CLAIMS
    pruned = rotated.pruned(later(retired_at, days=1))
    assert pruned.verify(grant) is None
    assert pruned.verify(rotated.sign(CLAIMS).reveal()) == CLAIMS


def test_the_newest_signing_key_is_never_pruned() -> None:
    newest = KEYS.table.signing[-1]
    odd = KeySet(replace(KEYS.table, signing=(replace(newest, retired_at=NOW),)), ENTROPY)
    assert odd.pruned(later(NOW, days=365)).verify(odd.sign(CLAIMS).reveal()) == CLAIMS


def test_adopting_changes_the_keys_of_a_running_process() -> None:
    running, rotated = KeySet(KEYS.table, ENTROPY), _rotated(KeyKind.MAC)
    running.adopt(rotated)
    assert running.mac_key_id() == rotated.mac_key_id() != KEYS.mac_key_id()


@pytest.mark.parametrize("kind", [KeyKind.MAC, KeyKind.SEALING, KeyKind.SIGNING])
def test_the_keys_survive_being_written_down(kind: KeyKind) -> None:
    rotated = _rotated(kind)
    assert KeySet.from_toml(rotated.to_toml(), source="keys.toml", entropy=ENTROPY).table == rotated.table


def test_the_set_and_its_keys_show_no_secret() -> None:
    shown = f"{KEYS!r} {KEYS} {KEYS.table!r} {KEYS.table.mac[0]}"
    for kind in KeyKind:
        for key in KEYS.table.of(kind):
            assert key.id in shown
            assert repr(key.secret) not in shown
            assert base64.urlsafe_b64encode(key.secret).decode() not in shown
