"""What is sealed with a challenge, as text: written and read again, and read as earlier versions wrote it."""

from decimal import Decimal

import pytest

from watchword.adapters.rows.sealed_text import (
    read_assessment,
    read_display,
    read_reasons,
    write_assessment,
    write_display,
)
from watchword.domain.action import Assessment, Decision, Reason
from watchword.domain.customer_text import CatalogueSentence, CustomerText, OwnWords, words_for_everybody
from watchword.domain.money import Money

FINISHED = """{"options":[],"masked":null,"reasons":["You are buying from a new device or browser.","Über 500 €."]}"""
"""A challenge's display as it was stored when a sentence was finished before it was shown."""
FINISHED_ASSESSMENT = (
    '{"reasons":[["new-device","New","You are signing in."],["ordinary","Nothing asks",""]],"score":0.5,"terms":[],'
    '"signals":{},"high_value":false,"policy_version":"v","shadow_rules":[],"failed_rules":[]}'
)


@pytest.mark.parametrize(
    "text",
    [
        CatalogueSentence(key="new_device"),
        CatalogueSentence(key="high_value_purchase", amount=Money(value=Decimal("0.10"), currency="BHD")),
        OwnWords(by_language={"de": "Gutscheine über 100 €.", "": "Vouchers."}),
        words_for_everybody(""),
    ],
)
def test_a_sentence_for_the_customer_reads_back(text: CustomerText) -> None:
    assert read_reasons(read_display(write_display((), None, (text,)))) == (text,)
    assessment = Assessment(
        decision=Decision.CHALLENGE,
        reasons=(Reason(rule="a", text="b", customer_text=text), Reason(rule="c", text="d")),
        score=0.5,
        terms=(),
        signals={},
        high_value=False,
        policy_version="v",
    )
    assert read_assessment(write_assessment(assessment), Decision.CHALLENGE) == assessment


def test_a_finished_sentence_of_an_earlier_version_is_shown_to_everybody() -> None:
    assert read_reasons(read_display(FINISHED)) == (
        words_for_everybody("You are buying from a new device or browser."),
        words_for_everybody("Über 500 €."),
    )


def test_the_reasons_of_an_earlier_version_keep_their_sentences() -> None:
    assert read_assessment(FINISHED_ASSESSMENT, Decision.CHALLENGE).reasons == (
        Reason(rule="new-device", text="New", customer_text=words_for_everybody("You are signing in.")),
        Reason(rule="ordinary", text="Nothing asks", customer_text=None),
    )
