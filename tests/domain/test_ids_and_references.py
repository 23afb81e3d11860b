"""Ids lead to their user's shard; references survive being read out over the telephone."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.domain.ids import UserKey, decode, encode, make_id, make_reference, read_reference, user_key_of

keys = st.binary(min_size=8, max_size=8).map(UserKey)
randoms = st.binary(min_size=16, max_size=16)


@given(st.binary(max_size=64))
def test_encoding_is_reversible(data: bytes) -> None:
    assert decode(encode(data)) == (data or None)


@given(keys, randoms)
def test_an_id_gives_back_the_key_of_its_user(key: UserKey, random: bytes) -> None:
    assert user_key_of("act", make_id("act", key, random)) == key


@given(keys, randoms)
def test_an_id_of_another_kind_is_none(key: UserKey, random: bytes) -> None:
    assert user_key_of("chl", make_id("act", key, random)) is None


@given(st.text(max_size=80))
def test_no_text_breaks_reading_an_id(text: str) -> None:
    assert user_key_of("act", f"act_{text}") is None or len(text) == 39


def test_two_texts_never_name_the_same_id() -> None:
    identifier = make_id("act", UserKey(b"\x00" * 8), b"\xff" * 16)
    assert user_key_of("act", identifier.upper()) is None
    assert user_key_of("act", identifier[:-1] + ("1" if identifier[-1] == "0" else "0")) in (None, UserKey(b"\x00" * 8))


def test_refuses_to_make_an_id_from_too_little_randomness() -> None:
    with pytest.raises(ValueError, match="16 random bytes"):
        make_id("act", UserKey(b"\x00" * 8), b"\x00" * 8)


@given(st.binary(min_size=5, max_size=5))
def test_a_reference_is_eight_characters_with_a_letter_and_reads_back(random: bytes) -> None:
    reference = make_reference(random)
    if reference is None:
        assert re.search(r"[0-9]{6}", encode(random))
        return
    assert len(reference) == 8
    assert any(character.isalpha() for character in reference)
    assert read_reference(f" {reference[:4].lower()}-{reference[4:]} ") == reference


@pytest.mark.parametrize("text", ["00000000", "1234567a", "a1234567", "ab123456", "12345678"])
def test_a_reference_never_reads_like_a_code(text: str) -> None:
    assert make_reference(decode(text) or b"") is None


def test_reads_look_alikes_as_what_they_look_like() -> None:
    assert read_reference("oIl2m9qx") == "0112M9QX"


@pytest.mark.parametrize("text", ["", "7K2M9QX", "7K2M9QXDD", "7K2M9QX!", "UUUUUUUU"])
def test_anything_else_is_no_reference(text: str) -> None:
    assert read_reference(text) is None
