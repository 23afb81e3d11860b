"""Who may call what: secret keys with their scopes and modes, and the token of one challenge."""

import pytest

from tests.api.world import ORIGIN, PHONE, SHOP, World


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wk_live_unknown",
        "Bearer wk_test_unknown",
        "Bearer sk_live_abc",
        "Bearer wct_abc",
        "Basic d2tfbGl2ZV86",
        "Bearer " + "wk_live_" + "x" * 5_000,
        "Bearer wk_live_a b",
    ],
)
async def test_refuses_whoever_has_no_key(world: World, authorization: str) -> None:
    async with world.client("") as client:
        answer = await client.get("/v1/events", headers={"authorization": authorization} if authorization else {})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_the_scheme_is_written_in_any_case(world: World) -> None:
    async with world.client("") as client:
        answer = await client.get("/v1/events", headers={"authorization": f"bEARER {world.keys['shop']}"})
    assert answer.status_code == 200


async def test_refuses_two_keys_at_once(world: World) -> None:
    async with world.client("") as client:
        bearer = f"Bearer {world.keys['shop']}"
        answer = await client.get("/v1/events", headers=[("authorization", bearer), ("authorization", bearer)])
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("scope", "allowed", "refused"),
    [
        ("actions", ["/v1/actions?user_id=u-42"], ["/v1/users/u-42", "/v1/events"]),
        ("users", ["/v1/users/u-42", "/v1/users/u-42/devices", "/v1/users/u-42/requests"], ["/v1/events"]),
        ("events", ["/v1/events"], ["/v1/users/u-42", "/v1/actions?user_id=u-42"]),
    ],
)
async def test_a_key_opens_its_scopes_only(world: World, scope: str, allowed: list[str], refused: list[str]) -> None:
    await world.register()
    key = await world.add_key("narrow", SHOP, scopes=frozenset({scope}))
    assert [(await world.get(path, as_=key)).status_code for path in allowed] == [200] * len(allowed)
    assert [(await world.get(path, as_=key)).status_code for path in refused] == [401] * len(refused)


async def test_a_revoked_key_is_refused_at_the_next_call(world: World) -> None:
    assert (await world.get("/v1/events")).status_code == 200
    assert await world.ports.store.revoke_api_key(SHOP, "key_shop")
    assert (await world.get("/v1/events")).status_code == 401


async def test_a_key_of_the_other_mode_is_refused(world: World) -> None:
    key = await world.add_key("wrong-mode", SHOP, mode="test")
    assert (await world.get("/v1/events", as_=key)).status_code == 401
    assert (await world.get("/v1/events", as_=world.keys["trial"])).status_code == 200


async def test_ids_of_another_application_do_not_exist(world: World) -> None:
    user = await world.register()
    action = await world.act()
    challenge_id, other = action["challenge"]["id"], world.keys["other"]
    calls = [
        await world.get("/v1/users/u-42", as_=other),
        await world.get("/v1/users/u-42/devices", as_=other),
        await world.get("/v1/users/u-42/requests", as_=other),
        await world.get(f"/v1/actions/{action['id']}", as_=other),
        await world.post(f"/v1/actions/{action['id']}/feedback", {"label": "fraud"}, as_=other),
        await world.get(f"/v1/challenges/{challenge_id}", as_=other),
        await world.post(f"/v1/challenges/{challenge_id}/deliveries", {}, as_=other),
        await world.post(f"/v1/challenges/{challenge_id}/attempts", {"code": "123456"}, as_=other),
        await world.post(f"/v1/challenges/{challenge_id}/cancel", {"reason": "abandoned"}, as_=other),
        await world.post(f"/v1/challenges/{challenge_id}/claim", {}, as_=other),
        await world.post(f"/v1/users/u-42/contacts/{user['contacts'][0]['id']}/confirmation", {}, as_=other),
    ]
    assert [answer.status_code for answer in calls] == [404] * len(calls)
    listed = await world.get("/v1/actions?user_id=u-42", as_=other)
    assert listed.json() == {"data": [], "next_cursor": None}
    unchanged = (await world.get(f"/v1/challenges/{challenge_id}")).json()
    assert (unchanged["state"], unchanged["attempts_left"]) == ("pending", 5)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/actions/act_unknown",
        "/v1/actions/chl_4wbfs3mxzb9q5d1r6t2n8k0hvc7jyg4p5a3e6m",
        "/v1/challenges/chl_unknown",
        "/v1/challenges/%F0%9F%98%80",
        "/v1/challenges/..%2F..%2Fetc",
        "/v1/users/nobody",
        "/v1/users/nobody/devices",
        "/v1/users/nobody/requests",
        "/v1/users/nobody/devices/dev_unknown",
        "/v1/users/%00",
        "/v1/users/%ff",
        "/v1/nothing",
        "/v2/actions",
    ],
)
async def test_what_does_not_exist_is_not_found(world: World, path: str) -> None:
    answer = await world.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] in {"not_found", "unknown_user"}


