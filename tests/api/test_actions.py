"""Actions over HTTP: the exact answer, what is refused, and what can be read again."""

from typing import Any

import pytest

from tests.api.world import NEWEST_IP, RETURN_URL, World

MONEY = {"value": "20.00", "currency": "USD"}


async def _known_device(world: World) -> str:
    outcome = await world.approve(await world.act(ip=NEWEST_IP))
    token: str = outcome["device"]["token"]
    return token


async def test_a_challenged_action_is_answered_with_exactly_these_fields(world: World) -> None:
    user = await world.register()
    phone, email = user["contacts"]
    action = await world.act(ip=NEWEST_IP, session_id="s-1", return_url=RETURN_URL, state="x", summary="one")
    challenge = action["challenge"]
    assert list(action) == [
        "id",
        "decision",
        "reasons",
        "risk",
        "challenge",
        "device",
        "advice",
        "grant",
        "retry_after",
    ]
    assert action["id"].startswith("act_")
    assert all(reason.keys() == {"rule", "text"} and reason["text"] for reason in action["reasons"])
    assert action["risk"].keys() == {"score", "terms"}
    assert challenge == {
        "id": challenge["id"],
        "state": "pending",
        "token": challenge["token"],
        "url": f"https://verify.shop.example/c/{challenge['token']}",
        "reference": challenge["reference"],
        "contacts": [
            {"id": phone["id"], "channels": ["sms", "voice"], "masked": "•••• 23"},
            {"id": email["id"], "channels": ["email"], "masked": "j•••@e•••.com"},
        ],
        "sent_to": {"contact_id": phone["id"], "channel": "sms", "masked": "•••• 23"},
        "delivery": {"status": "queued", "updated_at": "2026-11-22T10:00:00Z", "going_on": False},
        "code_length": 6,
        "attempts_left": 5,
        "expires_at": "2026-11-22T10:10:00Z",
        "resend_at": "2026-11-22T10:00:30Z",
    }
    assert action["device"] == {"id": None, "state": "new", "token": None}
    assert (action["grant"], action["retry_after"]) == (None, None)


async def test_an_ordinary_purchase_from_a_known_device_is_allowed_with_a_grant(world: World) -> None:
    await world.register()
    token = await _known_device(world)
    action = await world.act("purchase", amount=MONEY, payee="ACME", device_token=token, ip=NEWEST_IP)
    assert (action["decision"], action["challenge"]) == ("allow", None)
    assert action["grant"].count(".") == 2
    assert action["device"]["state"] == "known"
    assert action["device"]["token"] not in {None, token}
    body = {
        "grant": action["grant"],
        "action": {"type": "purchase", "user_id": "u-42", "amount": MONEY, "payee": "ACME"},
    }
    receipt = (await world.post("/v1/grants/redeem", body)).json()
    assert (receipt["assurance"], receipt["challenge_id"]) == ("none", None)


async def test_nothing_is_sent_where_the_caller_says_so(world: World) -> None:
    await world.register()
    challenge = (await world.act(send=False))["challenge"]
    assert (challenge["sent_to"], challenge["delivery"]) == (
        None,
        {"status": None, "updated_at": None, "going_on": False},
    )
    assert await world.deliver() == []
    refused = await world.post(f"/v1/challenges/{challenge['id']}/attempts", {"code": "123456"})
    assert (refused.status_code, refused.json()["code"]) == (409, "code_not_sent")


async def test_a_user_without_contacts_is_denied_with_the_reason(world: World) -> None:
    await world.call("PUT", "/v1/users/u-1", {"contacts": []})
    action = await world.act(user_id="u-1")
    assert (action["decision"], action["challenge"], action["grant"]) == ("deny", None, None)
    assert action["reasons"][0]["rule"] == "no_usable_contact"


