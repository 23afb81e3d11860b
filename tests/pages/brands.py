"""Brands for the tests of the pages: logos drawn here, and colours that somebody might choose."""

from io import BytesIO

from PIL import Image, ImageDraw

from watchword.adapters.logo import draw_logo
from watchword.domain.branding import DARK, LIGHT, Branding, Logo, nearest_readable
from watchword.domain.colour import Colour

PLUM = Colour(red=0x7A, green=0x1F, blue=0x5C)


def drawn(width: int, height: int, ink: str = "#7a1f5c") -> Logo:
    """Return a logo of rings on nothing, as wide and as high as asked, if that fits."""
    picture = Image.new("RGBA", (width, height))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, width - 1, height - 1), outline=ink, width=4)
    step = min(width, height)
    for left in range(0, width - step + 1, step):
        pen.ellipse((left, 0, left + step - 1, step - 1), outline=ink, width=max(2, step // 10))
    written = BytesIO()
    picture.save(written, "PNG")
    return draw_logo(written.getvalue())


def brand(accent: Colour = PLUM, **fields: object) -> Branding:
    """Return a brand in this colour, or in the nearest that can be read."""
    colours = {"accent": nearest_readable(accent, LIGHT), "accent_dark": nearest_readable(accent, DARK)}
    return Branding(**{**colours, **fields})  # type: ignore[arg-type]  # a builder takes any field of what it builds
