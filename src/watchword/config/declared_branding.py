"""Turns an application's branding table into branding, and says what in it cannot be; looks into no picture."""

import stat
from pathlib import Path
from typing import Final

from watchword.config.config_problems import Problems
from watchword.config.file_shape import BrandingTable
from watchword.config.key_lines import KeyPath
from watchword.config.settings import PictureFile
from watchword.config.web_addresses import origin_problem, web_link_problem
from watchword.domain.branding import (
    DARK,
    LIGHT,
    LOGO_FILE_BYTES_AT_MOST,
    Branding,
    Surface,
    lowest_contrast,
    nearest_readable,
)
from watchword.domain.colour import READABLE, Colour, read_colour
from watchword.domain.contact import ContactKind, read_address

FRAMES_AT_MOST: Final = 20
"""Origins that may frame the pages: they stand in a header of every page."""
SUPPORT_URL_CHARACTERS: Final = 300
_MAILTO: Final = "mailto:"


def declare_branding(path: KeyPath, table: BrandingTable, *, is_dev: bool, problems: Problems) -> Branding:
    """Return the branding, still without its logos; where there is a problem, what is returned is not to be used."""
    accent = _accent((*path, "accent"), table.accent, LIGHT, problems)
    accent_dark = _accent((*path, "accent_dark"), table.accent_dark, DARK, problems)
    if table.accent_dark is not None and table.accent is None:
        problems.add((*path, "accent_dark"), "needs an accent, which it replaces on dark pages")
    _check_support_url((*path, "support_url"), table.support_url, problems)
    _check_frame_origins((*path, "frame_origins"), table.frame_origins, problems, is_dev=is_dev)
    return Branding(
        accent=accent,
        accent_dark=nearest_readable(accent, DARK) if accent_dark is None and accent is not None else accent_dark,
        support_url=table.support_url,
        frame_origins=tuple(table.frame_origins),
    )


def read_logos(
    path: KeyPath, table: BrandingTable, folder: Path, problems: Problems
) -> tuple[PictureFile | None, PictureFile | None]:
    """Return the logo and the one for dark pages as they lie in their files, bounded in size and not looked into."""
    if table.logo_dark is not None and table.logo is None:
        problems.add((*path, "logo_dark"), "needs a logo, which it replaces on dark pages")
    return (
        _picture((*path, "logo"), table.logo, folder, problems),
        _picture((*path, "logo_dark"), table.logo_dark, folder, problems),
    )


def _accent(path: KeyPath, text: str | None, surface: Surface, problems: Problems) -> Colour | None:
    if text is None:
        return None
    accent = read_colour(text)
    if accent is None:
        problems.add(path, f'{text}: must be a colour such as "#14605a"')
        return None
    ratio = lowest_contrast(accent, surface)
    if ratio < READABLE:
        # Rounded down: 4.496 must not read as if it were enough.
        told, near = int(ratio * 100) / 100, nearest_readable(accent, surface)
        problems.add(
            path,
            f"{accent} has a contrast of {told} to 1 on our {'light' if surface is LIGHT else 'dark'} pages, and text "
            f"needs {READABLE} (WCAG 2.2, 1.4.3); the nearest that can be read is {near}",
        )
    return accent


def _check_support_url(path: KeyPath, url: str | None, problems: Problems) -> None:
    if url is None:
        return
    if len(url) > SUPPORT_URL_CHARACTERS:
        problems.add(path, f"must have at most {SUPPORT_URL_CHARACTERS} characters")
    elif url.startswith(_MAILTO):
        if read_address(ContactKind.EMAIL, url.removeprefix(_MAILTO)) is None:
            problems.add(path, "must be mailto: and one e-mail address, without anything behind it")
    else:
        found = web_link_problem(url)
        if found:
            problems.add(path, found)


def _check_frame_origins(path: KeyPath, origins: list[str], problems: Problems, *, is_dev: bool) -> None:
    if len(origins) > FRAMES_AT_MOST:
        problems.add(path, f"must have at most {FRAMES_AT_MOST} entries")
    for origin in sorted({one for one in origins if origins.count(one) > 1}):
        problems.add(path, f"{origin} is listed twice")
    for origin in origins:
        found = origin_problem(origin, may_be_local=is_dev)
        if found is None and "[" in origin:
            found = "a frame rule cannot name an IPv6 address (CSP 3 §2.3.1)"
        if found:
            problems.add(path, f"{origin}: {found}")


def _picture(path: KeyPath, name: str | None, folder: Path, problems: Problems) -> PictureFile | None:
    if name is None:
        return None
    if "://" in name:
        problems.add(path, f"{name}: must be a file beside watchword.toml; nothing is fetched")
        return None
    file = folder / name
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            problems.add(path, f"{file} is no file")
            return None
        with file.open("rb") as opened:
            content = opened.read(LOGO_FILE_BYTES_AT_MOST + 1)
    except OSError as error:
        problems.add(path, f"{file} cannot be read: {error.strerror}")
        return None
    if len(content) > LOGO_FILE_BYTES_AT_MOST:
        problems.add(path, f"{file} has more than {LOGO_FILE_BYTES_AT_MOST // 1024} KB")
    return PictureFile(name=str(file), content=content)
