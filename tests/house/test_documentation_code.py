"""The code in the documentation: blocks parse, and those marked with ``<!-- run -->`` run."""

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house.repository import shown, with_suffix

BLOCK = re.compile(r"^(?P<mark><!-- run -->\n\s*)?^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
# The time a marked block may take before it counts as hanging; none of them waits for anything.
RUN_LIMIT_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block of a page."""

    place: str
    language: str
    code: str
    is_run: bool


def _blocks(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(
            place=f"{shown(page)}:{text.count(chr(10), 0, found.start('language')) + 1}",
            language=found["language"],
            code=found["code"],
            is_run=found["mark"] is not None,
        )
        for found in BLOCK.finditer(text)
    ]


BLOCKS = [block for page in with_suffix(".md") for block in _blocks(page)]


def _in(*languages: str) -> list[Block]:
    return [block for block in BLOCKS if block.language in languages]


def _place(block: Block) -> str:
    return block.place


def test_every_block_names_its_language() -> None:
    assert [block.place for block in _in("")] == []


def test_only_python_is_marked_to_be_run() -> None:
    assert [block.place for block in BLOCKS if block.is_run and block.language != "python"] == []


@pytest.mark.parametrize("block", _in("json"), ids=_place)
def test_json_parses(block: Block) -> None:
    json.loads(block.code)


@pytest.mark.parametrize("block", _in("toml"), ids=_place)
def test_toml_parses(block: Block) -> None:
    tomllib.loads(block.code)


@pytest.mark.parametrize("block", _in("sh", "bash"), ids=_place)
def test_shell_is_correct(block: Block) -> None:
    checked = subprocess.run(["bash", "-n"], input=block.code, text=True, capture_output=True, check=False)
    assert checked.stderr == ""


@pytest.mark.parametrize("block", _in("python"), ids=_place)
def test_python_compiles(block: Block) -> None:
    compile(block.code, block.place, "exec")


@pytest.mark.parametrize("block", [block for block in _in("python") if block.is_run], ids=_place)
def test_marked_python_runs(block: Block, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", block.code]
    run = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True, timeout=RUN_LIMIT_S, check=False)
    assert (run.returncode, run.stderr) == (0, "")
