"""``kill -9`` in the middle of the work, and a restart: what was acknowledged is there, and nothing is given back."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract.builders import Scene
from tests.contract.conftest import OpenStore
from watchword.adapters.key_set import KeySet
from watchword.adapters.sqlite.process_lock import ProcessLock
from watchword.domain.challenge import ChallengeState
from watchword.domain.errors import ConfigurationError
from watchword.domain.grant import GrantState
from watchword.domain.ids import ChallengeId, GrantId
from watchword.domain.message import DeliveryStatus
from watchword.ports.store.outbox import HandedOver

ROOT = Path(__file__).parents[2]


def _work_and_die(place: str, keys: Path, after_lines: int) -> list[dict[str, Any]]:
    """Kill a worker after so many acknowledged calls; return everything it was told."""
    command = [sys.executable, "-m", "tests.contract.crashing_worker", place, str(keys)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
        if worker.stdout is None:
            raise RuntimeError("no pipe")
        lines = [worker.stdout.readline() for _ in range(after_lines)]
        worker.send_signal(signal.SIGKILL)
        lines += worker.stdout.readlines()
    # The last line may be cut off by the kill: then it was not said.
    return [json.loads(line) for line in lines if line.endswith("\n")]


@pytest.mark.parametrize("after_lines", [1, 17, 60, 121])
async def test_a_killed_process_loses_nothing_that_it_was_told(
    place: str,
    tmp_path: Path,
    keyring: KeySet,
    open_store: OpenStore,
    scene: Scene,
    after_lines: int,
) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text(keyring.to_toml())
    told = _work_and_die(place, keys, after_lines)
    assert len(told) >= after_lines

    again = await open_store()
    scene.store = again
    for word in told:
        challenge = await scene.challenge(ChallengeId(word["challenge"]))
        match word["said"]:
            case "wrong":
                assert challenge.tries_spent >= word["spent"]
            case "approved":
                assert challenge.state is ChallengeState.APPROVED
            case "redeemed":
                grant = await again.grant(GrantId(word["grant"]))
                assert grant is not None
                assert grant.state is GrantState.REDEEMED
            case _:
                assert challenge.sends == 1
    await again.close()


async def test_accepted_messages_leave_after_a_restart(
    place: str, tmp_path: Path, keyring: KeySet, open_store: OpenStore, scene: Scene
) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text(keyring.to_toml())
    told = _work_and_die(place, keys, 30)
    pending = set()
    scene.store = again = await open_store()
    for word in told:
        challenge = await scene.challenge(ChallengeId(word["challenge"]))
        if challenge.state is ChallengeState.PENDING:
            pending.add(challenge.id)
    redeemed = {word["grant"] for word in told if word["said"] == "redeemed"}

    leased = await again.claim_deliveries(limit=100, lease_s=30)
    assert await again.take_back_leases() == len(leased)  # on SQLite the starting process does, elsewhere they run out
    messages = await again.claim_deliveries(limit=100, lease_s=30)
    assert {message.id for message in messages} == {message.id for message in leased}
    codes = {message.challenge.id for message in messages if message.challenge is not None}
    notices = [message for message in messages if message.notice is not None]
    assert pending <= codes
    assert len(notices) >= len(redeemed)
    for message in messages:
        done = HandedOver(sender="inbox", provider="inbox", provider_message_id=None, status=DeliveryStatus.SENT)
        await again.finish_delivery(message.id, message.tries, done)
    assert await again.claim_deliveries(limit=100, lease_s=30) == []
    await again.close()


def test_a_second_server_on_the_same_file_is_refused_with_the_first_ones_number(database: str) -> None:
    script = (
        "import sys; from watchword.adapters.sqlite.process_lock import ProcessLock;"
        "ProcessLock(sys.argv[1]).acquire(); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, database]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        if first.stdout is None or first.stdout.readline() != "held\n":
            raise RuntimeError("the first server did not start")
        with pytest.raises(ConfigurationError, match=f"process {first.pid}"):
            ProcessLock(database).acquire()
        first.kill()
    with ProcessLock(database):  # the system freed it, although nobody tidied up
        pass
