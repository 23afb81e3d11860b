"""The commands about the files of the atlas: what is in them, how old they are, and how compact ones are made."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from watchword.bootstrap.atlas_files import AtlasFile, AtlasReport, build_atlas_file, check_atlas, look_up
from watchword.cli.failing import CommandMisused
from watchword.cli.printing import print_json, print_line, print_table
from watchword.cli.settings_option import ConfigOption, DataOption, JsonOption, read_settings
from watchword.cli.teaching import TENDING, Example, teach
from watchword.domain.atlas_facts import NetworkFacts
from watchword.domain.instant import rfc3339

_NOT_SAID: Final = "not said"

AddressArgument = Annotated[str, typer.Argument(metavar="ADDRESS", help="An IPv4 or IPv6 address.")]
OutOption = Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write, such as places.atlas.")]
SourceOption = Annotated[str, typer.Option("--source", metavar="TEXT", help="Where the data come from.")]
LicenceOption = Annotated[str, typer.Option("--licence", metavar="TEXT", help="What their licence is.")]
DatedOption = Annotated[
    datetime | None,
    typer.Option(
        "--dated",
        formats=["%Y-%m-%d"],
        metavar="DAY",
        help="The day they were made, such as 2026-08-22.  [dim]default: when the oldest file was written[/]",
        show_default=False,
    ),
]


def _files(name: str, what: str) -> object:
    return typer.Option(f"--{name}", metavar="FILE", help=what, show_default=False)


CountryOption = Annotated[
    list[Path] | None, _files("country", "Countries: `network,country` or `first,last,country`; can be repeated.")
]
AsnOption = Annotated[
    list[Path] | None, _files("asn", "Systems: `network,number,name` or with first and last; can be repeated.")
]
HostingOption = Annotated[list[Path] | None, _files("hosting", "Networks of data centres; can be repeated.")]
VpnOption = Annotated[list[Path] | None, _files("vpn", "Networks of VPN services; can be repeated.")]
TorOption = Annotated[list[Path] | None, _files("tor", "Exits of the Tor network; can be repeated.")]
ListedOption = Annotated[list[Path] | None, _files("listed", "Networks that abuse comes from; can be repeated.")]
DisposableOption = Annotated[list[Path] | None, _files("disposable", "Throw-away mail domains; can be repeated.")]


def add_atlas(command_line: typer.Typer) -> None:
    """Add ``atlas check``, ``atlas look`` and ``atlas build``."""
    atlas = typer.Typer(
        name="atlas",
        rich_help_panel=TENDING,
        no_args_is_help=True,
        help=teach(
            "Look after the files that say what is known of an address.",
            Example(command="watchword atlas check", what="which files there are, and how old"),
            Example(command="watchword atlas look 192.0.2.1", what="what they say of an address"),
        ),
    )
    atlas.command(
        "check",
        help=teach(
            "Read every file of the settings as a start would, and say what is in it and how old it is.",
            Example(command="watchword atlas check", what="as a table"),
            Example(command="watchword atlas check --json", what="one file on each line"),
            remarks=["A file that is older than the settings want is used all the same: it is only told."],
        ),
    )(check)
    atlas.command(
        "look",
        help=teach(
            "Say what the files know of an address.",
            Example(command="watchword atlas look 192.0.2.1", what="country, system, and the lists it is in"),
            Example(command="watchword atlas look 2001:db8::1 --json", what="for a script"),
        ),
    )(look)
    atlas.command(
        "build",
        help=teach(
            "Make one compact file of lists and tables that others publish; it is read in milliseconds.",
            Example(
                command="watchword atlas build --out places.atlas --country ip2asn-combined.tsv.gz"
                ' --asn ip2asn-combined.tsv.gz --licence "PDDL 1.0"',
                what="countries and systems of one table",
            ),
            Example(
                command="watchword atlas build --out tor.atlas --tor exits.txt --dated 2026-11-20",
                what="a list of addresses",
            ),
            remarks=["The same files and words make the same bytes. docs/places.md says which data may be used."],
        ),
    )(build)
    command_line.add_typer(atlas)


def check(config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Print what is known of every file."""
    report = check_atlas(read_settings(config, data).atlas)
    _show(report, as_json=as_json)
    if as_json:
        for fact in report.no_data:
            print_json({"fact": fact, "file": None})
    elif report.no_data:
        print_line(f"\nNo data for: {', '.join(report.no_data)}. docs/places.md tells how to add some.")


