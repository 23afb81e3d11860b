"""What is answered in steps of time comes neither sooner nor in between, whatever it came to."""

import asyncio

import pytest

from watchword.adapters.system import SystemPatience

STEP_S = 0.125
"""Exact in binary, as are its sums, so that what is waited for can be told exactly."""


class Waits:
    """The time of the loop: stands still but for the work that is done and the waiting that is asked for."""

    def __init__(self) -> None:
        self.at_s = 1_000.0

    def work(self, seconds: float) -> None:
        self.at_s += seconds

    async def sleep(self, seconds: float) -> None:
        self.at_s += seconds


@pytest.fixture
async def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    waits = Waits()
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: waits.at_s)
    monkeypatch.setattr(asyncio, "sleep", waits.sleep)
    return waits


@pytest.mark.parametrize(("work_s", "steps"), [(0.015625, 1), (0.125, 1), (0.140625, 2), (0.3125, 3)])
async def test_an_answer_waits_for_the_next_step(waits: Waits, work_s: float, steps: int) -> None:
    async def answer() -> str:
        waits.work(work_s)
        return "done"

    assert await SystemPatience().in_steps(STEP_S, answer()) == "done"
    assert waits.at_s == 1_000.0 + steps * STEP_S


async def test_a_refusal_waits_as_long(waits: Waits) -> None:
    async def refuse() -> None:
        waits.work(0.015625)
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        await SystemPatience().in_steps(STEP_S, refuse())
    assert waits.at_s == 1_000.0 + STEP_S
