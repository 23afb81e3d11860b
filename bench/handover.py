"""Measures how long a code waits here: from the acknowledged start to the hand-over to a mail server.

Run it with ``make bench-handover``. ``watchword serve`` runs as it is shipped, on SQLite and durable; a real SMTP
server on this machine takes the mails. Starts come evenly, so many a second, whether or not the ones before were
answered. A wait begins when the answer to the start is there and ends when the mail server has the whole message; where
the mail is faster than the answer, it is no wait. The mail server and the load share the service's two cores.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx2
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from bench.load.subject import BOTH_CORES, free_port, process, wait_until_it_answers
from bench.load.watchword_subject import AGENT, prepare

WARM_UP_S: Final = 3.0
"""Starts before it that are not counted: connections are made, and what is read once is read."""
PATIENCE_S: Final = 30.0
"""How long the last mails are waited for."""
LOOK_S: Final = 0.1
_PROGRAM: Final = Path(sys.executable).parent / "watchword"


@dataclass
class Arrivals:
    """When the mail server had the mail to each address."""

    at_s: dict[str, float] = field(default_factory=dict)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 the server finds its hooks by these names
        """Take a mail."""
        self.at_s.setdefault(envelope.rcpt_tos[0], time.monotonic())
        return "250 OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """What was measured."""

    rate: int
    milliseconds: list[float]
    """Of every counted start, sorted."""
    lost: int
    """Codes that had not left when patience ended."""

    def percentile(self, share: float) -> float:
        """Return the wait that this share of the starts did not exceed."""
        return self.milliseconds[min(len(self.milliseconds) - 1, int(share * len(self.milliseconds)))]

    def told(self) -> str:
        """Return one line for a reader."""
        waits = ", ".join(
            f"{name} {self.percentile(share):.1f} ms" for name, share in (("p50", 0.5), ("p99", 0.99), ("longest", 1.0))
        )
        return f"{self.rate} starts a second, {len(self.milliseconds)} codes: {waits}, {self.lost} lost"


def measure(rate: int, seconds: float) -> Waits:
    """Serve, start sign-ins at this rate for so long, and return how long their codes waited."""
    arrivals = Arrivals()
    controller = Controller(arrivals, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="handover-") as folder,
            _served(Path(folder), controller.port) as served,
        ):
            return asyncio.run(_start_all(*served, arrivals, rate, seconds))
    finally:
        controller.stop()


@contextmanager
def _served(folder: Path, mail_port: int) -> Iterator[tuple[int, str]]:
    """Serve on a free port, and give it with a key."""
    port, log = free_port(), folder / "log.txt"
    key = prepare(folder, port=port, store="sqlite:///watchword.sqlite3", mail_port=mail_port)
    with process(
        [_PROGRAM, "serve", "--config", "watchword.toml"], log=log, cores=BOTH_CORES, folder=folder
    ) as started:
        wait_until_it_answers(port, started, log, "/readyz")
        yield port, key


async def _start_all(port: int, key: str, arrivals: Arrivals, rate: int, seconds: float) -> Waits:
    count = int(rate * (WARM_UP_S + seconds))
    warm = int(rate * WARM_UP_S)
    limits = httpx2.Limits(max_connections=64, max_keepalive_connections=64)
    headers = {"authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, limits=limits) as client:
        for first in range(0, count, 32):
            await asyncio.gather(*(_register(client, number) for number in range(first, min(first + 32, count))))
        begun_s, loop = time.monotonic(), []
        for number in range(count):
            await asyncio.sleep(max(0.0, begun_s + number / rate - time.monotonic()))
            loop.append(asyncio.create_task(_start(client, number)))
        acknowledged = dict(await asyncio.gather(*loop))
    for _ in range(int(PATIENCE_S / LOOK_S)):
        if len(arrivals.at_s) >= count:
            break
        await asyncio.sleep(LOOK_S)
    waits = {
        number: arrivals.at_s[_address(number)] - at_s
        for number, at_s in acknowledged.items()
        if number >= warm and _address(number) in arrivals.at_s
    }
    return Waits(
        rate=rate,
        milliseconds=sorted(max(0.0, wait_s) * 1_000 for wait_s in waits.values()),
        lost=count - warm - len(waits),
    )


async def _register(client: httpx2.AsyncClient, number: int) -> None:
    contact = {"channel_type": "email", "address": _address(number), "confirmed_at": "2025-01-01T00:00:00Z"}
    answer = await client.put(f"/v1/users/u-{number}", json={"contacts": [contact], "locale": "en"})
    answer.raise_for_status()


async def _start(client: httpx2.AsyncClient, number: int) -> tuple[int, float]:
    """Start a sign-in, and return when it was acknowledged."""
    ip = f"100.{64 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
    fields = {"type": "sign_in", "user_id": f"u-{number}", "session_id": f"s-{number}", "ip": ip, "user_agent": AGENT}
    answer = await client.post("/v1/actions", json=fields)
    answer.raise_for_status()
    if answer.json()["decision"] != "challenge":
        raise RuntimeError(f"start {number} was not challenged")
    return number, time.monotonic()


def _address(number: int) -> str:
    return f"u-{number}@customers.example"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rate", type=int, default=100, help="starts a second")
    parser.add_argument("--seconds", type=float, default=30.0, help="for how long they are counted")
    options = parser.parse_args()
    print(measure(options.rate, options.seconds).told())


if __name__ == "__main__":
    main()
