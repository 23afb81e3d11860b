"""Says which extra to install where a kind of sender needs a library that is not there."""

from collections.abc import Generator
from contextlib import contextmanager

from watchword.domain.errors import ConfigurationError


@contextmanager
def needing(extra: str, *libraries: str) -> Generator[None, None, None]:
    """Turn a missing library of these import names into ``ConfigurationError``; another missing module is a defect."""
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in libraries:
            raise
        problem = f"such a sender needs {missing}, which is not installed: pip install 'watchword[{extra}]'"
        raise ConfigurationError((problem,)) from None
