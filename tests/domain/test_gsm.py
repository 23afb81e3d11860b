"""What a text message costs: alphabet, units and parts (3GPP TS 23.038 and 23.040)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.domain import gsm


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("€" * 152, 2),
        ("€" * 153, 3),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),
        ("😀" * 67, 3),
        ("a" * 69 + "–", 1),
        ("a" * 70 + "–", 2),
    ],
)
def test_counts_parts_without_tearing_a_pair_apart(text: str, parts: int) -> None:
    assert gsm.parts(text) == parts


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("– “Zażółć” … ‘x’", "- \"Zazolc\" ... 'x'"),
        ("código ação", "codigo acao"),
        ("Łódź\u00a0straße", "Lodz straße"),
        ("1 299,00\u202f€", "1 299,00 €"),
        ("Größe à ñ Ç @", "Größe à ñ Ç @"),
        ("株 ж", "株 ж"),
    ],
)
def test_folds_what_has_a_look_alike_and_leaves_the_rest(text: str, folded: str) -> None:
    assert gsm.fold(text) == folded


@given(st.text(max_size=100))
def test_folding_never_makes_a_message_foreign_and_is_done_at_once(text: str) -> None:
    folded = gsm.fold(text)
    assert gsm.fold(folded) == folded
    assert gsm.is_gsm(folded) or not gsm.is_gsm(text)