@pytest.mark.parametrize(
    ("fields", "status", "code", "pointer"),
    [
        ({"user_id": "nobody"}, 404, "unknown_user", None),
        ({"type": "withdrawal"}, 422, "unknown_action_type", "/type"),
        ({"type": "contact_confirmation"}, 422, "unknown_action_type", "/type"),
        ({"return_url": "https://evil.example/"}, 422, "return_url_not_allowed", "/return_url"),
        ({"return_url": RETURN_URL + "x"}, 422, "return_url_not_allowed", "/return_url"),
        ({"return_url": "javascript:alert(1)"}, 422, "return_url_not_allowed", "/return_url"),
        ({"ip": "not an ip"}, 422, "invalid_field", "/ip"),
        ({"locale": "?"}, 422, "invalid_field", "/locale"),
        ({"amount": {"value": "1.999", "currency": "USD"}}, 422, "invalid_field", "/amount"),
        ({"amount": {"value": "1", "currency": "ABC"}}, 422, "invalid_field", "/amount"),
        ({"details": {"Items": 1}}, 422, "invalid_field", "/details"),
        ({"details": {"items": 1.5}}, 422, "invalid_field", "/details"),
        ({"details": {"items": None}}, 422, "invalid_field", "/details"),
        ({"details": {"items": {"a": 1}}}, 422, "invalid_field", "/details"),
        ({"type": "account_update"}, 422, "invalid_field", "/details/field"),
        ({"type": "account_update", "details": {"field": "name"}}, 422, "invalid_field", "/details/field"),
        ({"type": "account_update", "details": {"field": "email"}}, 422, "invalid_field", "/details"),
        (
            {"type": "account_update", "details": {"field": "phone", "new_contact": "x"}},
            422,
            "invalid_field",
            "/details/new_contact",
        ),
        ({"unknown": 1}, 422, "invalid_field", "/unknown"),
        ({"user_id": 42}, 422, "invalid_field", "/user_id"),
        ({"type": None}, 422, "invalid_field", "/type"),
    ],
)
async def test_a_bad_action_is_refused_and_not_recorded(
    world: World, fields: dict[str, object], status: int, code: str, pointer: str | None
) -> None:
    await world.register()
    before = (await world.get("/v1/events?limit=100")).json()["data"]
    refused = await world.post("/v1/actions", {"type": "sign_in", "user_id": "u-42", **fields})
    problem: dict[str, Any] = refused.json()
    assert (refused.status_code, problem["code"]) == (status, code)
    assert [error["pointer"] for error in problem.get("errors", [])] == ([] if pointer is None else [pointer])
    assert (await world.get("/v1/actions?user_id=u-42")).json()["data"] == []
    assert (await world.get("/v1/events?limit=100")).json()["data"] == before


