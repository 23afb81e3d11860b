"""Draws the logo of the demo store, a fern and its name, once for light pages and once for dark ones.

The pictures are committed beside the settings of the demo; run this after a change here, and look at them.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

FOLDER: Final = Path(__file__).resolve().parents[1] / "src" / "watchword" / "config"
INKS: Final = {"fernwick.png": "#1f5a43", "fernwick-dark.png": "#8fd3b4"}
"""The greens of the demo store's own style sheet."""
HEIGHT: Final = 128
NAME: Final = "Fernwick"
FINER: Final = 4
"""It is drawn this much larger and then made smaller, so that its edges are smooth."""
LEAVES: Final = 6
Point = tuple[float, float]


def main() -> None:
    """Write both pictures."""
    for name, ink in INKS.items():
        picture = draw(ink)
        picture.save(FOLDER / name, "PNG", optimize=True)
        print(f"written: {name}, {picture.width} × {picture.height}")


def draw(ink: str) -> Image.Image:
    """Return the logo in one colour on nothing."""
    size = HEIGHT * FINER
    # Pillow brings this typeface along (Aileron, CC0), so that the picture does not depend on a machine's fonts.
    letters = ImageFont.load_default(size * 0.56)
    left, top, right, bottom = letters.getbbox(NAME)
    text_at = size * 0.72
    # What is covered, as a picture of its own: then the ink has one colour up to its edges, and the file is small.
    cover = Image.new("L", (math.ceil(text_at + right - left), size))
    pen = ImageDraw.Draw(cover)
    for leaf in fern(size):
        pen.polygon(leaf, fill=255)
    pen.text((text_at - left, (size - bottom - top) / 2), NAME, fill=255, font=letters)
    cover = cover.resize((cover.width // FINER, HEIGHT), Image.Resampling.LANCZOS)
    picture = Image.new("RGBA", cover.size, ink)
    picture.putalpha(cover)
    return picture


def fern(size: float) -> Iterator[list[Point]]:
    """Return the shapes of a fern in a square: a stem that leans, and pairs of leaves that get smaller."""
    stem = [_on_stem(step / 40, size) for step in range(41)]
    widths = [size * 0.018 * (1 - 0.6 * step / 40) for step in range(41)]
    yield [(x - width, y) for (x, y), width in zip(stem, widths, strict=True)] + [
        (x + width, y) for (x, y), width in reversed(list(zip(stem, widths, strict=True)))
    ]
    for pair in range(LEAVES):
        share = 0.22 + 0.74 * pair / LEAVES
        length = size * 0.3 * (1 - 0.72 * pair / LEAVES)
        for side in (-1, 1):
            yield _leaf(_on_stem(share, size), length, math.radians(-78 + side * (58 - 3 * pair)))
    yield _leaf(_on_stem(0.93, size), size * 0.1, math.radians(-76))


def _on_stem(share: float, size: float) -> Point:
    """Return a point of the stem, from its foot (0) to its tip (1)."""
    return size * (0.25 + 0.2 * share**1.5), size * (0.95 - 0.87 * share)


def _leaf(foot: Point, length: float, angle: float) -> list[Point]:
    """Return a slim leaf that grows from its foot in a direction."""
    outline = []
    for step in range(48):
        turn = math.tau * step / 48
        along, across = length / 2 * (1 - math.cos(turn)), length * 0.17 * math.sin(turn)
        outline.append(
            (
                foot[0] + along * math.cos(angle) - across * math.sin(angle),
                foot[1] + along * math.sin(angle) + across * math.cos(angle),
            )
        )
    return outline


if __name__ == "__main__":
    main()
