"""Turns failures that can be foreseen into ``error:`` and ``hint:`` lines and an exit code, without a traceback."""

import os
from collections.abc import Sequence
from typing import Final

import typer

from watchword.cli.printing import print_error, print_hint
from watchword.domain.errors import WatchwordError

FAILED: Final = 1
MISUSED: Final = 2


class CommandFailed(Exception):
    """A command was understood and could not be carried out."""

    exit_code = FAILED

    def __init__(self, *problems: str, hint: str | None = None) -> None:
        super().__init__(*problems)
        self.problems = problems
        self.hint = hint


class CommandMisused(CommandFailed):
    """What was typed makes no sense, and nothing was tried."""

    exit_code = MISUSED


FORESEEN: Final = (CommandFailed, WatchwordError, typer.TyperException, typer.Abort, OSError)
"""Everything that ``explain`` finds words for; all else is a defect of ours and shows its traceback."""


_PARSERS_OWN_WORDS: Final = "Value error, "
"""What the parser writes before each of our own sentences about a value; it tells a user nothing."""


def explain(error: Exception) -> int:
    """Say on the error stream what went wrong, and return the exit code for it."""
    match error:
        case CommandFailed():
            return _tell(error.problems, error.hint, error.exit_code)
        case typer.TyperException():
            # What the parser says is a heading, and sometimes a list of choices in lines of their own.
            problem = " ".join(error.format_message().split()).replace(_PARSERS_OWN_WORDS, "")
            return _tell([problem], _help_for(error), error.exit_code) if problem else error.exit_code
        case typer.Abort():
            return _tell(["stopped: there is nobody to answer"], None, FAILED)
        case OSError():
            return _tell([_system_words(error)], None, FAILED)
        case _:
            return _tell(str(error).splitlines(), None, FAILED)


def _tell(problems: Sequence[str], hint: str | None, exit_code: int) -> int:
    for problem in problems:
        print_error(problem)
    if hint:
        print_hint(hint)
    return exit_code


def _help_for(error: typer.TyperException) -> str | None:
    # Only some of the parser's errors know the command that they are about.
    path = getattr(getattr(error, "ctx", None), "command_path", None)
    return f"{path} --help shows how it is called" if path else None


def _system_words(error: OSError) -> str:
    what = error.strerror or os.strerror(error.errno or 0)
    return f"{what}: {error.filename}" if error.filename else what
