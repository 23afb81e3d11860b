"""The options that say whose settings a command works with, and the reading of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from watchword.cli.failing import CommandFailed, CommandMisused
from watchword.config.loading import load_settings
from watchword.config.settings import DeclaredApplication, Settings, Situation
from watchword.domain.errors import ConfigurationError

SETTINGS_FILE: Final = "watchword.toml"
DEV_FOLDER: Final = Path(".watchword")
"""Where ``dev`` and ``demo`` keep everything, each in a folder of its own, unless told otherwise."""

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help=f"The settings.  [dim]default: {SETTINGS_FILE}[/]", show_default=False
    ),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="Work on the data folder of `dev` or `demo` instead.", show_default=False
    ),
]
ApplicationOption = Annotated[str, typer.Option("--application", metavar="ID", help="An application of the settings.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stays in the audit log.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")]


_WHERE: Final = f"--config names another {SETTINGS_FILE}, and --data the data folder of dev or demo"


def find_application(settings: Settings, application_id: str) -> DeclaredApplication:
    """Return a declared application by its id."""
    for declared in settings.applications:
        if declared.application.id == application_id:
            return declared
    names = ", ".join(declared.application.id for declared in settings.applications)
    raise CommandFailed(f"no application {application_id} is declared", hint=f"there are: {names}")


def read_settings(config: Path | None, data: Path | None) -> Settings:
    """Return the settings of a ``watchword.toml``, or those in the data folder of ``dev`` or ``demo``.

    Raises ``CommandFailed`` with every problem, and with the way to the data folder where they are those of one.
    """
    if config is not None and data is not None:
        raise CommandMisused("--config and --data both bring settings", hint="give one of the two")
    path = _existing(data / SETTINGS_FILE if data is not None else config or Path(SETTINGS_FILE))
    if data is not None:
        return load_settings(path, situation=Situation.DEV)
    try:
        return load_settings(path, situation=Situation.SERVE)
    except ConfigurationError as error:
        hint = f"dev and demo start with these settings: for their data folder say --data {path.parent}"
        raise CommandFailed(*error.problems, hint=hint if _is_for_trying(path) else None) from None


def read_serving_settings(config: Path | None, overrides: Mapping[str, object] | None = None) -> Settings:
    """Return the settings to serve or work by; ``overrides`` are what other options say, by dotted key.

    Raises ``ConfigurationError`` with every problem.
    """
    return load_settings(_existing(config or Path(SETTINGS_FILE)), situation=Situation.SERVE, overrides=overrides)


def _existing(path: Path) -> Path:
    if not path.exists():
        raise CommandFailed(f"{path}: there are no settings here", hint=_WHERE)
    return path


def _is_for_trying(path: Path) -> bool:
    try:
        load_settings(path, situation=Situation.DEV)
    except ConfigurationError:
        return False
    return True
