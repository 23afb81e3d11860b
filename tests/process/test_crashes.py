"""``kill -9`` at any point: what was acknowledged is there, nothing is given back, and nothing happens twice."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event

import httpx2
import pytest

from tests.process.served import Served, code_in, other_than


@dataclass
class Witness:
    """What callers were told before the process died."""

    left: dict[str, int] = field(default_factory=dict)
    """Attempts left, by challenge, as last acknowledged."""
    phones: dict[str, str] = field(default_factory=dict)
    """Where the code of an acknowledged challenge has to arrive."""
    approved: dict[str, str] = field(default_factory=dict)
    """The right code, by challenge that was acknowledged as approved."""
    redeemed: list[dict[str, object]] = field(default_factory=list)


def customer(served: Served, witness: Witness, name: str, number: int, stop: Event) -> None:
    """Go the whole way again and again until the server is gone, writing down each answer."""
    user, phone = f"{name}-{number}", f"+1415555{number:04d}"
    served.register(user, phone)
    while not stop.is_set():
        challenge = served.sign_in(user)["challenge"]
        witness.left[challenge["id"]], witness.phones[challenge["id"]] = 5, phone
        code = code_in(served.message(phone, challenge_id=challenge["id"]))
        witness.left[challenge["id"]] = served.attempt(challenge["id"], other_than(code))["attempts_left"]
        answer = served.attempt(challenge["id"], code)
        assert answer["outcome"] == "approved", answer
        witness.approved[challenge["id"]] = code
        redemption = {"grant": answer["grant"], "action": {"type": "sign_in", "user_id": user}}
        status, _ = served.call("POST", "/v1/grants/redeem", redemption)
        assert status == 200
        witness.redeemed.append(redemption)


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_server_keeps_its_word(served: Served, seed: int) -> None:
    witness, stop, moment = Witness(), Event(), random.Random(seed).uniform(0.3, 1.5)
    with ThreadPoolExecutor(max_workers=4) as pool:
        callers = [pool.submit(customer, served, witness, f"s{seed}", 10 * seed + n, stop) for n in range(4)]
        stop.wait(moment)
        served.kill()
        stop.set()
        for caller in callers:
            with suppress(httpx2.TransportError):
                caller.result()
    served.start()
    for challenge_id, left in witness.left.items():
        status, challenge = served.call("GET", f"/v1/challenges/{challenge_id}")
        assert status == 200
        assert challenge["attempts_left"] <= left
        served.message(witness.phones[challenge_id], challenge_id=challenge_id)
    for challenge_id, code in witness.approved.items():
        assert served.attempt(challenge_id, code)["outcome"] == "already_approved"
    for redemption in witness.redeemed:
        status, problem = served.call("POST", "/v1/grants/redeem", redemption)
        assert (status, problem["code"]) == (409, "grant_already_redeemed")


def test_an_attempt_whose_answer_was_lost_is_answered_again_with_its_key(served: Served) -> None:
    served.register("ann", "+14155550100")
    challenge_id = served.sign_in("ann")["challenge"]["id"]
    code = code_in(served.message("+14155550100"))
    first = served.attempt(challenge_id, code, Idempotency_Key="try-1")
    served.kill()
    served.start()
    assert served.attempt(challenge_id, code, Idempotency_Key="try-1") == first
    status, problem = served.call(
        "POST", f"/v1/challenges/{challenge_id}/attempts", {"code": other_than(code)}, Idempotency_Key="try-1"
    )
    assert (status, problem["code"]) == (422, "idempotency_mismatch")


def test_a_clean_stop_ends_well_and_a_restart_goes_on_with_the_same_keys(served: Served) -> None:
    served.register("ann", "+14155550100")
    challenge_id = served.sign_in("ann")["challenge"]["id"]
    keys, key = httpx2.get(f"{served.api}/.well-known/jwks.json").json(), served.key
    assert served.stop() == 0
    served.start()
    assert served.key == key
    assert httpx2.get(f"{served.api}/.well-known/jwks.json").json() == keys
    code = code_in(served.message("+14155550100"))
    assert served.attempt(challenge_id, code)["outcome"] == "approved"
