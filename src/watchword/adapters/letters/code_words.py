"""The sentences of a code message: what it approves, that nobody asks for the code, and how to say "not me"."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from watchword.domain.message import CodeMessage, spoken
from watchword.wording.languages import Language
from watchword.wording.numbers import clock_time, plain_spaces, remaining
from watchword.wording.plain_words import OfChannel, PlainWords, within
from watchword.wording.subject import Surroundings, what_of

_BEHIND: Final = (
    ("message.code.valid", "message.code.secret", "message.code.not_you"),
    ("message.code.secret.short", "message.code.not_you.short"),
    ("message.code.secret.short", "message.code.not_you.shortest"),
    ("message.code.secret.short",),
)
"""What a text message says after its first sentence, by brevity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeWords:
    """The words of one code message on one channel."""

    language: Language
    values: Mapping[str, str]
    """What stands in the sentences, found once: a mail puts the same into a dozen of them."""

    def subject(self) -> str:
        """Return the subject of a mail: the code first, because it is all that some screens show."""
        return self._say("message.code.subject")

    def sms(self, brevity: int) -> str:
        """Return the text before the last line; ``brevity`` 0 says everything in full, 3 only what has to be there."""
        first = self._say("message.code.first")
        return self.language.gap.join((first, *map(self._say, _BEHIND[brevity])))

    def greeting(self) -> str:
        """Return what is said as soon as somebody answers: who calls, what for, and to press a key."""
        return self.language.gap.join(self._say(f"voice.code.{key}", aloud=True) for key in ("hello", "press"))

    def call(self) -> str:
        """Return what is read out once a key was pressed; the digits twice, with a pause after each."""
        keys = ("keep", "code", "again", "valid")
        sentences = [self._say(f"voice.code.{key}", aloud=True) for key in keys]
        sentences += [self._say("message.code.secret"), self._say("voice.code.not_you", aloud=True)]
        return self.language.gap.join(sentences)

    def mail(self) -> str:
        """Return the text part of a mail."""
        keys = ("first", "type_it", "secret", "not_you")
        return "\n\n".join(self._say(f"message.code.{key}") for key in keys) + "\n"

    def chat(self) -> str:
        """Return what a message of WhatsApp says, where its template is worded like ours."""
        keys = ("first", "valid", "secret", "not_you")
        return self.language.gap.join(self._say(f"message.code.{key}") for key in keys)

    def variables(self) -> Mapping[str, str]:
        """Return what goes into the places of a template of WhatsApp."""
        return {"1": self.values["code"], "2": self.values["brand"], "3": self.values["what"]}

    def parts(self) -> Mapping[str, str]:
        """Return the sentences of the HTML part by their place in it."""
        keys = ("title", "preview", "heading", "type_it", "secret", "not_you")
        return {key: self._say(f"message.code.{key}") for key in keys} | {
            "code": self.values["code"],
            "brand": self.values["brand"],
        }

    def _say(self, key: str, *, aloud: bool = False) -> str:
        sentence = self.language.sentence(key)
        return plain_spaces(sentence.format_map(_read_out(self.values) if aloud else self.values))


def code_words(language: Language, dress: OfChannel, message: CodeMessage) -> CodeWords:
    """Return the words of a code message, with its values as the channel shows them."""
    around = Surroundings(device=message.device_name, country=message.country, contact=message.channel.kind)
    what = what_of(message.action, around, PlainWords(language=language, dress=dress))
    values = {
        "what": what,
        "what_within": within(what),
        "brand": dress.brand(message.brand) or message.origin_host,
        "code": message.code.reveal(),
        "reference": str(message.reference),
        "remaining": remaining(message.worded_at, message.expires_at, language.locale),
        "time": clock_time(message.expires_at, language.locale),
        "site": message.not_me_at,
    }
    return CodeWords(language=language, values=values)


def _read_out(values: Mapping[str, str]) -> Mapping[str, str]:
    return {**values, "code": spoken(values["code"]), "reference": spoken(values["reference"])}
