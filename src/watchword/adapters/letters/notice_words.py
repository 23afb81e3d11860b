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
    notice: Notice
    values: Mapping[str, str]
    """What stands in the sentences, found once: a mail puts the same into a dozen of them."""
    story: str
    """What it is about, in a sentence of its own."""

    def subject(self) -> str:
        """Return the subject of a mail."""
        return self._say("notice.subject")

    def sms(self, brevity: int) -> str:
        """Return the text before the link; ``brevity`` 0 says everything, 2 leaves it to the telephone to say when."""
        first, *behind = _SAID[brevity]
        if brevity == 0 and self.values["device"]:
            first = "notice.sms.device"
        begun = self._sentence(self._say(first)) if first == "notice.subject" else self._say(first)
        return self.language.gap.join((begun, *map(self._say, behind)))

    def call(self) -> str:
        """Return what is read out."""
        when = "voice.notice.when.device" if self.values["device"] else "voice.notice.when"
        hello, rest = self._say("voice.notice.hello"), (when, "notice.never", "voice.notice.not_you")
        told = (hello, self._sentence(self.values["title"]), self.story, *map(self._say, rest))
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
            "title": self.values["title"],
            "preview": self._say("notice.when"),
            "story": self.story,
            "when": self._say("notice.when"),
            "device": self._say("notice.device") if self.values["device"] else "",
            "not_you": self._say("notice.not_you"),
            "button": self.values["button"],
            "not_me_url": self.notice.not_me_url,
            "never": self._say("notice.never"),
            "brand": self.values["brand"],
        }

    def _say(self, key: str) -> str:
        return plain_spaces(self.language.sentence(key).format_map(self.values))

    def _sentence(self, title: str) -> str:
        return self.language.sentence("notice.sentence").format_map({"title": title})


def notice_words(language: Language, dress: OfChannel, notice: Notice) -> NoticeWords:
    """Return the words of a notice, with its values as the channel shows them."""
    words, undoes = PlainWords(language=language, dress=dress), notice.kind is NoticeKind.CONTACTS_CHANGED
    values = {
        "brand": dress.brand(notice.brand),
        "title": _title(notice, words),
        "day": day(notice.happened_at, language.locale),
        "time": clock_time(notice.happened_at, language.locale),
        "device": _device(notice, words),
        "button": language.sentence("notice.button.undo" if undoes else "notice.button"),
    }
    return NoticeWords(language=language, notice=notice, values=values, story=_story(notice, words))


def _title(notice: Notice, words: PlainWords) -> str:
    if notice.kind is NoticeKind.CONFIRMATION and notice.action is not None:
        return plain_spaces(done_of(notice.action, _around(notice), words))
    return words.language.sentence(f"notice.{notice.kind}")


def _story(notice: Notice, words: PlainWords) -> str:
    key = f"notice.{notice.kind}.story"
    if notice.action is None or not words.language.knows(f"{key}.what"):
        return words.language.sentence(key)
    return plain_spaces(words.say(f"{key}.what", what=what_of(notice.action, _around(notice), words)))


def _device(notice: Notice, words: PlainWords) -> str:
    """Return which device it was, and where; empty where there is no room for it."""
    device, country = words.device(notice.device_name or ""), words.country(notice.country)
    if not device or country is None:
        return device
    return words.say("me.request.from.place", device=device, country=country)


def _around(notice: Notice) -> Surroundings:
    return Surroundings(contact=notice.channel.kind)
