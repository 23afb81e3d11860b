"""Measures the hot paths on a real store: start, attempt, redemption and allow, for one caller and for many at once.

Run it with ``make bench-paths``. The same work is done on the same file system in one run, so the ratios mean
something; the absolute times belong to the machine. Nothing is left out but HTTP: every action is assessed, every code
drawn, hashed, sealed and read back the way the worker reads it, every commit is on the disk before its caller goes on.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from watchword.adapters.inbox import InboxFile
from watchword.adapters.sqlite.schema import migrate
from watchword.adapters.system import SystemClock
from watchword.bootstrap.house import House, build
from watchword.bootstrap.key_source import open_keys
from watchword.config.first_files import write_demo
from watchword.config.loading import load_settings
from watchword.config.settings import Situation
from watchword.domain.action import Bound, Decision
from watchword.domain.application import Application
from watchword.domain.contact import ContactKind
from watchword.domain.ids import ChallengeId, UserId
from watchword.domain.instant import Instant
from watchword.flow.assess import Assessed, assess
from watchword.flow.check import Checked, check
from watchword.flow.gather import Report
from watchword.flow.redeem import Receipt, redeem
from watchword.flow.register import ContactEntry, put_user

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36"
USERS = 400
CALLERS = (1, 32)

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One step for one number of callers."""

    step: str
    callers: int
    per_second: float
    cpu_us: float
    """Processor time of the whole process for one call."""


async def run(house: House, application: Application, callers: int, first: int) -> list[Measured]:
    """Take fresh users the whole way, step by step, with this many callers at once."""
    users = [UserId(f"u-{number}") for number in range(first, first + USERS)]
    await _each(users, callers, lambda user: _register(house, application, user))
    measured: list[Measured] = []
    started: list[Assessed] = await _timed(
        measured, "start a challenge", users, callers, lambda user: _start(house, application, user)
    )
    codes = await _codes(house)
    ids = [one.challenge.id for one in started if one.challenge is not None]
    await _timed(
        measured,
        "wrong attempt",
        ids,
        callers,
        lambda challenge: check(house.ports, application, challenge, _other(codes[challenge])),
    )
    right: list[Checked] = await _timed(
        measured,
        "right attempt",
        ids,
        callers,
        lambda challenge: check(house.ports, application, challenge, codes[challenge]),
    )
    pairs = list(zip(users, right, strict=True))
    await _timed(measured, "redemption", pairs, callers, lambda pair: _redeem(house, application, *pair))
    await _timed(measured, "allow", pairs, callers, lambda pair: _allow(house, application, *pair))
    return measured


async def _register(house: House, application: Application, user: UserId) -> None:
    number = int(user.removeprefix("u-"))
    entry = ContactEntry(
        kind=ContactKind.PHONE,
        address=f"+1415{number // 10_000 + 555:03d}{number % 10_000:04d}",
        confirmed_at=Instant(0),
        preferred=False,
        pointer="",
    )
    await put_user(house.ports, application, user, (entry,), locale=None, grant=None)


async def _start(house: House, application: Application, user: UserId) -> Assessed:
    number = int(user.removeprefix("u-"))
    report = Report(type="sign_in", user_id=user, details={}, user_agent=AGENT, ip=f"192.0.2.{number % 250}")
    return await assess(house.ports, application, report)


async def _redeem(house: House, application: Application, user: UserId, checked: Checked) -> Receipt:
    if checked.grant is None:
        raise SystemExit(f"the right code was not approved: {checked.outcome}")
    bound = Bound(type="sign_in", user_id=user, details={})
    return await redeem(house.ports, application, checked.grant.reveal(), None, bound)


async def _allow(house: House, application: Application, user: UserId, checked: Checked) -> Assessed:
    """Sign in once more from the device that is known now."""
    token = None if checked.device is None or checked.device.token is None else checked.device.token.reveal()
    number = int(user.removeprefix("u-"))
    report = Report(
        type="sign_in",
        user_id=user,
        details={},
        device_token=token,
        user_agent=AGENT,
        ip=f"192.0.2.{number % 250}",
    )
    assessed = await assess(house.ports, application, report)
    if assessed.decision is not Decision.ALLOW:
        raise SystemExit(f"an ordinary sign-in was not allowed: {assessed.reasons}")
    return assessed


async def _codes(house: House) -> dict[ChallengeId, str]:
    """Return the code of every challenge, as the worker that sends it sees it."""
    codes: dict[ChallengeId, str] = {}
    while claimed := await house.ports.store.claim_deliveries(limit=100, lease_s=60):
        for one in claimed:
            if one.challenge is not None and one.code is not None:
                codes[one.challenge.id] = one.code.reveal()
    return codes


def _other(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


async def _timed(
    measured: list[Measured],
    step: str,
    items: Sequence[Item],
    callers: int,
    work: Callable[[Item], Awaitable[Result]],
) -> list[Result]:
    wall, cpu = time.perf_counter(), time.process_time()
    results = await _each(items, callers, work)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    count = len(items)
    measured.append(Measured(step=step, callers=callers, per_second=count / wall, cpu_us=cpu / count * 1e6))
    return results


async def _each(items: Sequence[Item], callers: int, work: Callable[[Item], Awaitable[Result]]) -> list[Result]:
    places = asyncio.Semaphore(callers)

    async def one(item: Item) -> Result:
        async with places:
            return await work(item)

    return list(await asyncio.gather(*(one(item) for item in items)))


async def measure(folder: Path) -> list[Measured]:
    """Measure every step for every number of callers on one store."""
    path = folder / "watchword.toml"
    write_demo(path)
    page_base = {"server.page_base": "http://127.0.0.1:8000"}
    settings = load_settings(path, situation=Situation.DEV, environ={}, overrides=page_base)
    migrate(str(settings.store_path))
    inbox = InboxFile(folder / "inbox.sqlite3", SystemClock())
    keys = open_keys(settings.keys, create=True)
    house = await build(settings, keys, inbox=inbox)
    application = settings.applications[0].application
    found: list[Measured] = []
    for turn, callers in enumerate(CALLERS):
        print(f"{callers} at once …", file=sys.stderr)
        found += await run(house, application, callers, 10_000 + turn * USERS)
    await house.close()
    inbox.close()
    return found


def main() -> None:
    """Measure, and print a table with the gain that sharing a commit brings."""
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder)))
    print(f"{'step':<18} {'callers':>7} {'per second':>11} {'CPU each':>10} {'against one':>12}")
    alone = {one.step: one.per_second for one in found if one.callers == 1}
    for one in found:
        gain = one.per_second / alone[one.step]
        print(f"{one.step:<18} {one.callers:>7} {one.per_second:>11.0f} {one.cpu_us:>7.0f} µs {gain:>11.1f}×")


if __name__ == "__main__":
    main()
