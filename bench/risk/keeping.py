"""Keeps what a round came to, so that a measurement that was interrupted goes on where it stopped.

A result belongs to the code that made it: change a line of the model or of the measurement, and it is played again.
"""

import pickle
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

Result = TypeVar("Result")

FOLDER: Final = Path("build/bench-risk")
_ROOT: Final = Path(__file__).resolve().parents[2]
_MEASURING: Final = ("src/watchword/risk", "src/watchword/domain", "bench/risk")
_TELLING: Final = (
    "page",
    "percents",
    "charts",
    "demands",
    "figure",
    "further_tables",
    "measurement",
    "resampling",
    "file_measurement",
    "rba_file",
    "keeping",
    "__main__",
)
"""Begins the names of modules that only work on what the rounds came to."""


def kept(folder: Path, piece: Callable[..., Result], arguments: tuple[object, ...]) -> Result:
    """Return what a piece of work comes to, from the folder if it was done before by the same code."""
    name = sha256(f"{_code()} {piece.__name__} {arguments!r}".encode()).hexdigest()[:32]
    path = folder / f"{name}.pickle"
    if path.exists():
        result: Result = pickle.loads(path.read_bytes())  # noqa: S301 written by this very function
        return result
    result = piece(*arguments)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_bytes(pickle.dumps(result))
    unfinished.replace(path)
    return result


@cache
def _code() -> str:
    digest = sha256()
    for folder in _MEASURING:
        for path in sorted((_ROOT / folder).rglob("*.py")):
            if not (folder == "bench/risk" and (path.parent.name != "risk" or path.stem.startswith(_TELLING))):
                digest.update(path.read_bytes())
    return digest.hexdigest()
