"""Why a customer is asked, in his language: the product's sentences, and the operator's words."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from babel import Locale

from tests.kit.languages import ENGLISH, LANGUAGES
from watchword.domain.customer_text import CatalogueSentence, OwnWords, words_for_everybody
from watchword.domain.money import Money
from watchword.risk.reasons import SentenceKey
from watchword.wording.languages import PSEUDO_TAG
from watchword.wording.page_words import PageWords
from watchword.wording.why import say_why

DOLLARS = Money(value=Decimal("1500.00"), currency="USD")
NEW_DEVICE = CatalogueSentence(key="new_device")
VOUCHERS = OwnWords(by_language={"de": "Gutscheine <bestätigen> wir.", "en": "Vouchers are confirmed."})


def reading(tag: str) -> PageWords:
    """Give English sentences with the customs of somebody else, whether or not his language has a catalogue."""
    language = LANGUAGES.choose("en")
    return PageWords(language=replace(language, tag=tag, locale=Locale.parse(tag, sep="-")))


@pytest.mark.parametrize("key", SentenceKey)
@pytest.mark.parametrize("tag", LANGUAGES.by_tag)
def test_every_sentence_can_be_said_in_every_language(tag: str, key: SentenceKey) -> None:
    amount = DOLLARS if key is SentenceKey.HIGH_VALUE_PURCHASE else None
    (sentence,) = say_why(PageWords(language=LANGUAGES.by_tag[tag]), [CatalogueSentence(key=key, amount=amount)])
    assert sentence.striptags()
    assert "{" not in sentence


def test_the_product_has_no_sentence_besides_those_that_a_policy_can_name() -> None:
    said = {key.removeprefix("reason.") for key in ENGLISH.language.texts if key.startswith("reason.")}
    assert said == set(SentenceKey)


def test_only_the_sentence_about_a_threshold_mentions_anything() -> None:
    texts = {key: ENGLISH.language.sentence(f"reason.{key}") for key in SentenceKey}
    assert {key: re.findall(r"\{.*?\}", text) for key, text in texts.items() if "{" in text} == {
        SentenceKey.HIGH_VALUE_PURCHASE: ["{threshold}"]
    }


def test_a_sentence_is_said_in_the_language_of_the_page() -> None:
    (sentence,) = say_why(PageWords(language=LANGUAGES.choose(PSEUDO_TAG)), [NEW_DEVICE])
    assert sentence.startswith("[Ýóú ářé")


def test_an_amount_is_written_as_the_country_of_the_reader_writes_it() -> None:
    above = CatalogueSentence(key="high_value_purchase", amount=DOLLARS)
    (english,), (german,) = say_why(ENGLISH, [above]), say_why(reading("de-AT"), [above])
    assert english.striptags() == "Purchases above 1,500.00 USD are always confirmed with a code."
    assert "1.500,00 USD" in " ".join(german.striptags().split())


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        ("de", '<bdi lang="de">Gutscheine &lt;bestätigen&gt; wir.</bdi>'),
        ("de-AT", '<bdi lang="de">Gutscheine &lt;bestätigen&gt; wir.</bdi>'),
        ("fr", '<bdi lang="en">Vouchers are confirmed.</bdi>'),
        ("ar", '<bdi lang="en">Vouchers are confirmed.</bdi>'),
    ],
)
def test_a_reader_gets_the_operators_words_in_his_language_or_in_one_that_is_marked(tag: str, shown: str) -> None:
    assert say_why(reading(tag), [VOUCHERS]) == (shown,)


def test_words_for_everybody_claim_no_language_and_cannot_turn_the_page_around() -> None:
    assert say_why(ENGLISH, [words_for_everybody("Vouchers\u202e\nare")]) == ("<bdi>Vouchers are</bdi>",)


def test_two_rules_with_the_same_sentence_say_it_once() -> None:
    assert say_why(ENGLISH, [NEW_DEVICE, VOUCHERS, NEW_DEVICE, VOUCHERS]) == say_why(ENGLISH, [NEW_DEVICE, VOUCHERS])


@pytest.mark.parametrize("amount", [None, DOLLARS])
def test_a_sentence_of_a_newer_version_is_left_out(amount: Money | None) -> None:
    newer = CatalogueSentence(key="moon_phase", amount=amount)
    assert say_why(ENGLISH, [newer, NEW_DEVICE]) == say_why(ENGLISH, [NEW_DEVICE])


def test_a_purchase_of_high_value_is_not_said_to_add_up_to_itself() -> None:
    adds_up, alone = CatalogueSentence(key="purchase_sum"), CatalogueSentence(key="high_value_purchase", amount=DOLLARS)
    words = reading("en")
    assert len(say_why(words, [adds_up])) == 1
    assert say_why(words, [adds_up, alone, VOUCHERS]) == say_why(words, [alone, VOUCHERS])
