"""Words every message from the catalogue of its language, and checks it before it leaves.

A text message takes the fullest wording that fits into its parts. The HTML part of a mail is a Jinja template, run in a
sandbox; what it says is the catalogue's.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final, assert_never

from jinja2 import PackageLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from watchword.adapters.letters.code_words import code_words
from watchword.adapters.letters.notice_words import notice_words
from watchword.domain import gsm
from watchword.domain.app_bound import AppBound, is_retrievable, parse_app_bound
from watchword.domain.contact import Channel
from watchword.domain.message import CodeMessage, Notice, RenderedMessage, spoken, written
from watchword.domain.origin_bound import OriginBound, parse_origin_bound, write_origin_bound
from watchword.wording.languages import Language, Languages
from watchword.wording.plain_words import OfChannel

SMS_PARTS_AT_MOST: Final = 2
"""More is paid for by the operator and may arrive out of order. A notice takes three where its link alone fills one and
a half, in letters of which a part holds 67."""
_LONG_NUMBER: Final = re.compile(r"\d{6,}")
_FAILURES: Final = (TemplateError, LookupError, TypeError, ArithmeticError)


class CatalogueLetters:
    """Keeps ``ports.letters.Letters`` with the catalogues of ``wording``."""

    def __init__(self, languages: Languages) -> None:
        self._languages = languages
        self._environment = ImmutableSandboxedEnvironment(
            loader=PackageLoader("watchword.adapters.letters"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def code(self, message: CodeMessage) -> RenderedMessage:
        """Return the words of a code message; ``ValueError`` where they fail or do not parse back (I20)."""
        try:
            rendered = self._code(message)
        except _FAILURES as error:
            raise ValueError("the words of a code message failed") from error
        _check(message, rendered)
        return rendered

    def notice(self, notice: Notice) -> RenderedMessage:
        """Return the words of a notice; ``ValueError`` where they fail."""
        try:
            rendered = self._notice(notice)
        except _FAILURES as error:
            raise ValueError("the words of a notice failed") from error
        if parse_origin_bound(rendered.text) is not None or parse_app_bound(rendered.text) is not None:
            raise ValueError("a notice reads like a code message")
        return rendered

    def _code(self, message: CodeMessage) -> RenderedMessage:
        language = self._languages.choose(message.locale)
        words = code_words(language, OfChannel(channel=message.channel), message)
        match message.channel:
            case Channel.SMS:
                return _code_by_text(language, message)
            case Channel.VOICE:
                return RenderedMessage(subject=None, text=words.call(), html=None, prompt=words.greeting())
            case Channel.WHATSAPP:
                return RenderedMessage(subject=None, text=words.chat(), html=None, variables=words.variables())
            case Channel.EMAIL:
                return RenderedMessage(
                    subject=words.subject(), text=words.mail(), html=self._html("code.html", language, words.parts())
                )
            case _:
                assert_never(message.channel)

    def _notice(self, notice: Notice) -> RenderedMessage:
        language = self._languages.choose(notice.locale)
        words = notice_words(language, OfChannel(channel=notice.channel), notice)
        match notice.channel:
            case Channel.SMS:
                bodies = (notice_words(language, dress, notice).sms(brevity) for dress, brevity in _wordings(language))
                return _text_message(bodies, notice.not_me_url)
            case Channel.VOICE:
                return RenderedMessage(subject=None, text=words.call(), html=None)
            case Channel.WHATSAPP:
                raise ValueError("WhatsApp carries codes only: every other message would need a template of its own")
            case Channel.EMAIL:
                return RenderedMessage(
                    subject=words.subject(), text=words.mail(), html=self._html("notice.html", language, words.parts())
                )
            case _:
                assert_never(notice.channel)

    def _html(self, template: str, language: Language, parts: Mapping[str, str]) -> str:
        return self._environment.get_template(template).render(
            parts, language=language.tag, direction=language.direction
        )


def _code_by_text(language: Language, message: CodeMessage) -> RenderedMessage:
    wordings = list(_wordings(language))
    if message.app_hash is None:
        last_line = write_origin_bound(message.origin_host, message.code)
        return _text_message(_bodies(language, message, wordings), last_line)
    # Android hands over a short message only; one that cannot be made so short had better say all that it can.
    shortest = [(replace(dress, brief=True), 3) for dress, _ in wordings]
    for text in _texts(_bodies(language, message, [*wordings, *shortest]), message.app_hash):
        if is_retrievable(text):
            return RenderedMessage(subject=None, text=text, html=None)
    return _text_message(_bodies(language, message, wordings), message.app_hash)


def _bodies(language: Language, message: CodeMessage, wordings: Iterable[tuple[OfChannel, int]]) -> Iterator[str]:
    return (code_words(language, dress, message).sms(brevity) for dress, brevity in wordings)


def _wordings(language: Language) -> Iterator[tuple[OfChannel, int]]:
    """Yield how a text message may be worded, the fullest way first; the brevity says how much is left out.

    Where the sentences themselves fit the cheap alphabet, a name in foreign letters goes before the last sentence does;
    where they do not, such a name costs nothing more, and the way to say no goes first: the owner has it on his own
    page too.
    """
    native, foreign_left_out = OfChannel(channel=Channel.SMS), OfChannel(channel=Channel.SMS, native=False)
    native_brief = OfChannel(channel=Channel.SMS, brief=True)
    brief = OfChannel(channel=Channel.SMS, native=False, brief=True)
    yield native, 0
    yield native_brief, 1
    if gsm.is_gsm(gsm.fold(language.sentence("message.code.secret"))):
        yield foreign_left_out, 0
        yield brief, 1
        yield brief, 2
    else:
        yield native_brief, 2
        yield native_brief, 3


def _text_message(bodies: Iterator[str], last_line: str) -> RenderedMessage:
    """Return the first wording that fits, else the fullest of those that cost least."""
    cheapest, cost = "", math.inf
    for text in _texts(bodies, last_line):
        parts = gsm.parts(text)
        if parts < cost:
            cheapest, cost = text, parts
        if parts <= SMS_PARTS_AT_MOST:
            break  # what comes behind it says less
    return RenderedMessage(subject=None, text=cheapest, html=None)


def _texts(bodies: Iterator[str], last_line: str) -> Iterator[str]:
    for body in bodies:
        folded = gsm.fold(body)
        yield f"{folded if gsm.is_gsm(folded) else body}\n{last_line}"


def _check(message: CodeMessage, rendered: RenderedMessage) -> None:
    """Refuse a code message whose code is not what a browser, or a person looking for digits, finds in it."""
    # A call in any language names its digits one by one, between the pauses of ``spoken``.
    text = written(rendered.text) if spoken(message.code.reveal()) in rendered.text else rendered.text
    found = _LONG_NUMBER.search(text)
    if found is None or found.group() != message.code.reveal():
        raise ValueError("the code is not the first long number of its message")
    if message.channel is not Channel.SMS:
        return
    if message.app_hash is not None:
        if parse_app_bound(rendered.text) != AppBound(app_hash=message.app_hash, code=message.code):
            raise ValueError("the message does not parse back to its app and code")
        return
    if parse_origin_bound(rendered.text) != OriginBound(host=message.origin_host, code=message.code):
        raise ValueError("the message does not parse back to its host and code")
