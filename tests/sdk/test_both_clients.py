"""Every call of both clients: what is sent, and what comes back."""

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

import anyio
import pytest

from tests.sdk import canned
from tests.sdk.canned import Canned, CannedServer, Json
from watchword_client import (
    ActionRequest,
    AsyncClient,
    BoundFields,
    Circumstances,
    Client,
    Contact,
    Decision,
    Money,
)

BOUND = BoundFields(
    type="purchase",
    user_id="u-42",
    amount=Money(value="1299.00", currency="USD"),
    payee="ACME Cameras",
    details={"items": 1, "new_shipping_address": True},
)
FROM = Circumstances(session_id="s-9", device_token="wd1", ip="203.0.113.7", return_url="https://shop.example/back")
PURCHASE = ActionRequest(bound=BOUND, circumstances=FROM, locale="en", summary="1 item", conceal=False)
BOUND_JSON: Json = {
    "type": "purchase",
    "user_id": "u-42",
    "amount": {"value": "1299.00", "currency": "USD"},
    "payee": "ACME Cameras",
    "details": {"items": 1, "new_shipping_address": True},
}
FROM_JSON: Json = {
    "session_id": "s-9",
    "device_token": "wd1",
    "ip": "203.0.113.7",
    "return_url": "https://shop.example/back",
}
CONTACT = Contact(channel_type="phone", address="+14155550123", confirmed_at=datetime(2026, 1, 2, tzinfo=UTC))
CONTACT_JSON: Json = {
    "channel_type": "phone",
    "address": "+14155550123",
    "confirmed_at": "2026-01-02T00:00:00Z",
    "preferred": False,
}
Doing: TypeAlias = Callable[[Client], object]

# What is done, what the server answers, and the request that must have been made.
CALLS: dict[str, tuple[Doing, Json, str, Json | None]] = {
    "users.put": (
        lambda client: client.users.put("u-42", [CONTACT], locale="en", grant="g", idempotency_key="k"),
        canned.USER,
        "PUT /v1/users/u-42",
        {"contacts": [CONTACT_JSON], "locale": "en", "grant": "g"},
    ),
    "users.get": (lambda client: client.users.get("a/b c"), canned.USER, "GET /v1/users/a%2Fb%20c", None),
    "users.delete": (lambda client: client.users.delete("u-42"), {}, "DELETE /v1/users/u-42", None),
    "users.confirm_contact": (
        lambda client: client.users.confirm_contact("u-42", "ctc_1", FROM, idempotency_key="k"),
        canned.CHALLENGE,
        "POST /v1/users/u-42/contacts/ctc_1/confirmation",
        FROM_JSON,
    ),
    "users.devices": (
        lambda client: client.users.devices("u-42", limit=5, cursor="c&d"),
        canned.page(canned.DEVICE),
        "GET /v1/users/u-42/devices?limit=5&cursor=c%26d",
        None,
    ),
    "users.delete_device": (
        lambda client: client.users.delete_device("u-42", "dev_1"),
        {},
        "DELETE /v1/users/u-42/devices/dev_1",
        None,
    ),
    "users.delete_devices": (
        lambda client: client.users.delete_devices("u-42"),
        {},
        "DELETE /v1/users/u-42/devices",
        None,
    ),
    "users.requests": (
        lambda client: client.users.requests("u-42"),
        canned.page(canned.REQUEST, canned.REFUSED),
        "GET /v1/users/u-42/requests",
        None,
    ),
    "users.rename_device": (
        lambda client: client.users.rename_device("u-42", "dev_1", "Kitchen tablet"),
        canned.KNOWN_DEVICE,
        "PATCH /v1/users/u-42/devices/dev_1",
        {"name": "Kitchen tablet"},
    ),
    "users.distrust_device": (
        lambda client: client.users.distrust_device("u-42", "dev_1"),
        canned.KNOWN_DEVICE,
        "PATCH /v1/users/u-42/devices/dev_1",
        {"trusted": False},
    ),
    "users.distrust_devices": (
        lambda client: client.users.distrust_devices("u-42", idempotency_key="k"),
        {"distrusted": 2},
        "POST /v1/users/u-42/devices/distrust",
        {},
    ),
    "users.prefer_contact": (
        lambda client: client.users.prefer_contact("u-42", "ctc_1"),
        canned.CONTACT,
        "PATCH /v1/users/u-42/contacts/ctc_1",
        {"preferred": True},
    ),
    "users.dispute_request": (
        lambda client: client.users.dispute_request("u-42", "act_1", idempotency_key="k"),
        canned.DISPUTE,
        "POST /v1/users/u-42/requests/act_1/dispute",
        {},
    ),
    "users.view_link": (
        lambda client: client.users.view_link(
            "u-42", page="devices", return_url="https://shop.example/back", locale="de", idempotency_key="k"
        ),
        canned.VIEW_LINK,
        "POST /v1/users/u-42/view_links",
        {"page": "devices", "return_url": "https://shop.example/back", "locale": "de"},
    ),
    "actions.create": (
        lambda client: client.actions.create(PURCHASE, on_unavailable="raise", idempotency_key="k"),
        canned.ACTION,
        "POST /v1/actions",
        BOUND_JSON | FROM_JSON | {"locale": "en", "summary": "1 item", "conceal": False},
    ),
    "actions.get": (lambda client: client.actions.get("act_1"), canned.RECORDED, "GET /v1/actions/act_1", None),
    "actions.list": (
        lambda client: client.actions.list("u-42", limit=2),
        canned.page(canned.RECORDED),
        "GET /v1/actions?user_id=u-42&limit=2",
        None,
    ),
    "actions.give_feedback": (
        lambda client: client.actions.give_feedback("act_1", "fraud", idempotency_key="k"),
        {},
        "POST /v1/actions/act_1/feedback",
        {"label": "fraud"},
    ),
    "challenges.get": (
        lambda client: client.challenges.get("chl_1"),
        canned.CHALLENGE,
        "GET /v1/challenges/chl_1",
        None,
    ),
    "challenges.send_code": (
        lambda client: client.challenges.send_code("chl_1", contact_id="ctc_1", channel="sms", idempotency_key="k"),
        canned.CHALLENGE,
        "POST /v1/challenges/chl_1/deliveries",
        {"contact_id": "ctc_1", "channel": "sms"},
    ),
    "challenges.attempt": (
        lambda client: client.challenges.attempt("chl_1", "123 456", trust_device=True, idempotency_key="k"),
        canned.OUTCOME,
        "POST /v1/challenges/chl_1/attempts",
        {"code": "123 456", "trust_device": True},
    ),
    "challenges.cancel": (
        lambda client: client.challenges.cancel("chl_1", "not_me", idempotency_key="k"),
        canned.CHALLENGE,
        "POST /v1/challenges/chl_1/cancel",
        {"reason": "not_me"},
    ),
    "challenges.claim": (
        lambda client: client.challenges.claim("chl_1", session_id="s-9", idempotency_key="k"),
        canned.CLAIM,
        "POST /v1/challenges/chl_1/claim",
        {"session_id": "s-9"},
    ),
    "grants.redeem": (
        lambda client: client.grants.redeem("g", BOUND, session_id="s-9", idempotency_key="k"),
        canned.REDEMPTION,
        "POST /v1/grants/redeem",
        {"grant": "g", "session_id": "s-9", "action": BOUND_JSON},
    ),
    "jwks": (lambda client: client.jwks(), {"keys": []}, "GET /.well-known/jwks.json", None),
}


