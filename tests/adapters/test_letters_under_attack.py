"""Names from outside that were chosen to harm, in every message and every language: they change only themselves."""

import re

import pytest

from tests.adapters.letter_samples import HOST, a_code_message, a_notice, a_purchase, an_action
from tests.hostile_texts import HOSTILE_TEXTS
from tests.kit.languages import LANGUAGES
from watchword.adapters.letters import SMS_PARTS_AT_MOST, CatalogueLetters
from watchword.domain import gsm
from watchword.domain.contact import Channel
from watchword.domain.message import NoticeKind, RenderedMessage, written
from watchword.domain.origin_bound import OriginBound, parse_origin_bound
from watchword.domain.secret import Secret
from watchword.wording.languages import TAGS

LETTERS = CatalogueLetters(LANGUAGES)
BRAND = "Example Shop"
LONG_NUMBER = re.compile(r"\d{6,}")


def _codes(tag: str, channel: Channel) -> list[RenderedMessage]:
    """Return the messages in which somebody else chose the payee, the type, the brand or the device."""
    cases = [
        case
        for text in HOSTILE_TEXTS
        for case in (
            (a_purchase(text), BRAND, "Chrome"),
            (an_action(text), BRAND, "Chrome"),
            (a_purchase(), text, "Chrome"),
            (an_action("sign_in"), BRAND, text),
        )
    ]
    return [
        LETTERS.code(a_code_message(action, brand=brand, device_name=device, channel=channel, locale=tag))
        for action, brand, device in cases
    ]


@pytest.mark.parametrize("tag", TAGS)
def test_a_text_message_keeps_its_site_its_code_and_its_price(tag: str) -> None:
    for message in _codes(tag, Channel.SMS):
        assert parse_origin_bound(message.text) == OriginBound(host=HOST, code=Secret("012345"))
        assert message.text.count("\n") == message.text.count("@") == message.text.count("#") == 1
        assert message.text.startswith("012345")
        assert gsm.parts(message.text) <= SMS_PARTS_AT_MOST


@pytest.mark.parametrize("tag", TAGS)
def test_a_mail_gets_no_tag_no_link_and_no_line_in_its_subject(tag: str) -> None:
    plain = LETTERS.code(a_code_message(channel=Channel.EMAIL, locale=tag))
    for message in _codes(tag, Channel.EMAIL):
        assert message.subject is not None
        assert len(message.subject.splitlines()) == 1
        assert message.html is not None
        assert plain.html is not None
        assert message.html.count("<") == plain.html.count("<")
        assert "://" not in message.text
        assert LONG_NUMBER.findall(message.text)[0] == "012345"


@pytest.mark.parametrize("tag", TAGS)
def test_a_call_says_no_other_code_and_none_before_a_key_is_pressed(tag: str) -> None:
    for message in _codes(tag, Channel.VOICE):
        assert message.prompt is not None
        assert LONG_NUMBER.search(written(message.prompt)) is None
        assert LONG_NUMBER.findall(written(message.text))[0] == "012345"


@pytest.mark.parametrize("tag", TAGS)
def test_what_goes_into_a_template_of_whatsapp_is_one_line_and_brings_no_link(tag: str) -> None:
    for message in _codes(tag, Channel.WHATSAPP):
        assert message.variables is not None
        assert message.variables["1"] == "012345"
        for value in message.variables.values():
            assert value
            assert len(value.splitlines()) == 1
            assert "://" not in value


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("channel", [Channel.SMS, Channel.EMAIL])
def test_a_notice_has_its_own_link_alone_and_reads_like_no_code(tag: str, channel: Channel) -> None:
    for text in HOSTILE_TEXTS:
        for kind in (NoticeKind.CONFIRMATION, NoticeKind.DEVICE_TRUSTED):
            for brand, action, device in ((text, a_purchase(), "Chrome"), (BRAND, a_purchase(text), text)):
                message = LETTERS.notice(
                    a_notice(kind, channel=channel, action=action, brand=brand, device_name=device, locale=tag)
                )
                assert parse_origin_bound(message.text) is None
                assert message.text.count("://") == 1
                assert message.subject is None or len(message.subject.splitlines()) == 1
