"""Keeps a crew of equal serving processes on one listening socket: starts them, watches them, and replaces them.

It never accepts a connection itself. The members share the one queue of the socket, so what waits there when a member
ends is taken by another; with a queue for each (``SO_REUSEPORT``) it would be reset. Every member is a program of its
own and no copy of this process: a replacement runs what is installed by then. A member learns that the crew has ended
when its end of a pair of sockets closes, whatever the crew died of, and then stops in order.
"""

import asyncio
import signal
import socket
from asyncio.subprocess import Process
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from watchword.domain.errors import ConfigurationError

READY: Final = b"r"
"""What a member says once it answers."""
STEADY_S: Final = 10.0
"""A member that lived so long was sound, and is replaced at once when it dies."""
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
"""The pauses before a replacement where members die young: doubled each time, so that nothing spins."""
TOGETHER_S: Final = 0.1
"""Before a replacement: so long the ends of those who are killed at once take to be noticed."""
LONGEST_SILENCE_S: Final = 5.0
"""The longest of them while nobody answers: then one is started alone, as each takes the time of those beside it."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True, eq=False)
class _Member:
    """One serving process, as seen from here."""

    process: Process
    started_s: float
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it said that it answers, or ended without a word."""
    answered: bool = False
    is_retiring: bool = False
    life: "asyncio.Task[int]" = field(init=False)
    """Comes to the exit code, negative for a signal."""

    def begin(self, ours: socket.socket) -> None:
        """Follow it from now on."""
        self.life = asyncio.create_task(self._live(ours))

    async def ended(self) -> int:
        """Wait for its end and return its exit code; whoever waits no longer ends nothing."""
        await asyncio.wait((self.life,))
        return self.life.result()

    def retire(self) -> None:
        """Tell it to stop in order, and that nobody is to take its place."""
        self.is_retiring = True
        with suppress(ProcessLookupError):  # it has ended, and nobody has looked yet
            self.process.terminate()

    async def _live(self, ours: socket.socket) -> int:
        reader, writer = await asyncio.open_connection(sock=ours)
        self.answered = await reader.read(len(READY)) == READY
        self.heard.set()
        code = await self.process.wait()
        writer.close()
        return code


