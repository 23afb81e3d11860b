"""The description of the API agrees with the structures and operations that serve it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.kit.languages import LANGUAGES
from watchword.api.actions import action_calls
from watchword.api.challenges import challenge_calls
from watchword.api.events import event_calls
from watchword.api.examples import ANSWERS, REQUESTS
from watchword.api.grants import grant_calls
from watchword.api.openapi import describe
from watchword.api.operation import Operation
from watchword.api.user_devices import device_calls
from watchword.api.user_requests import request_calls
from watchword.api.users import user_calls
from watchword.api.view_links import view_link_calls

ADDRESS = "https://verify.shop.example"
CALLS = (
    *(*user_calls(), *device_calls(), *request_calls(), *view_link_calls()),
    *(*action_calls(), *challenge_calls(LANGUAGES), *grant_calls(), *event_calls()),
)
OPERATIONS = tuple(call.operation for call in CALLS)
BY_NAME = {operation.name: operation for operation in OPERATIONS}
# Every call that the outside can rely on, word for word.
PROMISED = {
    "PUT /v1/users/{user_id}",
    "GET /v1/users/{user_id}",
    "DELETE /v1/users/{user_id}",
    "POST /v1/users/{user_id}/contacts/{contact_id}/confirmation",
    "PATCH /v1/users/{user_id}/contacts/{contact_id}",
    "POST /v1/users/{user_id}/view_links",
    "GET /v1/users/{user_id}/devices",
    "DELETE /v1/users/{user_id}/devices",
    "GET /v1/users/{user_id}/devices/{device_id}",
    "PATCH /v1/users/{user_id}/devices/{device_id}",
    "DELETE /v1/users/{user_id}/devices/{device_id}",
    "POST /v1/users/{user_id}/devices/distrust",
    "GET /v1/users/{user_id}/requests",
    "POST /v1/users/{user_id}/requests/{action_id}/dispute",
    "POST /v1/actions",
    "GET /v1/actions",
    "GET /v1/actions/{action_id}",
    "POST /v1/actions/{action_id}/feedback",
    "GET /v1/challenges/{challenge_id}",
    "POST /v1/challenges/{challenge_id}/deliveries",
    "POST /v1/challenges/{challenge_id}/attempts",
    "POST /v1/challenges/{challenge_id}/cancel",
    "POST /v1/challenges/{challenge_id}/claim",
    "POST /v1/grants/redeem",
    "GET /v1/events",
}


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    """The description as a reader gets it."""
    text = json.dumps(describe(OPERATIONS, version="1.2.3", address=ADDRESS))
    found: dict[str, Any] = json.loads(text)
    return found


def _every_part(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from _every_part(part)
    elif isinstance(value, list):
        for part in value:
            yield from _every_part(part)


def test_every_promised_call_is_described_and_no_other(description: dict[str, Any]) -> None:
    described = {f"{method.upper()} {path}" for path, methods in description["paths"].items() for method in methods}
    assert described == PROMISED


def test_is_openapi_3_1(description: dict[str, Any]) -> None:
    assert re.fullmatch(r"3\.1\.\d+", description["openapi"])
    assert {"title", "version"} <= description["info"].keys()
    assert description["servers"] == [{"url": ADDRESS}]


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    references = {part["$ref"] for part in _every_part(description) if "$ref" in part}
    assert references
    assert {reference.removeprefix("#/components/schemas/") for reference in references} <= schemas.keys()


def test_every_call_has_a_name_of_its_own_security_and_an_answer(description: dict[str, Any]) -> None:
    calls = [call for methods in description["paths"].values() for call in methods.values()]
    assert len({call["operationId"] for call in calls}) == len(calls)
    for call in calls:
        assert {"secretKey": []} in call["security"]
        assert any(status.startswith("2") for status in call["responses"])
        assert "401" in call["responses"]
        assert "503" in call["responses"]


def test_the_token_of_a_challenge_is_taken_by_four_calls_only(description: dict[str, Any]) -> None:
    with_token = {
        call["operationId"]
        for methods in description["paths"].values()
        for call in methods.values()
        if {"challengeToken": []} in call["security"]
    }
    assert with_token == {"getChallenge", "createDelivery", "createAttempt", "cancelChallenge"}


def test_every_part_of_an_address_is_a_parameter(description: dict[str, Any]) -> None:
    for path, methods in description["paths"].items():
        named = re.findall(r"\{(\w+)\}", path)
        for call in methods.values():
            in_path = [entry["name"] for entry in call["parameters"] if entry["in"] == "path"]
            assert in_path == named


def test_post_and_put_take_an_idempotency_key_and_nothing_else_does(description: dict[str, Any]) -> None:
    for methods in description["paths"].values():
        for method, call in methods.items():
            headers = [entry["name"] for entry in call["parameters"] if entry["in"] == "header"]
            assert headers == (["Idempotency-Key"] if method in {"post", "put"} else [])
            refusals = str(call["responses"])
            assert ("idempotency_mismatch" in refusals) is (method in {"post", "put"})
            assert ("idempotency_in_progress" in refusals) is (method in {"post", "put"})


def test_no_body_takes_unknown_fields(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    bodies = {name: schema for name, schema in schemas.items() if name.endswith("Body")}
    assert bodies
    for schema in bodies.values():
        assert schema["additionalProperties"] is False


def test_every_string_of_a_body_has_a_limit(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    bodies = [schema for name, schema in schemas.items() if name.endswith("Body")]
    texts = [part for part in _every_part(bodies) if part.get("type") == "string"]
    assert texts
    assert [part for part in texts if "maxLength" not in part] == []


def test_a_limit_is_described_with_its_header(description: dict[str, Any]) -> None:
    limited = description["paths"]["/v1/challenges/{challenge_id}/deliveries"]["post"]["responses"]["429"]
    assert limited["headers"]["Retry-After"]["required"] is True
    assert limited["content"]["application/problem+json"]["examples"]["resend_too_soon"]["value"]["retry_after"] > 0


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_an_example_of_a_request_is_one(name: str) -> None:
    body = BY_NAME[name].body
    assert body is not None
    msgspec.convert(REQUESTS[name], body)


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_an_example_of_an_answer_is_one(name: str) -> None:
    for shape in BY_NAME[name].answers.values():
        assert shape is not None
        assert not isinstance(shape, str)
        read = msgspec.convert(ANSWERS[name], shape)
        assert msgspec.to_builtins(read) == ANSWERS[name]


def test_every_body_has_an_example() -> None:
    with_body = {operation.name for operation in OPERATIONS if operation.body is not None}
    assert with_body == REQUESTS.keys()


def test_a_call_without_scope_needs_no_key() -> None:
    public = Operation(method="GET", path="/livez", name="isAlive", summary="Say whether it runs", answers={200: None})
    described: Any = describe([public], version="1", address=ADDRESS)
    assert described["paths"]["/livez"]["get"]["security"] == []
