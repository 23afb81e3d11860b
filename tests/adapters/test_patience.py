"""What is answered in steps of time comes neither sooner nor in between, whatever it came to."""

import asyncio

import pytest

from watchword.adapters.system import SystemPatience

STEP_S = 0.02


async def _after(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "done"


async def _failing() -> None:
    raise ValueError("refused")


async def _took_s(work_s: float) -> float:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    assert await SystemPatience().in_steps(STEP_S, _after(work_s)) == "done"
    return loop.time() - began_s


@pytest.mark.parametrize(("work_s", "steps"), [(0.0, 1), (STEP_S * 1.1, 2), (STEP_S * 2.5, 3)])
async def test_an_answer_waits_for_the_next_step(work_s: float, steps: int) -> None:
    # A timer of the loop may be early by as much as its clock is exact.
    assert await _took_s(work_s) >= STEP_S * steps - 0.001


async def test_a_refusal_waits_as_long() -> None:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    with pytest.raises(ValueError, match="refused"):
        await SystemPatience().in_steps(STEP_S, _failing())
    assert loop.time() - began_s >= STEP_S - 0.001
