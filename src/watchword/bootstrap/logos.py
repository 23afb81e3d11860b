"""Gives applications the logos that lie in their files, or refuses to start with every file that holds none."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from watchword.config.settings import DeclaredApplication, PictureFile
from watchword.domain.application import Application
from watchword.domain.branding import Logo
from watchword.domain.errors import ConfigurationError
from watchword.domain.ids import ApplicationId


def with_logos(declared: Sequence[DeclaredApplication]) -> Mapping[ApplicationId, Application]:
    """Return the applications by their ids, with their logos drawn anew. Raises ``ConfigurationError``."""
    problems: list[str] = []
    applications = {one.application.id: _with_logos(one, problems) for one in declared}
    if problems:
        raise ConfigurationError(tuple(problems))
    return applications


def _with_logos(declared: DeclaredApplication, problems: list[str]) -> Application:
    application = declared.application
    key = f"applications.{application.id}.branding"
    logo = _drawn(f"{key}.logo", declared.logo, problems)
    logo_dark = _drawn(f"{key}.logo_dark", declared.logo_dark, problems)
    return replace(application, branding=replace(application.branding, logo=logo, logo_dark=logo_dark))


def _drawn(key: str, file: PictureFile | None, problems: list[str]) -> Logo | None:
    if file is None:
        return None
    # Reading pictures takes 3 MB that a server without logos need not have.
    from watchword.adapters.logo import LogoRefused, draw_logo  # noqa: PLC0415 see above

    try:
        return draw_logo(file.content)
    except LogoRefused as refused:
        problems.append(f"{key}: {file.name} {refused}")
        return None
