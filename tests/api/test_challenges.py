"""Challenges over HTTP: sending again, trying, ending and claiming."""

import asyncio
from typing import Any

import pytest

from tests.api.world import World


async def _challenge(world: World, **fields: Any) -> tuple[dict[str, Any], str]:
    await world.register()
    challenge: dict[str, Any] = (await world.act(**fields))["challenge"]
    return challenge, f"/v1/challenges/{challenge['id']}"


async def _wrong(world: World, challenge: dict[str, Any]) -> str:
    code = await world.code_of(challenge)
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


async def test_the_same_again_repeats_the_code_after_a_wait(world: World) -> None:
    challenge, path = await _challenge(world)
    code = await world.code_of(challenge)
    early = await world.post(f"{path}/deliveries", {})
    assert (early.status_code, early.json()["code"]) == (429, "resend_too_soon")
    assert early.headers["retry-after"] == "30"
    world.clock.move(seconds=30)
    again = await world.post(f"{path}/deliveries", {})
    assert again.status_code == 202
    assert again.json()["resend_at"] == "2026-11-22T10:01:30Z"
    assert again.json()["expires_at"] == challenge["expires_at"]
    assert await world.code_of(challenge) == code


async def test_an_empty_body_is_the_same_again(world: World) -> None:
    _, path = await _challenge(world)
    world.clock.move(seconds=30)
    assert (await world.post(f"{path}/deliveries")).status_code == 202


async def test_a_switch_makes_a_new_code_and_the_old_one_is_superseded(world: World) -> None:
    challenge, path = await _challenge(world)
    old = await world.code_of(challenge)
    email = challenge["contacts"][1]
    switched = await world.post(f"{path}/deliveries", {"contact_id": email["id"], "channel": "email"})
    assert switched.json()["sent_to"] == {"contact_id": email["id"], "channel": "email", "masked": email["masked"]}
    new = await world.code_of(challenge)
    tried = (await world.post(f"{path}/attempts", {"code": old})).json()
    assert (tried["outcome"], tried["attempts_left"]) == ("superseded", 4)
    assert (await world.post(f"{path}/attempts", {"code": new})).json()["outcome"] == "approved"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"contact_id": "ctc_unknown"}, "contact_not_usable"),
        ({"channel": "email", "contact_id": "PHONE"}, "contact_not_usable"),
        ({"channel": "fax"}, "invalid_field"),
        ({"address": "+14155550123"}, "invalid_field"),
        ({"contact_id": 1}, "invalid_field"),
    ],
)
async def test_a_code_goes_only_where_the_challenge_lists(world: World, body: dict[str, object], code: str) -> None:
    challenge, path = await _challenge(world)
    if body.get("contact_id") == "PHONE":
        body = {**body, "contact_id": challenge["contacts"][0]["id"]}
    refused = await world.post(f"{path}/deliveries", body)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert (await world.get(path)).json() == challenge


async def test_five_sends_are_all(world: World) -> None:
    _, path = await _challenge(world)
    for wait_s in (30, 60, 120, 120):
        world.clock.move(seconds=wait_s)
        assert (await world.post(f"{path}/deliveries", {})).status_code == 202
    world.clock.move(seconds=120)
    refused = await world.post(f"{path}/deliveries", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "sends_exhausted")


async def test_after_the_last_try_nothing_is_compared(world: World) -> None:
    challenge, path = await _challenge(world)
    code = await world.code_of(challenge)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    outcomes = [(await world.post(f"{path}/attempts", {"code": wrong})).json() for _ in range(5)]
    assert [outcome["outcome"] for outcome in outcomes] == ["incorrect"] * 5
    assert [outcome["attempts_left"] for outcome in outcomes] == [4, 3, 2, 1, 0]
    right = (await world.post(f"{path}/attempts", {"code": code})).json()
    assert right == {"outcome": "exhausted", "attempts_left": 0, "retry_after": None, "grant": None, "device": None}
    ended = await world.post(f"{path}/deliveries", {})
    assert (ended.status_code, ended.json()["code"]) == (409, "challenge_ended")


async def test_a_text_without_a_code_spends_nothing(world: World) -> None:
    _, path = await _challenge(world)
    for text in ("", "12345", "1234567", "no digits", "111111 222222", "²²²²²²"):
        outcome = (await world.post(f"{path}/attempts", {"code": text})).json()
        assert (outcome["outcome"], outcome["attempts_left"]) == ("malformed", 5)


async def test_a_pasted_message_holds_its_code(world: World) -> None:
    challenge, path = await _challenge(world)
    code = await world.code_of(challenge)
    text = f"{code[:3]} {code[3:]} is your code.\n\n@verify.shop.example #{code}"
    assert (await world.post(f"{path}/attempts", {"code": text})).json()["outcome"] == "approved"


