"""Messages in every language: what each one says whatever the language, and what it costs as a text message."""

import pytest

from tests.adapters.letter_samples import ACTIONS, HOST, a_code_message, a_notice, a_purchase, an_action
from tests.kit.languages import LANGUAGES
from watchword.adapters.letters import SMS_PARTS_AT_MOST, CatalogueLetters
from watchword.domain import gsm
from watchword.domain.action import Action
from watchword.domain.contact import Channel
from watchword.domain.message import Notice, NoticeKind, spoken
from watchword.wording.languages import TAGS

LETTERS = CatalogueLetters(LANGUAGES)
IN_OTHER_LETTERS = ("ar", "hi", "zh-Hans")
IN_LATIN_LETTERS = [tag for tag in TAGS if tag not in IN_OTHER_LETTERS]
LONG_PURCHASE = a_purchase("ACME Cameras Ltd")
LONG_BRAND = "Example Shop Village"
NOTICES = [(kind, action) for kind in NoticeKind for action in (None, LONG_PURCHASE, *ACTIONS[:2])]


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.type)
def test_a_message_begins_with_its_code_and_says_where_to_say_no(tag: str, action: Action) -> None:
    for channel in (Channel.SMS, Channel.EMAIL):
        text = LETTERS.code(a_code_message(action, channel=channel, locale=tag, brand="ACME")).text
        assert text.startswith("012345 ")
        assert "7K2M9QXD" in text
        assert "ACME" in text
        assert f"{HOST}/no" in text or channel is Channel.SMS


@pytest.mark.parametrize("tag", TAGS)
def test_a_call_reads_the_digits_twice_and_has_no_sign_that_cannot_be_read(tag: str) -> None:
    text = LETTERS.code(a_code_message(LONG_PURCHASE, channel=Channel.VOICE, locale=tag)).text
    assert text.count(spoken("012345")) == 2
    assert not set(text) & set("•@#{}“”„«»")


@pytest.mark.parametrize("tag", IN_LATIN_LETTERS)
@pytest.mark.parametrize("action", [*ACTIONS, LONG_PURCHASE], ids=lambda action: action.type)
def test_in_latin_letters_all_of_a_code_message_fits_two_cheap_parts(tag: str, action: Action) -> None:
    text = LETTERS.code(a_code_message(action, locale=tag, brand=LONG_BRAND)).text
    never_share = gsm.fold(LANGUAGES.by_tag[tag].sentence("message.code.secret"))
    assert never_share in text
    assert gsm.is_gsm(text)
    assert gsm.parts(text) <= SMS_PARTS_AT_MOST


@pytest.mark.parametrize("tag", IN_LATIN_LETTERS)
@pytest.mark.parametrize(("kind", "action"), NOTICES)
def test_in_latin_letters_a_notice_fits_two_cheap_parts(tag: str, kind: NoticeKind, action: Action | None) -> None:
    text = LETTERS.notice(a_notice(kind, channel=Channel.SMS, action=action, locale=tag, brand=LONG_BRAND)).text
    assert gsm.fold(LANGUAGES.by_tag[tag].sentence("notice.never")) in text
    assert gsm.is_gsm(text)
    assert gsm.parts(text) <= SMS_PARTS_AT_MOST


@pytest.mark.parametrize("tag", IN_OTHER_LETTERS)
@pytest.mark.parametrize("action", [*ACTIONS, LONG_PURCHASE], ids=lambda action: action.type)
def test_in_other_letters_what_has_to_be_said_fits_two_parts(tag: str, action: Action) -> None:
    text = LETTERS.code(a_code_message(action, locale=tag, brand=LONG_BRAND)).text
    assert LANGUAGES.by_tag[tag].sentence("message.code.secret.short") in text
    assert action.payee is None or gsm.fold(action.payee) in text
    assert gsm.parts(text) <= SMS_PARTS_AT_MOST


@pytest.mark.parametrize("tag", IN_OTHER_LETTERS)
@pytest.mark.parametrize("kind", NoticeKind)
def test_in_other_letters_a_notice_takes_no_part_more_than_its_link_makes_it(tag: str, kind: NoticeKind) -> None:
    notice = a_notice(kind, channel=Channel.SMS, action=a_purchase(), locale=tag)
    text = LETTERS.notice(notice).text
    assert text.endswith(f"\n{notice.not_me_url}")
    assert gsm.parts(text) == SMS_PARTS_AT_MOST + 1


def test_where_nothing_fits_two_parts_the_fullest_wording_of_three_is_taken() -> None:
    text = LETTERS.notice(a_notice(NoticeKind.DEVICE_TRUSTED, channel=Channel.SMS, locale="zh-Hans")).text
    assert LANGUAGES.by_tag["zh-Hans"].sentence("notice.never") in text


def test_between_chinese_sentences_there_is_no_space() -> None:
    for channel in (Channel.SMS, Channel.VOICE):
        for message in (a_code_message(channel=channel, locale="zh-CN"), a_notice(channel=channel, locale="zh-CN")):
            worded = LETTERS.notice(message) if isinstance(message, Notice) else LETTERS.code(message)
            assert "。" in worded.text
            assert "。 " not in worded.text


def test_in_arabic_the_digits_of_a_masked_phone_stay_behind_its_dots() -> None:
    changed = {"new_contact": "+12025550123", "old_contact": "+12025550199"}
    action = an_action("account_update", details={"field": "phone", **changed})
    assert "\u200e•••• 23" in LETTERS.code(a_code_message(action, channel=Channel.EMAIL, locale="ar")).text
    assert "\u200e" not in LETTERS.code(a_code_message(action, channel=Channel.EMAIL, locale="de")).text


@pytest.mark.parametrize("tag", TAGS)
def test_a_notice_quotes_the_button_as_it_stands_on_the_page(tag: str) -> None:
    language = LANGUAGES.by_tag[tag]
    assert gsm.fold(language.sentence("not_me")) == gsm.fold(language.sentence("notice.button"))
    assert {language.sentence(key) for key in ("not_me", "no.title", "no.button", "me.deny")} == {
        language.sentence("not_me")
    }
