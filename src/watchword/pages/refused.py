"""Why a page is refused before anything is done, as an error that the page layer answers with a page."""

from enum import StrEnum
from typing import Final


class Why(StrEnum):
    """The refusals that belong to pages alone; each is a key of the texts (``refused.…``)."""

    UNKNOWN = "unknown"
    ELSEWHERE = "elsewhere"
    COOKIES = "cookies"
    FORM = "form"
    LARGE = "large"
    KIND = "kind"
    CLOSED = "closed"


STATUS: Final = {
    Why.UNKNOWN: 404,
    Why.ELSEWHERE: 403,
    Why.COOKIES: 403,
    Why.FORM: 403,
    Why.LARGE: 413,
    Why.KIND: 415,
    Why.CLOSED: 404,
}


class PageRefused(Exception):
    """The request was not taken, and nothing was evaluated or changed."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why
