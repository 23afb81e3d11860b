"""What the senders of Amazon's have in common: keys, what may be wrong with them, and the way to the services."""

import re
from collections.abc import Iterable
from typing import Annotated, Final, Protocol

from msgspec import Meta

from watchword.adapters.senders.extra_library import needing
from watchword.domain.loopback import is_loopback

Region = Annotated[str, Meta(min_length=1, max_length=32, description="Amazon's region, such as `eu-central-1`.")]
EndpointUrl = Annotated[
    str | None, Meta(description="Another address of the service, such as an endpoint inside your network.")
]
ConfigurationSet = Annotated[
    str | None,
    Meta(description="Configuration set of the messages; its event destination is the topic `topic_arn`."),
]
TopicArn = Annotated[
    str | None,
    Meta(
        description="Topic of Amazon SNS that is subscribed to this sender's `/callbacks/` address by HTTPS; without "
        "it nothing is heard of a message that was taken."
    ),
]
_REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
_TOPIC: Final = re.compile(r"arn:aws(?:-[a-z-]+)?:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")


class Calls(Protocol):
    """One of Amazon's services."""

    async def send(self, operation: str, **parameters: object) -> str:
        """Hand a message over by an operation and return the service's id of it; raises ``DeliveryFailed``."""
        ...

    async def close(self) -> None:
        """Begin no call any more."""
        ...


def open_calls(service: str, region: str, endpoint_url: str | None) -> Calls:
    """Return a service that connects at its first call; raises ``ConfigurationError`` without Amazon's library."""
    with needing("aws", "boto3", "botocore"):
        # The library is an extra: only a server that has such a sender imports it.
        from watchword.adapters.senders.amazon_calls import AmazonCalls  # noqa: PLC0415 only a server that needs it
    return AmazonCalls(service, region, endpoint_url)


def place_problems(region: str, endpoint_url: str | None, topic_arn: str | None) -> Iterable[tuple[str, str]]:
    """Return what is wrong with a region, an endpoint or a topic."""
    if not _REGION.fullmatch(region):
        yield "region", "is no region of Amazon's, such as eu-central-1"
    if endpoint_url is not None and not _is_safe(endpoint_url):
        yield "endpoint_url", "is no https address (http is for loopback only)"
    if topic_arn is not None and not _TOPIC.fullmatch(topic_arn):
        yield "topic_arn", "is no ARN of a topic of Amazon SNS"


def _is_safe(url: str) -> bool:
    found = re.fullmatch(r"(https?)://(\[[0-9a-f:]+\]|[^/:@\s]+)(:\d+)?(/\S*)?", url)
    return found is not None and (found[1] == "https" or is_loopback(found[2].strip("[]")))
