"""The three forms of a rule's sentence for the customer, and what becomes of each when the rule matches."""

import pytest

from tests.risk.samples import ALWAYS_ASKED, ordinary, policy_of
from watchword.domain.customer_text import CatalogueSentence, CustomerText, OwnWords, words_for_everybody
from watchword.domain.errors import ConfigurationError
from watchword.risk.policy import Environment, load_policy
from watchword.risk.reasons import SentenceKey
from watchword.risk.signals import Signals

RULE = '[[rule]]\nname = "asks"\nactions = ["purchase"]\nthen = "challenge"\ntext = "Asked"\ncustomer_text = '


def told(form: str, environment: Environment, signals: Signals | None = None) -> CustomerText | None:
    """Give what the customer is told by a rule whose sentence is written like this."""
    (reason,) = policy_of(RULE + form + "\n", environment).assess(signals or ordinary()).reasons
    return reason.customer_text


def test_plain_words_are_for_everybody(environment: Environment) -> None:
    assert told('"Vouchers are confirmed."', environment) == words_for_everybody("Vouchers are confirmed.")


def test_words_by_language_are_kept_side_by_side(environment: Environment) -> None:
    assert told('{ en = "Vouchers.", de = "Gutscheine.", zh-Hans = "礼券。" }', environment) == OwnWords(
        by_language={"en": "Vouchers.", "de": "Gutscheine.", "zh-Hans": "礼券。"}
    )


def test_words_by_language_may_stand_in_a_table_of_their_own(environment: Environment) -> None:
    rule = RULE.removesuffix("customer_text = ") + '[rule.customer_text]\nde = "Gutscheine."\n"" = "Vales."\n'
    (reason,) = policy_of(rule, environment).assess(ordinary()).reasons
    assert reason.customer_text == OwnWords(by_language={"de": "Gutscheine.", "": "Vales."})


def test_every_language_has_its_placeholders_filled(environment: Environment) -> None:
    form = '{ en = "Above {threshold}.", de = "Über {threshold}, aus {country}." }'
    assert told(form, environment, ordinary(action_threshold="500.00 USD", place_country="NO")) == OwnWords(
        by_language={"en": "Above 500.00 USD.", "de": "Über 500.00 USD, aus NO."}
    )


@pytest.mark.parametrize("key", [key for key in SentenceKey if key is not SentenceKey.HIGH_VALUE_PURCHASE])
def test_every_sentence_of_the_product_can_be_named(environment: Environment, key: SentenceKey) -> None:
    assert told(f'"@{key}"', environment) == CatalogueSentence(key=key)


def test_the_threshold_stays_an_amount(environment: Environment) -> None:
    result = told('"@high_value_purchase"', environment, ordinary(action_threshold="50000 JPY"))
    assert isinstance(result, CatalogueSentence)
    assert str(result.amount) == "50000 JPY"


def test_an_unknown_sentence_that_is_like_no_other_is_answered_with_all_of_them(environment: Environment) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_policy(RULE + '"@"\n' + ALWAYS_ASKED, source_name="p.toml", environment=environment)
    (problem,) = refused.value.problems
    assert [key for key in SentenceKey if f"@{key}" not in problem] == []


@pytest.mark.parametrize("words", ["Pourquoi\u00a0?", "Pourquoi\u202f?", "क्\u200dष", "می\u200cخواهیم"])
def test_words_may_hold_the_spaces_and_joiners_of_their_script(environment: Environment, words: str) -> None:
    assert told(f'{{ en = "x", fr = "{words}" }}', environment) == OwnWords(by_language={"en": "x", "fr": words})
