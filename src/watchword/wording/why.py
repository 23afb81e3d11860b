"""Says why a customer is asked, in his language: in the product's sentences or in the operator's words."""

from collections.abc import Sequence
from typing import assert_never

from markupsafe import Markup

from watchword.domain.customer_text import CatalogueSentence, CustomerText, OwnWords
from watchword.wording.harmless import one_line
from watchword.wording.page_words import PageWords


def say_why(words: PageWords, reasons: Sequence[CustomerText]) -> tuple[Markup, ...]:
    """Return each reason once, for a page in the language of ``words``.

    A sentence that this version does not have, because a newer one stored it, is left out.
    """
    said = (_say(words, reason) for reason in reasons)
    return tuple(dict.fromkeys(sentence for sentence in said if sentence is not None))


def _say(words: PageWords, reason: CustomerText) -> Markup | None:
    match reason:
        case OwnWords():
            return _own_words(words, reason)
        case CatalogueSentence():
            return _sentence(words, reason)
        case _:
            assert_never(reason)


def _sentence(words: PageWords, reason: CatalogueSentence) -> Markup | None:
    name = f"reason.{reason.key}"
    if not words.knows(name):
        return None
    return words.say(name) if reason.amount is None else words.say(name, threshold=words.amount(reason.amount))


def _own_words(words: PageWords, reason: OwnWords) -> Markup:
    """Return the operator's words, marked with their language: it need not be the one of the page."""
    tag = reason.language_for(str(words.language.locale), words.language.tag)
    mark = Markup(' lang="{}"').format(tag) if tag else ""
    return Markup("<bdi{}>{}</bdi>").format(mark, one_line(reason.by_language[tag]))
