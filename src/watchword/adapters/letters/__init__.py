"""Words every message: Jinja templates in one folder per language, run in a sandbox, and checked before they leave.

A language is a folder of ``templates`` that holds every file of ``en``; one that lacks a file is not used at all, so
that no message mixes languages. Texts from outside reach a template only as harmless lines (``wording``).
"""

import re
from collections.abc import Mapping
from typing import Final, assert_never

from babel import Locale
from jinja2 import PackageLoader, StrictUndefined, TemplateError, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from watchword.adapters.letters.wording import (
    ROOMS,
    act_of,
    calendar_day,
    clock_time,
    locale_for,
    name_of,
    remaining,
)
from watchword.domain import gsm
from watchword.domain.action import Action
from watchword.domain.contact import Channel
from watchword.domain.message import CodeMessage, Notice, RenderedMessage, spoken, written
from watchword.domain.origin_bound import OriginBound, parse_origin_bound, write_origin_bound

DEFAULT_LANGUAGE: Final = "en"
SMS_PARTS_AT_MOST: Final = 2
"""More is paid for by the operator and may arrive out of order."""
_BREVITIES: Final = (0, 1, 2)
"""How much of a text message is left out until it fits; 0 says everything in full sentences."""
_LONG_NUMBER: Final = re.compile(r"\d{6,}")
_FAILURES: Final = (TemplateError, LookupError, TypeError, ArithmeticError)

Words = Mapping[str, object]
"""What the placeholders of a template stand for."""


