"""``policy replay``: what a changed policy would have said of the actions that were recorded."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from watchword.bootstrap.policies import check_policy
from watchword.bootstrap.replaying import present, replay_policy
from watchword.cli.failing import CommandMisused
from watchword.cli.policy.replay_report import describe_replay, show_replay
from watchword.cli.printing import print_json
from watchword.cli.settings_option import ConfigOption, DataOption, JsonOption, find_application, read_settings
from watchword.cli.teaching import Example, teach
from watchword.config.settings import DeclaredApplication, PolicySource, Settings
from watchword.domain.contact import Channel
from watchword.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, Instant, read_rfc3339

ChangedOption = Annotated[Path, typer.Option("--policy", metavar="FILE", help="The policy to try.", show_default=False)]
SinceOption = Annotated[
    str, typer.Option("--since", metavar="WHEN", help="From when on: 30d, 12h, 45m, 2026-11-01, 2026-11-01T08:00:00Z.")
]
UntilOption = Annotated[
    str | None,
    typer.Option("--until", metavar="WHEN", help="Up to when.  [dim]default: now[/]", show_default=False),
]
OwnerOption = Annotated[
    str | None,
    typer.Option(
        "--application",
        metavar="ID",
        help="Whose actions.  [dim]default: the only application that is declared[/]",
        show_default=False,
    ),
]
PriceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--price", metavar="CHANNEL=AMOUNT", help="What a message costs: sms=0.05. May be repeated.", show_default=False
    ),
]


def add_replay(policy: typer.Typer) -> None:
    """Add ``policy replay``."""
    policy.command(
        "replay",
        help=teach(
            "Show what a changed policy would have said of recorded actions: who would be asked, and what it costs.",
            Example(command="watchword policy replay --policy new.toml --since 30d", what="before it goes live"),
            Example(
                command="watchword policy replay --policy new.toml --since 2026-11-01 --until 2026-11-08"
                " --application shop --price sms=0.05",
                what="one week, with what the messages cost",
            ),
            Example(command="watchword policy replay --policy new.toml --since 7d --json", what="for a pipeline"),
            remarks=[
                "Nothing is written, nobody's data is shown, and a server may run meanwhile.",
                "Signals are taken as they were recorded, and what a customer would have done next is not guessed.",
            ],
        ),
    )(replay)


def replay(
    policy: ChangedOption,
    since: SinceOption = "30d",
    until: UntilOption = None,
    application: OwnerOption = None,
    price: PriceOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a policy would change."""
    prices = _read_prices(price or [])
    start = _read_moment("--since", since)
    end = None if until is None else _read_moment("--until", until)
    if end is None and start >= present():
        raise CommandMisused(f"--since {since} is not before now", hint="nothing is recorded of the future")
    if end is not None and end <= start:
        raise CommandMisused(
            "--until is not after --since", hint="--since 30d --until 7d are the weeks before the last"
        )
    settings = read_settings(config, data)
    declared = _choose(settings, application)
    check_policy(policy, declared.application.action_types)
    source = PolicySource(name=str(policy), text=policy.read_text(encoding="utf-8"))
    with _progress() as told:
        replayed = replay_policy(settings, declared, source, since=start, until=end, on_progress=told)
    if as_json:
        print_json(describe_replay(replayed, prices))
    else:
        show_replay(replayed, prices, policy_name=str(policy), application_id=declared.application.id)


_AGO: Final = re.compile(r"([1-9][0-9]{0,4})([dhm])", re.ASCII)
_UNITS_MS: Final[Mapping[str, int]] = {"d": DAY_MS, "h": HOUR_MS, "m": MINUTE_MS}
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _read_moment(option: str, text: str) -> Instant:
    """Return a time that is given as a span before now, a day in UTC, or a full time."""
    if ago := _AGO.fullmatch(text):
        return Instant(max(0, present() - int(ago[1]) * _UNITS_MS[ago[2]]))
    moment = read_rfc3339(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text)
    if moment is None:
        hint = "30d, 12h and 45m are spans before now; 2026-11-01 and 2026-11-01T08:00:00Z are times"
        raise CommandMisused(f"{option} {text} is no time", hint=hint)
    return moment


def _choose(settings: Settings, application: str | None) -> DeclaredApplication:
    if application is not None:
        return find_application(settings, application)
    if len(settings.applications) == 1:
        return settings.applications[0]
    names = ", ".join(declared.application.id for declared in settings.applications)
    raise CommandMisused("say whose actions: --application ID", hint=f"there are: {names}")


def _read_prices(texts: Sequence[str]) -> Mapping[str, float]:
    prices: dict[str, float] = {}
    for text in texts:
        channel, _, amount = text.partition("=")
        try:
            prices[Channel(channel).value] = float(amount)
        except ValueError:
            names = ", ".join(one.value for one in Channel)
            raise CommandMisused(
                f"--price {text} is no price", hint=f"a channel and an amount, as sms=0.05; channels are {names}"
            ) from None
        if not isfinite(prices[channel]) or prices[channel] < 0:
            raise CommandMisused(f"--price {text} is no price", hint="an amount is a number that is not negative")
    return prices


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Give somebody to tell how far it is; he shows it where a person looks on."""
    console = Console(stderr=True)
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("replaying", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
