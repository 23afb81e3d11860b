"""Reads the sentences of a rule: the one for the operator, and the one for the customer in its three forms.

The customer's is words for everybody (``"…"``), words by language (``{ en = "…", de = "…" }``), or the name of a
sentence that the product has in all its languages (``"@new_device"``).
"""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from re import fullmatch
from typing import Final, assert_never

from watchword.domain.customer_text import (
    ANY_LANGUAGE,
    LAST_LANGUAGE,
    CatalogueSentence,
    CustomerText,
    OwnWords,
    words_for_everybody,
)
from watchword.risk.policy.rule_problem import RuleProblem, suggestion
from watchword.risk.reasons import SentenceKey, braces_problem

SENTENCE_CHARACTERS: Final = 300
_NOT_ONE_LINE: Final = f"is one line of at most {SENTENCE_CHARACTERS} characters"
_MARK: Final = "@"
"""What the name of one of the product's sentences begins with."""
_TAG: Final = r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?"
"""Language, script and region, each in the spelling that RFC 5646 §2.1.1 recommends."""
_SCRIPT_LETTERS: Final = 4
WrittenCustomerText = str | Mapping[str, str] | None
"""The customer's sentence as a policy writes it: ``@name``, words, words by language, or not at all."""
_NO_LINE: Final = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp"})
"""What has no place in a line. Format characters have one: Hindi and Arabic are joined by them, French spaced."""


def text_problems(text: object) -> Iterator[RuleProblem]:
    """Return what is wrong with the operator's sentence."""
    if isinstance(text, str):
        problem = _line_problem(text) or (None if text.isprintable() else _NOT_ONE_LINE)
        if problem:
            yield RuleProblem(key="text", text=problem)


def customer_text_problems(value: object) -> Iterator[RuleProblem]:
    """Return what is wrong with the customer's sentence, in whichever form it is; None is none."""
    match value:
        case None:
            return
        case str() if value.startswith(_MARK):
            yield from _name_problems(value)
        case str():
            if problem := _line_problem(value):
                yield RuleProblem(key="customer_text", text=problem)
        case dict():
            yield from _language_problems(value)
        case _:
            yield RuleProblem(
                key="customer_text",
                text='must be a text in quotes, or one for each language: { en = "…", de = "…" }',
            )


def read_customer_text(value: object) -> CustomerText | None:
    """Return the customer's sentence of a rule in which nothing is wrong; None where it has none."""
    match value:
        case str() if value.startswith(_MARK):
            return CatalogueSentence(key=value.removeprefix(_MARK))
        case str():
            return words_for_everybody(value)
        case dict():
            return OwnWords(by_language={str(tag): str(words) for tag, words in value.items()})
        case _:
            return None


def write_customer_text(text: CustomerText | None) -> WrittenCustomerText:
    """Return the customer's sentence as a policy writes it; ``read_customer_text`` reads it again."""
    match text:
        case None:
            return None
        case CatalogueSentence():
            return f"{_MARK}{text.key}"
        case OwnWords(by_language=words):
            return words[ANY_LANGUAGE] if words.keys() == {ANY_LANGUAGE} else words
        case _:
            assert_never(text)


def _name_problems(name: str) -> Iterator[RuleProblem]:
    known = [f"{_MARK}{key}" for key in SentenceKey]
    if name not in known:
        near = suggestion(name, known) or f"; there are {', '.join(known)}"
        yield RuleProblem(key="customer_text", text=f"the product has no sentence {name}{near}")


def _language_problems(by_language: Mapping[str, object]) -> Iterator[RuleProblem]:
    for tag, words in by_language.items():
        if problem := _tag_problem(tag) or _words_problem(words):
            entry = tag if tag.isprintable() and tag else json.dumps(tag)
            yield RuleProblem(key=f"customer_text.{entry}", text=problem)
    if not {ANY_LANGUAGE, LAST_LANGUAGE} & by_language.keys():
        yield RuleProblem(
            key="customer_text",
            text='has no words for customers of other languages: add en = "…", or "" = "…" if those are not English',
        )


def _tag_problem(tag: str) -> str | None:
    if tag == ANY_LANGUAGE or fullmatch(_TAG, tag):
        return None
    usual = _usual_spelling(tag)
    meant = f"; did you mean {usual}?" if fullmatch(_TAG, usual) else ""
    return f"is not the tag of a language, such as de, pt-BR or zh-Hans{meant}"


def _usual_spelling(tag: str) -> str:
    """Return a tag with hyphens, and with the small and capital letters that its parts usually have."""
    language, *others = tag.replace("_", "-").split("-")
    spelt = (part.title() if len(part) == _SCRIPT_LETTERS else part.upper() for part in others)
    return "-".join([language.lower(), *spelt])


def _words_problem(words: object) -> str | None:
    if not isinstance(words, str):
        return "must be a text in quotes"
    if words.startswith(_MARK):
        return f"a sentence of the product has every language: write customer_text = {json.dumps(words)} alone"
    return _line_problem(words)


def _line_problem(text: str) -> str | None:
    if not text.strip():
        return "is empty"
    if len(text) > SENTENCE_CHARACTERS or any(unicodedata.category(character) in _NO_LINE for character in text):
        return _NOT_ONE_LINE
    return braces_problem(text)
