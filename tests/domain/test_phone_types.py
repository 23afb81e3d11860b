"""What kind of number a telephone number is, by the plan of its country."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.domain.contact import PhoneType, phone_type
from watchword.domain.secret import Secret


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+4915123456789", PhoneType.MOBILE),
        ("+4790012345", PhoneType.MOBILE),
        ("+447911123456", PhoneType.MOBILE),
        ("+493012345678", PhoneType.FIXED),
        ("+14155550123", PhoneType.FIXED_OR_MOBILE),
        ("+445612345678", PhoneType.VOIP),
        ("+19002345678", PhoneType.PREMIUM),
        ("+448001111111", PhoneType.TOLL_FREE),
        ("+18002345678", PhoneType.TOLL_FREE),
        ("+447012345678", PhoneType.OTHER),
        ("+999123", PhoneType.OTHER),
        ("no number", PhoneType.OTHER),
        ("", PhoneType.OTHER),
    ],
)
def test_a_number_is_what_its_plan_says(number: str, kind: PhoneType) -> None:
    assert phone_type(Secret(number)) is kind


@given(st.text(alphabet="+0123456789 x;=", max_size=40))
def test_any_text_has_a_type(text: str) -> None:
    assert phone_type(Secret(text)) in PhoneType
