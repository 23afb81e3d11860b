"""Code messages for an Android app: they end with its hash, parse back (I20), and are short enough for it to get."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.letter_samples import ACTIONS, a_code_message, a_purchase, an_action
from tests.hostile_texts import HOSTILE_TEXTS
from tests.kit.languages import LANGUAGES
from watchword.adapters.letters import CatalogueLetters
from watchword.domain import gsm
from watchword.domain.action import Action
from watchword.domain.app_bound import AppBound, app_hash_problem, is_retrievable, parse_app_bound
from watchword.domain.code import read_code
from watchword.domain.contact import Channel
from watchword.domain.money import Money
from watchword.domain.origin_bound import parse_origin_bound
from watchword.domain.secret import Secret

LETTERS = CatalogueLetters(LANGUAGES)
APP = "FA+9qCX9VSu"
CODE = Secret("012345")


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.type)
def test_a_message_says_what_it_approves_and_fits_what_android_hands_over(action: Action) -> None:
    text = LETTERS.code(a_code_message(action, app_hash=APP)).text
    assert text.startswith("012345 is your Example Shop code to ")
    assert "Nobody will ask for it." in text
    assert text.endswith(f"\n{APP}")
    assert text.count("\n") == 1
    assert is_retrievable(text)
    assert parse_app_bound(text) == AppBound(app_hash=APP, code=CODE)
    assert parse_origin_bound(text) is None


def test_the_reference_stays_where_there_is_room() -> None:
    assert (
        "Not you? 7K2M9QXD at verify.shop.example/no"
        in LETTERS.code(a_code_message(an_action("sign_in"), app_hash=APP)).text
    )
    assert "Not you? Reference 7K2M9QXD" in LETTERS.code(a_code_message(app_hash=APP)).text
    longest = a_code_message(
        a_purchase("ACME Cameras Inc"), brand="The Example Shop Ltd", code="0123456789", app_hash=APP
    )
    assert "Not you?" not in LETTERS.code(longest).text


def test_calls_and_mails_are_the_same_as_ever() -> None:
    for channel in (Channel.VOICE, Channel.EMAIL):
        assert LETTERS.code(a_code_message(channel=channel, app_hash=APP)) == LETTERS.code(
            a_code_message(channel=channel)
        )


@pytest.mark.parametrize("field", ["payee", "brand", "type"])
@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=ascii)
def test_a_hostile_name_changes_neither_app_nor_code_nor_cost(field: str, text: str) -> None:
    action = an_action(text) if field == "type" else a_purchase(text if field == "payee" else "ACME")
    message = LETTERS.code(a_code_message(action, brand=text if field == "brand" else "Example Shop", app_hash=APP))
    assert parse_app_bound(message.text) == AppBound(app_hash=APP, code=CODE)
    assert parse_origin_bound(message.text) is None
    assert gsm.parts(message.text) <= 2
    assert message.text.count("\n") == 1
    assert read_code(message.text, 6) == CODE


@given(
    payee=st.text(max_size=200) | st.sampled_from(HOSTILE_TEXTS),
    brand=st.text(min_size=1, max_size=60) | st.sampled_from(HOSTILE_TEXTS),
    app=st.from_regex(r"[A-Za-z0-9+/]{11}", fullmatch=True).filter(lambda text: app_hash_problem(text) is None),
    code=st.text("0123456789", min_size=6, max_size=10),
    value=st.decimals(0, 999_999_999, places=2),
    locale=st.sampled_from(sorted(LANGUAGES.by_tag)),
)
@settings(max_examples=200)
def test_parsing_a_message_gives_back_app_and_code(
    payee: str, brand: str, app: str, code: str, value: Decimal, locale: str
) -> None:
    action = an_action(amount=Money(value=value, currency="USD"), payee=payee)
    message = LETTERS.code(a_code_message(action, brand=brand, app_hash=app, code=code, locale=locale))
    assert parse_app_bound(message.text) == AppBound(app_hash=app, code=Secret(code))
    assert gsm.parts(message.text) <= 2


@pytest.mark.parametrize("app", ["", "short", f"{APP}\n", f"x\n{APP}x", "FA123456VSu", "@shop.example"])
def test_refuses_a_hash_that_would_not_parse_back(app: str) -> None:
    with pytest.raises(ValueError, match="parse back"):
        LETTERS.code(a_code_message(app_hash=app))


def test_what_cannot_be_made_short_enough_says_all_that_it_can() -> None:
    message = LETTERS.code(a_code_message(a_purchase("ООО Ромашка"), brand="Магазин" * 3, host="a.io", app_hash=APP))
    assert parse_app_bound(message.text) == AppBound(app_hash=APP, code=CODE)
    assert "1,299.00 USD" in message.text
