"""Values inside sentences: escaped, isolated, exact."""

from decimal import Decimal

import pytest

from tests.kit.languages import ENGLISH
from watchword.domain.contact import ContactKind
from watchword.domain.ids import Reference
from watchword.domain.instant import Instant
from watchword.domain.money import Money
from watchword.wording.harmless import one_line
from watchword.wording.page_words import isolated, marked_reference


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("1299", "USD", "1,299.00 USD"),
        ("5000", "JPY", "5,000 JPY"),
        ("1.2345", "BHD", "1.234 BHD"),
        ("0.5", "IQD", "0.500 IQD"),
        ("999999999999999.99", "USD", "999,999,999,999,999.99 USD"),
    ],
)
def test_an_amount_is_shown_with_all_minor_units_and_its_code(value: str, currency: str, shown: str) -> None:
    assert ENGLISH.amount(Money(value=Decimal(value), currency=currency)).striptags() == shown


def test_a_value_cannot_bring_markup_into_a_sentence() -> None:
    said = ENGLISH.say("end.go", brand="<b>Shop</b> & {sons}")
    assert str(said) == "Go on to &lt;b&gt;Shop&lt;/b&gt; &amp; {sons}"


def test_a_text_from_outside_cannot_turn_the_direction_of_the_page() -> None:
    assert one_line("to \u202eEMCA\u202c \u2067x\u2069\u200f") == "to EMCA x"
    assert str(isolated("ACME\r\n<i>")) == "<bdi>ACME &lt;i&gt;</bdi>"


def test_a_text_from_outside_cannot_build_a_tower_over_other_lines() -> None:
    assert one_line("Z" + "\u0337" * 50 + "ö") == "Z" + "\u0337" * 3 + "ö"


def test_names_in_other_scripts_stay_as_they_are() -> None:
    assert one_line("कॉफ़ी हाउस · کتاب‌خانه · Åsa 👩‍🍳") == "कॉफ़ी हाउस · کتاب‌خانه · Åsa 👩‍🍳"


def test_times_are_written_in_utc_with_the_zone_and_for_the_script() -> None:
    moment = Instant(1_793_700_059_999)
    assert ENGLISH.clock(moment).striptags() == "10:00 UTC"
    assert 'datetime="2026-11-03T10:00:59Z"' in ENGLISH.clock(moment)
    assert ENGLISH.day_and_clock(moment).striptags() == "November 3, 2026, 10:00 UTC"


def test_the_digits_of_a_masked_phone_are_heard_one_by_one() -> None:
    masked = ENGLISH.address(ContactKind.PHONE, "•••• 23")
    assert 'aria-hidden="true">•••• 23<' in masked
    assert "the number ending in 2 3" in masked


def test_a_reference_is_not_for_translators() -> None:
    assert 'translate="no"' in marked_reference(Reference("7K2M9QXD"))


def test_a_number_chooses_the_form_of_its_sentence() -> None:
    assert str(ENGLISH.count("tries_left", 1)) == "You have 1 try left."
    assert str(ENGLISH.count("tries_left", 4)) == "You have 4 tries left."
