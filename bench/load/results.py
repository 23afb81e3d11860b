"""Keeps what was measured in a folder, so that a run that was cut off goes on where it stopped."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_RUNNING: Final = "run"
_FINISHED: Final = "finished"


def commit() -> str:
    """Return the commit that is measured."""
    return subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What one run of the measurement has found so far, as files of JSON."""

    folder: Path

    def begin(self, run: Mapping[str, Any]) -> None:
        """Keep earlier results where they are of the same unfinished run, and forget them otherwise."""
        earlier = self.kept(_RUNNING)
        if earlier is None or any(earlier.get(name) != value for name, value in run.items()):
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            self.keep(_RUNNING, run)

    def add(self, **told: object) -> None:
        """Add something that is true of the whole run."""
        self.keep(_RUNNING, {**(self.kept(_RUNNING) or {}), **told})

    def finish(self) -> None:
        """Note that the run reached its end: the next one begins anew."""
        (self.folder / f"{_RUNNING}.json").rename(self.folder / f"{_FINISHED}.json")

    def run(self) -> dict[str, Any]:
        """Return what is true of the whole run, which goes on or has reached its end."""
        return self.kept(_RUNNING) or self.kept(_FINISHED) or {}

    def keep(self, name: str, record: Mapping[str, Any]) -> None:
        """Keep a record under a name."""
        (self.folder / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")

    def kept(self, name: str) -> dict[str, Any] | None:
        """Return the record of this name, if there is one."""
        path = self.folder / f"{name}.json"
        return json.loads(path.read_text()) if path.exists() else None
