"""When a call is repeated, how long it waits, and when it gives up; on a clock that only the test moves."""

import json
from typing import TypeVar

import pytest

from tests.sdk import canned
from watchword_client import Conflict, LimitReached, ServiceUnavailable
from watchword_client.calls import Call, delete_user, get_user, put_user
from watchword_client.conversation import Done, NoReply, Reply, Send, Step, Wait, converse

Answer = TypeVar("Answer")

GOOD = Reply(status=200, headers={}, body=json.dumps(canned.USER).encode())
LOST = NoReply(reason="ReadError", connected=True)
REFUSED = NoReply(reason="ConnectError", connected=False)
WRITING = put_user("u-42", [], None, None, None)


def _error(status: int, code: str, **further: object) -> Reply:
    return Reply(status=status, headers={}, body=json.dumps({"code": code} | further).encode())


def _play(call: Call[Answer], *outcomes: Reply | NoReply, passing_s: float = 0.0) -> list[str]:
    """Carry the call out with these outcomes, each after ``passing_s``; return the steps as words."""
    clock = [100.0]
    talk = converse(call, timeout_s=2.0, now_s=lambda: clock[0])
    said: list[str] = []
    waiting = list(outcomes)
    step: Step[Answer] = next(talk)
    while not isinstance(step, Done):
        if isinstance(step, Send):
            said.append("send")
            clock[0] += passing_s
            step = talk.send(waiting.pop(0))
        else:
            said.append(f"wait {step.wait_s}")
            clock[0] += step.wait_s
            step = next(talk)
    assert not waiting
    return [*said, "done"]


@pytest.mark.parametrize("outcome", [LOST, REFUSED, _error(503, "storage_unavailable")])
def test_repeats_what_was_lost(outcome: Reply | NoReply) -> None:
    assert _play(WRITING, outcome, GOOD) == ["send", "wait 0.05", "send", "done"]
    assert _play(get_user("u-42"), outcome, outcome, GOOD) == [
        "send",
        "wait 0.05",
        "send",
        "wait 0.2",
        "send",
        "done",
    ]


def test_gives_up_after_the_second_repetition() -> None:
    with pytest.raises(ServiceUnavailable) as caught:
        _play(WRITING, LOST, LOST, LOST)

    assert caught.value.code == "no_answer"


def test_waits_as_long_as_the_server_asks() -> None:
    assert _play(WRITING, _error(503, "storage_unavailable", retry_after=1), GOOD)[1] == "wait 1.0"
    header = Reply(status=503, headers={"retry-after": "1"}, body=b"")
    assert _play(WRITING, header, GOOD)[1] == "wait 1.0"


def test_does_not_wait_beyond_the_time_out() -> None:
    with pytest.raises(ServiceUnavailable) as caught:
        _play(WRITING, _error(503, "storage_unavailable", retry_after=2))

    assert caught.value.retry_after == 2


def test_does_not_try_again_when_the_time_is_spent() -> None:
    with pytest.raises(ServiceUnavailable):
        _play(WRITING, LOST, passing_s=2.0)


def test_gives_a_repetition_only_the_time_that_is_left() -> None:
    clock = [0.0]
    talk = converse(WRITING, timeout_s=2.0, now_s=lambda: clock[0])

    assert next(talk) == Send(timeout_s=2.0)
    clock[0] = 1.5
    assert talk.send(LOST) == Wait(wait_s=0.05)
    clock[0] = 1.75
    assert next(talk) == Send(timeout_s=0.25)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_does_not_repeat_other_faults_of_the_server(status: int) -> None:
    with pytest.raises(ServiceUnavailable) as caught:
        _play(WRITING, _error(status, "internal"))

    assert caught.value.status == status


def test_does_not_repeat_a_limit() -> None:
    with pytest.raises(LimitReached):
        _play(WRITING, _error(429, "too_many_challenges", retry_after=0))


def test_asks_again_while_its_own_first_try_is_still_running() -> None:
    assert _play(WRITING, _error(409, "idempotency_in_progress"), GOOD)[-1] == "done"
    with pytest.raises(Conflict):
        _play(WRITING, _error(409, "grant_already_redeemed"))


def test_repeats_a_call_without_a_key_only_if_it_never_left() -> None:
    nothing = Reply(status=204, headers={}, body=b"")

    assert _play(delete_user("u-42"), REFUSED, nothing)[-1] == "done"
    for outcome in (LOST, _error(503, "storage_unavailable")):
        with pytest.raises(ServiceUnavailable):
            _play(delete_user("u-42"), outcome)
