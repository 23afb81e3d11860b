"""The command line: turns what somebody typed into calls of the layers below, and their answers into words."""

from watchword.cli.command_line import main

__all__ = ["main"]
