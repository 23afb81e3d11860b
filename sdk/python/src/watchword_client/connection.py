"""What both clients need to open a connection: the checked address, the checked key, and the limits of an answer."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

import httpx2

from watchword_client.answers import Action, UnavailableAllow, UnavailableDeny
from watchword_client.conversation import NoReply
from watchword_client.errors import ServiceUnavailable

OnUnavailable: TypeAlias = Literal["raise", "deny", "allow"]
"""What a store wants when Watchword cannot be asked. There is no default: it is the store's decision."""

ANSWER_BYTES = 4 * 1024 * 1024
"""The largest answer that is read: far above the largest page of a list, far below what would hurt."""
TIMEOUT_S = 2.0
"""The default for one call, retries included: longer than any decision takes, shorter than a customer's patience."""

_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the API is and with which key it is asked; refuses values that could never work."""

    base_url: str
    """Such as ``https://verify.shop.example``, with or without a path; without query."""
    secret_key: str = field(repr=False)
    timeout_s: float

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("base_url is an http or https address without query, such as https://verify.shop.example")
        if not self.secret_key.isascii() or not self.secret_key.isprintable() or " " in self.secret_key:
            raise ValueError("secret_key holds a character that no key has")
        if not self.secret_key:
            raise ValueError("secret_key is empty")
        if not self.timeout_s > 0:
            raise ValueError("timeout_s is above zero")

    def address(self, path: str) -> str:
        """Return the whole address of a path of the API."""
        return self.base_url.rstrip("/") + path


def no_reply(error: httpx2.TransportError) -> NoReply:
    """Say what a broken connection means for the call."""
    # The text of such an error may name the address with its user id; the kind says enough.
    return NoReply(reason=type(error).__name__, connected=not isinstance(error, _NEVER_SENT))


def check_on_unavailable(on_unavailable: str) -> None:
    """Refuse an unknown choice before anything is sent."""
    if on_unavailable not in {"raise", "deny", "allow"}:
        raise ValueError("on_unavailable is 'raise', 'deny' or 'allow'")


def instead_of_an_answer(
    error: ServiceUnavailable, on_unavailable: OnUnavailable
) -> Action | UnavailableDeny | UnavailableAllow:
    """Return what the store chose for this case, or raise the error again."""
    if on_unavailable == "deny":
        return UnavailableDeny(reason=error.reason, retry_after=error.retry_after)
    if on_unavailable == "allow":
        return UnavailableAllow(reason=error.reason, retry_after=error.retry_after)
    raise error
