"""Whatever is sent, valid or not, gets an answer that the description knows, and none is a 500."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from anyio.from_thread import BlockingPortal, start_blocking_portal
from httpx2 import Response
from hypothesis import given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.result import Ok

from tests.api.world import ADDRESS_BASE, World, create_world
from tests.kit.languages import LANGUAGES
from watchword.api.actions import action_calls
from watchword.api.challenges import challenge_calls
from watchword.api.events import event_calls
from watchword.api.grants import grant_calls
from watchword.api.openapi import describe
from watchword.api.user_devices import device_calls
from watchword.api.user_requests import request_calls
from watchword.api.users import user_calls
from watchword.api.view_links import view_link_calls
from watchword.risk.policy import Policy

EXAMPLES_PER_CALL = 8
"""Few each, because there are many calls; enough in all to meet every kind of field wrongly filled."""
CALLS = (
    *(*user_calls(), *device_calls(), *request_calls(), *view_link_calls()),
    *(*action_calls(), *challenge_calls(LANGUAGES), *grant_calls(), *event_calls()),
)
SCHEMA = schemathesis.openapi.from_dict(describe([call.operation for call in CALLS], version="1", address=ADDRESS_BASE))
OPERATIONS: dict[str, APIOperation[Any, Any, Any, Any]] = {
    f"{found.ok().method.upper()} {found.ok().path}": found.ok()
    for found in SCHEMA.get_all_operations()
    if isinstance(found, Ok)
}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


class Served:
    """A world on a loop of its own, so that synchronous property tests can call it."""

    def __init__(self, portal: BlockingPortal, policy: Policy) -> None:
        self._portal = portal
        self._users = 0
        self._world: World = portal.call(lambda: create_world(policy, starts_per_hour=20))

    def seed(self) -> dict[str, str]:
        """Register a fresh user with everything that an address can name."""
        self._users += 1
        self._world.clock.move(seconds=86_400)  # every user has the same phone, and it is sent to
        found: dict[str, str] = self._portal.call(self._fill, f"u-{self._users}")
        return found

    async def _fill(self, user_id: str) -> dict[str, str]:
        user = await self._world.register(user_id)
        outcome = await self._world.approve(await self._world.act(user_id=user_id))
        action = await self._world.act(user_id=user_id)
        self._world.clock.move(seconds=3_600)
        fresh = await self._world.act(user_id=user_id)
        return {
            "user_id": user_id,
            "contact_id": user["contacts"][0]["id"],
            "device_id": outcome["device"]["id"],
            "action_id": action["id"],
            "challenge_id": fresh["challenge"]["id"],
        }

    def send(self, case: Case[Any]) -> Response:
        """Send a generated request exactly as it was generated, with a good key."""
        case.headers["Authorization"] = f"Bearer {self._world.keys['shop']}"
        prepared = requests.Request(**case.as_transport_kwargs(base_url=ADDRESS_BASE)).prepare()
        response: Response = self._portal.call(self._send, prepared)
        return response

    async def _send(self, prepared: requests.PreparedRequest) -> Response:
        body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
        headers = [(name, str(value)) for name, value in prepared.headers.items()]
        async with self._world.client("") as client:
            assert body is None or isinstance(body, bytes)
            return await client.request(str(prepared.method), str(prepared.url), content=body, headers=headers)


@pytest.fixture(scope="module")
def served(policy: Policy) -> Iterator[Served]:
    with start_blocking_portal() as portal:
        yield Served(portal, policy)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("ids", ["real", "any"])
@pytest.mark.parametrize("name", list(OPERATIONS))
def test_every_call_answers_anything_as_described(served: Served, name: str, ids: str, mode: GenerationMode) -> None:
    operation = OPERATIONS[name]
    seeded = served.seed()
    named = {part: seeded[part] for part in seeded if f"{{{part}}}" in operation.path}
    fixed: dict[str, Any] = {"path_parameters": named} if ids == "real" and named else {}

    @settings(max_examples=EXAMPLES_PER_CALL)
    @given(case=operation.as_strategy(generation_mode=mode, **fixed))
    def send_any(case: Case[Any]) -> None:
        if ids == "real" and mode is GenerationMode.POSITIVE and isinstance(case.body, dict) and "user_id" in case.body:
            # A new value: what was generated may be the example itself.
            good = {"user_id": seeded["user_id"], "type": "purchase", "return_url": None, "ip": None}
            case.body = {**case.body, **good}
        response = served.send(case)
        case.validate_response(response, checks=[*CHECKS, negative_data_rejection])

    send_any()
