"""The key file: 0600 or refused, whole or not there, and errors that name the place and never a key."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.clock_and_chance import SeededEntropy
from watchword.adapters.key_file import (
    KeyTable,
    create_key_file,
    draw_key,
    read_key_file,
    read_table,
    replace_key_file,
    write_table,
)
from watchword.domain.errors import ConfigurationError
from watchword.domain.instant import Instant

NOW = Instant(1_790_000_000_123)


def _table(seed: int) -> KeyTable:
    entropy = SeededEntropy(seed)
    index, mac, sealing, signing = (draw_key(entropy, NOW) for _ in range(4))
    return KeyTable(index=index, mac=(mac,), sealing=(sealing,), signing=(signing,))


TABLE = _table(1)
TEXT = write_table(TABLE)


def test_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    assert create_key_file(path, TABLE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_table(read_key_file(path), source="keys.toml") == TABLE


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    assert create_key_file(path, TABLE)
    assert not create_key_file(path, _table(2))
    assert read_table(read_key_file(path), source="keys.toml") == TABLE


def test_replacing_keeps_the_mode_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    create_key_file(path, TABLE)
    replace_key_file(path, _table(2))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_table(read_key_file(path), source="keys.toml") == _table(2)
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys.toml"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.toml"
    create_key_file(path, TABLE)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match=rf"others than its owner .*mode {mode:04o}.*chmod 600"):
        read_key_file(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"keys\.toml: the key file cannot be read: No such file"):
        read_key_file(tmp_path / "keys.toml")


def test_a_folder_is_no_key_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_key_file(tmp_path)


@pytest.mark.parametrize("write", [create_key_file, replace_key_file])
def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path, write: Callable[[Path, KeyTable], object]) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written: No such file"):
        write(tmp_path / "missing" / "keys.toml", TABLE)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("version = ", "keys: this is not TOML: "),
        ("", "keys: version must be 1"),
        (TEXT.replace("version = 1", "version = 2"), "keys: version must be 1"),
        (TEXT.replace("[[mac]]", "[[maac]]"), "keys: there is no table maac among keys"),
        ("version = 1", "keys: there is no key in index"),
        (TEXT.partition("[[signing]]")[0], "keys: there is no key in signing"),
        (TEXT.replace("[index]", "[[index]]"), "keys: index[0]: this is not a table"),
        (TEXT.replace(f'id = "{TABLE.mac[0].id}"', 'id = "short"'), "keys: mac[0]: id is 8 lower-case"),
        (TEXT.replace("created_at = 20", 'created_at = "2026" #'), "keys: index[0]: created_at is a time"),
        (TEXT.replace("+00:00", ""), "keys: index[0]: created_at is a time with its zone"),
        (TEXT.replace('key = "', 'key = "AAAA'), "keys: index[0]: key is 32 bytes in base64url"),
        (TEXT.replace('key = "', 'key = "€'), "keys: index[0]: key is 32 bytes in base64url"),
        (TEXT.replace("created_at", "retired_at = 2026-01-01T00:00:00Z\ncreated_at", 1), "a key has no field retired"),
        (
            TEXT + "\n[[mac]]" + TEXT.partition("[[mac]]")[2].partition("[[")[0],
            "keys: two keys in mac have the same id",
        ),
    ],
)
def test_says_what_is_wrong_and_shows_no_key(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_table(text, source="keys")
    assert problem in str(refused.value)
    assert refused.value.__cause__ is None
    assert not any(
        line.partition(' = "')[2][:20] in str(refused.value) for line in TEXT.splitlines() if "key = " in line
    )
