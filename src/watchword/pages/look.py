"""How the pages of one application look: its logo and its colours, as files that a browser keeps.

The colours are a style sheet of their own, because the policy of the pages lets nobody write a style into a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from watchword.domain.application import Application
from watchword.domain.branding import DARK, LIGHT, OWN_ACCENT, Branding, Logo, Theme, said_address, theme_of
from watchword.domain.ids import ApplicationId
from watchword.pages.assets import Asset, make_asset

SHOWN_WIDTH: Final = 240
SHOWN_HEIGHT: Final = 48
"""The most that a logo takes of a page, in CSS pixels: a phone of 320 px still shows it whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A logo at the size at which it is shown."""

    address: str
    width: int
    """In CSS pixels."""
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """Where the help page leads for support."""

    address: str
    text: str
    """The address as a person would say it."""
    opens_page: bool
    """Whether it is a page, which opens beside ours so that nobody loses the place for the code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the templates need to know of an application's brand."""

    style: str | None = None
    """The address of its colours, where they are not ours."""
    logo: Picture | None = None
    logo_dark: Picture | None = None
    support: Support | None = None
    theme_colour: str = str(OWN_ACCENT)
    """What a browser may paint around the page."""
    theme_colour_dark: str = str(DARK.ground)
    """The same in the dark, where a bright frame would dazzle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The looks of all applications, and the files that belong to them."""

    by_application: Mapping[ApplicationId, Look]
    files: Mapping[str, Asset]

    def of(self, application: Application | None) -> Look:
        """Return the look of an application's pages; where nobody knows whose page it is, our own."""
        return Look() if application is None else self.by_application.get(application.id, Look())


def make_looks(applications: Mapping[ApplicationId, Application], root: str) -> Looks:
    """Return the looks of applications; every address begins with ``root``.

    A file is named after its application, whose id has no dot, so no two names can meet.
    """
    files: dict[str, Asset] = {}
    looks = {id_: _look(f"{id_}", one.branding, root, files) for id_, one in applications.items()}
    return Looks(by_application=looks, files=files)


def theme_style(branding: Branding) -> str | None:
    """Return the style sheet with an application's colours, or None where it has none of its own."""
    if branding.accent is None or branding.accent_dark is None:
        return None
    light, dark = _properties(theme_of(branding.accent, LIGHT)), _properties(theme_of(branding.accent_dark, DARK))
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"


def _look(name: str, branding: Branding, root: str, files: dict[str, Asset]) -> Look:
    def address(ending: str, content: bytes, media_type: str) -> str:
        asset = make_asset(f"{name}.{ending}", content, media_type, root)
        files[f"{name}.{ending}"] = asset
        return asset.address

    def picture(ending: str, logo: Logo | None) -> Picture | None:
        return None if logo is None else _picture(logo, address(ending, logo.content, "image/png"))

    style = theme_style(branding)
    return Look(
        style=None if style is None else address("theme.css", style.encode(), "text/css; charset=utf-8"),
        logo=picture("logo.png", branding.logo),
        logo_dark=picture("logo-dark.png", branding.logo_dark),
        support=None if branding.support_url is None else _support(branding.support_url),
        theme_colour=str(branding.accent or OWN_ACCENT),
    )


def _support(url: str) -> Support:
    return Support(address=url, text=said_address(url), opens_page=not url.startswith("mailto:"))


def _picture(logo: Logo, address: str) -> Picture:
    """Return a logo at the size at which it fits; a small one is not blown up."""
    scale = min(1, SHOWN_WIDTH / logo.width, SHOWN_HEIGHT / logo.height)
    return Picture(address=address, width=max(1, round(logo.width * scale)), height=max(1, round(logo.height * scale)))


def _properties(theme: Theme) -> str:
    values = {"main": theme.main, "main-down": theme.pressed, "on-main": theme.on_main, "tint": theme.tint}
    return ";".join(f"--{name}:{colour}" for name, colour in values.items())
