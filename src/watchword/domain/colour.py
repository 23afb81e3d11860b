"""Colours as a screen mixes them, and whether a person can read one on another (WCAG 2.2, success criterion 1.4.3)."""

import colorsys
import re
from dataclasses import dataclass
from typing import Final

READABLE: Final = 4.5
"""The lowest ratio of contrast for text of any size (WCAG 2.2, success criterion 1.4.3)."""
STEPS: Final = 100
"""How finely a colour is moved until it can be read."""
_STRAIGHT_UNTIL: Final = 0.04045
_WRITTEN: Final = re.compile(r"#([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    """A colour of sRGB, each part from 0 to 255; as text it is ``#rrggbb``."""

    red: int
    green: int
    blue: int

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> float:
        """How bright it is to the eye, from 0 for black to 1 for white (WCAG 2.2, relative luminance)."""
        red, green, blue = (_linear(part / 255) for part in (self.red, self.green, self.blue))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue


BLACK: Final = Colour(red=0, green=0, blue=0)
WHITE: Final = Colour(red=255, green=255, blue=255)


def read_colour(text: str) -> Colour | None:
    """Return the colour that is written as ``#rrggbb``, or None for anything else."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    red, green, blue = (int(part, 16) for part in found.groups())
    return Colour(red=red, green=green, blue=blue)


def contrast(one: Colour, other: Colour) -> float:
    """Return the ratio of contrast of two colours, from 1 (none) to 21 (black on white), whichever is the ground."""
    low, high = sorted((one.luminance, other.luminance))
    return (high + 0.05) / (low + 0.05)


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """Return a colour with a share of another one in it, from 0 (the first alone) to 1 (the other alone)."""
    return Colour(
        red=round(colour.red + (other.red - colour.red) * share),
        green=round(colour.green + (other.green - colour.green) * share),
        blue=round(colour.blue + (other.blue - colour.blue) * share),
    )


def lit(colour: Colour, end: Colour, share: float) -> Colour:
    """Return a colour on its way to black or white, from 0 to 1, that stays as vivid as it is on the way.

    Mixing with white would end in greyish pastels, in which nobody knows a brand again.
    """
    hue, lightness, saturation = colorsys.rgb_to_hls(colour.red / 255, colour.green / 255, colour.blue / 255)
    goal = 1.0 if end == WHITE else 0.0
    parts = colorsys.hls_to_rgb(hue, lightness + (goal - lightness) * share, saturation)
    red, green, blue = (round(part * 255) for part in parts)
    return Colour(red=red, green=green, blue=blue)


def ink_on(ground: Colour) -> Colour:
    """Return black or white, whichever is read better on this ground; one of them always reaches ``READABLE``."""
    return max(WHITE, BLACK, key=lambda ink: contrast(ink, ground))


def _linear(part: float) -> float:
    """Undo the curve of sRGB (IEC 61966-2-1), which begins as a straight line."""
    return part / 12.92 if part <= _STRAIGHT_UNTIL else ((part + 0.055) / 1.055) ** 2.4
