"""What the page says is being approved: the bound fields, all of them, and nothing else."""

from typing import Any

import pytest

from tests.kit.languages import ENGLISH, LANGUAGES
from tests.pages.samples import CHALLENGE, MAILBOX, PlainAtlas, challenge_for
from watchword.domain.challenge import Challenge
from watchword.wording.page_words import PageWords, as_plain_text
from watchword.wording.subject import Subject, describe, surroundings_of


def _subject(challenge: Challenge, atlas: PlainAtlas | None = None) -> Subject:
    return describe(challenge.action, surroundings_of(challenge, atlas or PlainAtlas()), ENGLISH)


def _what(challenge: Challenge, atlas: PlainAtlas | None = None) -> str:
    return as_plain_text(_subject(challenge, atlas).what)


def _verb(challenge: Challenge) -> str:
    return as_plain_text(_subject(challenge).verb)


def test_a_purchase_names_amount_and_payee() -> None:
    assert _what(CHALLENGE) == "Approve 1,299.00 USD to ACME Cameras"
    assert _verb(CHALLENGE) == "Approve 1,299.00 USD"


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"payee": None}, "Approve 1,299.00 USD"),
        ({"amount": None}, "Approve a purchase from ACME Cameras"),
        ({"amount": None, "payee": None}, "Approve a purchase"),
        ({"type": "close_account", "amount": None, "payee": None}, "Approve “close account”"),
        ({"type": "payout", "payee": None}, "Approve “payout”: 1,299.00 USD"),
        ({"type": "payout"}, "Approve “payout”: 1,299.00 USD to ACME Cameras"),
        ({"type": "payout", "amount": None}, "Approve “payout” for ACME Cameras"),
        ({"type": "password_reset"}, "Reset your password"),
    ],
)
def test_an_action_is_said_with_the_fields_that_it_has(fields: dict[str, Any], what: str) -> None:
    assert _what(challenge_for(**fields)) == what


@pytest.mark.parametrize(
    ("details", "what"),
    [
        ({"field": "email"}, "Change your e-mail address"),
        ({"field": "email", "new_contact": "jane@gmx.de"}, "Add the e-mail address j•••@g•••.de"),
        (
            {"field": "email", "new_contact": "jane@gmx.de", "old_contact": "ctc_1"},
            "Change your e-mail address to j•••@g•••.de",
        ),
        ({"field": "email", "old_contact": "ctc_1"}, "Remove an e-mail address"),
        (
            {"field": "phone", "new_contact": "+14155550123", "old_contact": "ctc_1"},
            "Change your phone number to •••• 23",
        ),
        ({"field": "password"}, "Change your password"),
        ({"field": "address"}, "Change your address"),
    ],
)
def test_an_account_update_names_the_change(details: dict[str, Any], what: str) -> None:
    assert _what(challenge_for(type="account_update", details=details)) == what


def test_a_sign_in_names_device_and_country_where_they_are_known() -> None:
    sign_in = challenge_for(type="sign_in", ip="192.0.2.1")
    assert _what(sign_in) == "Sign in from Chrome on Windows (Germany)"
    assert _what(sign_in, PlainAtlas(place="local")) == "Sign in from Chrome on Windows"
    assert _what(sign_in, PlainAtlas(place=None)) == "Sign in from Chrome on Windows"


def test_a_confirmation_names_the_contact() -> None:
    confirmation = challenge_for(type="contact_confirmation")
    assert _what(confirmation) == "Confirm your phone number •••• 23"
    assert MAILBOX.masked not in _what(confirmation)


def test_what_the_application_adds_is_never_part_of_it() -> None:
    assert "free" not in _what(challenge_for(summary="free")) + _verb(challenge_for(summary="free"))


def test_a_hostile_payee_stays_text() -> None:
    what = _subject(challenge_for(payee="</h1><script>alert(1)</script>")).what
    assert "<script" not in what
    assert "&lt;script&gt;" in what


def test_a_phone_is_heard_digit_by_digit_in_the_heading_and_not_in_the_title() -> None:
    subject = _subject(challenge_for(type="contact_confirmation"))
    assert "the number ending in 2 3" in subject.what
    assert as_plain_text(subject.what) == "Confirm your phone number •••• 23"


@pytest.mark.parametrize(
    ("tag", "name", "shown"),
    [
        ("en", "Chrome on Windows", "Chrome on Windows"),
        ("de", "Chrome on Windows", "Chrome auf Windows"),
        ("de", "an unknown browser on Linux", "einem unbekannten Browser auf Linux"),
        ("de", "an unknown browser", "einem unbekannten Browser"),
        ("de", "Omas Tablet", "Omas Tablet"),
    ],
)
def test_the_name_of_a_device_is_said_in_the_readers_language(tag: str, name: str, shown: str) -> None:
    assert as_plain_text(PageWords(language=LANGUAGES.choose(tag)).device(name)) == shown
