"""``policy apply``, ``policy log`` and ``policy show``: another policy goes to work, and what was at work when."""

from collections.abc import Iterator, Sequence
from getpass import getuser
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final

import typer

from watchword.bootstrap.policies import read_text
from watchword.bootstrap.policy_versions import (
    LISTED_MOST,
    apply_policy,
    find_version,
    load_source,
    policy_in_force,
    source_of,
    versions_of,
)
from watchword.cli.failing import CommandFailed, CommandMisused
from watchword.cli.policy.difference_telling import describe_difference, show_difference, summarise
from watchword.cli.policy.policy_choice import (
    ACTIVE,
    DEFAULT,
    OnlyOption,
    choose_application,
    find_source,
    product_source,
)
from watchword.cli.printing import print_json, print_line, print_table
from watchword.cli.settings_option import ConfigOption, DataOption, JsonOption, read_settings
from watchword.cli.teaching import Example, teach
from watchword.config.declared_applications import DEFAULT_POLICY
from watchword.config.settings import DeclaredApplication, PolicySource, Settings
from watchword.domain.errors import ConfigurationError
from watchword.domain.instant import rfc3339
from watchword.ports.store.values import AppliedPolicy
from watchword.risk.policy import Policy, PolicyDifference, compare

WHY_CHARACTERS: Final = 500
NAME_CHARACTERS: Final = 100

AppliedFileArgument = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="The policy to apply.", show_default=False)
]
WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; it stays with the version.")]
ByOption = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help="Who.  [dim]default: the name of this account[/]", show_default=False),
]
BackOption = Annotated[
    str | None,
    typer.Option("--version", metavar="ID", help="Go back to a version that was applied before.", show_default=False),
]
LimitOption = Annotated[
    int, typer.Option("--limit", min=1, max=LISTED_MOST, metavar="N", help="How many, newest first.")
]
VersionArgument = Annotated[
    str, typer.Argument(metavar="[VERSION]", help="The digits of a version, `active` or `default`.")
]


def add_versions(policy: typer.Typer) -> None:
    """Add ``policy apply``, ``policy log`` and ``policy show``."""
    policy.command(
        "apply",
        help=teach(
            "Check a policy, show what is another in it, and let it decide from now on.",
            Example(
                command="watchword policy apply policy.toml --application shop --why 'gift cards, ticket 207'",
                what="a file",
            ),
            Example(
                command="watchword policy apply --version 98bf5a67 --application shop --why 'too many questions'",
                what="back to an earlier one",
            ),
            remarks=[
                "Running servers take it up within ten seconds, without a restart; one that is not right is refused.",
                "From then on it decides, and the file that watchword.toml names does not.",
            ],
        ),
    )(apply)
    policy.command(
        "log",
        help=teach(
            "List the policies that were applied: when, by whom, why, and which rules were another then.",
            Example(command="watchword policy log --application shop", what="as a table, newest first"),
            Example(command="watchword policy log --application shop --json", what="one version on each line"),
        ),
    )(log)
    policy.command(
        "show",
        help=teach(
            "Print the text of a policy, as it was written.",
            Example(command="watchword policy show --application shop", what="the one that decides"),
            Example(command="watchword policy show 98bf5a67 --application shop", what="a version of the log"),
            Example(command="watchword policy show default", what="the product's, to begin with"),
        ),
    )(show)


