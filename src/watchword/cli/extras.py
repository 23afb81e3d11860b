"""What a server does without: the client and the demo's own needs, which only ``demo`` and ``tour`` import."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from watchword.cli.failing import CommandFailed

_EXTRAS: Final = frozenset({"watchword_client", "zxcvbn"})


@contextmanager
def needing_extras() -> Generator[None, None, None]:
    """Turn the import of something that is not installed into words."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        raise CommandFailed(
            f"demo and tour need {error.name}, which is not installed",
            hint="pip install 'watchword[demo]' watchword-client",
        ) from None
