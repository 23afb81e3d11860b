"""Lists the repository's own files, so that the tidy tests read the same set as git; it knows no rule."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What a tool wrote; its words are not ours.
GENERATED = ("requirements.lock", "requirements-dev.lock")


@cache
def own_files() -> tuple[Path, ...]:
    """Gives every file that is committed, or would be by the next commit of everything."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = (ROOT / name for name in listing.stdout.decode().split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


def with_suffix(*suffixes: str) -> tuple[Path, ...]:
    """Gives the own files that end in one of these suffixes."""
    return tuple(path for path in own_files() if path.suffix in suffixes)


def sources() -> tuple[Path, ...]:
    """Gives the modules that are shipped: those of the server and those of the client."""
    folders = (ROOT / "src", ROOT / "sdk" / "python" / "src")
    return tuple(path for path in with_suffix(".py") if any(path.is_relative_to(folder) for folder in folders))


@cache
def texts() -> dict[Path, str]:
    """Gives the content of every own file that is text and was not written by a tool."""
    contents = {}
    for path in own_files():
        data = path.read_bytes()
        if path.name not in GENERATED and b"\0" not in data:
            contents[path] = data.decode()
    return contents


def shown(path: Path) -> str:
    """Names a file the way git does."""
    return path.relative_to(ROOT).as_posix()
