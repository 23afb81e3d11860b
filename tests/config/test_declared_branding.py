"""Branding: what an application may look like, and what is refused with the way to mend it."""

import os
from pathlib import Path

import pytest

from watchword.config.declared_branding import FRAMES_AT_MOST
from watchword.config.loading import load_settings
from watchword.config.settings import DeclaredApplication, PictureFile, Situation
from watchword.domain.branding import DARK, LOGO_FILE_BYTES_AT_MOST, Branding, lowest_contrast, nearest_readable
from watchword.domain.colour import READABLE, read_colour
from watchword.domain.errors import ConfigurationError

HEAD = """\
[server]
page_base = "https://verify.shop.example"
[senders.mail]
kind = "smtp"
host = "mail.shop.example"
from_address = "code@shop.example"
[applications.shop]
name = "Shop"
mode = "live"
senders = { email = "mail" }
[applications.shop.branding]
"""


def _declare(folder: Path, *lines: str, situation: Situation = Situation.SERVE) -> DeclaredApplication:
    path = folder / "watchword.toml"
    path.write_text(HEAD + "\n".join(lines))
    (declared,) = load_settings(path, situation=situation, environ={}).applications
    return declared


def _problem(folder: Path, *lines: str, situation: Situation = Situation.SERVE) -> str:
    with pytest.raises(ConfigurationError) as refused:
        _declare(folder, *lines, situation=situation)
    (problem,) = refused.value.problems
    head, _, said = problem.partition(": applications.shop.branding.")
    assert head.startswith(f"{folder / 'watchword.toml'}:")
    return said


def test_without_a_table_nothing_is_branded_and_nobody_frames(tmp_path: Path) -> None:
    declared = _declare(tmp_path)
    assert declared.application.branding == Branding()
    assert (declared.logo, declared.logo_dark) == (None, None)


def test_a_brand_is_declared_whole(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "logo.png").write_bytes(b"light")
    (tmp_path / "night.webp").write_bytes(b"dark")
    declared = _declare(
        tmp_path,
        'logo = "pictures/logo.png"',
        'logo_dark = "night.webp"',
        'accent = "#7A1F5C"',
        'accent_dark = "#ffa0d8"',
        'support_url = "https://shop.example/help?from=verify"',
        'frame_origins = ["https://shop.example", "https://pay.shop.example:8443"]',
    )
    branding = declared.application.branding
    assert (str(branding.accent), str(branding.accent_dark)) == ("#7a1f5c", "#ffa0d8")
    assert branding.support_url == "https://shop.example/help?from=verify"
    assert branding.frame_origins == ("https://shop.example", "https://pay.shop.example:8443")
    assert declared.logo == PictureFile(name=str(tmp_path / "pictures" / "logo.png"), content=b"light")
    assert declared.logo_dark == PictureFile(name=str(tmp_path / "night.webp"), content=b"dark")


def test_the_accent_of_dark_pages_is_made_from_the_other_one(tmp_path: Path) -> None:
    branding = _declare(tmp_path, 'accent = "#1b1464"').application.branding
    assert branding.accent is not None
    assert branding.accent_dark is not None
    assert branding.accent_dark == nearest_readable(branding.accent, DARK) != branding.accent
    assert lowest_contrast(branding.accent_dark, DARK) >= READABLE


