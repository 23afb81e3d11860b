"""The sentences of a notice: what happened, when and on which device, and how to say "this wasn't me"."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from watchword.domain.message import Notice, NoticeKind
from watchword.wording.languages import Language
from watchword.wording.numbers import clock_time, day, plain_spaces
from watchword.wording.plain_words import OfChannel, PlainWords
from watchword.wording.subject import Surroundings, done_of, what_of

_SAID: Final = (
    ("notice.sms", "notice.never", "notice.not_you"),
    ("notice.sms", "notice.never", "notice.not_you"),
    ("notice.subject", "notice.never", "notice.not_you"),
    ("notice.subject", "notice.not_you"),
)
"""What a text message says before its link, by brevity. The time goes first: the telephone and the page behind the link
have it too, and only the message itself can say that nobody asks for a code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWords:
    """The words of one notice on one channel."""

    language: Language
    dress: OfChannel
    notice: Notice

    def subject(self) -> str:
        """Return the subject of a mail."""
        return self._say("notice.subject")

    def sms(self, brevity: int) -> str:
        """Return the text before the link; ``brevity`` 0 says everything, 2 leaves it to the telephone to say when."""
        first, *behind = _SAID[brevity]
        if brevity == 0 and self._device():
            first = "notice.sms.device"
        begun = self._sentence(self._say(first)) if first == "notice.subject" else self._say(first)
        return self.language.gap.join((begun, *map(self._say, behind)))

    def call(self) -> str:
        """Return what is read out."""
        when = "voice.notice.when.device" if self._device() else "voice.notice.when"
        hello, rest = self._say("voice.notice.hello"), (when, "notice.never", "voice.notice.not_you")
        told = (hello, self._sentence(self._title()), self._story(), *map(self._say, rest))
        return self.language.gap.join(told)

    def mail(self) -> str:
        """Return the text part of a mail; its link stands on a line of its own."""
        parts = self.parts()
        facts = "\n".join(line for line in (parts["when"], parts["device"]) if line)
        not_you = f"{parts['not_you']}\n{self.notice.not_me_url}"
        ending = f"{parts['never']}\n{parts['brand']}"
        return "\n\n".join((self._sentence(parts["title"]), parts["story"], facts, not_you, ending)) + "\n"

    def parts(self) -> Mapping[str, str]:
        """Return the sentences of the HTML part by their place in it."""
        return {
            "title": self._title(),
            "preview": self._say("notice.when"),
            "story": self._story(),
            "when": self._say("notice.when"),
            "device": self._say("notice.device") if self._device() else "",
            "not_you": self._say("notice.not_you"),
            "button": self._button(),
            "not_me_url": self.notice.not_me_url,
            "never": self._say("notice.never"),
            "brand": self.dress.brand(self.notice.brand),
        }

    def _title(self) -> str:
        kind, action = self.notice.kind, self.notice.action
        if kind is NoticeKind.CONFIRMATION and action is not None:
            return plain_spaces(done_of(action, self._around(), self._words()))
        return self.language.sentence(f"notice.{kind}")

    def _story(self) -> str:
        key = f"notice.{self.notice.kind}.story"
        action = self.notice.action
        if action is None or not self.language.knows(f"{key}.what"):
            return self.language.sentence(key)
        return plain_spaces(self._words().say(f"{key}.what", what=what_of(action, self._around(), self._words())))

    def _button(self) -> str:
        undoes = self.notice.kind is NoticeKind.CONTACTS_CHANGED
        return self.language.sentence("notice.button.undo" if undoes else "notice.button")

    def _say(self, key: str) -> str:
        notice, locale = self.notice, self.language.locale
        sentence = self._words().say(
            key,
            brand=self.dress.brand(notice.brand),
            title=self._title(),
            day=day(notice.happened_at, locale),
            time=clock_time(notice.happened_at, locale),
            device=self._device(),
            button=self._button(),
        )
        return plain_spaces(sentence)

    def _sentence(self, title: str) -> str:
        return self._words().say("notice.sentence", title=title)

    def _device(self) -> str:
        """Return which device it was, and where; empty where there is no room for it."""
        words = self._words()
        device, country = words.device(self.notice.device_name or ""), words.country(self.notice.country)
        if not device or country is None:
            return device
        return words.say("me.request.from.place", device=device, country=country)

    def _around(self) -> Surroundings:
        return Surroundings(contact=self.notice.channel.kind)

    def _words(self) -> PlainWords:
        return PlainWords(language=self.language, dress=self.dress)