def apply(
    why: WhyOption,
    file: AppliedFileArgument = None,
    by: ByOption = None,
    version: BackOption = None,
    application: OnlyOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a policy decide."""
    reason, name = _one_line("--why", why, WHY_CHARACTERS), _one_line("--by", by or _this_account(), NAME_CHARACTERS)
    settings = read_settings(config, data)
    owner = choose_application(settings, application)
    source = _chosen(settings, owner, file, version)
    policy = load_source(owner, source)
    difference = _difference_from_active(settings, owner, policy)
    if difference is not None and not as_json:
        show_difference(difference)
    applied = apply_policy(settings, owner, source, applied_by=name, why=reason)
    if as_json:
        changes = None if difference is None else describe_difference(difference)
        print_json({**_described(applied), "difference": changes})
        return
    print_line(f"Version {applied.version} decides for {applied.application_id} from now on.")
    print_line("Running servers take it up within ten seconds. `watchword policy log` lists the versions.", style="dim")


def log(
    limit: LimitOption = 50,
    application: OnlyOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the versions."""
    settings = read_settings(config, data)
    owner = choose_application(settings, application)
    versions = versions_of(settings, owner, limit=limit + 1)
    differences = list(_differences(owner, versions))[:limit]
    shown = list(zip(versions, differences, strict=False))
    if as_json:
        for applied, difference in shown:
            changes = None if difference is None else describe_difference(difference)["changes"]
            print_json({**_described(applied), "changes": changes})
        return
    if not shown:
        name = owner.policy.name
        deciding = "the product's" if name == DEFAULT_POLICY else f"the one that watchword.toml names: {name}"
        print_line(f"No policy was applied for {owner.application.id}. What decides is {deciding}.")
        return
    rows = [(one.version, rfc3339(one.applied_at), one.applied_by, one.why, _rules(found)) for one, found in shown]
    print_table(("version", "applied", "by", "why", "rules"), rows, unbroken=("version", "applied"))


def show(
    version: VersionArgument = ACTIVE,
    application: OnlyOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a policy."""
    source = product_source() if version == DEFAULT else None
    if source is None:
        settings = read_settings(config, data)
        source = find_source(settings, choose_application(settings, application), version)
    if as_json:
        print_json({"name": source.name, "text": source.text})
    else:
        typer.echo(source.text, nl=not source.text.endswith("\n"))


def _chosen(settings: Settings, owner: DeclaredApplication, file: Path | None, version: str | None) -> PolicySource:
    if (file is None) == (version is None):
        raise CommandMisused("give a FILE to apply, or --version ID to go back to", hint="one of the two")
    if version is not None:
        return source_of(find_version(settings, owner, version))
    return PolicySource(name=str(file), text=read_text(Path(str(file))))


def _difference_from_active(settings: Settings, owner: DeclaredApplication, policy: Policy) -> PolicyDifference | None:
    """Return what changes; None where the present policy cannot be read by this release, so that it is replaced."""
    active = policy_in_force(settings, owner)
    if active.applied is not None and active.version == policy.version:
        raise CommandFailed(
            f"version {policy.version} decides for {owner.application.id} already",
            hint="watchword policy log lists who applied it, when and why",
        )
    try:
        return compare(load_source(owner, active.source), policy)
    except ConfigurationError:
        return None


def _differences(owner: DeclaredApplication, versions: Sequence[AppliedPolicy]) -> Iterator[PolicyDifference | None]:
    """Yield what each version changed of the one before; None for the first, and where one cannot be read any more."""
    loaded = [_load(owner, one) for one in versions]
    for new, old in pairwise(loaded):
        yield None if new is None or old is None else compare(old, new)
    if versions:
        yield None


def _load(owner: DeclaredApplication, applied: AppliedPolicy) -> Policy | None:
    try:
        return load_source(owner, source_of(applied))
    except ConfigurationError:
        return None


def _rules(difference: PolicyDifference | None) -> str:
    return "" if difference is None else summarise(difference.changes)


def _described(applied: AppliedPolicy) -> dict[str, object]:
    return {
        "application_id": applied.application_id,
        "version": applied.version,
        "applied_at": rfc3339(applied.applied_at),
        "applied_by": applied.applied_by,
        "why": applied.why,
    }


def _one_line(option: str, text: str, most: int) -> str:
    line = text.strip()
    if not line or len(line) > most or not line.isprintable():
        raise CommandMisused(f"{option} is one line of 1 to {most} characters")
    return line


def _this_account() -> str:
    try:
        return getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers; KeyError until Python 3.12
        raise CommandMisused("this account has no name", hint="--by NAME says who applies the policy") from None
