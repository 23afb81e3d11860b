"""Calls Amazon's services in a few threads of its own, and says in our words what their refusals amount to."""

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)
from botocore.parsers import ResponseParserError

from watchword.domain.errors import DeliveryFailed
from watchword.domain.message import DeliveryStatus

THREADS: Final = 8
"""Calls at the same time; more wait for one of these to end."""
CALL_S: Final = 20.0
"""For one call in all, below the 30 s lease of a delivery."""
_CONNECT_S: Final = 3
_READ_S: Final = 10
_TOO_MANY: Final = 429
_THEIR_FAULT: Final = 500
_NOT_NOW: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "RequestLimitExceeded",
        "SignatureDoesNotMatch",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "UnrecognizedClientException",
    }
)
"""Says nothing about the message: too much at once, or credentials that are wrong or were not renewed."""
_UNREADABLE: Final = (ResponseParserError, LookupError, ValueError, TypeError, AttributeError, RecursionError)
"""What the library stumbles with over an answer that is not Amazon's."""
_BLOCKED: Final = frozenset(
    {
        "DESTINATION_COUNTRY_BLOCKED",
        "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION",
        "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE",
        "DESTINATION_PHONE_NUMBER_OPTED_OUT",
        "MessageRejected",
        "OptedOut",
        "OptedOutException",
    }
)
"""Codes, and the reasons that some services add to theirs, of messages that somebody does not want through."""


class AmazonCalls:
    """One of Amazon's services in one region; the credentials are found as every tool of Amazon's finds them."""

    def __init__(self, service: str, region: str, endpoint_url: str | None) -> None:
        self._service = service
        self._region = region
        self._endpoint_url = endpoint_url
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"amazon-{service}")
        self._opening = threading.Lock()
        self._client: Any = None

    async def send(self, operation: str, **parameters: object) -> str:
        """Hand a message over and return Amazon's id of it.

        Raises ``DeliveryFailed`` without Amazon's words, which may hold the address.
        """
        message_id = (await self._answer(operation, parameters)).get("MessageId")
        if not isinstance(message_id, str):
            raise DeliveryFailed("Amazon answered without an id", retryable=True)
        return message_id

    async def _answer(self, operation: str, parameters: Mapping[str, object]) -> Mapping[str, Any]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CALL_S):
                answer: Mapping[str, Any] = await loop.run_in_executor(self._threads, self._do, operation, parameters)
        except ClientError as error:
            raise _refusal(error.response) from None
        except ParamValidationError:
            raise DeliveryFailed("not what Amazon takes as an address or a text", retryable=False) from None
        except (ConnectTimeoutError, EndpointConnectionError, NoCredentialsError) as error:
            detail = f"nothing was handed to Amazon ({type(error).__name__})"
            raise DeliveryFailed(detail, retryable=True, certain=True) from None
        except (BotoCoreError, *_UNREADABLE) as error:
            # What cannot be read was answered by somebody else, or broke off: he may have the message.
            raise DeliveryFailed(f"no answer from Amazon ({type(error).__name__})", retryable=True) from None
        except TimeoutError as error:
            raise DeliveryFailed("Amazon did not answer in time", retryable=True) from error
        return answer

    async def close(self) -> None:
        """Begin no call any more; those that run end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _do(self, operation: str, parameters: Mapping[str, object]) -> Mapping[str, Any]:
        with self._opening:
            if self._client is None:
                self._client = self._open()
        answer: Mapping[str, Any] = getattr(self._client, operation)(**parameters)
        return answer

    def _open(self) -> Any:  # noqa: ANN401 the library makes its clients at run time
        """Open a client; finding credentials may ask the network, so it happens in a thread, at the first call."""
        config = Config(
            connect_timeout=_CONNECT_S,
            read_timeout=_READ_S,
            max_pool_connections=THREADS,
            # A repeat would reach the customer twice, and the outbox repeats what may be repeated.
            retries={"mode": "standard", "total_max_attempts": 1},
        )
        session = boto3.Session(region_name=self._region)
        return session.client(self._service, endpoint_url=self._endpoint_url, config=config)


def _refusal(response: Mapping[str, Any]) -> DeliveryFailed:
    code = str(response.get("Error", {}).get("Code", ""))
    reason = str(response.get("Reason") or "")
    http_status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    detail = f"Amazon answered {code or http_status}" + (f" ({reason})" if reason else "")
    if {code, reason} & _BLOCKED:
        return DeliveryFailed(detail, retryable=False, status=DeliveryStatus.BLOCKED)
    is_for_now = code in _NOT_NOW or http_status == _TOO_MANY or http_status >= _THEIR_FAULT
    retryable = is_for_now and reason != "ACCOUNT_DISABLED"
    return DeliveryFailed(detail, retryable=retryable, certain=http_status < _THEIR_FAULT)
