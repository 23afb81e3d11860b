"""What happens when Watchword cannot be asked: the store's own choice, and never an approval by accident."""

import socket
from collections.abc import Iterator

import anyio
import pytest

from tests.sdk import canned
from tests.sdk.canned import Canned, CannedServer, Dropped, Held, problem
from watchword_client import (
    Action,
    ActionRequest,
    AsyncClient,
    BoundFields,
    Client,
    Decision,
    LimitReached,
    ServiceUnavailable,
    UnavailableAllow,
    UnavailableDeny,
)

SIGN_IN = ActionRequest(bound=BoundFields(type="sign_in", user_id="u-42"))


@pytest.fixture
def nobody() -> Iterator[Client]:
    """Return a client whose server does not exist."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Client(base_url=f"http://127.0.0.1:{port}", secret_key="wk_test_secret", timeout_s=0.2) as client:
        yield client


def test_raises_where_the_store_chose_raise(nobody: Client) -> None:
    with pytest.raises(ServiceUnavailable) as caught:
        nobody.actions.create(SIGN_IN, on_unavailable="raise")

    assert caught.value.code == "no_connection"
    assert "wk_test" not in str(caught.value)


def test_denies_where_the_store_chose_deny(nobody: Client) -> None:
    answer = nobody.actions.create(SIGN_IN, on_unavailable="deny")

    assert isinstance(answer, UnavailableDeny)
    assert answer.decision is Decision.DENY


def test_allows_only_in_a_form_that_is_no_approval(nobody: Client) -> None:
    answer = nobody.actions.create(SIGN_IN, on_unavailable="allow")

    assert isinstance(answer, UnavailableAllow)
    assert not issubclass(type(answer), Action)
    assert not hasattr(answer, "decision")
    assert not hasattr(answer, "grant")
    with pytest.raises(TypeError):
        bool(answer)


def test_wants_the_choice_made(nobody: Client) -> None:
    with pytest.raises(TypeError):
        nobody.actions.create(SIGN_IN)  # type: ignore[call-overload]  # the call that must not work
    with pytest.raises(ValueError, match="on_unavailable"):
        nobody.actions.create(SIGN_IN, on_unavailable="permit")  # type: ignore[call-overload]  # as above


def test_does_not_take_a_refusal_for_an_outage(server: CannedServer, client: Client) -> None:
    server.will_answer(problem(429, "too_many_challenges", retry_after=60))

    with pytest.raises(LimitReached):
        client.actions.create(SIGN_IN, on_unavailable="allow")


def test_takes_a_fault_of_the_server_for_an_outage(server: CannedServer, client: Client) -> None:
    server.will_answer(problem(500, "internal"))

    assert isinstance(client.actions.create(SIGN_IN, on_unavailable="deny"), UnavailableDeny)


def test_gives_up_on_a_server_that_does_not_answer(server: CannedServer) -> None:
    server.will_answer(Held(), Held())

    async def awaited() -> object:
        async with AsyncClient(base_url=server.url, secret_key="wk_test_secret", timeout_s=0.1) as client:
            return await client.actions.create(SIGN_IN, on_unavailable="deny")

    with Client(base_url=server.url, secret_key="wk_test_secret", timeout_s=0.1) as client:
        assert isinstance(client.actions.create(SIGN_IN, on_unavailable="deny"), UnavailableDeny)
    assert isinstance(anyio.run(awaited), UnavailableDeny)


def test_repeats_a_lost_answer_with_the_same_key_and_body(server: CannedServer, client: Client) -> None:
    busy = problem(503, "storage_unavailable", retry_after=0)
    server.will_answer(Dropped(), busy, Canned(status=201, body=canned.ALLOWED))

    answer = client.actions.create(SIGN_IN, on_unavailable="raise")

    assert answer.decision is Decision.ALLOW
    assert len(server.received) == 3
    assert len({received.headers["idempotency-key"] for received in server.received}) == 1
    assert len({received.body for received in server.received}) == 1


def test_repeats_a_lost_answer_in_the_async_client_too(server: CannedServer) -> None:
    server.will_answer(Dropped(), problem(503, "busy", retry_after=0), Canned(status=201, body=canned.ALLOWED))

    async def awaited() -> Action:
        async with AsyncClient(base_url=server.url, secret_key="wk_test_secret") as client:
            return await client.actions.create(SIGN_IN, on_unavailable="raise")

    assert anyio.run(awaited).decision is Decision.ALLOW
    assert len({received.headers["idempotency-key"] for received in server.received}) == 1


def test_uses_another_key_for_another_call(server: CannedServer, client: Client) -> None:
    server.will_answer(Canned(body=canned.ALLOWED), Canned(body=canned.ALLOWED))

    client.actions.create(SIGN_IN, on_unavailable="raise")
    client.actions.create(SIGN_IN, on_unavailable="raise")

    assert server.received[0].headers["idempotency-key"] != server.received[1].headers["idempotency-key"]
