"""Texts as the bytes of short messages, and the receipts of message centres, without a connection."""

from itertools import pairwise

import pytest
from smpplib import consts
from smpplib import gsm as second_opinion

from tests.hostile_texts import HOSTILE_TEXTS
from watchword.adapters.senders.smpp_text import (
    GSM_CODING,
    LATIN_CODING,
    UCS2_CODING,
    Alphabet,
    CentreReceipt,
    canonical_id,
    read_receipt,
    with_headers,
    write,
)
from watchword.domain.gsm import parts
from watchword.domain.message import DeliveryStatus

DEFAULT_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
"""All but the section sign, which the other library has forgotten."""


def test_the_alphabet_of_telephones_is_written_as_another_library_writes_it() -> None:
    for character in DEFAULT_ALPHABET:
        coded = write(character, Alphabet.GSM)
        assert (coded.data_coding, coded.parts) == (GSM_CODING, (second_opinion.gsm_encode(character),))


def test_the_section_sign_is_where_the_standard_has_it() -> None:
    assert write("Ü§¿", Alphabet.GSM).parts == (b"\x5e\x5f\x60",)


def test_the_last_line_of_a_code_message_is_written_in_the_alphabet_of_telephones() -> None:
    coded = write("@shop.example #012345", Alphabet.GSM)
    assert coded.parts == (b"\x00shop.example #012345",)


@pytest.mark.parametrize(
    ("text", "data_coding", "body"),
    [
        ("Grüße@", LATIN_CODING, b"Gr\xfc\xdfe@"),
        ("Łódź", UCS2_CODING, "Łódź".encode("utf-16-be")),
        ("5 €", UCS2_CODING, "5 €".encode("utf-16-be")),
        ("株", UCS2_CODING, "株".encode("utf-16-be")),
    ],
)
def test_a_centre_that_takes_latin_1_gets_it_or_ucs_2(text: str, data_coding: int, body: bytes) -> None:
    coded = write(text, Alphabet.LATIN)
    assert (coded.data_coding, coded.parts) == (data_coding, (body,))


@pytest.mark.parametrize("text", [*HOSTILE_TEXTS, "a" * 160, "a" * 161, "€" * 81, "ł" * 70, "ł" * 71, "😀" * 40])
@pytest.mark.parametrize("alphabet", list(Alphabet))
def test_a_text_takes_as_many_parts_as_it_was_counted_to_take(text: str, alphabet: Alphabet) -> None:
    coded = write(text, Alphabet.GSM)
    assert len(coded.parts) == parts(text)
    assert len(write(text, alphabet).parts) >= 1


@pytest.mark.parametrize("text", ["012345 " + "x" * 147 + "€" + "y" * 20, "ł" * 66 + "😀" + "ł" * 20])
def test_a_character_of_two_units_is_never_torn_apart(text: str) -> None:
    coded = write(text, Alphabet.GSM)
    assert len(coded.parts) == 2
    if coded.data_coding == UCS2_CODING:
        assert "".join(part.decode("utf-16-be") for part in coded.parts) == text
    else:
        assert [part[-1:] for part in coded.parts[:-1]] != [b"\x1b"]


def test_the_parts_of_one_message_are_joined_by_the_same_header_on_every_try() -> None:
    bodies = write("x" * 400, Alphabet.GSM).parts
    once, again, other = (with_headers(bodies, one) for one in ("dlv_1", "dlv_1", "dlv_2"))
    assert once == again != other
    assert [part[:3] + part[4:6] for part in once] == [bytes((5, 0, 3, 3, number)) for number in (1, 2, 3)]
    assert all(one[3] == another[3] for one, another in pairwise(once))
    assert max(map(len, once)) <= 159


def test_a_message_of_one_part_has_no_header() -> None:
    assert with_headers((b"012345",), "dlv_1") == (b"012345",)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("DELIVRD", DeliveryStatus.DELIVERED),
        ("UNDELIV", DeliveryStatus.UNDELIVERED),
        ("EXPIRED", DeliveryStatus.UNDELIVERED),
        ("DELETED", DeliveryStatus.UNDELIVERED),
        ("REJECTD", DeliveryStatus.BLOCKED),
        ("ACCEPTD", DeliveryStatus.ACCEPTED),
        ("ENROUTE", DeliveryStatus.SENT),
        ("UNKNOWN", DeliveryStatus.UNKNOWN),
        ("SKIPPED", DeliveryStatus.UNKNOWN),
    ],
)
def test_a_state_is_said_in_our_words(state: str, status: DeliveryStatus) -> None:
    text = f"id:42 sub:001 dlvrd:000 submit date:2611221200 done date:2611221201 stat:{state} err:069 text:012345"
    assert read_receipt(4, text.encode(), {}) == CentreReceipt(
        message_id="42", status=status, reason=f"{state} err:069"
    )


@pytest.mark.parametrize(
    "text",
    [
        b"ID:42 STAT:delivrd",
        b"id: 42 stat: DELIVRD err:000",
        b"id:42 submit date:26112212 stat:DELIVRD err:000 Text:\xff",
    ],
)
def test_centres_word_their_receipts_differently(text: bytes) -> None:
    assert read_receipt(4, text, {}) == CentreReceipt(
        message_id="42", status=DeliveryStatus.DELIVERED, reason="DELIVRD"
    )


def test_optional_parameters_win_over_the_text() -> None:
    tlvs = {0x001E: b"43\0", 0x0427: b"\x05"}
    found = read_receipt(4, b"id:42 stat:DELIVRD err:001", tlvs)
    assert found == CentreReceipt(message_id="43", status=DeliveryStatus.UNDELIVERED, reason="UNDELIV err:001")
    assert read_receipt(4, b"", tlvs) is not None


@pytest.mark.parametrize(
    ("esm_class", "text"),
    [
        (0x00, b"id:42 stat:DELIVRD"),
        (0x08, b"id:42 stat:DELIVRD"),
        (0x10, b"id:42 stat:DELIVRD"),
        (0x40, b"012345"),
        (0x04, b"012345"),
        (0x04, b"id:42"),
        (0x04, b"stat:DELIVRD"),
    ],
)
def test_what_a_customer_answers_and_what_makes_no_sense_is_no_receipt(esm_class: int, text: bytes) -> None:
    assert read_receipt(esm_class, text, {}) is None


def test_a_receipt_repeats_nothing_of_the_message() -> None:
    found = read_receipt(4, b"id:42 stat:UNDELIV err:0012345678901234567890 text:012345 is your code", {})
    assert found is not None
    assert found.reason == "UNDELIV"


@pytest.mark.parametrize(
    ("message_id", "is_hex", "canonical"),
    [("1A2B", True, "6699"), ("1a2b", True, "6699"), ("6699", False, "6699"), ("not-hex", True, "not-hex")],
)
def test_ids_in_two_notations_become_one(message_id: str, *, is_hex: bool, canonical: str) -> None:
    assert canonical_id(message_id, is_hex=is_hex) == canonical


def test_a_second_opinion_agrees_where_ucs_2_begins() -> None:
    for text in ("plain", "ł", "€", "株"):
        assert (second_opinion.make_parts(text)[1] == consts.SMPP_ENCODING_ISO10646) == (
            write(text, Alphabet.GSM).data_coding == UCS2_CODING
        )
