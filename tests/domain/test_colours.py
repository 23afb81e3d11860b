"""Colours: the published examples of contrast, and accents that can be read whatever somebody chooses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.domain.branding import (
    DARK,
    LIGHT,
    OWN_ACCENT,
    OWN_ACCENT_DARK,
    Surface,
    lowest_contrast,
    nearest_readable,
    theme_of,
)
from watchword.domain.colour import BLACK, READABLE, WHITE, Colour, contrast, ink_on, lit, mixed, read_colour

PARTS = st.integers(min_value=0, max_value=255)
COLOURS = st.builds(Colour, red=PARTS, green=PARTS, blue=PARTS)
SURFACES = pytest.mark.parametrize("surface", [LIGHT, DARK], ids=["light", "dark"])


def _colour(text: str) -> Colour:
    colour = read_colour(text)
    assert colour is not None
    return colour


@given(COLOURS)
def test_a_colour_is_read_as_it_is_written(colour: Colour) -> None:
    assert read_colour(str(colour)) == read_colour(str(colour).upper()) == colour


@pytest.mark.parametrize("text", ["", "#fff", "14605a", "#14605", "#14605aa", "#14605g", "#14605a ", "red", "#١٢٣٤٥٦"])
def test_anything_else_is_no_colour(text: str) -> None:
    assert read_colour(text) is None


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#ffffff", 4.0),
        ("#0000ff", "#ffffff", 8.59),
        ("#ffff00", "#ffffff", 1.07),
    ],
)
def test_contrast_is_that_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    assert contrast(_colour(one), _colour(other)) == contrast(_colour(other), _colour(one))
    assert contrast(_colour(one), _colour(other)) == pytest.approx(ratio, abs=0.005)


@given(COLOURS)
def test_black_or_white_is_read_on_every_ground(ground: Colour) -> None:
    ink = ink_on(ground)
    assert contrast(ink, ground) == max(contrast(BLACK, ground), contrast(WHITE, ground))
    assert contrast(ink, ground) >= READABLE


def test_mixing_goes_from_one_colour_to_the_other() -> None:
    one, other = _colour("#102030"), _colour("#ff8000")
    assert mixed(one, other, 0) == one
    assert mixed(one, other, 1) == other
    assert mixed(BLACK, WHITE, 0.5) == _colour("#808080")


@given(COLOURS)
def test_a_colour_that_is_lit_keeps_its_hue_and_ends_in_black_or_white(colour: Colour) -> None:
    assert lit(colour, WHITE, 1) == WHITE
    assert lit(colour, BLACK, 1) == BLACK
    lighter, darker = lit(colour, WHITE, 0.3), lit(colour, BLACK, 0.3)
    assert darker.luminance <= colour.luminance <= lighter.luminance


def test_a_colour_stays_vivid_while_it_is_lit() -> None:
    assert lit(_colour("#800000"), WHITE, 0.5) == _colour("#ff4040")


@SURFACES
@given(accent=COLOURS)
def test_every_accent_has_a_near_one_that_can_be_read(surface: Surface, accent: Colour) -> None:
    near = nearest_readable(accent, surface)
    theme = theme_of(near, surface)
    assert lowest_contrast(near, surface) >= READABLE
    for ground in (surface.paper, surface.ground, theme.tint):
        assert contrast(near, ground) >= READABLE
    for ground in (theme.main, theme.pressed):
        assert contrast(theme.on_main, ground) >= READABLE
    assert (near == accent) == (lowest_contrast(accent, surface) >= READABLE)


@pytest.mark.parametrize("ink", ["#17212b", "#4d5a66"])
@given(accent=COLOURS)
def test_the_tint_of_any_accent_leaves_the_texts_of_a_light_page_readable(ink: str, accent: Colour) -> None:
    tint = theme_of(nearest_readable(accent, LIGHT), LIGHT).tint
    assert contrast(_colour(ink), tint) >= READABLE


@pytest.mark.parametrize("ink", ["#eef2f5", "#b3bfca"])
@given(accent=COLOURS)
def test_the_tint_of_any_accent_leaves_the_texts_of_a_dark_page_readable(ink: str, accent: Colour) -> None:
    tint = theme_of(nearest_readable(accent, DARK), DARK).tint
    assert contrast(_colour(ink), tint) >= READABLE


def test_our_own_colours_pass_the_bar_that_we_hold_others_to() -> None:
    assert nearest_readable(OWN_ACCENT, LIGHT) == OWN_ACCENT
    assert nearest_readable(OWN_ACCENT_DARK, DARK) == OWN_ACCENT_DARK


def test_a_bright_accent_moves_to_dark_on_light_pages_and_stays_on_dark_ones() -> None:
    yellow = _colour("#ffd400")
    assert nearest_readable(yellow, LIGHT).luminance < yellow.luminance
    assert nearest_readable(yellow, DARK) == yellow