def look(
    address: AddressArgument, config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Print what the files say of an address."""
    settings = read_settings(config, data).atlas
    try:
        facts = look_up(settings, address)
    except ValueError:
        raise CommandMisused(f"{address} is no address", hint="such as 192.0.2.1 or 2001:db8::1") from None
    told = _told(facts)
    if as_json:
        print_json({"address": address, **told, "no_data": facts.no_data})
        return
    for name, value in told.items():
        if name != "asn_name":
            said = _in_words(value, has_data=name not in facts.no_data)
            print_line(f"{name:<10}{said}{f' ({facts.asn_name})' if name == 'asn' and facts.asn_name else ''}")


def build(  # noqa: PLR0913 each option is a parameter
    out: OutOption,
    country: CountryOption = None,
    asn: AsnOption = None,
    hosting: HostingOption = None,
    vpn: VpnOption = None,
    tor: TorOption = None,
    listed: ListedOption = None,
    disposable: DisposableOption = None,
    source: SourceOption = _NOT_SAID,
    licence: LicenceOption = _NOT_SAID,
    dated: DatedOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a compact file and print what is in it."""
    sources = {
        "country": country or [],
        "asn": asn or [],
        "hosting": hosting or [],
        "vpn": vpn or [],
        "tor": tor or [],
        "listed": listed or [],
        "disposable": disposable or [],
    }
    paths = [path for some in sources.values() for path in some]
    if not paths:
        raise CommandMisused("say what to build it of", hint="such as --vpn FILE; `watchword atlas build --help`")
    day = dated.date() if dated else _oldest(paths)
    _show(build_atlas_file(out, sources, source=source, licence=licence, dated=day), as_json=as_json)


def _oldest(paths: list[Path]) -> date:
    return datetime.fromtimestamp(min(path.stat().st_mtime for path in paths), UTC).date()


def _show(report: AtlasReport, *, as_json: bool) -> None:
    if as_json:
        for file in report.files:
            print_json(_described(file))
        return
    rows = [(file.fact, file.name, file.holds, _age(file), _remark(file)) for file in report.files]
    print_table(("tells", "file", "holds", "age", "remark"), rows)
    for credit in dict.fromkeys(f"{file.name}: {file.credit}" for file in report.files if file.credit):
        print_line(credit, style="dim")


def _described(file: AtlasFile) -> Mapping[str, object]:
    return {
        "fact": file.fact,
        "file": file.name,
        "holds": file.holds,
        "dated": None if file.dated_at is None else rfc3339(file.dated_at),
        "age_days": file.age_days,
        "stale": file.stale,
        "in_effect": file.in_effect,
        "credit": file.credit,
    }


def _age(file: AtlasFile) -> str:
    return "" if file.age_days is None else f"{file.age_days:,} days"


def _remark(file: AtlasFile) -> str:
    if not file.in_effect:
        return "no effect without an ASN file"
    return "old" if file.stale else ""


def _in_words(value: str | int | bool | None, *, has_data: bool) -> str:
    if isinstance(value, bool) and has_data:
        return "yes" if value else "no"
    if not value:
        return "not known" if has_data else "no data"
    return str(value)


def _told(facts: NetworkFacts) -> Mapping[str, str | int | bool | None]:
    return {
        "country": facts.country,
        "asn": facts.asn,
        "asn_name": facts.asn_name,
        "hosting": facts.hosting,
        "vpn": facts.vpn,
        "tor": facts.tor,
        "listed": facts.listed,
    }
