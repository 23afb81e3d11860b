"""The languages there are, each with all of its sentences, and the choice of one for a reader.

A language is a file of ``catalogues`` that holds every sentence of ``en``; so no page and no message mixes two of them.
Sentences are chosen by key and by the plural categories of CLDR, the same that a browser's ``Intl.PluralRules`` names
(docs/decisions/0009).
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Final

from babel import Locale, UnknownLocaleError

from watchword.wording.pseudo import pseudo_texts

DEFAULT_TAG: Final = "en"
PSEUDO_TAG: Final = "en-XA"
"""English as no language writes it (longer, with marks), so that a test sees what was never put into the catalogue."""
_OWN_NAMES: Final[Mapping[str, str]] = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "pt": "Português",
    "nl": "Nederlands",
    "pl": "Polski",
    "tr": "Türkçe",
    "ar": "العربية",
    "hi": "हिन्दी",
    "zh-Hans": "中文 (简体)",
}
"""What each language calls itself (CLDR). Written down, because asking takes all that is known of a country, 1 MB each,
also for languages that nobody reads."""
TAGS: Final = tuple(_OWN_NAMES)
"""In the order in which they are offered."""
_LONGEST_TAG: Final = 35
"""Characters (BCP 47 §4.4.1: buffers of that size hold any tag in use)."""
_CATEGORIES: Final = ("zero", "one", "two", "few", "many", "other")
"""Of plurals, as CLDR names them."""
_PLURAL: Final = re.compile(rf"\.({'|'.join(_CATEGORIES)})$")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_WITHIN: Final = "{what_within}"
_COUNTED: Final = range(200)
"""Whole numbers that take every form there is below a million: CLDR's rules look at their last two digits (UTS #35,
Plural Rules). Some languages have a form of their own for millions, and we count tries, messages, seconds and days."""
_MOST_ACCEPTED: Final = 20
"""Entries of an ``Accept-Language`` that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language with its sentences and a country's manner of writing numbers and dates."""

    tag: str
    """BCP 47, as it stands in ``lang`` attributes."""
    own_name: str
    """In itself, as it stands in a choice of languages: "Deutsch"."""
    locale: Locale
    texts: Mapping[str, str]

    @property
    def direction(self) -> str:
        """``ltr`` or ``rtl``."""
        direction: str = self.locale.text_direction
        return direction

    @property
    def gap(self) -> str:
        """What stands between two sentences: nothing where the full stop brings its own space."""
        return "" if self.locale.language == "zh" else " "

    def knows(self, key: str) -> bool:
        """Whether there is such a sentence."""
        return key in self.texts

    def sentence(self, key: str) -> str:
        """Return a sentence with its placeholders; ``KeyError`` for one that does not exist."""
        return self.texts[key]

    def form(self, key: str, number: int) -> str:
        """Return the form of a sentence that goes with this number."""
        return self.texts[f"{key}.{self.locale.plural_form(number)}"]

    def forms(self, key: str) -> Mapping[str, str]:
        """Return all forms of a sentence by their plural category, for a browser that counts by itself."""
        found = {category: self.texts.get(f"{key}.{category}") for category in _CATEGORIES}
        return {category: text for category, text in found.items() if text is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """All languages, the default one first."""

    by_tag: Mapping[str, Language]

    def choose(self, *wanted: str | None) -> Language:
        """Return the first of these tags that there is a language for, with the customs of its country, else English.

        A tag may be anything: what is no tag, or names no language of ours, is passed over. A script that we do not
        write (``zh-Hant``) is no match.
        """
        for tag in wanted:
            language = None if tag is None else self._match(tag)
            if language is not None:
                return language
        return self.by_tag[DEFAULT_TAG]

    def speaks(self, tag: str) -> bool:
        """Whether there is a language for this tag."""
        return self._match(tag) is not None

    def choose_accepted(self, header: str | None) -> str | None:
        """Return the tag of an ``Accept-Language`` that suits best, None where no language of ours is accepted."""
        return next((tag for tag in _accepted(header or "") if self._match(tag) is not None), None)

    def _match(self, tag: str) -> Language | None:
        if tag.lower() == PSEUDO_TAG.lower():
            return self.by_tag.get(PSEUDO_TAG)
        locale = _locale(tag)
        if locale is None:
            return None
        # A usual script is not named: who asks for Hindi in Latin letters does not read our Hindi.
        written = locale.language if locale.script is None else ""
        language = self.by_tag.get(written) or self.by_tag.get(f"{locale.language}-{_script(locale)}")
        return None if language is None else replace(language, locale=locale)


def read_languages(*, with_pseudo: bool = False) -> Languages:
    """Read every catalogue of the package; that each says all that English says is a matter of ``problems_of``."""
    folder = files("watchword.wording") / "catalogues"
    found: dict[str, Language] = {}
    for tag, own_name in _OWN_NAMES.items():
        texts = _read(folder.joinpath(f"{tag}.toml").read_text(encoding="utf-8"))
        found[tag] = Language(tag=tag, own_name=own_name, locale=Locale.parse(tag, sep="-"), texts=texts)
    if with_pseudo:
        texts = pseudo_texts(found[DEFAULT_TAG].texts)
        found[PSEUDO_TAG] = Language(tag=PSEUDO_TAG, own_name=PSEUDO_TAG, locale=Locale(DEFAULT_TAG), texts=texts)
    return Languages(by_tag=found)


def categories(locale: Locale) -> Sequence[str]:
    """Return the plural categories of a language that a number of ours can have; "other" is always among them."""
    return sorted({"other", *map(locale.plural_form, _COUNTED)})


def problems_of(language: Language, english: Mapping[str, str]) -> Sequence[str]:
    """Return what is wrong with the sentences of a language: missing, unknown, or with other placeholders."""
    stems = {_PLURAL.sub("", key) for key in english if _PLURAL.search(key)}
    needed = {key for key in english if not _PLURAL.search(key)}
    needed |= {f"{stem}.{category}" for category in categories(language.locale) for stem in stems}
    problems = [f"{key} is missing" for key in sorted(needed - language.texts.keys())]
    problems += [f"{key} is not a sentence of ours" for key in sorted(language.texts.keys() - needed)]
    for key in sorted(needed & language.texts.keys()):
        stem = _PLURAL.sub("", key)
        # English says "one more message", but the form "one" of another language may be that of 21, too.
        problem = _placeholder_problem(language.texts[key], english[f"{stem}.other" if stem in stems else key])
        if problem is not None and not (stem in stems and key != f"{stem}.other" and _misses_only_number(problem)):
            problems.append(f"{key} {problem}")
    return problems


def _misses_only_number(problem: str) -> bool:
    """Whether a form leaves out nothing but its number, as "one more message" does."""
    return problem == "lacks {n}"


def _placeholder_problem(text: str, english: str) -> str | None:
    """Return what is wrong with the placeholders of a sentence.

    ``{what_within}`` is ``{what}`` inside a sentence: where English has it, each language takes the one that its
    grammar needs; elsewhere there is only ``{what}``.
    """
    has, needs = _placeholders(text), _placeholders(english)
    if not text.strip():
        return "is empty"
    if has - needs:
        return f"has {{{min(has - needs)}}}, which nobody fills in"
    if _WITHIN in text and _WITHIN not in english:
        return f"has {_WITHIN}, which only messages fill in"
    return f"lacks {{{min(needs - has)}}}" if needs - has else None


def _placeholders(text: str) -> set[str]:
    found = {name.removesuffix("_within") for name in _PLACEHOLDER.findall(text)}
    return found | {"a lone brace" for _ in re.findall(r"[{}]", _PLACEHOLDER.sub("", text))}


def _read(text: str) -> Mapping[str, str]:
    return {key: str(value) for key, value in tomllib.loads(text).items()}


def _accepted(header: str) -> list[str]:
    """Return the tags of a header, the most wanted first (RFC 9110 §12.5.4); those with weight 0 are not wanted."""
    weighed: list[tuple[float, str]] = []
    for entry in header.split(",")[:_MOST_ACCEPTED]:
        tag, _, parameter = entry.strip().partition(";")
        weight = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", parameter) if parameter else None
        if not parameter or weight is not None:
            weighed.append((1.0 if weight is None else float(weight[1]), tag.strip()))
    return [tag for weight, tag in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


@lru_cache(maxsize=256)  # a few tags carry nearly all messages, and reading one takes longer than wording a sentence
def _locale(tag: str) -> Locale | None:
    if len(tag) > _LONGEST_TAG:
        return None
    try:
        return Locale.parse(tag.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        return None


def _script(locale: Locale) -> str:
    """Return the script of a locale: its own, else the one that its country writes."""
    if locale.script is not None:
        script: str = locale.script
        return script
    return "Hant" if locale.territory in {"TW", "HK", "MO"} else "Hans"