@dataclass(slots=True, kw_only=True, eq=False)
class Crew:
    """A number of members on one socket."""

    opened: socket.socket
    command: Sequence[str]
    """What starts a member; the numbers of two descriptors follow: of the listening socket, and of the pair."""
    environment: Mapping[str, str]
    size: int
    patience_s: float
    """What a member gets to stop in order; then it is ended."""
    _members: list[_Member] = field(default_factory=list)
    _duties: "set[asyncio.Task[None]]" = field(default_factory=set)
    _rolling: "asyncio.Task[None] | None" = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _young_deaths: int = 0
    _counted_until_s: float = 0.0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until SIGINT or SIGTERM; SIGHUP replaces the members one after the other.

        ``ready`` is called once all of them answer. Raises ``ConfigurationError`` where one does not start at first: it
        has said why.
        """
        loop = asyncio.get_running_loop()
        for number, handler in (
            (signal.SIGINT, self._stopping.set),
            (signal.SIGTERM, self._stopping.set),
            (signal.SIGHUP, self._roll),
        ):
            loop.add_signal_handler(number, handler)
        beginning = asyncio.create_task(self._begin(ready))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((beginning, stopping), return_when=asyncio.FIRST_COMPLETED)
            if beginning.done():
                beginning.result()
            await stopping
        finally:
            self._stopping.set()
            beginning.cancel()
            stopping.cancel()
            await self._end()

    async def _begin(self, ready: Callable[[], None]) -> None:
        # One alone first: where none can start, the reasons are told once and not by all of them.
        if not await self._add() or not all(await asyncio.gather(*(self._add() for _ in range(self.size - 1)))):
            raise ConfigurationError(("a serving process could not start; what it said stands above",))
        ready()

    async def _add(self) -> bool:
        """Start a member, and return whether it came to answer; from then on it is replaced when it dies."""
        member = await self._start()
        await member.heard.wait()
        if not member.answered:
            code = await member.ended()
            self._members.remove(member)
            _log.error("crew.member_did_not_start", pid=member.process.pid, ended_by=_ended_by(code))
            return False
        _log.info("crew.member_answers", pid=member.process.pid)
        self._do(self._keep(member))
        return True

    async def _start(self) -> _Member:
        ours, theirs = socket.socketpair()
        with theirs:
            numbers = (self.opened.fileno(), theirs.fileno())
            process = await asyncio.create_subprocess_exec(
                *self.command,
                *map(str, numbers),
                pass_fds=numbers,
                stdin=asyncio.subprocess.DEVNULL,
                env=self.environment,
                process_group=0,  # a terminal's Ctrl-C and hang-up are for us alone; we tell them
            )
        member = _Member(process=process, started_s=asyncio.get_running_loop().time())
        member.begin(ours)
        self._members.append(member)
        return member

    async def _keep(self, member: _Member) -> None:
        code = await member.ended()
        self._members.remove(member)
        if not member.is_retiring:
            await self._replace(member, code)

    async def _replace(self, member: _Member, code: int) -> None:
        """Put another in the place of a member that died, with growing pauses where they die young."""
        pause_s = self._pause_s(asyncio.get_running_loop().time() - member.started_s)
        _log.warning("crew.member_died", pid=member.process.pid, ended_by=_ended_by(code), pause_s=pause_s)
        while not await self._added_after(pause_s):
            pause_s = self._pause_s(0.0)

    async def _added_after(self, pause_s: float) -> bool:
        await asyncio.sleep(TOGETHER_S)
        async with self._turn:
            if not any(member.answered and not member.life.done() for member in self._members):
                await asyncio.sleep(min(pause_s, LONGEST_SILENCE_S))
                return await self._add()
        await asyncio.sleep(pause_s)
        return await self._add()

    def _pause_s(self, lived_s: float) -> float:
        now_s = asyncio.get_running_loop().time()
        if lived_s >= STEADY_S:
            self._young_deaths, self._counted_until_s = 0, now_s
            return 0.0
        if now_s >= self._counted_until_s or not self._young_deaths:
            # Those who die together, or while the pause of another one lasts, count as one.
            self._young_deaths += 1
            self._counted_until_s = now_s + self._pause_after(self._young_deaths)
        return self._pause_after(self._young_deaths)

    @staticmethod
    def _pause_after(deaths: int) -> float:
        return float(min(FIRST_PAUSE_S * 2 ** (deaths - 1), LONGEST_PAUSE_S))

    def _roll(self) -> None:
        if self._rolling is None or self._rolling.done():
            self._rolling = self._do(self._replace_all())

    async def _replace_all(self) -> None:
        """Replace the members one after the other: each stops only when its successor answers."""
        _log.info("crew.rolling", members=len(self._members))
        for member in [one for one in self._members if one.answered]:
            if member.life.done():
                continue  # it died meanwhile, and its successor is as new as it would be
            member.is_retiring = True
            if await self._add():
                member.retire()
                await member.ended()
                continue
            _log.error("crew.rolling_given_up", effect="the members that are left go on as they were")
            member.is_retiring = False
            if member.life.done():
                self._do(self._replace(member, member.life.result()))
            return
        _log.info("crew.rolled")

    def _do(self, duty: "Coroutine[None, None, None]") -> "asyncio.Task[None]":
        task = asyncio.create_task(duty)
        self._duties.add(task)
        task.add_done_callback(self._duties.discard)
        return task

    async def _end(self) -> None:
        """Tell all to stop, wait for them, and end those who do not."""
        self.opened.close()  # as each of them does: then whoever comes is refused at once and does not wait for nobody
        for task in tuple(self._duties):
            task.cancel()
        for member in self._members:
            member.retire()
        lives = [member.life for member in self._members]
        if not lives:
            return
        await asyncio.wait(lives, timeout=self.patience_s)
        for member in self._members:
            if not member.life.done():
                _log.error("crew.member_ended", pid=member.process.pid, reason="it did not stop in time")
                member.process.kill()
        await asyncio.wait(lives)


def _ended_by(code: int) -> str:
    """Return what ended a process, in the words of the system."""
    return f"exit {code}" if code >= 0 else signal.Signals(-code).name
