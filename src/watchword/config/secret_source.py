"""Reads a secret from where it may stand: a variable or a file of its own, and never ``watchword.toml``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from watchword.config.config_problems import Problems
from watchword.config.environment import PREFIX
from watchword.config.key_lines import KeyPath
from watchword.domain.secret import Secret

FILE_ENDING: Final = "_file"
"""What is added to a key where it names the file of its secret."""


def read_secret(
    key: str, table: Mapping[str, object], path: KeyPath, folder: Path, problems: Problems
) -> Secret | None:
    """Return the secret of a key; the table under ``path`` holds it, or names its file under the key with ``_file``."""
    value, file = table.get(key), table.get(f"{key}{FILE_ENDING}")
    if isinstance(value, str):
        if problems.origin_of((*path, key)) is None:
            problems.add((*path, key), f"does not belong in this file: {where_to_set(key, path)}")
        if file is not None:
            problems.add((*path, f"{key}{FILE_ENDING}"), f"there is a {key} already; give one of the two")
        return Secret(value)
    return _read_file(folder / file, (*path, f"{key}{FILE_ENDING}"), problems) if isinstance(file, str) else None


def where_to_set(key: str, path: KeyPath) -> str:
    """Return where a secret may stand, as the end of a sentence."""
    variable = PREFIX + "__".join((*path, key)).upper()
    return f"set {variable}, or name a {key}{FILE_ENDING}"


def _read_file(file: Path, path: KeyPath, problems: Problems) -> Secret | None:
    try:
        return Secret(file.read_text(encoding="utf-8").rstrip("\r\n"))
    except OSError as error:
        problems.add(path, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        problems.add(path, "is not UTF-8")
    return None
