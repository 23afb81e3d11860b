"""Amazon's notifications on their whole way: posted as Amazon posts them, into the status of the message."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from httpx2 import Response

from tests.adapters.amazon_signed import CONFIRM_URL, TOPIC, Web, confirmation, notification, signed
from tests.api.world import SHOP, World
from watchword.adapters.senders.amazon_notifications import AmazonTopic
from watchword.adapters.senders.amazon_sms import AmazonSmsKeys, AmazonSmsSender
from watchword.domain.contact import Channel
from watchword.domain.routes import Routes
from watchword.flow.deliver import deliver_once

MESSAGE_ID = "amazon-1"


class Calls:
    """Amazon's service, which takes everything."""

    def __init__(self) -> None:
        self.asked: list[Mapping[str, Any]] = []

    async def send(self, operation: str, **parameters: object) -> str:
        self.asked.append({"operation": operation, **parameters})
        return MESSAGE_ID

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def served(world: World, web: Web, calls: Calls) -> World:
    """Gives the API with End User Messaging for text messages."""
    sender = AmazonSmsSender(
        AmazonSmsKeys(region="eu-central-1", configuration_set="codes", topic_arn=TOPIC),
        calls,
        AmazonTopic(TOPIC, world.clock, web.fetch),
    )
    world.ports = replace(
        world.ports,
        senders={"amazon": sender},
        routes=Routes(orders={(SHOP, Channel.SMS, None): ("amazon",)}, receipt_within_s={"amazon": None}),
    )
    return world.beside()


async def _post(served: World, fields: Mapping[str, str]) -> Response:
    async with served.client("") as client:
        return await client.post(
            "/callbacks/amazon",
            content=json.dumps(fields).encode(),
            headers={"content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": fields["Type"]},
        )


async def _sent(served: World, calls: Calls) -> tuple[str, dict[str, Any]]:
    """Send a code, and give its challenge with an event of its delivery."""
    await served.register()
    action = await served.act()
    await deliver_once(served.ports, limit=1)
    [asked] = calls.asked
    event = {"eventType": "TEXT_DELIVERED", "messageId": MESSAGE_ID, "context": asked["Context"]}
    return action["challenge"]["id"], event


async def _status(served: World, challenge_id: str) -> str:
    status: str = (await served.get(f"/v1/challenges/{challenge_id}")).json()["delivery"]["status"]
    return status


async def test_what_amazon_signed_moves_the_message(served: World, calls: Calls) -> None:
    challenge_id, event = await _sent(served, calls)
    assert await _status(served, challenge_id) == "accepted"
    answer = await _post(served, signed(notification(event)))
    assert (answer.status_code, answer.content) == (204, b"")
    assert await _status(served, challenge_id) == "delivered"


async def test_amazon_s_own_id_is_enough_where_it_does_not_give_ours_back(served: World, calls: Calls) -> None:
    challenge_id, event = await _sent(served, calls)
    told = {"eventType": event["eventType"], "messageId": MESSAGE_ID}
    assert (await _post(served, signed(notification(told)))).status_code == 204
    assert await _status(served, challenge_id) == "delivered"


async def test_what_amazon_did_not_sign_changes_nothing(served: World, calls: Calls) -> None:
    challenge_id, event = await _sent(served, calls)
    answer = await _post(served, signed(notification(event)) | {"Message": json.dumps(event)[:-1] + " }"})
    assert (answer.status_code, answer.content) == (403, b"")
    assert await _status(served, challenge_id) == "accepted"


async def test_amazon_calls_again_while_its_certificate_cannot_be_had(served: World, calls: Calls, web: Web) -> None:
    challenge_id, event = await _sent(served, calls)
    web.is_away = True
    assert (await _post(served, signed(notification(event)))).status_code == 503
    web.is_away = False
    assert (await _post(served, signed(notification(event)))).status_code == 204
    assert await _status(served, challenge_id) == "delivered"


async def test_the_subscription_is_confirmed_by_a_call_of_amazon_s(served: World, web: Web) -> None:
    assert (await _post(served, signed(confirmation()))).status_code == 204
    assert web.asked[-1] == CONFIRM_URL
