"""Writes the first ``watchword.toml`` of a data folder: commented, complete, and never over an existing one.

The demo's names the logo of the demo store, so the pictures are written beside it.
"""

from importlib.resources import files
from pathlib import Path
from typing import Final

from watchword.domain.errors import ConfigurationError

DEMO_LOGOS: Final = ("fernwick.png", "fernwick-dark.png")
"""Made by ``tools/draw_demo_logo.py``."""


def write_default(path: Path) -> bool:
    """Write the settings of ``watchword dev`` unless the file exists. Return whether it was written.

    One application ``shop`` in test mode with the limits of the product, and every message to the inbox. Raises
    ``ConfigurationError`` where the folder cannot be written.
    """
    return _write("dev.toml", path)


def write_demo(path: Path) -> bool:
    """Write the settings of ``watchword demo`` unless the file exists. Return whether it was written.

    One application ``demo`` in test mode with limits and a brand of its own. Raises ``ConfigurationError`` where the
    folder cannot be written.
    """
    if not path.exists():
        # The pictures first: settings that name them must never be there without them.
        for name in DEMO_LOGOS:
            _write(name, path.with_name(name))
    return _write("demo.toml", path)


def _write(name: str, path: Path) -> bool:
    content = files("watchword.config").joinpath(name).read_bytes()
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigurationError((f"{path}: cannot be written: {error.strerror}",)) from None
    return True
