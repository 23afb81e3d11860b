"""The commands for servers of applications that are told what happens: how they stand, and sending again."""

from typing import Annotated

import typer

from watchword.bootstrap import webhook_upkeep
from watchword.bootstrap.webhook_upkeep import ListedEndpoint
from watchword.cli.failing import CommandFailed, CommandMisused
from watchword.cli.printing import print_entries, print_json, print_line, print_table
from watchword.cli.settings_option import (
    ApplicationOption,
    ConfigOption,
    DataOption,
    JsonOption,
    ReasonOption,
    read_settings,
)
from watchword.cli.teaching import TENDING, Example, teach
from watchword.domain.instant import END_OF_TIME, Instant, read_rfc3339, rfc3339
from watchword.domain.webhook import CallResult, Verdict
from watchword.ports.webhooks import EndpointRecord, MessageState, Span

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The name of its table in the settings.")]
LimitOption = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1_000, help="How many, newest first.")]
MessageOption = Annotated[
    str | None, typer.Option("--message", metavar="ID", show_default=False, help="The id of one message (webhook-id).")
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", show_default=False, help="From this moment on, as 2026-11-20T08:00:00Z."),
]
UntilOption = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", show_default=False, help="Up to this moment.  [dim]default: now[/]"),
]
DeadOption = Annotated[bool, typer.Option("--dead", help="Everything that was given up.")]
StateOption = Annotated[
    MessageState | None, typer.Option("--state", show_default=False, help="Only those.  [dim]default: all[/]")
]


def add_webhooks(command_line: typer.Typer) -> None:
    """Add ``webhooks`` with its commands."""
    webhooks = typer.Typer(
        name="webhooks",
        rich_help_panel=TENDING,
        no_args_is_help=True,
        help=teach(
            "See whether an application's own servers are told what happens, and send again what they missed.",
            Example(command="watchword webhooks list --application shop", what="what waits, what was given up"),
            Example(command="watchword webhooks replay orders --application shop --dead", what="after a repair"),
        ),
    )
    _add_showing(webhooks)
    _add_sending(webhooks)
    _add_switching(webhooks)
    command_line.add_typer(webhooks)


def _add_showing(webhooks: typer.Typer) -> None:
    webhooks.command(
        "list",
        help=teach(
            "List the endpoints of an application: how they stand, what waits, and what was given up.",
            Example(command="watchword webhooks list --application shop", what="as a table"),
            Example(command="watchword webhooks list --application shop --json", what="one endpoint on each line"),
        ),
    )(list_all)
    webhooks.command(
        "messages",
        help=teach(
            "List the messages to an endpoint, of the last 30 days.",
            Example(command="watchword webhooks messages orders --application shop --state dead", what="given up"),
        ),
    )(messages)
    webhooks.command(
        "attempts",
        help=teach(
            "List the calls to an endpoint, of the last 30 days: status or error, and how long each took.",
            Example(command="watchword webhooks attempts orders --application shop --limit 20", what="the newest"),
            Example(
                command="watchword webhooks attempts orders --application shop --message evt_7k2m",
                what="about one message",
            ),
        ),
    )(attempts)


def _add_sending(webhooks: typer.Typer) -> None:
    webhooks.command(
        "replay",
        help=teach(
            "Send again: one message, all that was given up, or what happened in a span of time.",
            Example(
                command="watchword webhooks replay orders --application shop --message evt_7k2m", what="one message"
            ),
            Example(command="watchword webhooks replay orders --application shop --dead", what="all that was given up"),
            Example(
                command="watchword webhooks replay orders --application shop --since 2026-11-20T08:00:00Z",
                what="all since then, for a new endpoint too",
            ),
            remarks=["Each message keeps its id, so a receiver that has seen it can tell."],
        ),
    )(replay)
    webhooks.command(
        "send-test",
        help=teach(
            "Send a message of the type webhook.test at once, and say what came of it.",
            Example(command="watchword webhooks send-test orders --application shop", what="once and without retries"),
        ),
    )(send_test)
    webhooks.command(
        "new-secret",
        help=teach(
            "Make a secret for a receiver; it is shown once and kept nowhere.",
            Example(command="watchword webhooks new-secret", what="for both sides"),
        ),
    )(new_secret)


def _add_switching(webhooks: typer.Typer) -> None:
    webhooks.command(
        "disable",
        help=teach(
            "Tell an endpoint nothing more; what happens meanwhile is not lost.",
            Example(
                command="watchword webhooks disable orders --application shop --reason 'moves to another host'",
                what="with the reason that the audit log keeps",
            ),
        ),
    )(disable)
    webhooks.command(
        "enable",
        help=teach(
            "Go on telling an endpoint from where it stopped, after 410, five days of failures, or disable.",
            Example(command="watchword webhooks enable orders --application shop", what="nothing is left out"),
        ),
    )(enable)


