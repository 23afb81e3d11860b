"""The program of one serving process of several: ``watchword serve --workers N`` starts it, and nobody types it."""

import sys
from collections.abc import Sequence
from pathlib import Path

from watchword.bootstrap.serving import run_member
from watchword.cli.failing import FORESEEN, MISUSED, explain
from watchword.config.loading import load_settings
from watchword.config.settings import Situation


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop, and return the exit code.

    The arguments are the settings, the folder of the metrics that all share, and two descriptors: of the socket that
    all listen on, and of the way to the process that started this one.
    """
    match arguments:
        case [config, shared_metrics, listening, pair] if listening.isdecimal() and pair.isdecimal():
            pass
        case _:
            return MISUSED
    try:
        settings = load_settings(Path(config), situation=Situation.SERVE)
        run_member(settings, listening=int(listening), pair=int(pair), shared_metrics=Path(shared_metrics))
    except FORESEEN as error:
        return explain(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
