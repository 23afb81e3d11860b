"""The terms of a score are for the application's back end: nobody else sees one, in whatever answer."""

from typing import Any

import pytest
from httpx2 import Response

from tests.api.world import ORIGIN, World
from watchword.risk.signals import declarations

SUSPICIOUS = {"ip": "203.0.113.9", "user_agent": "curl/8.5.0"}
NAMES = [f'"{declared.name}"' for declared in declarations() if "." in declared.name] + ['"nats"', '"score"', '"risk"']


async def tell_much(world: World, **fields: Any) -> dict[str, Any]:
    """Give an action whose score has many terms: asked before, from an address where others ask too."""
    for user_id in ("u-1", "u-2", "u-3", "u-4", "u-5"):
        await world.register(user_id)
        await world.act("sign_in", user_id, **SUSPICIOUS)
    await world.register()
    await world.act("purchase", **SUSPICIOUS)
    action = await world.act("purchase", **SUSPICIOUS, payee="ACME", **fields)
    assert len(action["risk"]["terms"]) >= 8
    return action


def secrets_in(action: dict[str, Any]) -> list[str]:
    """Give everything that only the back end may read: the sentences of the terms, names and numbers."""
    texts = [term["text"] for term in action["risk"]["terms"]]
    return [*texts, *NAMES, *(reason["rule"] for reason in action["reasons"])]


def told(answers: list[Response], secrets: list[str]) -> list[str]:
    """Give what of it stands in some answer, its headers included."""
    everything = "\n".join(f"{answer.headers}{answer.text}" for answer in answers)
    return [secret for secret in secrets if secret in everything]


async def test_the_back_end_reads_the_terms_and_they_make_the_score(world: World) -> None:
    action = await tell_much(world)
    recorded = (await world.get(f"/v1/actions/{action['id']}")).json()
    assert recorded["risk"] == action["risk"]
    assert all(term["text"] and term["nats"] for term in action["risk"]["terms"])


async def test_the_token_of_the_challenge_never_sees_one(world: World) -> None:
    action = await tell_much(world)
    challenge = action["challenge"]
    path, token = f"/v1/challenges/{challenge['id']}", challenge["token"]
    code = await world.code_of(challenge)
    answers = [
        await world.get(path, as_=token),
        await world.post(f"{path}/attempts", {"code": "no code"}, as_=token),
        await world.post(f"{path}/attempts", {"code": str(int(code) ^ 1).zfill(len(code))}, as_=token),
        await world.post(f"{path}/deliveries", {}, as_=token),
        await world.post(f"{path}/claim", {}, as_=token),
        await world.call("OPTIONS", path, as_=token, Origin=ORIGIN),
        await world.post(f"{path}/attempts", {"code": code}, as_=token),
        await world.post(f"{path}/cancel", {"reason": "abandoned"}, as_=token),
    ]
    assert told(answers, secrets_in(action)) == []


@pytest.mark.parametrize("user_id", ["u-42", "nobody"])
async def test_a_concealed_answer_has_none(world: World, user_id: str) -> None:
    texts = secrets_in(await tell_much(world))
    hidden = await world.post("/v1/actions", {"type": "password_reset", "user_id": user_id, **SUSPICIOUS})
    assert hidden.json()["risk"] == {"score": 0.0, "terms": []}
    shown = [text for text in texts if text not in {'"score"', '"risk"'}]
    assert told([hidden], shown) == []


async def test_the_owners_own_view_has_none(world: World) -> None:
    action = await tell_much(world)
    answers = [await world.get("/v1/users/u-42/requests"), await world.get("/v1/users/u-42/devices")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert told(answers, secrets_in(action)) == []
