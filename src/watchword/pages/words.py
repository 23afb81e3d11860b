"""Puts values into the sentences of one language: escapes them, isolates their direction, formats numbers and times.

Knows no page and no rule. A further language is another mapping of texts beside ``english``.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from babel import Locale
from babel.dates import format_datetime
from babel.numbers import format_currency
from markupsafe import Markup

from watchword.domain.contact import ContactKind
from watchword.domain.ids import Reference
from watchword.domain.instant import SECOND_MS, Instant
from watchword.domain.money import Money, minor_units

_MOST_MARKS: Final = 3
"""Marks on one letter: more than any script needs, and too few to build a tower over other lines."""
_SHORT_AMOUNT: Final = 18
"""Characters that fit on one line of the narrowest screen, so that they need not be broken."""
_TURNING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of what follows (UAX #9): with them "ot 9.99" can read "99.9 to"."""
_UNSEEN: Final = re.compile(r'<span class="unseen">[^<]*</span>')
_MARKS: Final = frozenset({"Mn", "Me"})
_INVISIBLE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The sentences of one language with its manner of writing amounts, places and times."""

    locale: Locale
    texts: Mapping[str, str]

    def say(self, key: str, **values: object) -> Markup:
        """Return a sentence with its values put in and escaped; ``KeyError`` for a sentence that does not exist."""
        return Markup(self.texts[key]).format(**values)  # noqa: S704 the sentences are ours, and format escapes values

    def count(self, key: str, number: int, **values: object) -> Markup:
        """Return the form of a sentence that goes with this number, which it may use as ``{n}``."""
        form = f"{key}.{self.locale.plural_form(number)}"
        return self.say(form if form in self.texts else f"{key}.other", n=number, **values)

    def knows(self, key: str) -> bool:
        """Whether there is such a sentence."""
        return key in self.texts

    def amount(self, money: Money) -> Markup:
        """Return an amount such as ``1,299.00 USD``."""
        decimals = minor_units(money.currency)
        # The ISO code, because "$" is said of twenty currencies; all minor units, where CLDR would round some away.
        pattern = f"#,##0{'.' if decimals else ''}{'0' * decimals} ¤¤"
        text = format_currency(money.value, money.currency, format=pattern, currency_digits=False, locale=self.locale)
        whole = Markup(' class="whole"') if len(text) <= _SHORT_AMOUNT else ""
        return Markup("<bdi{}>{}</bdi>").format(whole, text)

    def country(self, code: str | None) -> str | None:
        """Return the name of a country, or None for a code that is none (``local``)."""
        return None if code is None else self.locale.territories.get(code)

    def clock(self, moment: Instant) -> Markup:
        """Return a time of day in UTC; the script writes it in the customer's own zone."""
        return self._time(moment, "HH:mm", "clock")

    def day_and_clock(self, moment: Instant) -> Markup:
        """Return a day and a time in UTC; the script writes it in the customer's own zone."""
        return self._time(moment, "d MMMM y, HH:mm", "day")

    def _time(self, moment: Instant, pattern: str, local: str) -> Markup:
        when = datetime.fromtimestamp(moment // SECOND_MS, UTC)
        shown = f"{format_datetime(when, pattern, locale=self.locale)} UTC"
        return Markup('<time class="whole" datetime="{}" data-local="{}">{}</time>').format(
            when.isoformat().replace("+00:00", "Z"), local, shown
        )

    def masked(self, kind: ContactKind, masked: str) -> Markup:
        """Return a masked address, always written left to right; a screen reader hears a phone's digits one by one."""
        if kind is ContactKind.EMAIL:
            return Markup('<bdi dir="ltr">{}</bdi>').format(one_line(masked))
        heard = self.say("ending_in", digits=" ".join(character for character in masked if character.isdigit()))
        return Markup(
            '<bdi dir="ltr" class="whole"><span aria-hidden="true">{}</span><span class="unseen">{}</span></bdi>'
        ).format(one_line(masked), heard)


def as_plain_text(markup: Markup) -> str:
    """Return what there is to see of a sentence, for places that take no markup: a window's title."""
    return Markup(_UNSEEN.sub("", markup)).striptags()  # noqa: S704 nothing is put in, and the tags are taken out


def marked_reference(reference: Reference) -> Markup:
    """Return a reference as it stands in the messages, for nobody to translate."""
    return Markup('<bdi class="reference" dir="ltr" translate="no">{}</bdi>').format(reference)


def isolated(text: str) -> Markup:
    """Return somebody else's text, escaped, in one line and unable to turn the text around it."""
    return Markup("<bdi>{}</bdi>").format(one_line(text))


def one_line(text: str) -> str:
    """Return a text in one line, without control characters, towers of marks, and what turns its direction."""
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in _MARKS else 0
        if character not in _TURNING and marks <= _MOST_MARKS:
            kept.append(" " if category in _INVISIBLE else character)
    return " ".join("".join(kept).split())
