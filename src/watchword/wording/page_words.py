"""Puts values into the sentences of a page: escapes them, isolates their direction, marks up times. Knows no page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from markupsafe import Markup

from watchword.domain.contact import ContactKind
from watchword.domain.ids import Reference
from watchword.domain.instant import SECOND_MS, Instant
from watchword.domain.money import Money
from watchword.wording.device_names import device_words
from watchword.wording.harmless import one_line
from watchword.wording.languages import Language
from watchword.wording.numbers import clock_time, day, day_and_clock, exact_amount

_SHORT_AMOUNT: Final = 18
"""Characters that fit on one line of the narrowest screen, so that they need not be broken."""
_UNSEEN: Final = re.compile(r'<span class="unseen">[^<]*</span>')


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWords:
    """The sentences of one language for a page."""

    language: Language

    def say(self, key: str, **values: object) -> Markup:
        """Return a sentence with its values put in and escaped; ``KeyError`` for a sentence that does not exist."""
        return _filled(self.language.sentence(key), values)

    def count(self, key: str, number: int, **values: object) -> Markup:
        """Return the form of a sentence that goes with this number, which it may use as ``{n}``."""
        return _filled(self.language.form(key, number), {"n": number, **values})

    def forms(self, key: str) -> Mapping[str, str]:
        """Return all forms of a sentence by plural category, for the script that counts down."""
        return self.language.forms(key)

    def knows(self, key: str) -> bool:
        """Whether there is such a sentence."""
        return self.language.knows(key)

    def amount(self, money: Money) -> Markup:
        """Return an amount such as ``1,299.00 USD``."""
        text = exact_amount(money, self.language.locale)
        whole = Markup(' class="whole"') if len(text) <= _SHORT_AMOUNT else ""
        return Markup("<bdi{}>{}</bdi>").format(whole, text)

    def type_name(self, text: str) -> Markup:
        """Return the name of a declared action type."""
        return isolated(text)

    def payee(self, text: str) -> Markup:
        """Return whom a payment goes to; empty where nothing of the text can be shown."""
        return isolated(text) if one_line(text) else Markup("")

    def device(self, name: str) -> Markup:
        """Return the name of a device."""
        return Markup(device_words(name, self.say, isolated)) if one_line(name) else Markup("")  # noqa: S704 both escape

    def country(self, code: str | None) -> str | None:
        """Return the name of a country, or None for a code that is none (``local``)."""
        return None if code is None else self.language.locale.territories.get(code)

    def clock(self, moment: Instant) -> Markup:
        """Return a time of day in UTC; the script writes it in the customer's own zone."""
        return _time(moment, clock_time(moment, self.language.locale), "clock")

    def day(self, moment: Instant) -> Markup:
        """Return a day in UTC."""
        return Markup('<span class="whole">{}</span>').format(day(moment, self.language.locale))

    def day_and_clock(self, moment: Instant) -> Markup:
        """Return a day and a time in UTC; the script writes it in the customer's own zone."""
        return _time(moment, day_and_clock(moment, self.language.locale), "day")

    def address(self, kind: ContactKind, masked: str) -> Markup:
        """Return a masked address, always written left to right; a screen reader hears a phone's digits one by one."""
        if kind is ContactKind.EMAIL:
            return Markup('<bdi dir="ltr">{}</bdi>').format(one_line(masked))
        heard = self.say("ending_in", digits=" ".join(character for character in masked if character.isdigit()))
        return Markup(
            '<bdi dir="ltr" class="whole"><span aria-hidden="true">{}</span><span class="unseen">{}</span></bdi>'
        ).format(one_line(masked), heard)


def as_plain_text(markup: str) -> str:
    """Return what there is to see of a sentence, for places that take no markup: a window's title."""
    return Markup(_UNSEEN.sub("", markup)).striptags()  # noqa: S704 nothing is put in, and the tags are taken out


def marked_reference(reference: Reference) -> Markup:
    """Return a reference as it stands in the messages, for nobody to translate."""
    return Markup('<bdi class="reference" dir="ltr" translate="no">{}</bdi>').format(reference)


def isolated(text: str) -> Markup:
    """Return somebody else's text, escaped, in one line and unable to turn the text around it."""
    return Markup("<bdi>{}</bdi>").format(one_line(text))


def _filled(sentence: str, values: Mapping[str, object]) -> Markup:
    return Markup(sentence).format_map(values)  # noqa: S704 the sentences are ours, and values are escaped


def _time(moment: Instant, shown: str, local: str) -> Markup:
    when = datetime.fromtimestamp(moment // SECOND_MS, UTC).isoformat().replace("+00:00", "Z")
    return Markup('<time class="whole" datetime="{}" data-local="{}">{}</time>').format(when, local, shown)
