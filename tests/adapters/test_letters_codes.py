"""Code messages: what every one says, that it parses back (I20), and that no name from outside can change it."""

import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.letter_samples import ACTIONS, HOST, a_code_message, a_purchase, an_action, perceived
from tests.hostile_texts import HOSTILE_TEXTS
from tests.kit.languages import LANGUAGES
from watchword.adapters.letters import CatalogueLetters
from watchword.domain import gsm
from watchword.domain.action import Action
from watchword.domain.code import read_code
from watchword.domain.contact import Channel
from watchword.domain.message import RenderedMessage, written
from watchword.domain.money import Money, minor_units
from watchword.domain.origin_bound import OriginBound, parse_origin_bound
from watchword.domain.secret import Secret
from watchword.wording.languages import TAGS

LETTERS = CatalogueLetters(LANGUAGES)
CODE = Secret("012345")


class Reader(HTMLParser):
    """Collects the tags and the texts of an HTML part."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def read_html(message: RenderedMessage) -> Reader:
    assert message.html is not None
    return Reader(message.html)


def first_long_number(text: str) -> str | None:
    found = re.search(r"\d{6,}", text)
    return found.group() if found else None


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.type)
def test_every_message_says_whose_it_is_that_nobody_asks_for_it_and_how_to_say_no(
    channel: Channel, action: Action
) -> None:
    text = perceived(LETTERS.code(a_code_message(action, channel=channel)))
    assert "Example Shop" in text
    assert "Don't share it: we will never call, text or mail to ask for it." in text
    reference = "7, K, 2, M, 9, Q, X, D" if channel is Channel.VOICE else "7K2M9QXD"
    assert f"{reference} at {HOST}/no" in text
    assert "10 minutes" in text


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (a_purchase(), 'to approve 1,299.00 USD to "ACME Cameras".'),
        (an_action("purchase", payee="ACME"), 'to approve a purchase from "ACME".'),
        (an_action("purchase"), "to approve a purchase."),
        (an_action("sign_in"), "to sign in."),
        (an_action("password_reset"), "to reset your password."),
        (an_action("account_update", details={"field": "email"}), "to change your e-mail address."),
        (an_action("account_update", details={"field": "phone"}), "to change your phone number."),
        (an_action("account_update", details={"field": "password"}), "to change your password."),
        (an_action("account_update", details={"field": "address"}), "to change your address."),
        (an_action("contact_confirmation"), "to confirm your phone number."),
        (an_action("close_account"), 'to approve "close account".'),
    ],
)
def test_a_message_says_what_it_approves(action: Action, words: str) -> None:
    assert words in LETTERS.code(a_code_message(action)).text


def test_only_bound_fields_are_shown() -> None:
    action = an_action("sign_in", summary="Win a prize", details={"note": "Win a prize"})
    for channel in Channel:
        message = LETTERS.code(a_code_message(action, channel=channel))
        assert "prize" not in f"{message.subject}{message.text}{message.html}"


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.type)
def test_a_text_message_begins_with_the_code_and_ends_with_its_site(action: Action) -> None:
    message = LETTERS.code(a_code_message(action))
    assert message.text.startswith("012345 is your Example Shop code")
    assert message.text.endswith(f"\n@{HOST} #012345")
    assert message.text.count("\n") == 1
    assert message.subject is None
    assert message.html is None
    assert gsm.is_gsm(message.text)
    assert gsm.parts(message.text) <= 2


@pytest.mark.parametrize("field", ["payee", "brand", "type"])
@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=ascii)
def test_a_hostile_name_changes_neither_site_nor_code_nor_cost(field: str, text: str) -> None:
    action = an_action(text) if field == "type" else a_purchase(text if field == "payee" else "ACME")
    message = LETTERS.code(a_code_message(action, brand=text if field == "brand" else "Example Shop"))
    assert parse_origin_bound(message.text) == OriginBound(host=HOST, code=CODE)
    assert gsm.parts(message.text) <= 2
    assert message.text.count("\n") == message.text.count("@") == message.text.count("#") == 1
    assert first_long_number(message.text) == "012345"
    assert read_code(message.text, 6) == CODE
    assert f"7K2M9QXD at {HOST}/no" in message.text


@pytest.mark.parametrize("field", ["payee", "brand", "type"])
@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=ascii)
def test_a_hostile_name_adds_no_tag_to_an_e_mail_and_no_line_to_its_subject(field: str, text: str) -> None:
    action = an_action(text) if field == "type" else a_purchase(text if field == "payee" else "ACME")
    message = LETTERS.code(
        a_code_message(action, brand=text if field == "brand" else "Example Shop", channel=Channel.EMAIL)
    )
    plain = read_html(LETTERS.code(a_code_message(channel=Channel.EMAIL)))
    assert read_html(message).tags == plain.tags
    assert read_html(message).attributes == plain.attributes
    assert message.subject is not None
    assert message.subject.startswith("012345 is your ")
    assert message.subject.isprintable()
    assert first_long_number(message.text) == "012345"


@given(
    payee=st.text(max_size=200) | st.sampled_from(HOSTILE_TEXTS),
    brand=st.text(min_size=1, max_size=60) | st.sampled_from(HOSTILE_TEXTS),
    host=st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z]{2,10}){1,3}", fullmatch=True),
    code=st.text("0123456789", min_size=6, max_size=10),
    value=st.decimals(0, 999_999_999, places=2),
)
@settings(max_examples=200)
def test_parsing_a_text_message_gives_back_host_and_code(
    payee: str, brand: str, host: str, code: str, value: Decimal
) -> None:
    action = an_action(amount=Money(value=value, currency="USD"), payee=payee)
    message = LETTERS.code(a_code_message(action, brand=brand, host=host, code=code))
    assert parse_origin_bound(message.text) == OriginBound(host=host, code=Secret(code))
    assert first_long_number(message.text) == code
    assert gsm.parts(message.text) <= 2


@pytest.mark.parametrize("host", ["", "evil.example #999999", "verify.shop.example\n", "a b", "\tx"])
def test_refuses_a_host_that_would_not_parse_back(host: str) -> None:
    with pytest.raises(ValueError, match="parse back"):
        LETTERS.code(a_code_message(host=host))


def test_refuses_a_message_whose_code_is_not_its_first_long_number() -> None:
    with pytest.raises(ValueError, match="first long number"):
        LETTERS.code(a_code_message(code="12345"))


def test_refuses_what_no_template_has_words_for() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        LETTERS.code(a_code_message(an_action("account_update", details={"field": "nonsense"})))


def test_a_payee_is_cut_to_sixteen_characters() -> None:
    assert 'to "ACME Cameras..."' in LETTERS.code(a_code_message(a_purchase("ACME Cameras and Sons"))).text


@pytest.mark.parametrize("template", ["{{7*7}}", "{{ code }}", "${7*7}", "%s%n"])
def test_what_looks_like_a_template_stays_as_it_is(template: str) -> None:
    assert f'"{template}"' in LETTERS.code(a_code_message(a_purchase(template))).text


def test_a_name_in_foreign_letters_is_left_out_before_the_message_takes_three_parts() -> None:
    message = LETTERS.code(a_code_message(a_purchase("株式会社サイバー"), brand="楽天"))
    assert "1,299.00 USD" in message.text
    assert HOST in message.text.partition("\n")[0]
    assert gsm.parts(message.text) <= 2


def test_a_name_in_foreign_letters_stays_where_there_is_room() -> None:
    message = LETTERS.code(a_code_message(a_purchase("ООО Ромашка"), brand="ACME", host="a.io"))
    assert '1,299.00 USD to "ООО Ромашка". Nobody will ask for it. Not you? 7K2M9QXD at a.io/no' in message.text
    assert gsm.parts(message.text) == 2


def test_letters_with_marks_are_folded_into_the_alphabet_of_text_messages() -> None:
    assert 'to "Lodz Café"' in LETTERS.code(a_code_message(a_purchase("Łódź Café"))).text


def test_a_call_says_the_digits_one_by_one_and_twice() -> None:
    message = LETTERS.code(a_code_message(channel=Channel.VOICE))
    assert message.text.count("0, 1, 2, 3, 4, 5") == 2
    assert "012345" not in message.text
    assert first_long_number(written(message.text)) == "012345"
    assert "1,299 US dollars" in perceived(message)


@pytest.mark.parametrize("tag", TAGS)
def test_a_call_says_who_calls_and_what_for_before_a_key_is_pressed_and_no_digit_of_the_code(tag: str) -> None:
    message = LETTERS.code(a_code_message(an_action("sign_in"), channel=Channel.VOICE, locale=tag))
    assert message.prompt is not None
    assert "Example Shop" in message.prompt
    assert "012345" not in written(message.prompt).replace(", ", "")
    assert LANGUAGES.by_tag[tag].sentence("voice.code.press") in message.prompt


def test_what_goes_into_a_template_of_whatsapp_is_the_code_the_brand_and_what_is_approved() -> None:
    message = LETTERS.code(a_code_message(channel=Channel.WHATSAPP))
    assert message.variables == {"1": "012345", "2": "Example Shop", "3": 'Approve 1,299.00 USD to "ACME Cameras"'}


def test_no_other_channel_has_variables_or_a_key_to_press() -> None:
    for channel in (Channel.SMS, Channel.EMAIL):
        message = LETTERS.code(a_code_message(channel=channel))
        assert (message.variables, message.prompt) == (None, None)


def test_an_e_mail_has_the_code_first_in_its_subject_and_alone_in_one_text() -> None:
    message = LETTERS.code(a_code_message(channel=Channel.EMAIL))
    assert message.subject == "012345 is your Example Shop code"
    assert message.text.startswith("012345 ")
    assert read_html(message).texts.count("012345") == 1
    assert message.html is not None
    assert message.html.count("012345") == 1


def test_a_code_message_has_no_link_and_fetches_nothing() -> None:
    for channel in Channel:
        message = LETTERS.code(a_code_message(channel=channel))
        assert "://" not in f"{message.subject}{message.text}{message.html}"
        assert "www." not in message.text
    page = read_html(LETTERS.code(a_code_message(channel=Channel.EMAIL)))
    assert not {"a", "img", "link", "script", "iframe", "form"} & set(page.tags)
    assert not {"src", "href", "background"} & page.attributes


def test_an_e_mail_says_its_language_and_has_one_heading() -> None:
    message = LETTERS.code(a_code_message(channel=Channel.EMAIL))
    assert message.html is not None
    assert '<html lang="en" dir="ltr">' in message.html
    assert read_html(message).tags.count("h1") == 1
    assert read_html(message).tags.count("title") == 1


def test_an_e_mail_says_until_when_with_the_zone() -> None:
    assert "for 10 minutes, until 14:43 UTC" in LETTERS.code(a_code_message(channel=Channel.EMAIL)).text


@pytest.mark.parametrize(
    ("lifetime_s", "words"),
    [
        (600, "10 minutes"),
        (599.7, "10 minutes"),
        (540, "9 minutes"),
        (119, "2 minutes"),
        (70, "1 minute"),
        (45, "45 seconds"),
    ],
)
def test_a_repeated_message_promises_only_what_is_left(lifetime_s: float, words: str) -> None:
    assert f"Valid {words}." in LETTERS.code(a_code_message(lifetime_s=lifetime_s)).text


@pytest.mark.parametrize("currency", ["USD", "EUR", "JPY", "KWD", "RSD", "INR", "CHF", "CAD", "IRR", "IQD"])
@pytest.mark.parametrize("channel", Channel)
def test_an_amount_loses_no_digit(currency: str, channel: Channel) -> None:
    value = Decimal(1234).scaleb(-minor_units(currency)) + 1000
    action = an_action(amount=Money(value=value, currency=currency))
    text = perceived(LETTERS.code(a_code_message(action, channel=channel)))
    found = re.search(r"approve (.*?)(?:\. [A-Z]|\.\n)", text)
    assert found is not None
    assert re.sub(r"\D", "", found.group(1)) == re.sub(r"\D", "", str(value))


def test_every_currency_is_named_by_its_code() -> None:
    def shown(currency: str, locale: str) -> str:
        action = an_action(amount=Money(value=Decimal(10), currency=currency))
        return LETTERS.code(a_code_message(action, locale=locale)).text

    assert "approve 10.00 USD." in shown("USD", "en")
    assert "approve 10.00 CAD." in shown("CAD", "en")
    assert "approve 10.00 USD." in shown("USD", "en-GB")
    assert "approve 10.00 INR." in shown("INR", "en")
    assert "approve 10.00 CHF." in shown("CHF", "en")


@pytest.mark.parametrize("locale", [None, "", "sw", "xx", "not a locale", "en-XX-y-z", "\x00", "../../etc", "e" * 5000])
def test_a_locale_that_has_no_words_yet_is_answered_in_english(locale: str | None) -> None:
    assert "is your Example Shop code to approve 1,299.00 USD" in LETTERS.code(a_code_message(locale=locale)).text


def test_where_a_text_has_no_room_the_device_goes_before_anything_that_is_bound_or_warns() -> None:
    wide = a_code_message(an_action("sign_in"), locale="ar", device_name="Chrome on Windows", country="DE")
    text = LETTERS.code(wide).text
    assert "Chrome" not in text
    assert "7K2M9QXD" in text
    assert gsm.parts(text) <= 2
