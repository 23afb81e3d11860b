"""Logos at start: drawn for every application, or everything that is wrong with them at once."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from watchword.bootstrap.logos import with_logos
from watchword.config.loading import load_settings
from watchword.config.settings import Settings, Situation
from watchword.domain.errors import ConfigurationError
from watchword.domain.ids import ApplicationId

APPLICATION = """\
[applications.{id}]
name = "Shop"
mode = "test"
senders = {{ email = "inbox" }}
[applications.{id}.branding]
logo = "light.png"
logo_dark = "dark.png"
accent = "#7a1f5c"
"""


def _settings(folder: Path, light: bytes, dark: bytes) -> Settings:
    path = folder / "watchword.toml"
    path.write_text("".join(APPLICATION.format(id=name) for name in ("shop", "other")))
    (folder / "light.png").write_bytes(light)
    (folder / "dark.png").write_bytes(dark)
    return load_settings(path, situation=Situation.DEV, environ={})


def _picture(kind: str, width: int) -> bytes:
    written = BytesIO()
    Image.new("RGB", (width, 40), "teal").save(written, kind)
    return written.getvalue()


def test_every_application_gets_its_logos_and_keeps_the_rest_of_its_brand(tmp_path: Path) -> None:
    settings = _settings(tmp_path, _picture("PNG", 120), _picture("WEBP", 90))
    applications = with_logos(settings.applications)
    assert list(applications) == ["shop", "other"]
    branding = applications[ApplicationId("shop")].branding
    assert branding.logo is not None
    assert branding.logo_dark is not None
    assert (branding.logo.width, branding.logo_dark.width) == (120, 90)
    assert str(branding.accent) == "#7a1f5c"


def test_every_file_that_is_no_logo_is_told_at_once(tmp_path: Path) -> None:
    settings = _settings(tmp_path, b"<svg/>", _picture("PNG", 120)[:60])
    with pytest.raises(ConfigurationError) as refused:
        with_logos(settings.applications)
    assert refused.value.problems == tuple(
        f"applications.{name}.branding.{key}: {tmp_path / file} {said}"
        for name in ("shop", "other")
        for key, file, said in (
            ("logo", "light.png", "is neither PNG nor WebP by its content, whatever its name says; SVG is never taken"),
            ("logo_dark", "dark.png", "is a damaged PNG file"),
        )
    )
