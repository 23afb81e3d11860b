"""Packed texts: every text comes back as it was, and what cannot be read is said to be so."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.adapters.rows import packed_text
from watchword.adapters.rows.packed_text import pack, unpack

TYPICAL = (
    '{"reasons":[["high-value-purchase","The amount is above 500.00 USD",{"key":"high_value_purchase","amount":'
    '["1299.00","USD"]}]],"score":0.8312,"terms":[["baseline",-2.9,"Where every action starts"],["place.known",2.71,'
    '"First action of this user from BR; 3 of 1000 users are seen there"],["device.state",0.69,"The device is new"]],'
    '"signals":{"action.type":"purchase","action.has_amount":true,"action.amount":1299.0,"action.currency":"USD",'
    '"device.state":"new","device.known":false,"place.country":"BR","place.known":false,"network.asn":28573,'
    '"agent.type":"mobile","agent.os":"iOS","agent.browser":"Mobile Safari","time.hour":23,"lane":"open",'
    '"risk.threshold":0.5,"score":0.8312},"high_value":true,"policy_version":"0f3c9a7be112","shadow_rules":[],'
    '"failed_rules":[]}'
)


@given(st.text())
def test_every_text_comes_back(text: str) -> None:
    assert unpack(pack(text)) == text


def test_a_typical_text_takes_little_room() -> None:
    assert len(pack(TYPICAL)) < len(TYPICAL) / 3
    assert unpack(pack(TYPICAL)) == TYPICAL


def test_a_text_that_was_never_packed_is_read() -> None:
    assert unpack(TYPICAL.encode()) == TYPICAL


def test_the_words_are_those_that_stored_texts_were_packed_with() -> None:
    # Whoever changes them makes every stored text unreadable: give other words the next number.
    assert hashlib.sha256(packed_text._WORDS).hexdigest() == (
        "d3011d86fd1eac46f17cbacf1f5351545a6f4b18567badc4155437b1e8413413"
    )


@pytest.mark.parametrize("packed", [b"", b"\x02abc", pack(TYPICAL)[:-1], pack(TYPICAL)[:20], b"\x01" + b"\xff" * 20])
def test_what_is_damaged_or_of_a_newer_release_is_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match="packed"):
        unpack(packed)
