"""A sentence for the customer that is not worded yet: which one it is, and what its words are where they are given.

What a customer reads is in his language, and that is known only when a page is shown. Until then a sentence is a value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from watchword.domain.money import Money

ANY_LANGUAGE: Final = ""
"""Stands for the language of words that are meant for everybody who has none of his own."""
LAST_LANGUAGE: Final = "en"
"""Whose words are shown where none are meant for everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueSentence:
    """A sentence of the product, in every language that the product speaks."""

    key: str
    """Its name, such as ``new_device``. One that was stored by a newer version may be unknown to this one."""
    amount: Money | None = None
    """The amount that it mentions, exact, to be written in the manner of the reader's language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWords:
    """The operator's own words, finished in each language that he gave them in."""

    by_language: Mapping[str, str]
    """Language tag (BCP 47, such as ``de`` or ``pt-BR``) to sentence; ``ANY_LANGUAGE`` for everybody else.

    Never empty.
    """

    def language_for(self, *reads: str) -> str:
        """Return the tag of the words for somebody who reads these languages, the best first.

        Each tag itself and without its last parts (``pt-BR``, ``pt``), as in RFC 4647 §3.4; then another region or
        script of the same languages; then ``ANY_LANGUAGE``, then English, then whatever comes first.
        """
        given = {tag.lower(): tag for tag in self.by_language}
        wanted = [tag.replace("_", "-").lower() for tag in reads]
        nearest = [shorter for tag in wanted for shorter in _shortened(tag)]
        akin = [tag for tag in given if any(tag.startswith(f"{_shortened(other)[-1]}-") for other in wanted)]
        candidates = (*nearest, *akin, ANY_LANGUAGE, LAST_LANGUAGE, *given)
        return next(given[tag] for tag in candidates if tag in given)


CustomerText = CatalogueSentence | OwnWords


def words_for_everybody(text: str) -> OwnWords:
    """Return words that are shown whatever the reader's language."""
    return OwnWords(by_language={ANY_LANGUAGE: text})


def _shortened(tag: str) -> list[str]:
    """Return a tag and what is left of it without its last part, down to the language."""
    parts = tag.split("-")
    return ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