@pytest.mark.parametrize("name", CALLS)
def test_sends_what_the_api_asks_for_and_both_clients_agree(server: CannedServer, client: Client, name: str) -> None:
    doing, answer, line, body = CALLS[name]
    server.will_answer(Canned(body=answer), Canned(body=answer))

    waited = doing(client)
    awaited = anyio.run(_in_the_async_client, server.url, doing)

    assert waited == awaited
    assert len(server.received) == 2
    for received in server.received:
        assert f"{received.method} {received.path}" == line
        assert (received.json() if received.body else None) == body
        assert received.headers["authorization"] == "Bearer wk_test_secret"
        assert received.headers.get("idempotency-key") == ("k" if received.method in {"POST", "PUT"} else None)


def test_covers_every_method_of_both_clients(server: CannedServer, client: Client) -> None:
    other = AsyncClient(base_url=server.url, secret_key="wk_test_secret")
    elsewhere = {"grants.check_early", "events.pages", "events.iterate"}

    assert _methods(client) == _methods(other) == (CALLS.keys() - {"jwks"}) | elsewhere


def test_walks_through_the_events_page_by_page(server: CannedServer, client: Client) -> None:
    pages = [
        Canned(body=canned.page(canned.EVENT, canned.EVENT | {"id": "evt_2"}, next_cursor="two")),
        Canned(body=canned.page(canned.EVENT | {"id": "evt_3"}, next_cursor="three")),
        Canned(body=canned.page(next_cursor="three")),
    ]
    server.will_answer(*pages, *pages)

    async def ids_awaited() -> list[str]:
        async with AsyncClient(base_url=server.url, secret_key="wk_test_secret") as other:
            return [event.id async for event in other.events.iterate(cursor="one", limit=2)]

    assert [event.id for event in client.events.iterate(cursor="one", limit=2)] == ["evt_1", "evt_2", "evt_3"]
    assert anyio.run(ids_awaited) == ["evt_1", "evt_2", "evt_3"]
    assert [received.path for received in server.received[:3]] == [
        "/v1/events?limit=2&cursor=one",
        "/v1/events?limit=2&cursor=two",
        "/v1/events?limit=2&cursor=three",
    ]


def test_reads_the_answer_to_an_action(server: CannedServer, client: Client) -> None:
    server.will_answer(Canned(status=201, body=canned.ACTION))

    action = client.actions.create(PURCHASE, on_unavailable="raise")

    assert action.decision is Decision.CHALLENGE
    assert action.challenge is not None
    assert action.challenge.contacts[0].channels == ("sms", "voice")
    assert action.challenge.expires_at == datetime(2026, 11, 20, 10, 10, tzinfo=UTC)
    assert action.risk is not None
    assert action.risk.terms[0].nats == 3.1
    assert action.advice[0].code == "contact_stale"


def test_a_recorded_action_gives_back_what_its_grant_is_bound_to(server: CannedServer, client: Client) -> None:
    server.will_answer(Canned(body=canned.RECORDED))

    assert client.actions.get("act_1").bound == BOUND


async def _in_the_async_client(url: str, doing: Doing) -> object:
    async with AsyncClient(base_url=url, secret_key="wk_test_secret") as client:
        # The twin has the same methods; what they return is awaited here.
        answer = doing(client)  # type: ignore[arg-type]  # the same names, checked by the test above
        return await answer if inspect.isawaitable(answer) else answer


def _methods(client: Client | AsyncClient) -> set[str]:
    groups = ("users", "actions", "challenges", "grants", "events")
    return {
        f"{group}.{name}"
        for group in groups
        for name, _ in inspect.getmembers(getattr(client, group), inspect.ismethod)
        if not name.startswith("_")
    }
