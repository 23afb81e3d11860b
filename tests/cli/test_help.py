"""The help: every command teaches by examples that work, and the page about the commands knows them all."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from tests.house.repository import ROOT
from watchword.cli import main
from watchword.cli.command_line import create_command_line

EXAMPLE = re.compile(r"\[bold]\$ watchword ?(.*?)\[/]")
ROOT_COMMAND: Any = get_command(create_command_line())
PAGE = (ROOT / "docs" / "commands.md").read_text()


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, (*path, name))


COMMANDS = dict(_commands(ROOT_COMMAND))
LEAVES = {path: command for path, command in COMMANDS.items() if not hasattr(command, "commands")}
EXAMPLES = [(path, found) for path, command in COMMANDS.items() for found in EXAMPLE.findall(command.help)]


def _name(path: object) -> str:
    return " ".join(path) if isinstance(path, tuple) else str(path)


def test_the_commands_are_those_that_are_promised() -> None:
    assert {" ".join(path) for path in LEAVES} == {
        "dev", "demo", "serve", "work", "migrate", "keys create", "keys list", "keys revoke", "secrets create",
        "secrets list", "secrets rotate", "users show", "users unlock", "policy check", "policy explain", "tour",
        "policy diff", "policy apply", "policy log", "policy show", "policy budget", "policy replay",
        "guard list", "guard release",
        "messages preview", "messages lint", "messages send-test",
        "webhooks list", "webhooks messages", "webhooks attempts", "webhooks replay", "webhooks send-test",
        "webhooks new-secret", "webhooks disable", "webhooks enable",
        "clock", "version", "atlas check", "atlas look", "atlas build",
    }  # fmt: skip


@pytest.mark.parametrize("path", COMMANDS, ids=_name)
def test_every_help_shows_examples(path: tuple[str, ...]) -> None:
    shown = EXAMPLE.findall(COMMANDS[path].help)
    assert shown
    assert all(shlex.split(example)[: len(path)] == list(path) for example in shown)


@pytest.mark.parametrize(("path", "example"), EXAMPLES, ids=_name)
def test_every_example_is_understood(path: tuple[str, ...], example: str) -> None:
    words = shlex.split(example.replace("\\[", "["))
    command, name = ROOT_COMMAND, "watchword"
    while hasattr(command, "commands") and words:
        name = words.pop(0)
        command = command.commands[name]
    command.make_context(name, words)  # raises for an option or a value that the command does not take


@pytest.mark.parametrize("path", COMMANDS, ids=_name)
def test_every_option_says_what_it_does(path: tuple[str, ...]) -> None:
    assert [option.name for option in COMMANDS[path].params if not option.help] == []


@pytest.mark.parametrize("path", LEAVES, ids=_name)
def test_the_page_about_the_commands_knows_every_option(path: tuple[str, ...]) -> None:
    heading = f"### `watchword {' '.join(path)}`"
    assert heading in PAGE
    section = PAGE.partition(heading)[2].partition("\n##")[0]
    flags = [flag for option in LEAVES[path].params for flag in option.opts if flag.startswith("--")]
    assert [
        flag for flag in flags if flag not in {"--help", "--json", "--config", "--data"} and flag not in section
    ] == []


@pytest.mark.parametrize("path", COMMANDS, ids=_name)
def test_help_is_shown_and_is_no_failure(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*path, "--help"]) == 0
    shown = capsys.readouterr()
    assert "Examples:" in shown.out
    assert shown.err == ""


@pytest.mark.parametrize("path", [(), ("keys",), ("policy",)], ids=_name)
def test_a_group_alone_shows_its_help(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(list(path)) == 2
    shown = capsys.readouterr()
    assert "Examples:" in shown.out + shown.err
    assert "error:" not in shown.err
