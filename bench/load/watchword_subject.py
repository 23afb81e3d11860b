"""Watchword as it is measured: its own command, a test application, budgets, events, risk and delivery all on."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import watchword
from bench.load.driving import drive
from bench.load.plans import ADDRESS, Capture, Plan, Step
from bench.load.subject import Place, Running, Subject, free_port, process, wait_until_it_answers

AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36"
_SETTINGS: Final = """
[server]
port = {port}
page_base = "https://verify.bench.example"
[store]
url = "{store}"
[log]
level = "warning"
[senders.sink]
kind = "smtp"
host = "127.0.0.1"
port = {mail_port}
security = "none"
from_address = "no-reply@bench.example"
test_sender = true
[applications.shop]
name = "Shop"
mode = "test"
[applications.shop.senders]
email = "sink"
[applications.shop.high_value]
USD = "500.00"
# Every limit is charged and looked at; these are only high enough for a few users to be asked again and again.
[applications.shop.limits]
starts_per_hour = 100000
sends_per_contact_hour = 100000
sends_per_contact_day = 100000
open_lane_sends_per_contact_hour = 100000
open_lane_sends_per_contact_day = 100000
"""
_EXCHANGED: Final = Path(__file__).resolve().parent / "exchanged"
_PROGRAM: Final = Path(sys.executable).parent / "watchword"
_START: Final = (
    '{"type":"sign_in","user_id":"u-{user}","session_id":"s-{turn}","ip":"{ip}","user_agent":"' + AGENT + '"}'
)
_CONTACT: Final = '{"channel_type":"email","address":"' + ADDRESS + '","confirmed_at":"2025-01-01T00:00:00Z"}'


def watchword_on_sqlite(*, mail: bool = False) -> Subject:
    """Return Watchword on its SQLite file; with ``mail`` it hands its messages to a mail server."""

    @contextmanager
    def start(place: Place) -> Iterator[Running]:
        with _serving(place, store="sqlite:///watchword.sqlite3", mail=mail) as running:
            yield running

    return Subject(
        key="watchword-sqlite-mail" if mail else "watchword-sqlite",
        title="Watchword, SQLite" + (", by SMTP" if mail else ""),
        settings="`watchword serve`, one process; WAL, `synchronous=FULL`",
        install=lambda: f"Watchword {watchword.__version__}",
        start=start,
        needs_postgres=False,
    )


def cycle_steps(key: str) -> tuple[Step, Step]:
    """Return a start that is challenged, because the device is new each time, and the check of its code."""
    headers = (f"Authorization: Bearer {key}", "Content-Type: application/json")
    started = Step(
        name="start",
        path="/v1/actions",
        headers=headers,
        body=_START,
        status=201,
        expects='"decision":"challenge"',
        captures=(Capture(name="challenge", after='"challenge":{"id":"'),),
    )
    checked = Step(
        name="check",
        path="/v1/challenges/{challenge}/attempts",
        headers=headers,
        body='{"code":"{code}"}',
        status=200,
        expects='"outcome":"approved"',
        captures=(Capture(name="device", after='"token":"wd', is_kept=True),),
    )
    return started, checked


def register(port: int, key: str, users: int) -> None:
    """Register users 0 to ``users - 1``, each with a confirmed e-mail address."""
    step = Step(
        name="register",
        method="PUT",
        path="/v1/users/u-{user}",
        headers=(f"Authorization: Bearer {key}", "Content-Type: application/json"),
        body='{"contacts":[' + _CONTACT + '],"locale":"en"}',
        status=201,
        expects='"contacts"',
    )
    drive(Plan(port=port, steps=[step], connections=32, measured_s=600, cycles_most=users, users=users))


@contextmanager
def _serving(
    place: Place, *, store: str, mail: bool, workers: int = 1, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    port, log = free_port(), place.folder / "log.txt"
    shutil.rmtree(place.folder, ignore_errors=True)
    place.folder.mkdir(parents=True)
    key = prepare(place.folder, port=port, store=store, mail_port=place.code_port)
    command: list[str | Path] = [_PROGRAM, "serve", "--config", "watchword.toml", "--workers", str(workers)]
    exchanged = {} if mail else {"PYTHONPATH": str(_EXCHANGED)}
    environment = {**exchanged, **(environment or {})}
    with process(command, log=log, cores="0", folder=place.folder, environment=environment) as started:
        wait_until_it_answers(port, started, log, "/readyz")
        register(port, key, place.users)
        yield Running(
            roots=(started.pid,),
            port=port,
            steps=cycle_steps(key),
            users=place.users,
            takes_datagrams=not mail,
        )


def prepare(folder: Path, *, port: int, store: str, mail_port: int) -> str:
    """Make settings, keys and a migrated store in a folder, and return the secret key of its application."""
    (folder / "watchword.toml").write_text(_SETTINGS.format(port=port, store=store, mail_port=mail_port))
    said = ""
    for command in (["secrets", "create"], ["migrate"], ["keys", "create", "--application", "shop"]):
        done = subprocess.run([_PROGRAM, *command], cwd=folder, check=True, capture_output=True, text=True)
        said = done.stdout
    found = re.search(r"wk_test_\w+", said)
    if found is None:
        raise RuntimeError(f"no key was made: {said}")
    return found.group()
