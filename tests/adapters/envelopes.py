"""Rendered messages on their way to a sender."""

from watchword.domain.contact import Channel
from watchword.domain.ids import ApplicationId, ChallengeId, DeliveryId
from watchword.domain.instant import Instant
from watchword.domain.message import Envelope, RenderedMessage
from watchword.domain.secret import Secret

NOON = Instant(1_795_348_800_000)
"""2026-11-22T12:00:00Z."""


def an_envelope(
    *,
    delivery_id: str = "dlv_1",
    to: str = "ada@home.example",
    brand: str = "Example Shop",
    channel: Channel = Channel.EMAIL,
    subject: str | None = "012345 is your Example Shop code",
    text: str = "012345 is your Example Shop code to sign in.\n",
    html: str | None = "<!DOCTYPE html><html lang='en'><body><p>012345</p></body></html>",
    is_code: bool = True,
    challenge_id: str | None = "chl_1",
) -> Envelope:
    return Envelope(
        delivery_id=DeliveryId(delivery_id),
        application_id=ApplicationId("shop"),
        brand=brand,
        channel=channel,
        to=Secret(to),
        is_code=is_code,
        challenge_id=None if challenge_id is None else ChallengeId(challenge_id),
        message=RenderedMessage(subject=subject, text=text, html=html),
    )
