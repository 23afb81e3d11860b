"""Files of breached passwords: what is in them is found, what is broken is said, and how they are made."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword_client.passwords import (
    Breached,
    BreachedFile,
    BrokenList,
    NotChecked,
    NotSeen,
    SoundList,
    WidelyUsed,
    build_hash_list,
    check_hash_list,
    hash_of,
    join_range_files,
)


def _written(folder: Path, lines: list[bytes], end: bytes = b"\n") -> Path:
    path = folder / "breached.txt"
    path.write_bytes(b"".join(line + end for line in lines))
    return path


def test_hashes_as_the_public_lists_do() -> None:
    # The example of FIPS 180-2, appendix A.1.
    assert hash_of("abc") == b"A9993E364706816ABA3E25717850C26C9CD0D89D"


@given(
    listed=st.sets(st.text(max_size=8), min_size=1, max_size=60),
    others=st.sets(st.text(max_size=8), max_size=20),
    end=st.sampled_from([b"\n", b"\r\n"]),
    count=st.integers(min_value=1, max_value=10**9),
    is_lower=st.booleans(),
)
def test_finds_exactly_what_is_listed(
    tmp_path_factory: pytest.TempPathFactory, listed: set[str], others: set[str], end: bytes, count: int, is_lower: bool
) -> None:
    lines = [b"%s:%d" % (hash_of(password), count) for password in sorted(listed, key=hash_of)]
    path = _written(tmp_path_factory.mktemp("list"), [line.lower() for line in lines] if is_lower else lines, end)
    file = BreachedFile(path)
    assert check_hash_list(path) == SoundList(lines=len(listed))
    assert {file.look_up(password) for password in listed} == {Breached(times=count)}
    assert {file.look_up(password) for password in others - listed} <= {NotSeen()}


def test_finds_the_last_line_without_its_end(tmp_path: Path) -> None:
    lines = sorted(hash_of(word) + b":7" for word in ("one", "two", "three"))
    path = tmp_path / "list.txt"
    path.write_bytes(b"\n".join(lines))
    assert [BreachedFile(path).look_up(word) for word in ("one", "two", "three", "four")] == [Breached(times=7)] * 3 + [
        NotSeen()
    ]


def test_reads_a_few_lines_of_a_long_file(tmp_path: Path) -> None:
    passwords = [f"password number {number}" for number in range(20_000)]
    path = tmp_path / "list.txt"
    assert build_hash_list(passwords, path) == 20_000
    file = BreachedFile(path)
    assert {file.look_up(password) for password in passwords[::997]} == {Breached(times=1)}
    assert file.look_up("password number 20000") == NotSeen()


@pytest.mark.parametrize("start", [b"", b"password\n", b"A" * 200, hash_of("x") + b"\n", hash_of("x") + b":\n", b"\n"])
def test_a_file_of_something_else_is_refused_at_once(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(start)
    with pytest.raises(ValueError, match="does not begin with a line"):
        BreachedFile(path)


def test_a_file_that_is_not_there_is_an_error_when_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        BreachedFile(tmp_path / "list.txt")


@pytest.mark.parametrize("rest", [b"<html>\n" * 50, b"x" * 5_000, b"\n" * 500, b"\0" * 500])
def test_a_file_that_breaks_later_is_not_checked_and_no_error(tmp_path: Path, rest: bytes) -> None:
    path = _written(tmp_path, [b"0" * 40 + b":1"])
    file = BreachedFile(path)
    path.write_bytes(b"0" * 40 + b":1\n" + rest)
    assert file.look_up("anything") == NotChecked(reason="unreadable_file")
    path.unlink()
    assert file.look_up("anything") == NotChecked(reason="unreadable_file")


@given(st.binary(max_size=300))
def test_no_content_makes_a_look_up_fail(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = _written(tmp_path_factory.mktemp("list"), [b"0" * 40 + b":1"])
    file = BreachedFile(path)
    path.write_bytes(content)
    assert file.look_up("anything") in {NotSeen(), NotChecked(reason="unreadable_file")}


@pytest.mark.parametrize(
    ("lines", "broken"),
    [
        ([], BrokenList(line=1, reason="the file is empty")),
        ([b"0" * 40 + b":1", b"oops"], BrokenList(line=2, reason="not 40 hexadecimal digits, a colon and a count")),
        ([b"1" * 40 + b":1", b"0" * 40 + b":1"], BrokenList(line=2, reason="out of order, or there twice")),
        ([b"a" * 40 + b":1", b"A" * 40 + b":1"], BrokenList(line=2, reason="out of order, or there twice")),
    ],
)
def test_checking_names_the_first_broken_line(tmp_path: Path, lines: list[bytes], broken: BrokenList) -> None:
    assert check_hash_list(_written(tmp_path, lines)) == broken


def test_building_counts_and_normalises(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    assert build_hash_list(["ab", "ａb", "c"], path) == 2
    assert BreachedFile(path).look_up("ab") == Breached(times=2)
    assert [file.name for file in tmp_path.iterdir()] == ["list.txt"]


def test_ranges_are_joined_in_order_and_without_padding(tmp_path: Path) -> None:
    folder, path = tmp_path / "ranges", tmp_path / "list.txt"
    folder.mkdir()
    words = [f"word {number}" for number in range(300)]
    for word in words:
        found = hash_of(word)
        with (folder / f"{found[:5].decode()}.txt").open("ab") as file:
            file.write(found[5:] + b":2\r\n" + b"F" * 35 + b":0\r\n")
    (folder / "notes.txt").write_text("not a range")
    join_range_files(folder, path)
    assert check_hash_list(path) == SoundList(lines=300)
    assert {BreachedFile(path).look_up(word) for word in words} == {Breached(times=2)}


def test_a_broken_range_leaves_the_old_list_as_it_was(tmp_path: Path) -> None:
    folder, path = tmp_path / "ranges", _written(tmp_path, [b"0" * 40 + b":1"])
    folder.mkdir()
    (folder / "00000.txt").write_text("F" * 35 + ":1\n<html>\n")
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"^00000.txt holds a line"):
        join_range_files(folder, path)
    assert path.read_bytes() == before
    assert sorted(found.name for found in tmp_path.iterdir()) == ["breached.txt", "ranges"]


def test_the_short_list_knows_every_one_of_its_lines_whatever_the_capitals() -> None:
    known = WidelyUsed()
    for word in ("passwordpassword", "PASSWORDPASSWORD", "To be or not to be", "!@#$%^&*()_+qwer", "Welcome@123"):
        assert known.look_up(word) == Breached(times=None)
    assert {known.look_up(word) for word in ("", "# Passwords", "quietly harbour marmalade")} == {NotSeen()}


def test_the_tool_builds_and_checks(tmp_path: Path) -> None:
    source, target = tmp_path / "words.txt", tmp_path / "list.txt"
    source.write_bytes(b"one\r\ntwo\ntwo\n\xff\n")

    def tool(*arguments: str | Path) -> tuple[int, str, str]:
        command = [sys.executable, "-W", "error", "-m", "watchword_client.passwords", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    assert tool("build", source, target) == (0, "3 passwords\n", "")
    assert tool("check", target) == (0, "sound: 3 lines\n", "")
    assert BreachedFile(target).look_up("two") == Breached(times=2)
    assert tool("check", source) == (1, "", "line 1: not 40 hexadecimal digits, a colon and a count\n")
    assert tool("join", tmp_path / "nowhere", target)[0] == 1
