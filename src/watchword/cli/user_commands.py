"""The commands for somebody who helps one customer: what is known of them, and letting them try again."""

from typing import Annotated

import typer

from watchword.bootstrap.upkeep import show_user, unlock_user
from watchword.cli.failing import CommandFailed, CommandMisused
from watchword.cli.printing import print_json, print_line, print_table
from watchword.cli.settings_option import (
    ApplicationOption,
    ConfigOption,
    DataOption,
    JsonOption,
    ReasonOption,
    read_settings,
)
from watchword.cli.teaching import TENDING, Example, teach
from watchword.domain.contact import Contact
from watchword.domain.instant import Instant, rfc3339
from watchword.domain.user import User

UserArgument = Annotated[str, typer.Argument(metavar="USER_ID", help="The application's own id of the customer.")]


def add_users(command_line: typer.Typer) -> None:
    """Add ``users show`` and ``users unlock``."""
    users = typer.Typer(
        name="users",
        rich_help_panel=TENDING,
        no_args_is_help=True,
        help=teach(
            "See what is known of a customer, and let one who ran out of tries go on.",
            Example(command="watchword users show u-42 --application shop", what="contacts, masked; locks"),
            Example(
                command="watchword users unlock u-42 --application shop --reason 'called us, ticket 118'",
                what="forget the wrong codes",
            ),
        ),
    )
    users.command(
        "show",
        help=teach(
            "Show the contacts of a customer, masked, and whether they are locked or in dispute.",
            Example(command="watchword users show u-42 --application shop", what="for a person"),
            Example(command="watchword users show u-42 --application shop --json", what="for a script"),
        ),
    )(show)
    users.command(
        "unlock",
        help=teach(
            "Forget a customer's wrong codes, so that they can try again at once.",
            Example(
                command="watchword users unlock u-42 --application shop --reason 'called us, ticket 118'",
                what="with the reason that the audit log keeps",
            ),
            remarks=[
                "Somebody who can make you do this can have tries without end: make sure first that it is the customer."
            ],
        ),
    )(unlock)
    command_line.add_typer(users)


def show(
    user_id: UserArgument,
    application: ApplicationOption,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what is known of a user."""
    user = show_user(read_settings(config, data), application, user_id)
    if user is None:
        raise CommandFailed(f"{application} has registered no user {user_id}")
    if as_json:
        print_json(_described(user))
        return
    print_line(user.id, style="bold")
    for name, moment in (
        ("registered", user.created_at),
        ("in dispute since", user.disputed_at),
        ("locked until", user.locked_until),
    ):
        if moment is not None:
            print_line(f"  {name} {rfc3339(moment)}")
    rows = [(c.id, c.kind.value, c.masked, ", ".join(_remarks(c))) for c in user.contacts]
    print_table(("contact", "kind", "address", "remarks"), rows)


def unlock(
    user_id: UserArgument,
    application: ApplicationOption,
    reason: ReasonOption,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget the wrong guesses of a user."""
    if not reason.strip():
        raise CommandMisused("the reason is empty", hint="--reason says in a few words why, for the audit log")
    released = unlock_user(read_settings(config, data), application, user_id, reason.strip())
    if as_json:
        print_json({"user_id": user_id, "unlocked": released})
    elif released:
        print_line(f"Forgot the wrong codes of {user_id}.")
    else:
        print_line(f"There were no wrong codes of {user_id} to forget.")


def _described(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "locale": user.locale,
        "created_at": rfc3339(user.created_at),
        "disputed_at": _moment(user.disputed_at),
        "locked_until": _moment(user.locked_until),
        "contacts": [_described_contact(contact) for contact in user.contacts],
    }


def _described_contact(contact: Contact) -> dict[str, object]:
    return {
        "id": contact.id,
        "channel_type": contact.kind.value,
        "masked": contact.masked,
        "preferred": contact.preferred,
        "added_at": rfc3339(contact.added_at),
        "usable_from": rfc3339(contact.usable_from),
        "leaves_at": _moment(contact.leaves_at),
        "confirmed_at": _moment(contact.confirmed_at),
        "last_proven_at": _moment(contact.last_proven_at),
        "disabled_at": _moment(contact.disabled_at),
        "bounced_at": _moment(contact.bounced_at),
    }


def _remarks(contact: Contact) -> list[str]:
    moments = (
        ("not usable before", contact.usable_from if contact.usable_from > contact.added_at else None),
        ("leaves", contact.leaves_at),
        ("last proven", contact.last_proven_at),
        ("disabled", contact.disabled_at),
        ("bounced", contact.bounced_at),
    )
    first = ["preferred"] if contact.preferred else []
    first += ["confirmed"] if contact.is_confirmed else ["not confirmed"]
    return first + [f"{name} {rfc3339(moment)}" for name, moment in moments if moment is not None]


def _moment(moment: Instant | None) -> str | None:
    return None if moment is None else rfc3339(moment)
