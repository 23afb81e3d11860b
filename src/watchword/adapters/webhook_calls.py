"""Calls servers of applications: each message is signed at the moment of its call (Standard Webhooks 1.0)."""

from collections.abc import Callable, Mapping
from typing import Final

from watchword.adapters.outward import Answer, OutwardClient, Unanswered
from watchword.domain.instant import SECOND_MS
from watchword.domain.webhook import CALL_TIMEOUT_S, CallResult, Endpoint
from watchword.domain.webhook_signature import signed_headers
from watchword.ports.clock import Clock

ANSWER_BYTES: Final = 4_096
"""What a receiver says besides its status interests nobody; a little is read so that its connection can be kept."""

_SLOWER: Final = frozenset({429, 503})
"""RFC 6585 §4 and RFC 9110 §15.6.4: the answers that a ``Retry-After`` belongs to."""
_DIGITS_AT_MOST: Final = 9


class SignedCaller:
    """Keeps ``ports.webhooks.WebhookCaller``."""

    def __init__(
        self,
        client: OutwardClient,
        clock: Clock,
        elapsed_ms: Callable[[], int],
        *,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> None:
        self._client = client
        self._clock = clock
        self._elapsed_ms = elapsed_ms
        self._timeout_s = timeout_s

    async def close(self) -> None:
        """Close the connections that are kept."""
        await self._client.aclose()

    async def call(self, endpoint: Endpoint, message_id: str, payload: str) -> CallResult:
        """Sign and post one message; any status is a result, and so is none."""
        body = payload.encode()
        signed = signed_headers(endpoint.secrets, message_id, self._clock.now() // SECOND_MS, body)
        began_ms = self._elapsed_ms()
        answer = await self._client.post(
            endpoint.url,
            reach=endpoint.reach,
            headers={"content-type": "application/json", "user-agent": "watchword-webhooks", **signed},
            body=body,
            timeout_s=self._timeout_s,
            answer_bytes=ANSWER_BYTES,
        )
        took_ms = max(0, self._elapsed_ms() - began_ms)
        match answer:
            case Answer(status=status, headers=received):
                return CallResult(status=status, error=None, took_ms=took_ms, wait_s=_wait_s(status, received))
            case Unanswered(trouble=trouble):
                return CallResult(status=None, error=trouble, took_ms=took_ms)


def _wait_s(status: int, headers: Mapping[str, str]) -> int | None:
    """Return the seconds of a ``Retry-After`` (RFC 9110 §10.2.3); the few who write a date there are tried as usual."""
    text = headers.get("retry-after", "")
    if status not in _SLOWER or not (text.isascii() and text.isdigit()):
        return None
    return int(text[:_DIGITS_AT_MOST])