def list_all(
    application: ApplicationOption, config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Print how every endpoint stands."""
    found = webhook_upkeep.list_endpoints(read_settings(config, data), application)
    if as_json:
        for one in found:
            print_json(_described(one))
        return
    rows = [(one.name, _standing(one), *_numbers(one.record)) for one in found]
    print_table(("endpoint", "state", "waiting", "since", "given up", "last call"), rows)


def messages(
    name: NameArgument,
    application: ApplicationOption,
    state: StateOption = None,
    limit: LimitOption = 50,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the newest messages of an endpoint."""
    found = webhook_upkeep.list_messages(read_settings(config, data), application, name, state=state, limit=limit)
    if not as_json:
        rows = [
            (one.id, one.type, one.state, str(one.failures), rfc3339(one.created_at), _moment(one.due_at) or "")
            for one in found
        ]
        print_entries(("message", "type", "state", "failures", "happened at", "due at"), rows)
        return
    for one in found:
        print_json(
            {
                "id": one.id,
                "type": one.type,
                "state": one.state,
                "failures": one.failures,
                "created_at": rfc3339(one.created_at),
                "due_at": _moment(one.due_at),
                "done_at": _moment(one.done_at),
            }
        )


def attempts(
    name: NameArgument,
    application: ApplicationOption,
    message: MessageOption = None,
    limit: LimitOption = 50,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the newest calls of an endpoint."""
    found = webhook_upkeep.list_attempts(
        read_settings(config, data), application, name, message_id=message, limit=limit
    )
    if not as_json:
        rows = [(rfc3339(one.at), one.message_id, _came_to(one.result), f"{one.result.took_ms:,} ms") for one in found]
        print_entries(("at", "message", "came to", "took"), rows)
        return
    for one in found:
        print_json({"message_id": one.message_id, "at": rfc3339(one.at), **_result(one.result)})


def replay(  # noqa: PLR0913 one argument for each option
    name: NameArgument,
    application: ApplicationOption,
    message: MessageOption = None,
    dead: DeadOption = False,
    since: SinceOption = None,
    until: UntilOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let messages be sent again."""
    if [message is not None, dead, since is not None].count(True) != 1 or (until is not None and since is None):
        raise CommandMisused("what is to be sent again?", hint="give one of --message, --dead and --since [--until]")
    span = None if since is None else Span(since=_time(since), until=END_OF_TIME if until is None else _time(until))
    settings = read_settings(config, data)
    if message is not None:
        count = int(webhook_upkeep.replay_message(settings, application, name, message))
        if not count:
            raise CommandFailed(f"{name} has no message {message} that could be sent again")
    elif span is not None:
        count = webhook_upkeep.replay_span(settings, application, name, span)
    else:
        count = webhook_upkeep.replay_dead(settings, application, name)
    if as_json:
        print_json({"messages": count})
    else:
        print_line(f"{count:,} message{'' if count == 1 else 's'} will be sent again.")


def send_test(
    name: NameArgument,
    application: ApplicationOption,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a message that tells of nothing."""
    result = webhook_upkeep.send_test(read_settings(config, data), application, name)
    if as_json:
        print_json(_result(result))
    elif result.verdict is Verdict.TAKEN:
        print_line(f"{name} took it: {result.status} in {result.took_ms:,} ms.")
    if result.verdict is not Verdict.TAKEN:
        raise CommandFailed(f"{name} did not take it: {_came_to(result)}", hint="docs/webhooks.md explains the words")


def new_secret(as_json: JsonOption = False) -> None:
    """Print a fresh secret."""
    secret = webhook_upkeep.new_secret()
    if as_json:
        print_json({"secret": secret})
    else:
        print_line(secret)


def disable(
    name: NameArgument,
    application: ApplicationOption,
    reason: ReasonOption,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell an endpoint nothing more."""
    if not reason.strip():
        raise CommandMisused("the reason is empty", hint="--reason says in a few words why, for the audit log")
    disabled = webhook_upkeep.disable(read_settings(config, data), application, name, reason.strip())
    if as_json:
        print_json({"endpoint": name, "disabled": disabled})
    else:
        print_line(f"{name} is told nothing more." if disabled else f"{name} was told nothing before.")


def enable(
    name: NameArgument,
    application: ApplicationOption,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go on telling an endpoint."""
    enabled = webhook_upkeep.enable(read_settings(config, data), application, name)
    if as_json:
        print_json({"endpoint": name, "enabled": enabled})
    else:
        print_line(f"{name} is told again, from where it stopped." if enabled else f"{name} had not stopped.")


def _time(text: str) -> Instant:
    moment = read_rfc3339(text)
    if moment is None:
        raise CommandMisused(f"{text} is no time", hint="write it as 2026-11-20T08:00:00Z")
    return moment


def _standing(listed: ListedEndpoint) -> str:
    record = listed.record
    if record is None:
        return "not met by a worker yet"
    if not listed.is_declared:
        return "declared no more"
    if record.disabled_at is None:
        return "told" if record.failing_since is None else f"failing since {rfc3339(record.failing_since)}"
    return f"disabled {rfc3339(record.disabled_at)}: {record.disabled_reason}"


def _numbers(record: EndpointRecord | None) -> tuple[str, str, str, str]:
    if record is None:
        return "", "", "", ""
    last = record.last_attempt
    shown = "" if last is None else f"{_came_to(last.result)} at {rfc3339(last.at)}"
    return f"{record.waiting:,}", _moment(record.oldest_waiting_at) or "", f"{record.dead:,}", shown


def _described(listed: ListedEndpoint) -> dict[str, object]:
    record, named = listed.record, {"endpoint": listed.name, "declared": listed.is_declared}
    if record is None:
        return {**named, "met": False}
    last = record.last_attempt
    return {
        **named,
        "met": True,
        "disabled_at": _moment(record.disabled_at),
        "disabled_reason": record.disabled_reason,
        "failing_since": _moment(record.failing_since),
        "waiting": record.waiting,
        "oldest_waiting_at": _moment(record.oldest_waiting_at),
        "given_up": record.dead,
        "last_attempt": None if last is None else {"at": rfc3339(last.at), **_result(last.result)},
    }


def _came_to(result: CallResult) -> str:
    return str(result.error if result.status is None else result.status)


def _result(result: CallResult) -> dict[str, object]:
    return {"status": result.status, "error": result.error, "took_ms": result.took_ms}


def _moment(moment: Instant | None) -> str | None:
    return None if moment is None else rfc3339(moment)
