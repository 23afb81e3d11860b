"""Finds the language of whoever reads a page: what he chose here, what the application said of him, his browser.

The choice is remembered in a cookie that says nothing else. A concealed challenge never looks at the profile of a
user, whose language would show that he exists (I17).
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from watchword.web.browser import cookie_name, set_cookie
from watchword.wording.languages import Languages
from watchword.wording.page_words import PageWords

CHOICE: Final = "language"
"""The parameter of an address that chooses a language."""
_KEPT_S: Final = 365 * 24 * 60 * 60
_LONGEST_TAG: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedLanguage:
    """One entry of the choice of languages."""

    tag: str
    direction: str
    name: str
    """In itself: "Deutsch"."""
    address: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The words for one reader, and the other languages that he may choose."""

    words: PageWords
    offered: tuple[OfferedLanguage, ...]
    chosen: str | None
    """The tag that this very request chose."""


def meet_reader(
    languages: Languages, request: Request, page_base: str, *wanted: str | None, default: str | None = None
) -> Reader:
    """Return the words for a request.

    ``wanted`` are tags that the application named for this action or user; ``default`` is its own language.
    """
    chosen = _known(languages, request.query_params.get(CHOICE))
    remembered = _known(languages, request.cookies.get(_cookie(page_base)))
    accepted = languages.choose_accepted(request.headers.get("accept-language"))
    language = languages.choose(chosen, remembered, *wanted, accepted, default)
    offered = tuple(
        OfferedLanguage(
            tag=other.tag,
            direction=other.direction,
            name=other.own_name,
            address=_address(request, other.tag),
            is_chosen=other.tag == language.tag,
        )
        for other in languages.by_tag.values()
    )
    return Reader(words=PageWords(language=language), offered=offered, chosen=chosen)


def keep_choice(response: Response, reader: Reader, page_base: str) -> None:
    """Remember the language that this request chose."""
    if reader.chosen is not None:
        set_cookie(response, _cookie(page_base), reader.chosen, page_base, lifetime_s=_KEPT_S)


def _known(languages: Languages, tag: str | None) -> str | None:
    """Return a tag of ours, None for anything else."""
    return tag if tag is not None and len(tag) <= _LONGEST_TAG and tag in languages.by_tag else None


def _address(request: Request, tag: str) -> str:
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != CHOICE]
    return f"?{urlencode([*kept, (CHOICE, tag)])}"


def _cookie(page_base: str) -> str:
    return cookie_name(page_base, "watchword-language")