@pytest.mark.parametrize(
    "body",
    [{}, {"code": 123456}, {"code": None}, {"code": "1" * 2_001}, {"code": "1", "trust_device": "yes"}, {"Code": "1"}],
)
async def test_a_bad_attempt_is_refused_and_spends_nothing(world: World, body: dict[str, object]) -> None:
    _, path = await _challenge(world)
    assert (await world.post(f"{path}/attempts", body)).status_code == 422
    assert (await world.get(path)).json()["attempts_left"] == 5


async def test_an_ended_challenge_says_how_it_ended(world: World) -> None:
    challenge, path = await _challenge(world)
    code = await world.code_of(challenge)
    await world.post(f"{path}/attempts", {"code": code})
    assert (await world.post(f"{path}/attempts", {"code": code})).json()["outcome"] == "already_approved"
    for reason, outcome in (("abandoned", "cancelled"), ("not_me", "denied")):
        other = (await world.act())["challenge"]
        shown = await world.post(f"/v1/challenges/{other['id']}/cancel", {"reason": reason})
        assert (shown.status_code, shown.json()["state"]) == (200, outcome)
        tried = await world.post(f"/v1/challenges/{other['id']}/attempts", {"code": "123456"})
        assert tried.json()["outcome"] == outcome
    late = (await world.act())["challenge"]
    world.clock.move(seconds=600)
    tried = await world.post(f"/v1/challenges/{late['id']}/attempts", {"code": "123456"})
    assert tried.json()["outcome"] == "expired"


async def test_cancelling_twice_changes_nothing(world: World) -> None:
    _, path = await _challenge(world)
    first = await world.post(f"{path}/cancel", {"reason": "not_me"})
    again = await world.post(f"{path}/cancel", {"reason": "abandoned"})
    assert first.json() == again.json()


@pytest.mark.parametrize("body", [None, {}, {"reason": "other"}, {"reason": None}])
async def test_cancelling_needs_a_reason(world: World, body: object) -> None:
    _, path = await _challenge(world)
    assert (await world.post(f"{path}/cancel", body)).status_code in {400, 422}
    assert (await world.get(path)).json()["state"] == "pending"


async def test_a_trusted_device_is_asked_for_and_given(world: World) -> None:
    await world.register()
    outcome = await world.approve(await world.act(), trust_device=True)
    assert outcome["device"]["state"] == "trusted"


async def test_the_result_is_claimed_by_the_session_that_started(world: World) -> None:
    await world.register()
    action = await world.act(session_id="s-9")
    path = f"/v1/challenges/{action['challenge']['id']}/claim"
    assert (await world.post(path, {"session_id": "s-9"})).json() == {"state": "pending", "grant": None, "device": None}
    outcome = await world.approve(action)
    for body in ({}, {"session_id": "s-8"}, None):
        refused = await world.post(path, body)
        assert (refused.status_code, refused.json()["code"]) == (422, "session_mismatch")
    claims = [(await world.post(path, {"session_id": "s-9"})).json() for _ in range(2)]
    assert claims[0] == claims[1] == {"state": "approved", "grant": outcome["grant"], "device": outcome["device"]}
    bound = {"type": "sign_in", "user_id": "u-42"}
    await world.post("/v1/grants/redeem", {"grant": outcome["grant"], "session_id": "s-9", "action": bound})
    assert (await world.post(path, {"session_id": "s-9"})).json()["grant"] is None


async def test_a_spent_lane_answers_with_the_time_it_frees(world: World) -> None:
    await world.register()
    for _ in range(8):
        challenge = (await world.act())["challenge"]
        wrong = await _wrong(world, challenge)
        for _ in range(5):
            await world.post(f"/v1/challenges/{challenge['id']}/attempts", {"code": wrong})
        world.clock.move(seconds=24 * 3_600)
    denied = await world.act()
    assert (denied["decision"], denied["reasons"][0]["rule"]) == ("deny", "user_locked")
    assert denied["retry_after"] > 0
    assert (await world.get("/v1/users/u-42")).json()["locked_until"] is not None
    contact = (await world.get("/v1/users/u-42")).json()["contacts"][0]
    refused = await world.post(f"/v1/users/u-42/contacts/{contact['id']}/confirmation", {})
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_challenges")
    assert refused.json()["retry_after"] == denied["retry_after"]


async def test_of_right_codes_at_the_same_time_one_approves(world: World) -> None:
    challenge, path = await _challenge(world)
    code = await world.code_of(challenge)
    answers = await asyncio.gather(*(world.post(f"{path}/attempts", {"code": code}) for _ in range(50)))
    outcomes = [answer.json()["outcome"] for answer in answers]
    assert outcomes.count("approved") == 1
    assert set(outcomes) == {"approved", "already_approved"}
    assert len([answer for answer in answers if answer.json()["grant"]]) == 1


async def test_of_wrong_codes_at_the_same_time_five_are_compared(world: World) -> None:
    challenge, path = await _challenge(world)
    wrong = await _wrong(world, challenge)
    answers = await asyncio.gather(*(world.post(f"{path}/attempts", {"code": wrong}) for _ in range(200)))
    outcomes = [answer.json()["outcome"] for answer in answers]
    assert (outcomes.count("incorrect"), outcomes.count("exhausted")) == (5, 195)
