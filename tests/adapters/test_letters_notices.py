"""Notices: what happened, when and where, and a link that says it wasn't me."""

import pytest

from tests.adapters.letter_samples import ACTIONS, NOTICE_LINK, a_notice, a_purchase, an_action
from tests.hostile_texts import HOSTILE_TEXTS
from tests.kit.languages import LANGUAGES
from watchword.adapters.letters import CatalogueLetters
from watchword.domain import gsm
from watchword.domain.action import Action
from watchword.domain.contact import Channel
from watchword.domain.message import NoticeKind
from watchword.domain.origin_bound import parse_origin_bound

LETTERS = CatalogueLetters(LANGUAGES)
WRITTEN = (Channel.SMS, Channel.EMAIL)


def test_no_notice_goes_by_whatsapp() -> None:
    with pytest.raises(ValueError, match="WhatsApp carries codes only"):
        LETTERS.notice(a_notice(channel=Channel.WHATSAPP))


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("channel", [Channel.SMS, Channel.VOICE, Channel.EMAIL])
@pytest.mark.parametrize("action", [None, a_purchase()], ids=["no action", "purchase"])
def test_every_notice_says_whose_it_is_when_it_happened_and_that_nobody_asks_for_a_code(
    kind: NoticeKind, channel: Channel, action: Action | None
) -> None:
    text = LETTERS.notice(a_notice(kind, channel=channel, action=action)).text
    assert "Example Shop" in text
    assert "Nov 22, 2026" in text
    assert "14:33 UTC" in text
    assert "We will never call, text or mail to ask for a code." in text
    assert "Not you?" in text


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("channel", WRITTEN)
def test_a_written_notice_has_its_link_on_a_line_of_its_own(kind: NoticeKind, channel: Channel) -> None:
    message = LETTERS.notice(a_notice(kind, channel=channel, action=a_purchase()))
    assert NOTICE_LINK in message.text.splitlines()
    assert message.text.count("://") == 1


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.type)
def test_a_notice_by_text_message_takes_two_parts_at_most(kind: NoticeKind, action: Action) -> None:
    text = LETTERS.notice(a_notice(kind, channel=Channel.SMS, action=action)).text
    assert gsm.parts(text) <= 2
    assert text.endswith(f"\n{NOTICE_LINK}")


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (a_purchase(), 'Your purchase of 1,299.00 USD from "ACME Cameras" was approved'),
        (an_action("purchase"), "Your purchase was approved"),
        (an_action("password_reset"), "Your password was reset"),
        (an_action("account_update", details={"field": "phone"}), "Your phone number was changed"),
        (an_action("sign_in"), "You signed in"),
        (an_action("contact_confirmation"), "Your e-mail address was confirmed"),
        (an_action("close_account"), "Approved: close account"),
        (None, "A request for your account was approved"),
    ],
)
def test_a_confirmation_says_what_went_ahead(action: Action | None, words: str) -> None:
    message = LETTERS.notice(a_notice(action=action))
    assert message.subject == f"Example Shop: {words}"
    assert message.text.startswith(f"{words}.\n")


@pytest.mark.parametrize("kind", sorted(set(NoticeKind) - {NoticeKind.CONFIRMATION}), ids=str)
def test_an_alert_has_a_title_and_a_story_of_its_own(kind: NoticeKind) -> None:
    others = {LETTERS.notice(a_notice(other, action=a_purchase())).subject for other in set(NoticeKind) - {kind}}
    message = LETTERS.notice(a_notice(kind, action=a_purchase()))
    assert message.subject not in others
    assert len(message.text.splitlines()[2]) > 20


def test_a_device_is_named_where_it_is_known() -> None:
    assert "Device: Chrome on Windows" in LETTERS.notice(a_notice(NoticeKind.DEVICE_TRUSTED)).text
    assert "Device:" not in LETTERS.notice(a_notice(NoticeKind.DEVICE_TRUSTED, device_name=None)).text


def test_a_notice_tells_where_it_came_from() -> None:
    assert "Device: Chrome on Windows, Germany" in LETTERS.notice(a_notice(country="DE")).text
    assert "Gerät: Chrome auf Windows, Deutschland" in LETTERS.notice(a_notice(country="DE", locale="de")).text


def test_a_change_without_a_code_can_be_taken_back() -> None:
    message = LETTERS.notice(a_notice(NoticeKind.CONTACTS_CHANGED))
    assert "This wasn't me, take it back" in message.text


def test_the_link_is_the_only_one_and_stands_escaped_in_the_html_part() -> None:
    html = LETTERS.notice(a_notice()).html
    assert html is not None
    assert html.count("<a ") == 1
    assert f'href="{NOTICE_LINK}"' in html
    assert ">This wasn&#39;t me</a>" in html


@pytest.mark.parametrize("field", ["payee", "brand", "device"])
@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=ascii)
def test_a_hostile_name_adds_no_line_no_link_and_no_tag(field: str, text: str) -> None:
    def worded(name: str, channel: Channel) -> tuple[str, str]:
        message = LETTERS.notice(
            a_notice(
                channel=channel,
                action=a_purchase(name if field == "payee" else "ACME"),
                brand=name if field == "brand" else "Example Shop",
                device_name=name if field == "device" else "Chrome",
            )
        )
        assert message.subject is None or message.subject.isprintable()
        return message.text, message.html or ""

    sms, _ = worded(text, Channel.SMS)
    assert parse_origin_bound(sms) is None
    assert sms.count("\n") == 1
    assert sms.endswith(f"\n{NOTICE_LINK}")
    assert gsm.parts(sms) <= 2
    plain, html = worded(text, Channel.EMAIL)
    assert plain.count("://") == 1
    assert html.count("<a ") == 1
    assert "<script" not in html
    assert "<img" not in html


def test_dates_are_written_as_in_the_users_country() -> None:
    assert "22 Nov 2026, 14:33 UTC" in LETTERS.notice(a_notice(locale="en-GB")).text
