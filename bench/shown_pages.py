"""Measures what it costs to show a challenge: the entry page, the same for a component, and without any words.

Run it with ``make bench-paths``. Everything but the network is in it: routing, the store, the words of a language, the
template. Each challenge is shown a few times and tried once or twice, so this weighs as much as bench/hot_paths.py.
"""

import asyncio
import logging
import tempfile
import time
from pathlib import Path

import structlog
from starlette.types import ASGIApp, Message

from watchword.adapters.inbox import InboxFile
from watchword.adapters.sqlite.schema import migrate
from watchword.adapters.system import SystemClock
from watchword.bootstrap.house import House, build
from watchword.bootstrap.key_source import open_keys
from watchword.config.first_files import write_demo
from watchword.config.loading import load_settings
from watchword.config.settings import Situation
from watchword.domain.application import Application
from watchword.domain.contact import ContactKind
from watchword.domain.ids import UserId
from watchword.domain.instant import Instant
from watchword.flow.assess import assess
from watchword.flow.gather import Report
from watchword.flow.register import ContactEntry, put_user

AGENT = b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36"
CALLS = 300
ROUNDS = 5
ORIGIN = "http://127.0.0.1:8000"


async def measure(folder: Path) -> dict[str, float]:
    """Return milliseconds of processor time for each thing that is shown, the least of a few rounds."""
    path = folder / "watchword.toml"
    write_demo(path)
    settings = load_settings(path, situation=Situation.DEV, environ={}, overrides={"server.page_base": ORIGIN})
    migrate(str(settings.store_path))
    inbox = InboxFile(folder / "inbox.sqlite3", SystemClock())
    house = await build(settings, open_keys(settings.keys, create=True), inbox=inbox)
    challenge_id, token = await _challenge(house, settings.applications[0].application)
    shown = {
        "entry page, English": (f"/c/{token}", ""),
        "entry page, Arabic": (f"/c/{token}", "language=ar"),
        "challenge, no words": (f"/v1/challenges/{challenge_id}", ""),
        "challenge, in English": (f"/v1/challenges/{challenge_id}", "words=en"),
        "challenge, in Arabic": (f"/v1/challenges/{challenge_id}", "words=ar"),
    }
    found = {name: await _cost_ms(house.site, path, query, token) for name, (path, query) in shown.items()}
    await house.close()
    inbox.close()
    return found


async def _challenge(house: House, application: Application) -> tuple[str, str]:
    user = UserId("u-1")
    entries = [
        ContactEntry(kind=kind, address=address, confirmed_at=Instant(0), preferred=False, pointer="")
        for kind, address in ((ContactKind.PHONE, "+14155550123"), (ContactKind.EMAIL, "ann@example.com"))
    ]
    await put_user(house.ports, application, user, tuple(entries), locale=None, grant=None)
    report = Report(type="sign_in", user_id=user, details={}, user_agent=AGENT.decode(), ip="192.0.2.7")
    assessed = await assess(house.ports, application, report)
    if assessed.challenge is None:
        raise SystemExit("a sign-in from a new device was not challenged")
    return assessed.challenge.id, assessed.challenge.token.reveal()


async def _cost_ms(site: ASGIApp, path: str, query: str, token: str) -> float:
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [
            (b"host", b"127.0.0.1:8000"),
            (b"user-agent", AGENT),
            (b"authorization", f"Bearer {token}".encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "scheme": "http",
    }
    rounds: list[float] = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(CALLS):
            await site(dict(scope), _receive, _send)
        rounds.append((time.process_time() - started) / CALLS * 1e3)
    return min(rounds)


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(message: Message) -> None:
    """Take the answer, and stop where it is not the one that was to be measured."""
    if message["type"] == "http.response.start" and message["status"] != 200:
        raise SystemExit(f"answered {message['status']}")


def main() -> None:
    """Measure, and print each beside the challenge without words."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder)))
    plain = found["challenge, no words"]
    for name, cost_ms in found.items():
        print(f"{name:<22} {cost_ms:>6.2f} ms {cost_ms / plain:>6.1f}×")


if __name__ == "__main__":
    main()
