"""Logos: what is taken is drawn anew and nothing else survives; what is not a plain small picture is refused."""

import json
import random
import struct
import zipfile
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageDraw, PngImagePlugin

from watchword.adapters.logo import (
    DRAWN_BYTES_AT_MOST,
    HEIGHT_AT_MOST,
    SIDE_AT_MOST,
    WIDTH_AT_MOST,
    LogoRefused,
    draw_logo,
)
from watchword.domain.branding import LOGO_FILE_BYTES_AT_MOST

BRAND = (180, 30, 60, 255)
HIDDEN = "<script>alert('in the picture')</script>"
PNG = b"\x89PNG\r\n\x1a\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
KINDS = pytest.mark.parametrize("kind", ["PNG", "WEBP"])


def _saved(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    written = BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def _mark(width: int = 120, height: int = 40) -> Image.Image:
    """Draw a disc on nothing that touches all four sides."""
    picture = Image.new("RGBA", (width, height))
    ImageDraw.Draw(picture).ellipse((0, 0, width - 1, height - 1), fill=BRAND)
    return picture


def _noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGBA", (width, height), random.Random(7).randbytes(4 * width * height))


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _chunks(content: bytes) -> list[bytes]:
    names, place = [], len(PNG)
    while place < len(content):
        (length,) = struct.unpack_from(">I", content, place)
        names.append(content[place + 4 : place + 8])
        place += 12 + length
    return names


def _opened(content: bytes) -> Image.Image:
    picture = Image.open(BytesIO(content))
    picture.load()
    return picture


def _why(content: bytes) -> str:
    with pytest.raises(LogoRefused) as refused:
        draw_logo(content)
    return str(refused.value)


@KINDS
def test_a_picture_comes_out_as_a_png_of_its_pixels(kind: str) -> None:
    logo = draw_logo(_saved(_mark(), kind, lossless=True))
    assert (logo.width, logo.height) == (120, 40)
    assert _opened(logo.content).convert("RGBA").getpixel((60, 20)) == BRAND
    assert set(_chunks(logo.content)) == {b"IHDR", b"IDAT", b"IEND"}


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((960, 320), (480, 160)),
        ((4096, 64), (480, 8)),
        ((64, 4096), (2, 160)),
        ((100, 50), (100, 50)),
        ((1, 1), (1, 1)),
    ],
)
def test_it_is_fitted_and_never_made_larger(size: tuple[int, int], fitted: tuple[int, int]) -> None:
    logo = draw_logo(_saved(Image.new("RGB", size, BRAND[:3])))
    assert (logo.width, logo.height) == fitted
    assert _opened(logo.content).size == fitted


def test_transparent_borders_are_cut_off() -> None:
    picture = Image.new("RGBA", (400, 300))
    picture.paste(_mark(), (140, 130))
    logo = draw_logo(_saved(picture))
    assert (logo.width, logo.height) == (120, 40)


@pytest.mark.parametrize("size", [(480, 160), (300, 160)])
def test_a_picture_that_nothing_can_compress_is_made_smaller_until_it_fits(size: tuple[int, int]) -> None:
    logo = draw_logo(_saved(_noise(*size), "WEBP", quality=80))
    assert DRAWN_BYTES_AT_MOST / 2 < len(logo.content) <= DRAWN_BYTES_AT_MOST
    assert logo.width < min(size[0], WIDTH_AT_MOST)
    assert logo.height <= HEIGHT_AT_MOST


def test_a_picture_with_too_many_colours_gives_up_colours_before_size() -> None:
    logo = draw_logo(_saved(_noise(80, 80), "WEBP", quality=80))
    assert (logo.width, logo.height) == (80, 80)
    assert _opened(logo.content).mode == "P"


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
def test_every_way_to_write_colours_is_read(mode: str) -> None:
    grey = Image.new("L", (40, 20), 255)
    ImageDraw.Draw(grey).rectangle((0, 0, 19, 19), fill=0)
    # 16 bits of grey are written from the numbers themselves: 257 times those of 8 bits.
    picture = (
        grey.convert("I").point(lambda value: value * 257).convert("I;16") if mode == "I;16" else grey.convert(mode)
    )
    drawn = _opened(draw_logo(_saved(picture)).content).convert("RGB")
    assert (drawn.getpixel((5, 10)), drawn.getpixel((35, 10))) == ((0, 0, 0), (255, 255, 255))


def test_sixteen_bits_of_grey_keep_their_shades() -> None:
    drawn = _opened(draw_logo(_saved(Image.new("I;16", (8, 8), 0x8000))).content).convert("RGB")
    assert drawn.getpixel((4, 4)) == (127, 127, 127)


def test_sixteen_bits_of_colour_are_read() -> None:
    rows = (b"\0" + struct.pack(">HHH", 0xB4B4, 0x1E1E, 0x3C3C) * 8) * 8
    head = struct.pack(">IIBBBBB", 8, 8, 16, 2, 0, 0, 0)
    content = PNG + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    assert _opened(draw_logo(content).content).convert("RGBA").getpixel((4, 4)) == BRAND


