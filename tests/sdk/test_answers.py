"""How answers are read: forward compatible, strict about what is promised, and silent about secrets."""

from collections.abc import Mapping

import pytest

from tests.sdk import canned
from tests.sdk.canned import Canned, CannedServer, Json, problem
from watchword_client import (
    ActionRequest,
    BadRequest,
    BoundFields,
    Client,
    Conflict,
    Gone,
    LimitReached,
    NotAuthorized,
    NotFound,
    Problem,
    ServiceUnavailable,
    Unprocessable,
    UnreadableAnswer,
)

SIGN_IN = ActionRequest(bound=BoundFields(type="sign_in", user_id="u-42"))


def test_ignores_fields_of_a_newer_server(server: CannedServer, client: Client) -> None:
    newer: Json = canned.ACTION | {"challenge": canned.CHALLENGE | {"mood": "sunny"}, "weather": [1, {"a": None}]}
    server.will_answer(Canned(body=canned.ACTION), Canned(body=newer))

    old = client.actions.create(SIGN_IN, on_unavailable="raise")
    assert client.actions.create(SIGN_IN, on_unavailable="raise") == old


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({name: value for name, value in canned.ACTION.items() if name != "id"}, "POST answer.id"),
        ({name: value for name, value in canned.ACTION.items() if name != "reasons"}, "POST answer.reasons"),
        (canned.ACTION | {"challenge": canned.CHALLENGE | {"expires_at": "soon"}}, "POST answer.challenge.expires_at"),
        (canned.ACTION | {"challenge": canned.CHALLENGE | {"attempts_left": "5"}}, "challenge.attempts_left"),
        (canned.ACTION | {"reasons": [{"rule": "r"}]}, "POST answer.reasons[0].text"),
        (canned.ACTION | {"challenge": []}, "POST answer.challenge"),
    ],
)
def test_names_what_is_missing_or_wrong(
    server: CannedServer, client: Client, body: Mapping[str, object], place: str
) -> None:
    server.will_answer(Canned(body=body))

    with pytest.raises(UnreadableAnswer) as caught:
        client.actions.create(SIGN_IN, on_unavailable="raise")

    assert place in str(caught.value)


def test_takes_an_unknown_decision_for_an_error(server: CannedServer, client: Client) -> None:
    server.will_answer(Canned(body=canned.ALLOWED | {"decision": "allow_with_care"}))

    with pytest.raises(UnreadableAnswer):
        client.actions.create(SIGN_IN, on_unavailable="deny")


@pytest.mark.parametrize("decision", ["deny", "challenge"])
def test_takes_no_grant_from_an_answer_that_does_not_allow(server: CannedServer, client: Client, decision: str) -> None:
    server.will_answer(Canned(body=canned.ACTION | {"decision": decision, "grant": "grant.of.test"}))

    with pytest.raises(UnreadableAnswer):
        client.actions.create(SIGN_IN, on_unavailable="raise")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, NotAuthorized),
        (403, NotAuthorized),
        (404, NotFound),
        (409, Conflict),
        (410, Gone),
        (413, BadRequest),
        (415, BadRequest),
        (418, Problem),
        (422, Unprocessable),
        (429, LimitReached),
    ],
)
def test_raises_a_refusal_by_its_status(server: CannedServer, client: Client, status: int, kind: type[Problem]) -> None:
    errors = [{"pointer": "/amount/value", "detail": "is no number"}]
    server.will_answer(problem(status, "some_code", detail="Because.", retry_after=7, errors=errors))

    with pytest.raises(Problem) as caught:
        client.users.get("u-42")

    refusal = caught.value
    assert type(refusal) is kind
    assert (refusal.status, refusal.code, refusal.request_id) == (status, "some_code", "req_1")
    assert refusal.retry_after == 7
    assert refusal.pointers == ("/amount/value",)
    assert "Because." in str(refusal)


def test_understands_a_refusal_that_is_only_a_page(server: CannedServer, client: Client) -> None:
    server.will_answer(Canned(status=404, body="<h1>Not Found</h1>"), Canned(status=502, body="<h1>Bad</h1>"))

    with pytest.raises(NotFound) as caught:
        client.users.get("u-42")
    assert caught.value.code == "http_404"
    with pytest.raises(ServiceUnavailable) as unavailable:
        client.users.get("u-42")
    assert unavailable.value.code == "http_502"


@pytest.mark.parametrize("body", ["<h1>Welcome</h1>", "[]", "1", "\ufeff{}"])
def test_refuses_an_answer_that_is_no_object(server: CannedServer, client: Client, body: str) -> None:
    server.will_answer(Canned(body=body))

    with pytest.raises(UnreadableAnswer):
        client.users.get("u-42")


def test_follows_no_redirect_with_the_key(server: CannedServer, client: Client) -> None:
    server.will_answer(Canned(status=307, headers={"location": f"{server.url}/elsewhere"}))

    with pytest.raises(UnreadableAnswer):
        client.users.get("u-42")
    assert len(server.received) == 1


def test_shows_no_secret_in_a_repr(server: CannedServer, client: Client) -> None:
    server.will_answer(Canned(body=canned.ACTION), Canned(body=canned.ALLOWED), Canned(body=canned.CLAIM))

    shown = repr(
        [
            client,
            client.actions.create(SIGN_IN, on_unavailable="raise"),
            client.actions.create(SIGN_IN, on_unavailable="raise"),
            client.challenges.claim("chl_1"),
        ]
    )

    for secret in ("wct_secret", "grant.of.test", "wd1secret", "wk_test_secret"):
        assert secret not in shown


def test_names_no_value_in_the_error_of_a_wrong_field(server: CannedServer, client: Client) -> None:
    server.will_answer(Canned(body=canned.CLAIM | {"grant": {"text": "grant.of.test"}}))

    with pytest.raises(UnreadableAnswer) as caught:
        client.challenges.claim("chl_1")

    assert "grant.of.test" not in str(caught.value)
