"""The quickstart does what it says: its shell blocks are run in order against a real server."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.process.served import Served, code_in

PAGE = Path(__file__).resolve().parents[2] / "docs" / "quickstart.md"


def calls() -> list[str]:
    return [block for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL) if block.startswith("curl")]


def run(served: Served, script: str) -> dict[str, Any]:
    surroundings = {**os.environ, "WATCHWORD": served.api, "KEY": served.key}  # noqa: TID251 the shell needs its PATH
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], env=surroundings, capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def test_its_calls_go_the_whole_way(served: Served) -> None:
    register, report, attempt, claim, redeem = calls()
    assert run(served, register)["id"] == "u-42"
    answer = run(served, report)
    assert answer["decision"] == "challenge"
    challenge_id = answer["challenge"]["id"]
    code = code_in(served.message("+14155550123", challenge_id=challenge_id))
    approved = run(served, attempt.replace("chl_…", challenge_id).replace("650146", code))
    assert approved["outcome"] == "approved"
    assert run(served, claim.replace("chl_…", challenge_id))["grant"] == approved["grant"]
    used = redeem.replace("eyJ…", approved["grant"])
    assert run(served, used)["assurance"] == "sim_control"
    assert run(served, used)["code"] == "grant_already_redeemed"
    assert "1,299.00" in served.message("ann@example.com", kind="notice")
