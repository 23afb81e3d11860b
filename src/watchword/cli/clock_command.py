"""The command for an operator whose clocks disagree."""

from typing import Annotated

import typer

from watchword.bootstrap.store_time import read_store_time, set_store_time_back
from watchword.cli.printing import print_json, print_line
from watchword.cli.settings_option import ConfigOption, DataOption, JsonOption, read_settings
from watchword.cli.teaching import TENDING, Example, teach
from watchword.domain.instant import rfc3339

SetBackOption = Annotated[
    bool, typer.Option("--set-back", help="Bring the store back to its clock; nobody may serve meanwhile.")
]


def add_clock(command_line: typer.Typer) -> None:
    """Add ``clock``."""
    command_line.command(
        "clock",
        rich_help_panel=TENDING,
        help=teach(
            "Tell what time it is in the store, and bring one back that was written while a clock was ahead.",
            Example(command="watchword clock", what="this machine, the store's clock, and what was written last"),
            Example(command="watchword clock --set-back", what="after the clock was set right, with nobody serving"),
            remarks=[
                "Every open challenge and every grant that was not redeemed ends with it: what had expired stays so.",
            ],
        ),
    )(clock)


def clock(
    config: ConfigOption = None,
    data: DataOption = None,
    set_back: SetBackOption = False,
    as_json: JsonOption = False,
) -> None:
    """Tell the time of the store, or set it back."""
    settings = read_settings(config, data)
    time = set_store_time_back(settings) if set_back else read_store_time(settings)
    if as_json:
        print_json(
            {
                "machine": rfc3339(time.machine),
                "clock": rfc3339(time.clock),
                "highest": rfc3339(time.highest),
                "set_back": set_back and time.is_ahead,
            }
        )
        return
    print_line(f"This machine says {rfc3339(time.machine)}, the clock of the store {rfc3339(time.clock)}.")
    if not time.is_ahead:
        print_line(f"The last that was written is from {rfc3339(time.highest)}: nothing is ahead.")
    elif set_back:
        print_line(f"What was written up to {rfc3339(time.highest)} was brought back to the clock of the store.")
    else:
        print_line(f"The store was written at {rfc3339(time.highest)}, which is still to come.")
