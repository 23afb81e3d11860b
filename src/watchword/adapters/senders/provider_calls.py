"""Posts to providers over HTTP, and turns what no provider means in a way of its own into ``DeliveryFailed``.

An answer is read to 64 KiB, no redirect is followed, and nothing of a provider's text is passed on: he may quote an
address or the message in it.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final

import msgspec

from watchword.adapters.outward import Answer, OutwardClient, Trouble, Unanswered
from watchword.domain.errors import DeliveryFailed
from watchword.domain.instant import SECOND_MS
from watchword.domain.loopback import is_loopback
from watchword.domain.message import DeliveryStatus
from watchword.domain.reach import PUBLIC_PORTS, Reach, is_public
from watchword.domain.web_target import Target, read_target

CALL_S: Final = 20.0
"""For one call in all; the worker gives up sooner where there is another sender to ask."""
_TAKEN: Final = range(200, 300)
_THROTTLED: Final = 429
_SERVER_ERROR: Final = range(500, 600)
_RETRY_AFTER_S_MOST: Final = 3_600
_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


class ProviderClient:
    """Posts to one provider, with connections of its own that are kept for the next message."""

    def __init__(
        self, outward: OutwardClient, base_url: str, *, reach: Reach | None = None, call_s: float = CALL_S
    ) -> None:
        self._outward = outward
        self._base_url = base_url
        self._reach = reach_of(base_url) if reach is None else reach
        self._call_s = call_s

    async def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return the answer; raises ``DeliveryFailed`` where there is none, or where it broke off."""
        answer = await self._outward.post(
            f"{self._base_url.rstrip('/')}{path}" if path else self._base_url,
            reach=self._reach,
            headers={"accept": "application/json", "user-agent": "watchword", **headers},
            body=body,
            timeout_s=self._call_s,
        )
        if isinstance(answer, Unanswered):
            raise DeliveryFailed(
                f"the provider did not answer ({answer.trouble})",
                retryable=answer.trouble is not Trouble.ADDRESS_REFUSED,
                certain=not answer.may_have_arrived,
            )
        if not answer.is_whole:
            # He may have the message. The customer may have nothing: twice the same code is the lesser evil.
            raise DeliveryFailed("the provider's answer broke off", retryable=True)
        return answer

    async def close(self) -> None:
        """Close the connections."""
        await self._outward.aclose()


def reach_of(base_url: str) -> Reach:
    """Return how far inside the network the operator's address of a provider leads: to loopback where it says so."""
    target = read_target(base_url)
    return Reach.THIS_MACHINE if target is not None and is_loopback(target.host) else Reach.PUBLIC


def base_url_problem(url: str) -> str | None:
    """Return why a provider's address cannot be used, or None: https at a public port, or loopback."""
    target = read_target(url)
    if target is None:
        return "is no address such as https://api.example.com"
    if is_loopback(target.host):
        return None
    return "must be https; http is for loopback only" if target.scheme == "http" else not_public_problem(target)


def not_public_problem(target: Target) -> str | None:
    """Return why an address is none of the public internet that we call, as far as it can be seen without a look-up."""
    if target.port not in PUBLIC_PORTS:
        return f"must be on port {' or '.join(map(str, sorted(PUBLIC_PORTS)))}"
    try:
        return None if is_public(ip_address(target.host)) else "is not an address of the public internet"
    except ValueError:
        return None


def is_taken(answer: Answer) -> bool:
    """Whether the provider says that it took the message."""
    return answer.status in _TAKEN


def read_object(answer: Answer) -> Mapping[str, object]:
    """Return the object that an answer holds; raises ``DeliveryFailed`` where it is no JSON object.

    Whoever answers with something else is not the provider: a gateway on the way, or his error page.
    """
    found = object_in(answer.body)
    if found is None:
        raise DeliveryFailed(
            f"the provider's answer {answer.status} cannot be read",
            retryable=is_taken(answer) or answer.status in _SERVER_ERROR or answer.status == _THROTTLED,
        )
    return found


def object_in(body: bytes) -> Mapping[str, object] | None:
    """Return the JSON object that a body is, or None."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def retry_after_ms(answer: Answer) -> int | None:
    """Return how long a provider asks to be left alone (RFC 9110 §10.2.3, in seconds), up to an hour."""
    text = answer.headers.get("retry-after", "").strip()
    return min(int(text), _RETRY_AFTER_S_MOST) * SECOND_MS if _SECONDS.fullmatch(text) else None


def refusal(answer: Answer, detail: str) -> DeliveryFailed:
    """Return what an answer amounts to that says no and nothing more that is known to us.

    Too many calls and errors of the server pass; anything else would be refused again. Only a 5xx leaves open whether
    the message was taken.
    """
    after_ms = retry_after_ms(answer)
    if answer.status == _THROTTLED:
        return DeliveryFailed(detail, retryable=True, certain=True, retry_after_ms=after_ms)
    if answer.status in _SERVER_ERROR:
        return DeliveryFailed(detail, retryable=True, certain=False, retry_after_ms=after_ms)
    return DeliveryFailed(detail, retryable=False, status=DeliveryStatus.UNDELIVERED)


def text_of(found: Mapping[str, object], key: str) -> str | None:
    """Return a text of an object, a number among them as its digits; None for what is neither or too long."""
    value = found.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and 0 < len(value) <= _TEXT_CHARACTERS and value.isprintable() else None


_TEXT_CHARACTERS: Final = 200
