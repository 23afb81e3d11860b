"""Makes and checks files of breached passwords: ``python -m watchword_client.passwords --help``."""

import argparse
import sys
from pathlib import Path
from typing import assert_never

from watchword_client.passwords.hash_list import (
    BrokenList,
    SoundList,
    build_hash_list,
    check_hash_list,
    join_range_files,
)


def main(arguments: list[str]) -> int:
    """Carry out one command and return its exit status: 0 for done, 1 for a list or folder that is broken."""
    asked = _parser().parse_args(arguments)
    try:
        if asked.command == "build":
            with asked.source.open(encoding="utf-8", errors="replace", newline="\n") as lines:
                count = build_hash_list((line.rstrip("\r\n") for line in lines), asked.target)
            return _say(f"{count} passwords")
        if asked.command == "join":
            return _say(f"{join_range_files(asked.source, asked.target)} ranges")
        return _report(check_hash_list(asked.source))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m watchword_client.passwords", description="Makes and checks files of breached passwords."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="read a list of lines SHA1:count and say whether it is sound")
    check.add_argument("source", type=Path, help="the list")
    build = commands.add_parser("build", help="make a list out of passwords, one a line")
    build.add_argument("source", type=Path, help="the passwords")
    build.add_argument("target", type=Path, help="the list to write")
    join = commands.add_parser("join", help="make a list out of a folder of ranges, 00000.txt to FFFFF.txt")
    join.add_argument("source", type=Path, help="the folder")
    join.add_argument("target", type=Path, help="the list to write")
    return parser


def _report(found: SoundList | BrokenList) -> int:
    match found:
        case SoundList(lines=lines):
            return _say(f"sound: {lines} lines")
        case BrokenList(line=line, reason=reason):
            sys.stderr.write(f"line {line}: {reason}\n")
            return 1
        case _:
            assert_never(found)


def _say(sentence: str) -> int:
    sys.stdout.write(f"{sentence}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