@KINDS
def test_of_anything_moving_the_first_picture_is_taken(kind: str) -> None:
    others = [Image.new("RGBA", (120, 40), "blue"), Image.new("RGBA", (120, 40), "green")]
    content = _saved(_mark(), kind, save_all=True, append_images=others, lossless=True, duration=50)
    assert _opened(content).n_frames == 3  # type: ignore[attr-defined]  # both plugins have it
    logo = draw_logo(content)
    assert _opened(logo.content).convert("RGBA").getpixel((60, 20)) == BRAND
    assert b"acTL" not in logo.content


def _with_texts() -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", HIDDEN)
    texts.add_itxt("XML:com.adobe.xmp", HIDDEN, zip=False)
    return _saved(_mark(), pnginfo=texts, icc_profile=HIDDEN.encode(), dpi=(72, 72))


def _with_exif(kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = HIDDEN
    return _saved(_mark(), kind, exif=exif, lossless=True)


def _with_zip() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.html", HIDDEN)
    return _saved(_mark()) + packed.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        _with_texts(),
        _with_exif("PNG"),
        _with_exif("WEBP"),
        _with_zip(),
        _saved(_mark()) + HIDDEN.encode(),
        _saved(_mark(), "WEBP", lossless=True, xmp=HIDDEN.encode()),
    ],
    ids=["texts and profile", "exif in png", "exif in webp", "zip behind", "text behind", "xmp in webp"],
)
def test_nothing_but_pixels_survives(content: bytes) -> None:
    assert HIDDEN.encode() in content
    logo = draw_logo(content)
    assert logo.content == draw_logo(_saved(_mark())).content
    assert HIDDEN.encode() not in logo.content
    assert b"PK" not in logo.content


@pytest.mark.parametrize(
    "content",
    [
        SVG,
        b"\xef\xbb\xbf" + SVG,
        b'<?xml version="1.0"?>' + SVG,
        _saved(_mark().convert("CMYK"), "JPEG"),
        _saved(_mark(), "GIF"),
        _saved(_mark().convert("RGB"), "BMP"),
        _saved(_mark(), "ICO"),
        _saved(_mark(), "TIFF"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"RIFF",
        b"\x89PNG\n",
        json.dumps({"logo": "https://shop.example/logo.png"}).encode(),
        b"",
    ],
    ids=[
        "svg",
        "svg with bom",
        "xml",
        "cmyk jpeg",
        "gif",
        "bmp",
        "ico",
        "tiff",
        "eps",
        "wave",
        "riff",
        "png",
        "json",
        "none",
    ],
)
def test_a_file_is_known_by_its_bytes(content: bytes) -> None:
    assert _why(content).startswith("is neither PNG nor WebP by its content")


@KINDS
def test_a_file_that_ends_too_early_is_refused_wherever_it_ends(kind: str) -> None:
    content = _saved(_noise(40, 30), kind, lossless=True)
    for end in range(0, len(content) - 20, 97):
        with pytest.raises(LogoRefused):
            draw_logo(content[:end])


@KINDS
def test_damage_is_a_refusal_or_a_picture_and_never_anything_else(kind: str) -> None:
    content = _saved(_noise(24, 16), kind, lossless=True)
    chance = random.Random(11)
    refused = 0
    for _ in range(400):
        damaged = bytearray(content)
        damaged[chance.randrange(8, len(damaged))] = chance.randrange(256)
        try:
            draw_logo(bytes(damaged))
        except LogoRefused:
            refused += 1
    assert refused


@pytest.mark.parametrize(
    ("width", "height", "said"),
    [
        (SIDE_AT_MOST + 1, 10, "has 4097 × 10 pixels"),
        (10, SIDE_AT_MOST + 1, "has 10 × 4097 pixels"),
        (9_000, 9_000, "has 9000 × 9000 pixels"),
        (10_000, 10_000, "is far too large"),
        (60_000, 60_000, "is far too large"),
        (2**31 - 1, 2**31 - 1, "is far too large"),
    ],
)
def test_a_picture_that_would_unpack_to_too_much_is_refused_before_it_does(width: int, height: int, said: str) -> None:
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    bomb = PNG + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + _chunk(b"IEND", b"")
    found = _why(bomb)
    assert found.startswith(said)
    assert "4096 × 4096 are the most" in found


def test_a_text_that_would_unpack_to_too_much_is_refused() -> None:
    content = _saved(_mark())
    bomb = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000)))
    assert len(bomb) < LOGO_FILE_BYTES_AT_MOST
    assert _why(content[:33] + bomb + content[33:]) == "is a damaged PNG file"


def test_a_large_file_is_not_even_looked_at() -> None:
    assert _why(_saved(_mark()) + bytes(LOGO_FILE_BYTES_AT_MOST)) == "has more than 512 KB"


@KINDS
def test_a_logo_that_nobody_could_see_is_refused(kind: str) -> None:
    assert _why(_saved(Image.new("RGBA", (50, 50)), kind)) == "is wholly transparent"
