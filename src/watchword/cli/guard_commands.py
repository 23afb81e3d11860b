"""The commands for what guards closed: why it is closed, with figures, and opening it again."""

from typing import Annotated

import typer

from watchword.bootstrap.guard_tending import GuardAccount, account_of_guards, release_guard
from watchword.cli.failing import CommandMisused
from watchword.cli.printing import print_json, print_line, print_table
from watchword.cli.settings_option import (
    ApplicationOption,
    ConfigOption,
    DataOption,
    JsonOption,
    ReasonOption,
    find_application,
    read_settings,
)
from watchword.cli.teaching import TENDING, Example, teach
from watchword.domain.closures import Closure
from watchword.domain.guards import Guards
from watchword.domain.instant import rfc3339
from watchword.ports.guarding import Spent

PlaceArgument = Annotated[
    str,
    typer.Argument(
        metavar="PLACE", help="What `guard list` names: a range of numbers (+491701234), or a country (DE)."
    ),
]


def add_guard(command_line: typer.Typer) -> None:
    """Add ``guard list`` and ``guard release``."""
    guard = typer.Typer(
        name="guard",
        rich_help_panel=TENDING,
        no_args_is_help=True,
        help=teach(
            "See what the guards against burnt money have closed and why, and open it again.",
            Example(command="watchword guard list --application shop", what="what is closed, and what was spent today"),
            Example(
                command="watchword guard release +491701234 --application shop --reason 'our concert, ticket 118'",
                what="open a range of numbers",
            ),
        ),
    )
    guard.command(
        "list",
        help=teach(
            "Show what is closed now and was within a week, with the figures, and what was spent today by country.",
            Example(command="watchword guard list --application shop", what="for a person"),
            Example(command="watchword guard list --application shop --json", what="for a script"),
        ),
    )(show)
    guard.command(
        "release",
        help=teach(
            "Open a range of numbers again, or let a country whose cap is reached cost as much again today.",
            Example(
                command="watchword guard release +491701234 --application shop --reason 'our concert, ticket 118'",
                what="on every channel, counted anew from now on",
            ),
            Example(
                command="watchword guard release DE --application shop --reason 'sale until midnight'",
                what="the cap once more",
            ),
            remarks=["Every process knows of it within a second or two."],
        ),
    )(release)
    command_line.add_typer(guard)


def show(
    application: ApplicationOption, config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Print what is closed, and what was spent."""
    settings = read_settings(config, data)
    account = account_of_guards(settings, find_application(settings, application).application)
    if as_json:
        print_json(_described(account))
        return
    if not account.guards.enforced:
        print_line("The guards only watch here (mode = monitor): nothing is stopped.", style="bold")
    closed = [one for one in account.closures if account.now < one.closed_until]
    for closure in closed:
        print_line(f"{closure.shut(account.guards).text}{_repeated(closure)}", style="bold")
        print_line(f"  opens with: watchword guard release {closure.place} --application {application} --reason '…'")
    if not closed:
        print_line(f"Nothing is closed for {application}.")
    for closure in account.closures:
        if closure not in closed:
            what = closure.place if closure.channel is None else f"{closure.channel} to {closure.place}…"
            print_line(f"Before: {what} from {rfc3339(closure.closed_at)} to {rfc3339(closure.closed_until)}")
    _print_spent(account)


def release(
    place: PlaceArgument,
    application: ApplicationOption,
    reason: ReasonOption,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open what a guard keeps closed."""
    if not reason.strip():
        raise CommandMisused("the reason is empty", hint="--reason says in a few words why, for the audit log")
    settings = read_settings(config, data)
    declared = find_application(settings, application).application
    released = release_guard(settings, declared, place, reason.strip())
    if as_json:
        print_json({"place": place, "released": released})
    elif released:
        print_line(f"Opened {place}.")
    else:
        print_line(f"{place} was not closed; `watchword guard list` shows what is.")


def _repeated(closure: Closure) -> str:
    return f" (closed {closure.times} times within a week)" if closure.times > 1 else ""


def _print_spent(account: GuardAccount) -> None:
    if not account.spent:
        print_line("Nothing was spent today (UTC).")
        return
    guards = account.guards
    rows = [
        (
            one.country,
            guards.money(one.spent),
            guards.money(guards.cap(one.country) + one.lifted),
            str(one.messages),
            str(one.refused),
        )
        for one in account.spent
    ]
    print_table(("country", "spent today", "cap", "messages", "refused"), rows)


def _kept(guards: Guards, spent: Spent) -> int:
    allowed = guards.cap(spent.country) + spent.lifted
    return allowed - guards.rest(allowed)


def _described(account: GuardAccount) -> dict[str, object]:
    guards = account.guards
    return {
        "mode": guards.mode.value,
        "currency": guards.currency,
        "closed": [_described_closure(one, guards) for one in account.closures if account.now < one.closed_until],
        "before": [_described_closure(one, guards) for one in account.closures if account.now >= one.closed_until],
        "spent_today": [
            {
                "country": one.country,
                "spent": guards.money(one.spent),
                "cap": guards.money(guards.cap(one.country) + one.lifted),
                "kept_for_proven": guards.money(_kept(guards, one)),
                "messages": one.messages,
                "refused": one.refused,
            }
            for one in account.spent
        ],
    }


def _described_closure(closure: Closure, guards: Guards) -> dict[str, object]:
    return {
        "guard": closure.guard.value,
        "channel": None if closure.channel is None else closure.channel.value,
        "place": closure.place,
        "why": closure.shut(guards).text,
        "closed_at": rfc3339(closure.closed_at),
        "closed_until": rfc3339(closure.closed_until),
        "times": closure.times,
        "sent": closure.counted.sent,
        "completed": closure.counted.completed,
    }
