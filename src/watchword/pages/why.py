"""Words the reasons of a challenge for one reader; knows no page."""

from collections.abc import Sequence
from typing import assert_never

from markupsafe import Markup

from watchword.domain.customer_text import CatalogueSentence, CustomerText, OwnWords
from watchword.risk.reasons import SENTENCES
from watchword.wording.harmless import one_line
from watchword.wording.page_words import PageWords


def say_why(words: PageWords, reasons: Sequence[CustomerText]) -> tuple[Markup, ...]:
    """Return each reason once, in the reader's language as far as there are words in it.

    A sentence that this version does not have (a newer one stored it) is left out.
    """
    said = (_say(words, reason) for reason in reasons)
    return tuple(dict.fromkeys(sentence for sentence in said if sentence is not None))


def _say(words: PageWords, reason: CustomerText) -> Markup | None:
    match reason:
        case OwnWords():
            tag = reason.language_for(str(words.language.locale))
            sentence = one_line(reason.by_language[tag])
            return Markup('<bdi lang="{}">{}</bdi>').format(tag, sentence) if tag else Markup.escape(sentence)
        case CatalogueSentence(key=key) if key not in SENTENCES:
            return None
        case CatalogueSentence(key=key, amount=amount):
            values = {} if amount is None else {"threshold": words.amount(amount)}
            return Markup(SENTENCES[key]).format(**values)  # noqa: S704 the sentences are ours
        case _:
            assert_never(reason)
