"""Reads a password from where it may stand: a variable or a file of its own, and never ``watchword.toml``."""

from pathlib import Path

from watchword.config.config_problems import Problems
from watchword.config.environment import PREFIX
from watchword.config.key_lines import KeyPath
from watchword.domain.secret import Secret


def read_password(
    password: str | None, password_file: str | None, table: KeyPath, folder: Path, problems: Problems
) -> Secret | None:
    """Return the password of a table, which names it in ``password`` or its file in ``password_file``."""
    if password is not None:
        if problems.origin_of((*table, "password")) is None:
            variable = PREFIX + "__".join((*table, "password")).upper()
            problems.add((*table, "password"), f"does not belong in this file: set {variable}, or name a password_file")
        if password_file is not None:
            problems.add((*table, "password_file"), "there is a password already; give one of the two")
        return Secret(password)
    if password_file is None:
        return None
    try:
        return Secret((folder / password_file).read_text(encoding="utf-8").rstrip("\r\n"))
    except OSError as error:
        problems.add((*table, "password_file"), f"cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        problems.add((*table, "password_file"), "is not UTF-8")
    return None