@pytest.mark.parametrize("missing", ["type", "user_id"])
async def test_type_and_user_are_required(world: World, missing: str) -> None:
    body = {"type": "sign_in", "user_id": "u-42"}
    del body[missing]
    refused = await world.post("/v1/actions", body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{missing}")


async def test_too_many_challenges_are_a_limit_with_its_time(world: World) -> None:
    await world.register()
    answers = [await world.post("/v1/actions", {"type": "sign_in", "user_id": "u-42"}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [429]
    assert answers[-1].json()["code"] == "too_many_challenges"
    assert answers[-1].json()["retry_after"] == 3_600
    assert answers[-1].headers["retry-after"] == "3600"


async def test_a_concealed_action_is_answered_alike_for_everybody(world: World) -> None:
    await world.register()
    await world.call("PUT", "/v1/users/no-contact", {"contacts": []})
    answers = [await world.act("password_reset", user) for user in ("u-42", "no-contact", "nobody")]
    shapes = [_without_ids(answer) for answer in answers]
    assert shapes[0] == shapes[1] == shapes[2]
    challenge = shapes[0]["challenge"]
    assert challenge["contacts"] == [
        {"channels": ["sms", "voice"], "masked": "•••"},
        {"channels": ["email"], "masked": "•••"},
    ]
    assert (challenge["sent_to"], challenge["delivery"]["status"]) == (None, "withheld")
    assert (challenge["code_length"], shapes[0]["advice"]) == (8, [])
    assert len(await world.deliver()) == 1


def _without_ids(action: dict[str, Any]) -> dict[str, Any]:
    challenge = dict(action["challenge"])
    challenge["contacts"] = [{k: v for k, v in contact.items() if k != "id"} for contact in challenge["contacts"]]
    lengths = {name: len(str(challenge.pop(name))) for name in ("id", "token", "url", "reference")}
    return {**action, "id": len(action["id"]), "challenge": challenge, "lengths": lengths}


async def test_an_action_can_be_read_again_without_secrets(world: World) -> None:
    await world.register()
    details = {"field": "email", "new_contact": "new@example.org"}
    made = await world.act("account_update", session_id="s-1", summary="a change", details=details)
    read = (await world.get(f"/v1/actions/{made['id']}")).json()
    assert read["type"] == "account_update"
    assert read["details"] == {"field": "email", "new_contact": "n•••@e•••.org"}
    assert read["decision"] == made["decision"]
    assert read["challenge"] == made["challenge"]
    assert (read["session_id"], read["summary"], read["label"], read["disputed_at"]) == ("s-1", "a change", None, None)
    assert (read["grant"], read["created_at"]) == (None, "2026-11-22T10:00:00Z")


async def test_rules_on_trial_that_matched_can_be_read(world: World) -> None:
    await world.register()
    made = await world.act("sign_in", ip=None)
    assert "shadow_rules" not in made
    read = (await world.get(f"/v1/actions/{made['id']}")).json()
    assert read["shadow_rules"] == ["impossible-travel", "anonymous-network"]  # without an address, both may be so


async def test_the_grant_of_an_allowed_action_can_be_read_while_it_is_good(world: World) -> None:
    await world.register()
    token = await _known_device(world)
    made = await world.act("purchase", amount=MONEY, device_token=token, ip=NEWEST_IP)
    assert (await world.get(f"/v1/actions/{made['id']}")).json()["grant"] == made["grant"]
    assert (await world.get(f"/v1/actions/{made['id']}")).json()["device"]["token"] is None
    world.clock.move(seconds=300)
    assert (await world.get(f"/v1/actions/{made['id']}")).json()["grant"] is None


async def test_the_grant_of_a_proven_action_is_claimed_and_not_read(world: World) -> None:
    await world.register()
    made = await world.act(session_id="s-1")
    await world.approve(made)
    assert (await world.get(f"/v1/actions/{made['id']}")).json()["grant"] is None


async def test_actions_are_listed_newest_first_and_paged(world: World) -> None:
    await world.register()
    made: list[str] = []
    for _ in range(3):
        made.insert(0, (await world.act())["id"])
        world.clock.move(seconds=1)
    first = (await world.get("/v1/actions?user_id=u-42&limit=2")).json()
    rest = (await world.get(f"/v1/actions?user_id=u-42&limit=2&cursor={first['next_cursor']}")).json()
    assert [action["id"] for action in first["data"] + rest["data"]] == made
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("query", ["", "?user_id=", "?user_id=u-42&cursor=zzz", f"?user_id={'x' * 129}"])
async def test_a_list_of_actions_is_of_one_user(world: World, query: str) -> None:
    assert (await world.get(f"/v1/actions{query}")).status_code == 422


async def test_feedback_is_noted(world: World) -> None:
    await world.register()
    action = await world.act()
    answer = await world.post(f"/v1/actions/{action['id']}/feedback", {"label": "fraud"})
    assert (answer.status_code, answer.json()) == (200, {"id": action["id"], "label": "fraud"})
    assert (await world.get(f"/v1/actions/{action['id']}")).json()["label"] == "fraud"
    refused = await world.post(f"/v1/actions/{action['id']}/feedback", {"label": "odd"})
    assert refused.status_code == 422
