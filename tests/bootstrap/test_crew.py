"""A crew of serving processes: what it loses when members are replaced, die or cannot start, which is nothing."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import httpx2
import pytest

ROUNDS_AT_MOST = 2_400
"""Looks at something that must come; each waits at most ``ROUND_S``."""
ROUND_S = 0.05


@dataclass
class Running:
    """A crew in processes of its own."""

    process: "subprocess.Popen[str]"
    base: str
    journal: Path

    def members(self) -> set[int]:
        """Return the process numbers of its children that run."""
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {int(number) for number in text.split()}

    def log(self) -> list[dict[str, Any]]:
        """Return what it wrote to its log."""
        return [json.loads(line) for line in self.journal.read_text().splitlines() if line.startswith("{")]

    def wait_for(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until the log has an event so often."""
        for _ in range(ROUNDS_AT_MOST):
            found = [entry for entry in self.log() if entry["event"] == event]
            if len(found) >= count:
                return found
            Event().wait(ROUND_S)
        raise AssertionError(f"no {event}: {self.journal.read_text()}")


@contextmanager
def running(folder: Path, size: int) -> Iterator[Running]:
    """Give a crew that answers; ends it, whatever became of it."""
    process = _started(folder, "crew", size)
    try:
        port = process.stdout.readline().strip() if process.stdout else ""
        assert port, (folder / "crew.log").read_text()
        yield Running(process=process, base=f"http://127.0.0.1:{port}", journal=folder / "crew.log")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=90)


def _started(folder: Path, *arguments: object) -> "subprocess.Popen[str]":
    with (folder / "crew.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.bootstrap.crew_program", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "CREW_BROKEN": str(folder / "broken")},  # noqa: TID251 what a child gets
        )


@dataclass
class Callers:
    """Callers who ask as fast as they can, on connections that they keep and on fresh ones."""

    base: str
    stop: Event = field(default_factory=Event)
    answered_by: list[int] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def keep_asking(self) -> None:
        """Ask on one connection until told to stop."""
        with httpx2.Client(timeout=60) as client:
            while not self.stop.is_set():
                self._ask(lambda: client.get(self.base))

    def ask_afresh(self) -> None:
        """Ask on a new connection each time, and for something that takes a while."""
        while not self.stop.is_set():
            self._ask(lambda: httpx2.get(f"{self.base}/slow", timeout=60))

    def _ask(self, call: Any) -> None:
        try:
            self.answered_by.append(int(call().raise_for_status().text))
        except httpx2.HTTPError as error:
            self.failures.append(error)


@contextmanager
def asking(base: str) -> Iterator[Callers]:
    """Give callers at work."""
    callers = Callers(base)
    with ThreadPoolExecutor(max_workers=4) as pool:
        for way in (callers.keep_asking, callers.keep_asking, callers.ask_afresh, callers.ask_afresh):
            pool.submit(way)
        try:
            yield callers
        finally:
            callers.stop.set()


def test_replaces_all_members_one_by_one_and_no_request_is_lost_or_refused(tmp_path: Path) -> None:
    with running(tmp_path, 2) as crew:
        before = crew.members()
        with asking(crew.base) as callers:
            crew.process.send_signal(signal.SIGHUP)
            crew.wait_for("crew.rolled")
        assert callers.failures == []
        assert len(before) == len(crew.members()) == 2
        assert before.isdisjoint(crew.members())
        assert set(callers.answered_by) & before, "nobody asked while the old ones were there"
        assert int(httpx2.get(crew.base).text) in crew.members()


def test_a_release_that_does_not_start_leaves_the_old_members_as_they_are(tmp_path: Path) -> None:
    with running(tmp_path, 2) as crew:
        before = crew.members()
        (tmp_path / "broken").touch()
        crew.process.send_signal(signal.SIGHUP)
        crew.wait_for("crew.rolling_given_up")
        assert crew.members() == before
        assert int(httpx2.get(crew.base, timeout=60).text) in before
        (tmp_path / "broken").unlink()
        crew.process.send_signal(signal.SIGHUP)
        crew.wait_for("crew.rolled")
        assert before.isdisjoint(crew.members())


def test_goes_on_when_a_member_is_killed_and_puts_another_in_its_place(tmp_path: Path) -> None:
    with running(tmp_path, 3) as crew:
        victim = int(httpx2.get(crew.base).text)
        os.kill(victim, signal.SIGKILL)
        with httpx2.Client(timeout=60) as client:
            answers = {int(client.get(crew.base).text) for _ in range(20)}
        assert victim not in answers
        (death,) = crew.wait_for("crew.member_died")
        assert (death["pid"], death["ended_by"]) == (victim, "SIGKILL")
        crew.wait_for("crew.member_answers", 4)
        assert len(crew.members()) == 3


def test_waits_longer_each_time_where_members_die_young(tmp_path: Path) -> None:
    with running(tmp_path, 1) as crew:
        for deaths in range(1, 4):
            with pytest.raises(httpx2.HTTPError):
                httpx2.post(f"{crew.base}/die", timeout=60)
            crew.wait_for("crew.member_answers", 1 + deaths)
        assert [entry["pause_s"] for entry in crew.wait_for("crew.member_died", 3)] == [0.5, 1.0, 2.0]


def test_those_who_die_together_count_as_one_death(tmp_path: Path) -> None:
    with running(tmp_path, 3) as crew:
        for deaths in (3, 6):
            for number in crew.members():
                os.kill(number, signal.SIGKILL)
            crew.wait_for("crew.member_died", deaths)
            crew.wait_for("crew.member_answers", 3 + deaths)
        assert [entry["pause_s"] for entry in crew.log() if entry["event"] == "crew.member_died"] == [0.5] * 3 + [
            1.0
        ] * 3
        assert httpx2.get(crew.base).status_code == 200


def test_what_waits_while_a_member_is_replaced_is_answered_by_its_successor(tmp_path: Path) -> None:
    with running(tmp_path, 1) as crew:
        victim = int(httpx2.get(crew.base).text)
        os.kill(victim, signal.SIGKILL)
        crew.wait_for("crew.member_died")
        assert int(httpx2.get(crew.base, timeout=60).text) != victim


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_lets_running_requests_end_and_leaves_nobody_behind(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path, 2) as crew, ThreadPoolExecutor() as pool:
        members = crew.members()
        slow = pool.submit(httpx2.get, f"{crew.base}/slow", timeout=60)
        crew.wait_for("slow.asked")
        crew.process.send_signal(number)
        assert int(slow.result().text) in members
        assert crew.process.wait(timeout=90) == 0
    assert not any(_is_alive(member) for member in members)


def test_members_end_by_themselves_when_the_crew_is_killed(tmp_path: Path) -> None:
    with running(tmp_path, 2) as crew:
        members = crew.members()
        crew.process.kill()
        crew.process.wait(timeout=90)
        for _ in range(ROUNDS_AT_MOST):
            if not any(_is_alive(member) for member in members):
                return
            Event().wait(ROUND_S)
        raise AssertionError("members without a crew go on")


def test_a_crew_whose_members_do_not_start_says_so_and_ends(tmp_path: Path) -> None:
    process = _started(tmp_path, "broken", 3)
    said, _ = process.communicate(timeout=90)
    assert process.returncode == 1
    assert "could not start" in said
    log = (tmp_path / "crew.log").read_text()
    assert log.count("crew.member_did_not_start") == 1, "what is wrong is told once"
    assert "exit 3" in log


def _is_alive(number: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{number}/stat").read_text()
    except FileNotFoundError:
        return False