async def test_a_token_opens_four_calls_of_its_challenge_and_nothing_else(world: World) -> None:
    await world.register()
    await world.act()
    other = (await world.act("password_reset"))["challenge"]
    challenge = (await world.act())["challenge"]
    token, path = challenge["token"], f"/v1/challenges/{challenge['id']}"
    assert (await world.get(path, as_=token)).json() == (await world.get(path)).json()
    world.clock.move(seconds=30)
    assert (await world.post(f"{path}/deliveries", {}, as_=token)).status_code == 202
    assert (await world.post(f"{path}/attempts", {"code": "none"}, as_=token)).json()["outcome"] == "malformed"
    assert (await world.post(f"{path}/cancel", {"reason": "not_me"}, as_=token)).json()["state"] == "denied"
    refused = [
        await world.post(f"{path}/claim", {}, as_=token),
        await world.get("/v1/events", as_=token),
        await world.get("/v1/users/u-42", as_=token),
        await world.get("/v1/actions?user_id=u-42", as_=token),
        await world.post("/v1/actions", {"type": "sign_in", "user_id": "u-42"}, as_=token),
    ]
    assert [answer.status_code for answer in refused] == [401] * len(refused)
    assert (await world.get(f"/v1/challenges/{other['id']}", as_=token)).status_code == 404


async def test_a_token_never_sees_what_the_approval_earned(world: World) -> None:
    await world.register()
    action = await world.act()
    challenge = action["challenge"]
    path, code = f"/v1/challenges/{challenge['id']}", await world.code_of(challenge)
    outcome = await world.post(f"{path}/attempts", {"code": code}, as_=challenge["token"])
    assert outcome.json() == {
        "outcome": "approved",
        "attempts_left": 4,
        "retry_after": None,
        "grant": None,
        "device": None,
    }
    shown = await world.get(path, as_=challenge["token"])
    for secret in (PHONE, "u-42", "risk", "reasons", "wd1."):
        assert secret not in shown.text
    claimed = (await world.post(f"{path}/claim", {})).json()
    assert claimed["grant"]
    assert claimed["device"]["token"]


async def test_an_idempotency_key_does_not_carry_a_grant_over_to_the_token(world: World) -> None:
    await world.register()
    challenge = (await world.act())["challenge"]
    path, code = f"/v1/challenges/{challenge['id']}/attempts", await world.code_of(challenge)
    mine = await world.post(path, {"code": code}, idempotency_key="same")
    theirs = await world.post(path, {"code": code}, as_=challenge["token"], idempotency_key="same")
    assert mine.json()["grant"]
    assert theirs.json()["outcome"] == "already_approved"
    assert theirs.json()["grant"] is None


@pytest.mark.parametrize("ends", ["by itself", "on purpose"])
async def test_a_token_is_good_until_15_minutes_after_the_end(world: World, ends: str) -> None:
    await world.register()
    challenge = (await world.act())["challenge"]
    token, path = challenge["token"], f"/v1/challenges/{challenge['id']}"
    if ends == "on purpose":
        await world.post(f"{path}/cancel", {"reason": "abandoned"})
        state = "cancelled"
    else:
        world.clock.move(seconds=600)
        state = "expired"
    world.clock.move(seconds=15 * 60 - 1)
    assert (await world.get(path, as_=token)).json()["state"] == state
    world.clock.move(seconds=1)
    assert (await world.get(path, as_=token)).status_code == 401
    assert (await world.get(path)).status_code == 200


async def test_a_changed_token_is_no_token(world: World) -> None:
    await world.register()
    challenge = (await world.act())["challenge"]
    token = challenge["token"]
    changed = token[:-1] + ("0" if token[-1] != "0" else "4")
    assert (await world.get(f"/v1/challenges/{challenge['id']}", as_=changed)).status_code == 401


async def test_the_applications_own_origin_may_call_with_the_token(world: World) -> None:
    await world.register()
    challenge = (await world.act())["challenge"]
    path = f"/v1/challenges/{challenge['id']}"
    answer = await world.call("GET", path, as_=challenge["token"], origin=ORIGIN)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["vary"] == "Origin"
    refused = await world.call("GET", path, as_="wct_wrong", origin=ORIGIN)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, ORIGIN)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://shop.example", f"{ORIGIN}.evil.example"])
async def test_no_other_origin_may(world: World, origin: str) -> None:
    await world.register()
    challenge = (await world.act())["challenge"]
    path = f"/v1/challenges/{challenge['id']}"
    for method in ("GET", "OPTIONS"):
        answer = await world.call(method, path, as_=challenge["token"], origin=origin)
        assert [name for name in answer.headers if name.startswith("access-control-")] == []
        assert answer.headers["vary"] == "Origin"


async def test_a_browser_may_ask_beforehand_without_a_token(world: World) -> None:
    await world.register()
    challenge = (await world.act())["challenge"]
    asked = await world.call(
        "OPTIONS",
        f"/v1/challenges/{challenge['id']}/attempts",
        as_="",
        origin=ORIGIN,
        access_control_request_method="POST",
    )
    assert (asked.status_code, asked.content) == (204, b"")
    assert asked.headers["access-control-allow-origin"] == ORIGIN
    assert "POST" in asked.headers["access-control-allow-methods"]
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in asked.headers


@pytest.mark.parametrize("path", ["/v1/actions", "/v1/events", "/v1/users/u-42", "/v1/grants/redeem"])
async def test_no_other_call_answers_foreign_pages(world: World, path: str) -> None:
    asked = await world.call("OPTIONS", path, as_="", origin=ORIGIN, access_control_request_method="POST")
    assert asked.status_code == 405
    assert [name for name in asked.headers if name.startswith("access-control-")] == []
    called = await world.call("GET", path, origin=ORIGIN)
    assert [name for name in called.headers if name.startswith("access-control-")] == []


async def test_no_call_sets_a_cookie(world: World) -> None:
    await world.register()
    action = await world.act()
    answers = [
        await world.get("/v1/users/u-42"),
        await world.get(f"/v1/challenges/{action['challenge']['id']}"),
        await world.get("/v1/nothing"),
    ]
    assert all("set-cookie" not in answer.headers for answer in answers)
