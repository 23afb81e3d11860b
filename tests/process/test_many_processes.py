"""Many equal processes on one PostgreSQL: whichever is asked, and whichever dies, the answers are those of one."""

import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2

from tests.process.estate import Caller, Estate, Machine, calling, rushing
from watchword.bootstrap.upkeep import ALL_SCOPES, create_key, list_keys, revoke_key


def test_a_rolling_restart_under_load_loses_and_refuses_nothing(estate: Estate) -> None:
    machine = estate.start("serve", "--workers", "2")
    before = machine.members()
    with rushing(estate, machine) as rush:
        machine.process.send_signal(signal.SIGHUP)
        machine.wait_for("crew.rolled")
        rush.wait_for_more(4)
    assert rush.failures == []
    assert len(before) == len(machine.members()) == 2
    assert before.isdisjoint(machine.members())
    assert machine.end() == 0


def test_a_killed_process_costs_no_more_than_asking_again(estate: Estate) -> None:
    machine = estate.start("serve", "--workers", "3")
    with rushing(estate, machine, tries=3) as rush:
        os.kill(min(machine.members()), signal.SIGKILL)
        rush.wait_for_more(8)
        machine.wait_for("crew.member_answers", 4)
        rush.wait_for_more(4)
    assert rush.failures == []
    assert len(machine.members()) == 3
    with calling(estate) as caller:
        for user in rush.arrived:
            _, actions = caller.call(machine, "GET", f"/v1/actions?user_id={user}")
            assert len(actions["data"]) == 1, "what was asked again happened once"
    assert machine.end() == 0


def test_machines_share_everything_and_one_can_do_all_the_work(estate: Estate) -> None:
    here, there = (estate.start("serve", WATCHWORD_SERVER__WORK="false") for _ in range(2))
    with calling(estate) as caller:
        address = caller.register(here, "ann")
        challenge = caller.sign_in(there, "ann")["challenge"]
        assert caller.call(here, "GET", f"/v1/challenges/{challenge['id']}")[1]["delivery"]["status"] == "queued"
        worker = estate.start("work")
        assert caller.attempt(here, challenge["id"], estate.code(address))["outcome"] == "approved"
        caller.go_the_whole_way([here, there], "bob")
        _repeat_at_once(caller, here, there)
        _revoke_a_key(estate, here, there)
    assert {here.end(), there.end(), worker.end()} == {0}


def _repeat_at_once(caller: Caller, here: Machine, there: Machine) -> None:
    """The same call at two machines at the same moment: one effect, and no other answer."""
    caller.register(here, "eve")
    body = {"type": "sign_in", "user_id": "eve"}
    with ThreadPoolExecutor() as pool:
        pending = [
            pool.submit(caller.call, machine, "POST", "/v1/actions", body, Idempotency_Key="one")
            for machine in (here, there) * 4
        ]
    answers = [one.result() for one in pending]
    assert {status for status, _ in answers} <= {201, 409}
    ids = {answer["id"] for status, answer in answers if status == 201}
    _, actions = caller.call(there, "GET", "/v1/actions?user_id=eve")
    assert [action["id"] for action in actions["data"]] == list(ids)


def _revoke_a_key(estate: Estate, *machines: Machine) -> None:
    """A key made and revoked by a command counts, and counts no more, with the next call at every machine."""
    settings = estate.settings()
    stored, key = create_key(settings, "shop", ALL_SCOPES)
    headers = {"Authorization": f"Bearer {key.reveal()}"}
    for expected in (200, 401):
        for machine in machines:
            assert httpx2.get(f"{machine.ready['listening']}/v1/users/ann", headers=headers).status_code == expected
        revoke_key(settings, "shop", stored.id)
    assert [one.revoked_at is None for one in list_keys(settings, "shop")] == [True, False]


def test_what_a_terminal_interrupts_ends_in_order(estate: Estate) -> None:
    machine = estate.start("serve", "--workers", "2", PGAPPNAME="as the operator said")
    members = machine.members()
    assert len(members) == 2
    for member in members:
        assert b"PGAPPNAME=as the operator said" in Path(f"/proc/{member}/environ").read_bytes().split(b"\0")
    assert machine.interrupt() == 0
    assert "Traceback" not in machine.journal.read_text()
    assert not any(Path(f"/proc/{member}").exists() for member in members)


def test_the_metrics_of_any_process_are_those_of_all(estate: Estate) -> None:
    machine = estate.start("serve", "--workers", "2")
    pattern = re.compile(r'^watchword_decisions_total\{[^}]*"sign_in"[^}]*\} (\S+)$', re.MULTILINE)

    def shown() -> set[float]:
        texts = [httpx2.get(f"{machine.ready['listening']}/metrics").text for _ in range(8)]
        return {sum(map(float, pattern.findall(text))) for text in texts}

    for number in range(6):
        with calling(estate) as caller:  # each on a connection of its own, so that both processes are asked
            caller.register(machine, f"u-{number}")
            caller.sign_in(machine, f"u-{number}")
    assert shown() == {6.0}
    os.kill(min(machine.members()), signal.SIGKILL)
    machine.wait_for("crew.member_answers", 3)
    assert shown() == {6.0}, "what an ended process has counted stays counted"
    assert machine.end() == 0
