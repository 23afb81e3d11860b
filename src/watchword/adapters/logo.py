"""Draws a logo anew from its pixels, so that nothing that somebody hid in a picture ever reaches a customer.

Only PNG and WebP, known by their first bytes and never by a name; of anything moving, the first picture. What comes
out is a small PNG with pixels and nothing else.
"""

import struct
import warnings
import zlib
from io import BytesIO
from typing import Final

from PIL import Image, UnidentifiedImageError

from watchword.domain.branding import LOGO_FILE_BYTES_AT_MOST, Logo

SIDE_AT_MOST: Final = 4096
"""Pixels of a side of the file that is read: 64 MiB when it is unpacked."""
WIDTH_AT_MOST: Final = 480
HEIGHT_AT_MOST: Final = 160
"""Pixels of what comes out: twice what a page shows."""
DRAWN_BYTES_AT_MOST: Final = 8 * 1024
"""Of what comes out, because a customer waits for it on a phone; the page with it stays below 20 KB."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
"""PNG (Third Edition) §5.2."""
_RIFF, _WEBP = b"RIFF", b"WEBP"
"""RFC 9649 §2.4: a WebP file begins with these, four bytes apart."""
_SMALLER: Final = 0.85
_PALETTE_COLOURS: Final = 256
_BROKEN: Final = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
"""What the decoders raise for files that are not what they say."""


class LogoRefused(Exception):
    """A file cannot be a logo; says why, in a sentence that goes on after the name of the file."""


def draw_logo(content: bytes) -> Logo:
    """Return the picture of a file, fitted to ``WIDTH_AT_MOST`` × ``HEIGHT_AT_MOST`` and ``DRAWN_BYTES_AT_MOST``.

    Smaller pictures keep their size, and transparent borders are cut off. Raises ``LogoRefused``.
    """
    if len(content) > LOGO_FILE_BYTES_AT_MOST:
        raise LogoRefused(f"has more than {LOGO_FILE_BYTES_AT_MOST // 1024} KB")
    pixels = _pixels(content)
    drawn = pixels.getchannel("A").getbbox()
    if drawn is None:
        raise LogoRefused("is wholly transparent")
    pixels = pixels.crop(drawn)
    pixels.thumbnail((WIDTH_AT_MOST, HEIGHT_AT_MOST), Image.Resampling.LANCZOS)
    return _fitted(pixels)


def _pixels(content: bytes) -> Image.Image:
    """Return the first picture of a file as red, green, blue and alpha of 8 bits each."""
    kind = _kind(content)
    try:
        with warnings.catch_warnings():
            # A picture of 89 megapixels is a warning to Pillow, and no logo to us.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=(kind,)) as picture:
                if max(picture.size) > SIDE_AT_MOST:
                    raise LogoRefused(_too_large(*picture.size))
                return _with_alpha(picture)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError, MemoryError):
        raise LogoRefused(_too_large()) from None
    except UnidentifiedImageError:
        raise LogoRefused(f"begins like a {kind} file and is none") from None
    except _BROKEN:
        raise LogoRefused(f"is a damaged {kind} file") from None


def _kind(content: bytes) -> str:
    if content.startswith(_PNG):
        return "PNG"
    if content.startswith(_RIFF) and content[8:12] == _WEBP:
        return "WEBP"
    raise LogoRefused("is neither PNG nor WebP by its content, whatever its name says; SVG is never taken")


def _too_large(*size: int) -> str:
    found = f"has {size[0]} × {size[1]} pixels, and" if size else "is far too large:"
    return f"{found} {SIDE_AT_MOST} × {SIDE_AT_MOST} are the most"


def _with_alpha(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        # 16 bits of grey: Pillow's own conversion would cut everything above 255 off and leave a white area.
        picture = picture.point(lambda value: value / 257).convert("L")
    return picture.convert("RGBA")


def _fitted(pixels: Image.Image) -> Logo:
    """Write a picture with ever less until it is small enough: first fewer colours, then fewer pixels."""
    while True:
        for one in (pixels, pixels.quantize(_PALETTE_COLOURS, method=Image.Quantize.FASTOCTREE)):
            content = _written(one)
            if len(content) <= DRAWN_BYTES_AT_MOST:
                return Logo(content=content, width=one.width, height=one.height)
        smaller = (max(1, int(pixels.width * _SMALLER)), max(1, int(pixels.height * _SMALLER)))
        pixels = pixels.resize(smaller, Image.Resampling.LANCZOS)


def _written(picture: Image.Image) -> bytes:
    # Whatever a picture carries beside its pixels would be written along: profiles, texts, times.
    picture.info = {}
    written = BytesIO()
    picture.save(written, "PNG", optimize=True)
    return written.getvalue()
