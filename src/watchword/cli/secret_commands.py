"""The commands for Watchword's own keys, which hash, seal and sign; nothing here ever shows one."""

from enum import StrEnum
from typing import Annotated, Final

import typer

from watchword.bootstrap.key_source import SecretInfo
from watchword.bootstrap.upkeep import create_secrets, list_secrets, rotate_secret
from watchword.cli.printing import print_json, print_line, print_table
from watchword.cli.settings_option import ConfigOption, DataOption, JsonOption, read_settings
from watchword.cli.teaching import RUNNING, Example, teach
from watchword.domain.instant import rfc3339


class Rotating(StrEnum):
    """The kinds of keys that can be rotated; the key for look-ups stands in the database for ever."""

    MAC = "mac"
    SEALING = "sealing"
    SIGNING = "signing"


KindArgument = Annotated[
    Rotating,
    typer.Argument(
        metavar="KIND", help="`mac` hashes codes and tokens, `sealing` seals contacts, `signing` signs grants."
    ),
]


AfterOption = Annotated[
    int,
    typer.Option(
        "--after-min",
        metavar="MINUTES",
        min=0,
        max=10_080,
        help="Make new values with it only after so long, so that other machines have it by then.",
    ),
]


def add_secrets(command_line: typer.Typer) -> None:
    """Add ``secrets create``, ``secrets list`` and ``secrets rotate``."""
    secrets = typer.Typer(
        name="secrets",
        rich_help_panel=RUNNING,
        no_args_is_help=True,
        help=teach(
            "Make, list and rotate the keys with which Watchword itself hashes, seals and signs.",
            Example(command="watchword secrets create", what="once, before the first serve"),
            Example(command="watchword secrets list", what="their ids and ages; never the keys"),
            Example(command="watchword secrets rotate signing", what="a new key for grants"),
        ),
    )
    secrets.command(
        "create",
        help=teach(
            "Make the key file of a new installation; refused where there is one.",
            Example(command="watchword secrets create", what="once, before the first serve"),
            Example(command="watchword secrets create --config /etc/watchword/watchword.toml", what="for a service"),
            remarks=[_COPY],
        ),
    )(create)
    secrets.command(
        "list",
        help=teach(
            "List the keys by kind, id and age; never the keys themselves.",
            Example(command="watchword secrets list", what="as a table"),
            Example(command="watchword secrets list --json", what="one key on each line"),
        ),
    )(list_all)
    secrets.command(
        "rotate",
        help=teach(
            "Make a new key of one kind.",
            Example(command="watchword secrets rotate signing", what="grants"),
            Example(command="watchword secrets rotate sealing", what="contacts; sealed anew in the background"),
            Example(command="watchword secrets rotate mac --after-min 60", what="an hour to copy it to other machines"),
            remarks=["Running processes use it within seconds; the old keys still open what they made.", _COPY],
        ),
    )(rotate)
    command_line.add_typer(secrets)


_COPY: Final = (
    "Keep a copy of the key file in a safe place, apart from copies of the database: without its keys the database says"
    " nothing, not even to you."
)


def create(config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Make the first keys."""
    settings = read_settings(config, data)
    secrets = create_secrets(settings)
    if as_json:
        for secret in secrets:
            print_json(_described(secret))
    else:
        print_line(f"Made {settings.keys.path} with {len(secrets)} keys. Keep a copy apart from the database.")


def list_all(config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Print what keys there are."""
    secrets = list_secrets(read_settings(config, data))
    if as_json:
        for secret in secrets:
            print_json(_described(secret))
    else:
        rows = [(s.kind, s.id, rfc3339(s.created_at), _remark(s)) for s in secrets]
        print_table(("kind", "id", "created", ""), rows)


def rotate(
    kind: KindArgument,
    after_min: AfterOption = 0,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new key."""
    secret = rotate_secret(read_settings(config, data), kind.value, delay_s=60 * after_min)
    if as_json:
        print_json(_described(secret))
    elif after_min:
        print_line(f"The {secret.kind} key {secret.id} makes new values from {rfc3339(secret.created_at)} on.")
        print_line("Bring the key file to every machine before; processes that run take it up by themselves.")
    else:
        print_line(f"The newest {secret.kind} key is {secret.id}. Processes that run take it up by themselves.")


def _remark(secret: SecretInfo) -> str:
    if secret.newest:
        return "makes new values"
    return "makes new values from then on" if secret.is_waiting else ""


def _described(secret: SecretInfo) -> dict[str, object]:
    return {
        "kind": secret.kind,
        "id": secret.id,
        "created_at": rfc3339(secret.created_at),
        "newest": secret.newest,
    }
