"""The whole way over HTTP: from an action to its redeemed grant."""

from typing import Any, Final

from tests.api.world import NEWEST_IP, RETURN_URL, World

PURCHASE: Final[dict[str, Any]] = {
    "amount": {"value": "1299.00", "currency": "USD"},
    "payee": "ACME Cameras",
    "details": {"items": 1},
}


async def test_a_purchase_is_challenged_proven_claimed_and_redeemed_once(world: World) -> None:
    await world.register()
    action = await world.act("purchase", session_id="s-9", ip=NEWEST_IP, return_url=RETURN_URL, **PURCHASE)
    assert action["decision"] == "challenge"
    assert action["grant"] is None
    challenge = action["challenge"]
    assert challenge["state"] == "pending"
    assert challenge["attempts_left"] == 5
    assert challenge["url"] == f"https://verify.shop.example/c/{challenge['token']}"
    wrong = await world.post(f"/v1/challenges/{challenge['id']}/attempts", {"code": "000000"})
    assert (wrong.status_code, wrong.json()["outcome"], wrong.json()["attempts_left"]) == (200, "incorrect", 4)
    outcome = await world.approve(action)
    assert outcome["device"]["state"] == "known"
    assert outcome["device"]["token"].startswith("wd1.")
    claimed = await world.post(f"/v1/challenges/{challenge['id']}/claim", {"session_id": "s-9"})
    assert claimed.json() == {"state": "approved", "grant": outcome["grant"], "device": outcome["device"]}
    body = {
        "grant": outcome["grant"],
        "session_id": "s-9",
        "action": {"type": "purchase", "user_id": "u-42", **PURCHASE},
    }
    receipt = await world.post("/v1/grants/redeem", body)
    assert receipt.status_code == 200
    assert receipt.json()["action_id"] == action["id"]
    assert receipt.json()["challenge_id"] == challenge["id"]
    assert receipt.json()["assurance"] == "sim_control"
    again = await world.post("/v1/grants/redeem", body)
    assert (again.status_code, again.json()["code"]) == (409, "grant_already_redeemed")
