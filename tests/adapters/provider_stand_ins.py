"""What stands in for a provider on loopback: answers in JSON, and answers that end before they should."""

import json
from asyncio import StreamWriter
from dataclasses import replace
from typing import Any

from tests.adapters.envelopes import an_envelope
from tests.adapters.receiver import Behaviour, answering
from watchword.domain.contact import Channel
from watchword.domain.message import Envelope

NUMBER = "+4915112345678"


def json_answer(code: int, found: object, more: bytes = b"") -> Behaviour:
    """Give a behaviour that answers with JSON."""
    body = json.dumps(found).encode()
    return answering(b"HTTP/1.1 %d Word\r\ncontent-length: %d\r\n%s\r\n" % (code, len(body), more) + body)


def breaking_off(text: bytes) -> Behaviour:
    """Give a behaviour that writes the beginning of an answer and goes away."""

    async def answer(writer: StreamWriter) -> None:
        writer.write(text)
        await writer.drain()
        writer.close()

    return answer


def a_text_message(channel: Channel = Channel.SMS, **fields: Any) -> Envelope:
    """Give a message to a phone; ``fields`` are those of the envelope."""
    envelope = an_envelope(to=NUMBER, channel=channel, subject=None, html=None)
    return replace(envelope, **({"locale": "de-AT"} | fields))