@pytest.mark.parametrize(
    ("line", "kind"), [('accent = "#ff9900"', "light"), ('accent = "#202020"\naccent_dark = "#333399"', "dark")]
)
def test_an_accent_that_nobody_could_read_is_refused_with_one_that_can(tmp_path: Path, line: str, kind: str) -> None:
    said = _problem(tmp_path, line)
    assert f"to 1 on our {kind} pages, and text needs 4.5" in said
    near = read_colour(said.rpartition(" ")[2])
    key = said.partition(":")[0]
    fixed = f'accent = "#202020"\n{key} = "{near}"' if key == "accent_dark" else f'{key} = "{near}"'
    assert _declare(tmp_path, fixed).application.branding.accent is not None


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (('accent = "teal"',), 'accent: teal: must be a colour such as "#14605a"'),
        (('accent = "#fff"',), "accent: #fff: must be a colour"),
        (('accent_dark = "#ffffff"',), "accent_dark: needs an accent"),
        (('logo = "https://shop.example/logo.png"',), "logo: https://shop.example/logo.png: must be a file beside"),
        (('logo = "file:///etc/passwd"',), "logo: file:///etc/passwd: must be a file beside"),
        (('logo = "missing.png"',), "logo: "),
        (('logo = "."',), "logo: "),
        (('logo = "pipe"',), "logo: "),
        (('logo_dark = "there.png"',), "logo_dark: needs a logo"),
        (('colour = "#14605a"',), "colour: there is no such key"),
        (('acent = "#14605a"',), "acent: there is no such key; did you mean accent?"),
        (('support_url = "http://shop.example/help"',), "support_url: must be https or mailto"),
        (('support_url = "javascript:alert(1)"',), "support_url: must be a full URL"),
        (('support_url = "data:text/html,x"',), "support_url: must be a full URL"),
        (('support_url = "https://user@shop.example"',), "support_url: must be a full URL"),
        (('support_url = "com.example.shop:/help"',), "support_url: must be a full URL"),
        (('support_url = "mailto:"',), "support_url: must be mailto: and one e-mail address"),
        (('support_url = "mailto:help@shop.example?bcc=a@b.example"',), "support_url: must be mailto: and one"),
        (('support_url = "mailto:a@b.example,c@d.example"',), "support_url: must be mailto: and one"),
        ((f'support_url = "https://shop.example/{"x" * 300}"',), "support_url: must have at most 300 characters"),
        (('frame_origins = ["https://shop.example/"]',), "frame_origins: https://shop.example/: must be an origin"),
        (('frame_origins = ["https://*.shop.example"]',), "frame_origins: https://*.shop.example: must be an origin"),
        (('frame_origins = ["*"]',), "frame_origins: *: must be a full URL"),
        (('frame_origins = ["http://shop.example"]',), "frame_origins: http://shop.example: must be https"),
        (('frame_origins = ["http://localhost:3000"]',), "frame_origins: http://localhost:3000: must be https"),
        (('frame_origins = ["https://shop.example; script-src *"]',), "frame_origins: https://shop.example; "),
        (('frame_origins = ["https://shop.example;sandbox"]',), "frame_origins: https://shop.example;sandbox: names"),
        (('frame_origins = ["https://shop.example,a"]',), "frame_origins: https://shop.example,a: names no host"),
        (("frame_origins = [\"https://'none'\"]",), "frame_origins: https://'none': names no host"),
        (('frame_origins = ["https://[2001:db8::1]"]',), "frame_origins: https://[2001:db8::1]: a frame rule cannot"),
        (('frame_origins = ["https://a.example", "https://a.example"]',), "frame_origins: https://a.example is listed"),
        (
            (f"frame_origins = {[f'https://a{number}.example' for number in range(FRAMES_AT_MOST + 1)]}",),
            "frame_origins: must have at most 20 entries",
        ),
    ],
)
def test_a_wrong_brand_is_refused(tmp_path: Path, lines: tuple[str, ...], problem: str) -> None:
    (tmp_path / "there.png").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    assert _problem(tmp_path, *lines).startswith(problem)


@pytest.mark.parametrize("name", ["missing.png", ".", "pipe", "large.png"])
def test_a_file_that_is_no_file_of_a_logo_is_named(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large.png").write_bytes(bytes(LOGO_FILE_BYTES_AT_MOST + 1))
    said = _problem(tmp_path, f'logo = "{name}"')
    assert said.startswith(f"logo: {tmp_path / name} ")
    assert said.endswith(("cannot be read: No such file or directory", "is no file", "has more than 512 KB"))


def test_a_mailbox_may_be_the_way_to_support(tmp_path: Path) -> None:
    branding = _declare(tmp_path, 'support_url = "mailto:help@shop.example"').application.branding
    assert branding.support_url == "mailto:help@shop.example"


def test_a_page_of_this_machine_may_frame_while_trying_things_out(tmp_path: Path) -> None:
    lines = 'frame_origins = ["http://localhost:3000"]'
    branding = _declare(tmp_path, lines, situation=Situation.DEV).application.branding
    assert branding.frame_origins == ("http://localhost:3000",)