class JinjaLetters:
    """Keeps ``ports.letters.Letters`` with the templates of this package."""

    def __init__(self) -> None:
        loader = PackageLoader("watchword.adapters.letters")
        self._environment = ImmutableSandboxedEnvironment(
            loader=loader,
            autoescape=select_autoescape(enabled_extensions=("html",), disabled_extensions=("txt",), default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._languages = complete_languages(loader.list_templates())

    def code(self, message: CodeMessage) -> RenderedMessage:
        """Return the words of a code message; ``ValueError`` where they fail or do not parse back (I20)."""
        try:
            rendered = self._code(message)
        except _FAILURES as error:
            raise ValueError("a template of a code message failed") from error
        _check(message, rendered)
        return rendered

    def notice(self, notice: Notice) -> RenderedMessage:
        """Return the words of a notice; ``ValueError`` where they fail."""
        try:
            rendered = self._notice(notice)
        except _FAILURES as error:
            raise ValueError("a template of a notice failed") from error
        if parse_origin_bound(rendered.text) is not None:
            raise ValueError("a notice reads like a code message")
        return rendered

    def _code(self, message: CodeMessage) -> RenderedMessage:
        language, locale = self._language(message.locale)
        match message.channel:
            case Channel.SMS:
                return self._code_sms(message, language, locale)
            case Channel.VOICE:
                words = self._code_words(message, language, locale)
                return RenderedMessage(subject=None, text=self._line(language, "code.voice.txt", words), html=None)
            case Channel.EMAIL:
                words = self._code_words(message, language, locale)
                return self._email(language, "code", words)
            case _:
                assert_never(message.channel)

    def _code_sms(self, message: CodeMessage, language: str, locale: Locale) -> RenderedMessage:
        """Return the fullest wording that fits: first shorter sentences, then no name in foreign letters."""
        last_line = write_origin_bound(message.origin_host, message.code)
        text = ""
        for native in (True, False):
            words = self._code_words(message, language, locale, native=native)
            for brevity in _BREVITIES[: 2 if native else None]:
                body = self._line(language, "code.sms.txt", {**words, "brevity": brevity})
                text = f"{body}\n{last_line}"
                if gsm.parts(text) <= SMS_PARTS_AT_MOST:
                    return RenderedMessage(subject=None, text=text, html=None)
        return RenderedMessage(subject=None, text=text, html=None)

    def _code_words(self, message: CodeMessage, language: str, locale: Locale, *, native: bool = True) -> Words:
        room = ROOMS[message.channel]
        return {
            **self._act_words(message.action, message.channel, language, locale, native=native),
            "brand": name_of(message.brand, room.brand, room, native=native) or message.origin_host,
            "code": message.code.reveal(),
            "spoken_code": spoken(message.code.reveal()),
            "reference": message.reference,
            "spoken_reference": spoken(message.reference),
            "remaining": remaining(message.worded_at, message.expires_at, locale),
            "expires_at": clock_time(message.expires_at, locale),
            "not_me_at": message.not_me_at,
        }

    def _notice(self, notice: Notice) -> RenderedMessage:
        language, locale = self._language(notice.locale)
        match notice.channel:
            case Channel.SMS:
                return self._notice_sms(notice, language, locale)
            case Channel.VOICE:
                words = self._notice_words(notice, language, locale)
                return RenderedMessage(subject=None, text=self._line(language, "notice.voice.txt", words), html=None)
            case Channel.EMAIL:
                return self._email(language, "notice", self._notice_words(notice, language, locale))
            case _:
                assert_never(notice.channel)

    def _notice_sms(self, notice: Notice, language: str, locale: Locale) -> RenderedMessage:
        """Return the fullest wording that fits; the signed link is added behind it, on a line of its own."""
        text = ""
        for native in (True, False):
            words = self._notice_words(notice, language, locale, native=native)
            for brevity in _BREVITIES[: 2 if native else None]:
                body = self._line(language, "notice.sms.txt", {**words, "brevity": brevity})
                text = f"{body}\n{notice.not_me_url}"
                if gsm.parts(text) <= SMS_PARTS_AT_MOST:
                    return RenderedMessage(subject=None, text=text, html=None)
        return RenderedMessage(subject=None, text=text, html=None)

    def _notice_words(self, notice: Notice, language: str, locale: Locale, *, native: bool = True) -> Words:
        room, kind = ROOMS[notice.channel], notice.kind.value
        act = self._act_words(notice.action, notice.channel, language, locale, native=native)
        return {
            "language": language,
            "direction": locale.text_direction,
            "brand": name_of(notice.brand, room.brand, room, native=native),
            "title": self._macro(language, "happened.txt", "title", kind, act["done"]),
            "story": self._macro(language, "happened.txt", "story", kind, act["to_do"]),
            "not_me": self._macro(language, "happened.txt", "not_me", kind),
            "day": calendar_day(notice.happened_at, locale),
            "time": clock_time(notice.happened_at, locale),
            "device": name_of(notice.device_name or "", room.device, room, native=native),
            "not_me_url": notice.not_me_url,
        }

    def _act_words(
        self, action: Action | None, channel: Channel, language: str, locale: Locale, *, native: bool
    ) -> Words:
        act = None if action is None else act_of(action, channel, locale, native=native)
        return {
            "language": language,
            "direction": locale.text_direction,
            "to_do": "" if act is None else self._macro(language, "act.txt", "to_do", act),
            "done": "" if act is None else self._macro(language, "act.txt", "done", act),
        }

    def _email(self, language: str, name: str, words: Words) -> RenderedMessage:
        return RenderedMessage(
            subject=self._line(language, f"{name}.subject.txt", words),
            text=_tidy(self._render(language, f"{name}.email.txt", words)),
            html=self._render(language, f"{name}.email.html", words),
        )

    def _language(self, tag: str | None) -> tuple[str, Locale]:
        """Return the language of the templates and the customs that go with it."""
        first = re.split(r"[-_]", tag or "", maxsplit=1)[0].lower()
        language = first if first in self._languages else DEFAULT_LANGUAGE
        return language, locale_for(tag, language)

    def _macro(self, language: str, file: str, name: str, *arguments: object) -> str:
        """Return what a macro says, as one line without space around it."""
        module = self._environment.get_template(f"{language}/{file}").module
        return " ".join(str(getattr(module, name)(*arguments)).split())

    def _line(self, language: str, file: str, words: Words) -> str:
        return " ".join(self._render(language, file, words).split())

    def _render(self, language: str, file: str, words: Words) -> str:
        return self._environment.get_template(f"{language}/{file}").render(words)


def _check(message: CodeMessage, rendered: RenderedMessage) -> None:
    """Refuse a code message whose code is not what a browser, or a person looking for digits, finds in it."""
    found = _LONG_NUMBER.search(written(rendered.text))
    if found is None or found.group() != message.code.reveal():
        raise ValueError("the code is not the first long number of its message")
    if message.channel is not Channel.SMS:
        return
    if parse_origin_bound(rendered.text) != OriginBound(host=message.origin_host, code=message.code):
        raise ValueError("the message does not parse back to its host and code")


def complete_languages(templates: list[str]) -> frozenset[str]:
    """Return the languages that have every file that English has."""
    files: dict[str, set[str]] = {}
    for path in templates:
        language, slash, name = path.partition("/")
        if slash:
            files.setdefault(language, set()).add(name)
    needed = files[DEFAULT_LANGUAGE]
    return frozenset(language for language, names in files.items() if needed <= names)


def _tidy(text: str) -> str:
    """Return text with its lines, each without space around it, and at most one empty line between two."""
    lines = "\n".join(" ".join(line.split()) for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
