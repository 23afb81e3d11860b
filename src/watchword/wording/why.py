"""Says why a customer is asked, in his language: in the product's sentences or in the operator's words."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar, assert_never

from markupsafe import Markup

from watchword.domain.customer_text import CatalogueSentence, CustomerText, OwnWords
from watchword.domain.money import Money
from watchword.risk.reasons import SentenceKey
from watchword.wording.harmless import isolated_text, one_line
from watchword.wording.languages import Language
from watchword.wording.page_words import PageWords
from watchword.wording.plain_words import PlainWords

Text = TypeVar("Text", bound=str)
Text_co = TypeVar("Text_co", bound=str, covariant=True)


class _Words(Protocol[Text_co]):
    """The sentences of one language, with or without markup."""

    @property
    def language(self) -> Language: ...

    def say(self, key: str, **values: object) -> Text_co: ...

    def amount(self, money: Money) -> Text_co: ...


def say_why(words: PageWords, reasons: Sequence[CustomerText]) -> tuple[Markup, ...]:
    """Return each reason once, for a page in the language of ``words``.

    A sentence that this version does not have, because a newer one stored it, is left out.
    """
    return _each_once(words, reasons, _marked)


def say_why_plainly(words: PlainWords, reasons: Sequence[CustomerText]) -> tuple[str, ...]:
    """Return the same as plain text."""
    return _each_once(words, reasons, lambda text, _: isolated_text(text))


def _each_once(
    words: _Words[Text], reasons: Sequence[CustomerText], own: Callable[[str, str], Text]
) -> tuple[Text, ...]:
    said = (_say(words, reason, own) for reason in _without_the_obvious(reasons))
    return tuple(dict.fromkeys(sentence for sentence in said if sentence is not None))


def _without_the_obvious(reasons: Sequence[CustomerText]) -> Sequence[CustomerText]:
    """Leave out that purchases add up where this one is of high value by itself: a first purchase adds up to itself.

    Both rules go on to hold; only the sentence would puzzle.
    """
    keys = {reason.key for reason in reasons if isinstance(reason, CatalogueSentence)}
    if SentenceKey.HIGH_VALUE_PURCHASE not in keys:
        return reasons
    obvious = SentenceKey.PURCHASE_SUM
    return [one for one in reasons if not (isinstance(one, CatalogueSentence) and one.key == obvious)]


def _say(words: _Words[Text], reason: CustomerText, own: Callable[[str, str], Text]) -> Text | None:
    language = words.language
    match reason:
        case OwnWords():
            tag = reason.language_for(str(language.locale), language.tag)
            return own(one_line(reason.by_language[tag]), tag)
        case CatalogueSentence(key=key) if not language.knows(f"reason.{key}"):
            return None
        case CatalogueSentence(key=key, amount=amount):
            values = {} if amount is None else {"threshold": words.amount(amount)}
            return words.say(f"reason.{key}", **values)
        case _:
            assert_never(reason)


def _marked(text: str, tag: str) -> Markup:
    """Return the operator's words, marked with their language: it need not be the one of the page."""
    mark = Markup(' lang="{}"').format(tag) if tag else ""
    return Markup("<bdi{}>{}</bdi>").format(mark, text)
