"""The catalogues: each language says all that English says, and the right one is chosen for a reader."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from babel import Locale

import watchword
from tests.kit.languages import LANGUAGES
from watchword.domain.challenge import ChallengeState
from watchword.domain.contact import Channel, ContactState
from watchword.domain.device import DeviceState
from watchword.domain.message import NoticeKind
from watchword.flow.link import ViewPage
from watchword.flow.overview import RequestState
from watchword.pages.entry_sheet import SAID_ON_ENTRY
from watchword.pages.flash import Said
from watchword.pages.refused import Why
from watchword.wording.languages import PSEUDO_TAG, TAGS, Language, categories, problems_of

SOURCE = Path(watchword.__file__).parent
ENGLISH = LANGUAGES.by_tag["en"]
WORDED = sorted(
    path
    for folder in ("pages", "wording", "adapters/letters", "api")
    for path in (SOURCE / folder).rglob("*")
    if path.suffix in {".py", ".html"}
)
MADE = (
    "what", "done", "verb", "reason", "notice", "voice.code", "voice.notice", "message.code",
    "me.state", "me.said", "me.nav", "me.contact.state", "me.device", "me.request.sent", "me.deny", "me",
    "device", "send", "sending", "sent", "delivery", "said", "help.check", "resend.wait", "send.wait", "end", "no",
    "refused",
)  # fmt: skip
"""Sentences whose key is put together where they are asked for; tests of their own ask for each."""


@pytest.mark.parametrize("tag", TAGS)
def test_a_language_says_all_that_english_says(tag: str) -> None:
    assert problems_of(LANGUAGES.by_tag[tag], ENGLISH.texts) == []


@pytest.mark.parametrize("tag", TAGS)
def test_a_language_is_offered_under_the_name_that_it_has_in_itself(tag: str) -> None:
    language = LANGUAGES.by_tag[tag]
    name = language.locale.get_display_name()
    assert name is not None
    assert language.own_name == name[:1].upper() + name[1:]


def test_no_country_is_looked_up_for_a_language_that_nobody_reads() -> None:
    asked = "from watchword.wording.languages import read_languages; from babel import localedata\n"
    asked += "languages = read_languages(); languages.choose('fr').locale.territories['US']\n"
    asked += "print(sorted(localedata._cache))"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "['fr', 'root']"


def test_every_file_of_the_catalogue_is_offered() -> None:
    assert {path.stem for path in (SOURCE / "wording/catalogues").glob("*.toml")} == set(TAGS)


def _with(**changed: str | None) -> Language:
    texts = {**ENGLISH.texts, **{key.replace("__", "."): text for key, text in changed.items() if text is not None}}
    for key in [key.replace("__", ".") for key, text in changed.items() if text is None]:
        del texts[key]
    return replace(ENGLISH, texts=texts)


@pytest.mark.parametrize(
    ("language", "problem"),
    [
        (_with(why=None), "why is missing"),
        (_with(why=" "), "why is empty"),
        (_with(why__nonsense="x"), "why.nonsense is not a sentence of ours"),
        (_with(end__go="Go on"), "end.go lacks {brand}"),
        (_with(end__go="Go on to {brand} {code}"), "end.go has {code}, which nobody fills in"),
        (_with(end__go="Go on to {brand} {0}"), "end.go has {0}, which nobody fills in"),
        (_with(end__go="Go on to {brand} {brand.name}"), "end.go has {brand.name}, which nobody fills in"),
        (_with(end__go="Go on to {brand} {"), "end.go has {a lone brace}, which nobody fills in"),
        (
            _with(end__what="Request: {what_within}"),
            "end.what has {what_within}, which only messages fill in",
        ),
        (_with(tries_left__other="You have tries left"), "tries_left.other lacks {n}"),
        (_with(tries_left__few="{n}"), "tries_left.few is not a sentence of ours"),
    ],
)
def test_a_catalogue_with_a_defect_is_not_used(language: Language, problem: str) -> None:
    assert list(problems_of(language, ENGLISH.texts)) == [problem]


def test_a_form_may_say_its_number_where_english_says_it_in_words() -> None:
    assert problems_of(_with(sends_left__one="{n} more message can be sent."), ENGLISH.texts) == []


def test_a_language_has_the_plural_forms_that_its_numbers_take() -> None:
    assert categories(Locale("en")) == ["one", "other"]
    assert categories(Locale("pl")) == ["few", "many", "one", "other"]
    assert categories(Locale("ar")) == ["few", "many", "one", "other", "two", "zero"]
    assert categories(Locale("fr")) == ["one", "other"]
    assert categories(Locale.parse("zh_Hans")) == ["other"]


@pytest.mark.parametrize("tag", TAGS)
def test_a_browser_that_counts_gets_each_form_that_its_numbers_take(tag: str) -> None:
    language = LANGUAGES.by_tag[tag]
    assert sorted(language.forms("resend.wait")) == categories(language.locale)
    assert language.forms("resend.wait")["other"] == language.sentence("resend.wait.other")


@pytest.mark.parametrize("tag", ["en", "EN", "en-GB", "en_GB"])
def test_a_region_keeps_the_language_and_brings_its_customs(tag: str) -> None:
    chosen = LANGUAGES.choose(tag)
    assert chosen.tag == "en"
    assert (chosen.locale.territory == "GB") == (len(tag) > 2)


@pytest.mark.parametrize(
    "tag", [None, "", "xx", "not a tag", "\x00", "../../etc", "e" * 5000, "zh-Hant", "zh-TW", "hi-Latn", "*"]
)
def test_what_names_no_language_of_ours_is_answered_in_english(tag: str | None) -> None:
    assert LANGUAGES.choose(tag).tag == "en"


def test_the_first_known_tag_counts() -> None:
    assert LANGUAGES.choose("xx", None, PSEUDO_TAG, "en").tag == PSEUDO_TAG


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("en-GB,en;q=0.9", "en-GB"),
        ("xx, en;q=0.5", "en"),
        ("en;q=0", None),
        ("en;q=0.1, en-US;q=0.8", "en-US"),
        ("en;q=nonsense", None),
        ("*", None),
        ("", None),
        (None, None),
        (", , ;;", None),
    ],
)
def test_a_browser_says_which_languages_it_takes(header: str | None, tag: str | None) -> None:
    assert LANGUAGES.choose_accepted(header) == tag


def test_the_pseudo_locale_marks_every_sentence_and_keeps_its_placeholders() -> None:
    pseudo = LANGUAGES.by_tag[PSEUDO_TAG]
    assert problems_of(pseudo, ENGLISH.texts) == []
    assert all(text.startswith("[") and text.endswith("]") for text in pseudo.texts.values())
    assert all(len(pseudo.texts[key]) > 1.3 * len(text) for key, text in ENGLISH.texts.items())


def test_every_sentence_that_is_asked_for_by_its_name_exists() -> None:
    asked = re.compile(r'words\.(say|count|forms)\(\s*"([a-z_.]+)"(?![ ~])')
    missing = [
        f"{path.name}: {key}"
        for path in WORDED
        for verb, key in asked.findall(path.read_text(encoding="utf-8"))
        if not ENGLISH.knows(key if verb == "say" else f"{key}.other")
    ]
    assert missing == []


def test_every_state_has_its_sentences() -> None:
    disavowed = {Said.ENDED, Said.DISPUTED, Said.UNDONE, Said.NOTED, Said.UNKNOWN, Said.EMPTY, Said.LINK_OLD}
    needed = {f"said.{word}" for word in SAID_ON_ENTRY} | {f"no.{word}" for word in disavowed}
    needed |= {
        f"me.said.{word}" for word in set(Said) - SAID_ON_ENTRY - disavowed | {Said.ENDED, Said.DISPUTED, Said.NOTED}
    }
    needed |= {f"me.{page}" for page in ViewPage} | {f"me.nav.{page}" for page in ViewPage}
    needed |= {f"me.state.{state}" for state in RequestState} | {f"me.contact.state.{state}" for state in ContactState}
    needed |= {f"me.device.{state}" for state in DeviceState} | {f"me.request.sent.{channel}" for channel in Channel}
    needed |= {f"refused.{why}.text" for why in Why}
    needed |= {f"end.{state}.text" for state in set(ChallengeState) - {ChallengeState.PENDING}}
    needed |= {f"notice.{kind}.story" for kind in NoticeKind}
    assert [key for key in sorted(needed) if not ENGLISH.knows(key)] == []


def test_no_sentence_is_left_over() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in WORDED).replace("'", '"')
    plural = re.compile(r"\.(one|other)$")
    left = [
        key
        for key in ENGLISH.texts
        if f'"{plural.sub("", key)}"' not in code
        and not any(key == stem or key.startswith(f"{stem}.") for stem in MADE)
    ]
    assert left == []
