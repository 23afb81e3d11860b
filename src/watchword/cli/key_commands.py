"""The commands for the secret keys with which applications call the API."""

from enum import StrEnum
from typing import Annotated

import typer

from watchword.bootstrap.upkeep import create_key, list_keys, revoke_key
from watchword.cli.failing import CommandFailed
from watchword.cli.printing import print_json, print_line, print_table
from watchword.cli.settings_option import ApplicationOption, ConfigOption, DataOption, JsonOption, read_settings
from watchword.cli.teaching import TENDING, Example, teach
from watchword.domain.instant import rfc3339
from watchword.ports.store.values import ApiKey


class Scope(StrEnum):
    """What a key may be used for."""

    ACTIONS = "actions"
    USERS = "users"
    EVENTS = "events"


ScopeOption = Annotated[
    list[Scope] | None,
    typer.Option("--scope", show_default=False, help="What it may do; can be repeated.  [dim]default: all three[/]"),
]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY_ID", help="The id that `list` shows; not the key itself.")]


def add_keys(command_line: typer.Typer) -> None:
    """Add ``keys create``, ``keys list`` and ``keys revoke``."""
    keys = typer.Typer(
        name="keys",
        rich_help_panel=TENDING,
        no_args_is_help=True,
        help=teach(
            "Make, list and revoke the secret keys with which applications call the API.",
            Example(command="watchword keys create --application shop", what="a first key"),
            Example(command="watchword keys list --application shop", what="what there is"),
        ),
    )
    keys.command(
        "create",
        help=teach(
            "Make a key and show it once; afterwards only its keyed hash is kept.",
            Example(command="watchword keys create --application shop", what="may do everything"),
            Example(command="watchword keys create --application shop --scope actions --json", what="into a vault"),
            remarks=["To change a key: make a new one, give it to the application, then revoke the old one."],
        ),
    )(create)
    keys.command(
        "list",
        help=teach(
            "List the keys of an application, the revoked ones too, oldest first.",
            Example(command="watchword keys list --application shop", what="as a table"),
            Example(command="watchword keys list --application shop --json", what="one key on each line"),
        ),
    )(list_all)
    keys.command(
        "revoke",
        help=teach(
            "Revoke a key for good; the next request with it is refused.",
            Example(command="watchword keys revoke key_7k2m9qxd --application shop", what="by the id in the list"),
        ),
    )(revoke)
    command_line.add_typer(keys)


def create(
    application: ApplicationOption,
    scope: ScopeOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it."""
    scopes = frozenset(chosen.value for chosen in scope or Scope)
    key, secret = create_key(read_settings(config, data), application, scopes)
    if as_json:
        print_json(_described(key) | {"secret_key": secret.reveal()})
        return
    print_line(f"A key for {application}, shown this once:")
    print_line(f"\n  {secret.reveal()}\n", style="bold")
    print_line(f"Its id is {key.id}; it may be used for {', '.join(sorted(key.scopes))}.")


def list_all(
    application: ApplicationOption, config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Print the keys of an application."""
    keys = list_keys(read_settings(config, data), application)
    if as_json:
        for key in keys:
            print_json(_described(key))
    elif not keys:
        print_line(f"{application} has no key. Make one: watchword keys create --application {application}")
    else:
        rows = [
            (key.id, ", ".join(sorted(key.scopes)), rfc3339(key.created_at), _revocation(key) or "") for key in keys
        ]
        print_table(("id", "scopes", "created", "revoked"), rows)


def revoke(
    key_id: KeyArgument,
    application: ApplicationOption,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Revoke a key."""
    if not revoke_key(read_settings(config, data), application, key_id):
        raise CommandFailed(
            f"{application} has no live key {key_id}",
            hint=f"watchword keys list --application {application} shows the ids, and what was revoked before",
        )
    if as_json:
        print_json({"id": key_id, "revoked": True})
    else:
        print_line(f"Revoked {key_id}.")


def _described(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "application_id": key.application_id,
        "scopes": sorted(key.scopes),
        "created_at": rfc3339(key.created_at),
        "revoked_at": _revocation(key),
    }


def _revocation(key: ApiKey) -> str | None:
    return None if key.revoked_at is None else rfc3339(key.revoked_at)
