"""Writes the first ``watchword.toml`` of a data folder: commented, complete, and never over an existing one."""

from importlib.resources import files
from pathlib import Path

from watchword.domain.errors import ConfigurationError


def write_default(path: Path) -> bool:
    """Write the settings of ``watchword dev`` unless the file exists. Return whether it was written.

    One application ``shop`` in test mode with the limits of the product, and every message to the inbox. Raises
    ``ConfigurationError`` where the folder cannot be written.
    """
    return _write("dev.toml", path)


def write_demo(path: Path) -> bool:
    """Write the settings of ``watchword demo`` unless the file exists. Return whether it was written.

    One application ``demo`` in test mode with limits of its own. Raises ``ConfigurationError`` where the folder cannot
    be written.
    """
    return _write("demo.toml", path)


def _write(name: str, path: Path) -> bool:
    text = files("watchword.config").joinpath(name).read_text(encoding="utf-8")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigurationError((f"{path}: cannot be written: {error.strerror}",)) from None
    return True
