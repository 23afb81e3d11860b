"""Which passwords the store takes: what the client's judge says, with the words that are known of the customer."""

from collections.abc import Iterable

from starlette.requests import Request

from watchword.demo.shop import shop_of
from watchword_client.passwords import Accepted, in_english

OWN_WORDS = ("fernwick", "general", "store", "watchword")
"""Words that everybody here thinks of, whoever he is."""


async def weakness(request: Request, password: str, known: Iterable[str]) -> str | None:
    """Return why a password is not taken, as a sentence for the customer, or ``None``.

    ``known`` is what stands in the account. A list of breached passwords that does not answer closes the door too.
    """
    verdict = await shop_of(request).judge.judge(password, (*OWN_WORDS, *known))
    return None if isinstance(verdict, Accepted) else in_english(verdict)
