"""What Twilio says in a call, as TwiML: a question for a key press, and the code only after it.

An answering machine presses no key, so it records no code.
"""

from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from watchword.ports.sender import Document, SpokenWords

MEDIA_TYPE: Final = "application/xml"
KEY_WAIT_S: Final = 7
"""How long a key is waited for after the question, which is asked twice."""
_LANGUAGES: Final[Mapping[str, str]] = {
    "ar": "arb",
    "de": "de-DE",
    "en": "en-US",
    "es": "es-ES",
    "fr": "fr-FR",
    "hi": "hi-IN",
    "it": "it-IT",
    "nl": "nl-NL",
    "pl": "pl-PL",
    "pt": "pt-PT",
    "tr": "tr-TR",
    "zh": "cmn-CN",
}
"""The tags that Twilio's voices have for our languages (TwiML, ``<Say>``)."""


def question(words: SpokenWords, action_url: str) -> Document:
    """Return who calls and what for, asked twice; a key leads to ``action_url``, and none to the end of the call."""
    say = _say(words.message.prompt or "", words.locale)
    gather = (
        f'<Gather input="dtmf" numDigits="1" timeout="{KEY_WAIT_S}" method="POST" action={quoteattr(action_url)}>'
        f"{say}</Gather>"
    )
    return _document(f"{gather}{gather}<Hangup/>")


def answer(words: SpokenWords) -> Document:
    """Return the code, slowly; the words themselves say it twice, with a pause after each digit."""
    return _document(f'<Pause length="1"/>{_say(words.message.text, words.locale, slowly=True)}<Hangup/>')


def say_all(text: str, locale: str) -> str:
    """Return a document that says a text without a secret twice, to whoever answers."""
    say = _say(text, locale)
    return _document(f'<Pause length="1"/>{say}<Pause length="1"/>{say}<Hangup/>').body.decode()


def goodbye() -> Document:
    """Return the end of a call in which there is nothing to say."""
    return _document("<Hangup/>")


def language_tag(locale: str) -> str:
    """Return the tag of Twilio's voices for a language of ours; a region that is named stays."""
    language, _, region = locale.replace("_", "-").partition("-")
    if len(region) == _REGION_LETTERS and language in _LANGUAGES:
        return f"{language}-{region.upper()}"
    return _LANGUAGES.get(language, _LANGUAGES["en"])


_REGION_LETTERS: Final = 2


def _say(text: str, locale: str, *, slowly: bool = False) -> str:
    said = escape(text)
    if slowly:
        said = f'<prosody rate="75%">{said}</prosody>'
    return f"<Say language={quoteattr(language_tag(locale))}>{said}</Say>"


def _document(inner: str) -> Document:
    text = f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>'
    return Document(media_type=MEDIA_TYPE, body=text.encode())
