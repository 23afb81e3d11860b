"""Which language a customer gets codes, messages and code pages in. The store itself speaks English only."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

_READ_AT_MOST: Final = 20
"""Entries of an ``Accept-Language`` header that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A language that Watchword writes."""

    tag: str
    """BCP 47."""
    title: str
    """Its name in itself."""


def spoken_languages() -> tuple[Spoken, ...]:
    """Return the languages to choose from; the first is what everybody gets who asks for none of them."""
    named = {
        "en": "English",
        "de": "Deutsch",
        "fr": "Français",
        "es": "Español",
        "it": "Italiano",
        "pt": "Português",
        "nl": "Nederlands",
        "pl": "Polski",
        "tr": "Türkçe",
        "ar": "العربية",
        "hi": "हिन्दी",
        "zh-Hans": "简体中文",
    }
    return tuple(Spoken(tag=tag, title=title) for tag, title in named.items())


def is_spoken(tag: str) -> bool:
    """Say whether this is one of the languages, exactly."""
    return any(spoken.tag == tag for spoken in spoken_languages())


def preferred_language(request: Request) -> str:
    """Return the language that the browser asks for and that is spoken here (RFC 9110, section 12.5.4)."""
    wishes = _wishes(request.headers.get("accept-language", ""))
    found = (_spoken_for(tag) for tag, quality in wishes if quality > 0)
    return next((tag for tag in found if tag is not None), spoken_languages()[0].tag)


def _wishes(header: str) -> list[tuple[str, float]]:
    entries = [entry.partition(";") for entry in header.split(",")[:_READ_AT_MOST]]
    wishes = [(tag.strip(), _quality(parameters)) for tag, _, parameters in entries]
    # Sorting keeps the order of those that are wanted alike.
    return sorted(wishes, key=lambda wish: -wish[1])


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0


def _spoken_for(tag: str) -> str | None:
    language, *further = tag.lower().replace("_", "-").split("-")
    if language == "zh":
        # Whoever reads the traditional script is not served by the simplified one.
        return None if {"hant", "tw", "hk", "mo"} & set(further) else "zh-Hans"
    return language if is_spoken(language) else None
