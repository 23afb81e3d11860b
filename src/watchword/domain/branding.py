"""What an application's pages look like, and which colours made of its accent can be read in light and in dark."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from watchword.domain.colour import BLACK, READABLE, STEPS, WHITE, Colour, contrast, ink_on, lit, mixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """A picture that was drawn anew from its pixels: a PNG without anything but them."""

    content: bytes = field(repr=False)
    width: int
    """In pixels of the file, of which a page shows several in place of one, for sharp screens."""
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """What the pages are painted on, once for light and once for dark; the style sheet has the same values."""

    paper: Colour
    """Below most texts."""
    ground: Colour
    """Around the paper, and below notices."""
    away: Colour
    """Black or white: the direction in which a colour stands out more and more from both."""
    tint_share: float
    """How much of the accent is in the tint below what is being approved."""


LIGHT: Final = Surface(paper=WHITE, ground=Colour(red=0xEE, green=0xF1, blue=0xF3), away=BLACK, tint_share=0.08)
DARK: Final = Surface(
    paper=Colour(red=0x1A, green=0x22, blue=0x2A),
    ground=Colour(red=0x10, green=0x16, blue=0x1B),
    away=WHITE,
    tint_share=0.12,
)
LOGO_FILE_BYTES_AT_MOST: Final = 512 * 1024
"""Of the file of a logo as it is given to us; one that needs more is a photograph."""
OWN_ACCENT: Final = Colour(red=0x14, green=0x60, blue=0x5A)
"""The colour of pages without an accent of their own, in light."""
OWN_ACCENT_DARK: Final = Colour(red=0x6F, green=0xD3, blue=0xC7)
_PRESSED_SHARE: Final = 0.25
"""How far a button moves away from the paper while a pointer is on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The colours that an accent gives to a page, on one surface."""

    main: Colour
    """The accent: the ground of the first button, and the colour of links."""
    pressed: Colour
    """The ground of that button while a pointer is on it."""
    on_main: Colour
    """The text on both: black or white."""
    tint: Colour
    """The ground below what is being approved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branding:
    """How an application presents itself on our pages; every colour in it can be read."""

    logo: Logo | None = None
    """Shown in place of the letter mark."""
    logo_dark: Logo | None = None
    """Shown instead on dark pages; without one, the logo stands on a light plate there."""
    accent: Colour | None = None
    accent_dark: Colour | None = None
    """The accent on dark pages; never missing where there is an accent."""
    support_url: str | None = None
    """Where the help page leads for support: https or mailto."""
    frame_origins: tuple[str, ...] = ()
    """Origins whose pages may show ours in a frame; mostly none."""


def said_address(url: str) -> str:
    """Return an address for support as a person would say it: the mailbox, or the host and the path."""
    mailbox = url.removeprefix("mailto:")
    if mailbox != url:
        return mailbox
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path.rstrip('/')}"


def theme_of(accent: Colour, surface: Surface) -> Theme:
    """Return the colours of a page with this accent."""
    return Theme(
        main=accent,
        pressed=mixed(accent, surface.away, _PRESSED_SHARE),
        on_main=ink_on(accent),
        tint=mixed(surface.paper, accent, surface.tint_share),
    )


def lowest_contrast(accent: Colour, surface: Surface) -> float:
    """Return the worst ratio of contrast at which a customer would have to read something in or on this accent."""
    theme = theme_of(accent, surface)
    pairs = (
        *((accent, ground) for ground in (surface.paper, surface.ground, theme.tint)),
        *((theme.on_main, ground) for ground in (theme.main, theme.pressed)),
    )
    return min(contrast(text, ground) for text, ground in pairs)


def nearest_readable(accent: Colour, surface: Surface) -> Colour:
    """Return the accent itself where it can be read, or the first colour on the way to black or white that can."""
    ways = (lit(accent, surface.away, step / STEPS) for step in range(1, STEPS + 1))
    return next(colour for colour in (accent, *ways) if lowest_contrast(colour, surface) >= READABLE)
