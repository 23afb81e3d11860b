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
from bench.load.subject import (
    APPLICATION_CORE,
    BOTH_CORES,
    Place,
    Running,
    Subject,
    free_port,
    process,
    statements_told,
    wait_until_it_answers,
)

AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36"
_SETTINGS: Final = """
[server]
port = {port}
page_base = "https://verify.bench.example"
[store]
url = "{store}"
[atlas]
country_files = ["countries.csv"]
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
_ROOT: Final = Path(__file__).resolve().parents[2]
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
        install=_version,
        start=start,
        needs_postgres=False,
        can_count=not mail,
    )


def watchword_on_postgres(*, processes: int) -> Subject:
    """Return Watchword on PostgreSQL, in so many processes."""

    @contextmanager
    def start(place: Place) -> Iterator[Running]:
        if place.postgres is None:
            raise RuntimeError("there is no PostgreSQL")
        database = f"watchword_{processes}"
        store = place.postgres.make(database)
        with _serving(place, store=store, workers=processes, database=database) as running:
            yield running

    return Subject(
        key=f"watchword-postgres-{processes}",
        title="Watchword, PostgreSQL" + (f", {processes} processes" if processes > 1 else ""),
        settings=f"`watchword serve --workers {processes}`",
        install=_version,
        start=start,
        needs_postgres=True,
        has_both_cores=processes > 1,
    )


def watchword_without_store() -> Subject:
    """Return Watchword with a store that answers from dicts: what all but the store costs."""

    @contextmanager
    def start(place: Place) -> Iterator[Running]:
        with _serving(place, store="sqlite:///watchword.sqlite3", environment={"BENCH_STORE": "dicts"}) as running:
            yield running

    return Subject(
        key="watchword-dicts",
        title="Watchword, null store",
        settings="`watchword serve` with a store that answers from dicts: nothing is written",
        install=_version,
        start=start,
        needs_postgres=False,
    )


def _version() -> str:
    return f"Watchword {watchword.__version__}, Python {sys.version.split()[0]}"


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
        captures=(Capture(name="device", after='"token":"wd1', is_kept=True),),
    )
    return started, checked


def allow_step(key: str) -> Step:
    """Return a sign-in from the device that an earlier cycle made known, which is allowed."""
    return Step(
        name="allow",
        path="/v1/actions",
        headers=(f"Authorization: Bearer {key}", "Content-Type: application/json"),
        body=_START.replace('"session_id"', '"device_token":"wd1{device}","session_id"'),
        status=201,
        expects='"decision":"allow"',
        captures=(Capture(name="device", after='"token":"wd1', is_kept=True),),
    )


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
    place: Place,
    *,
    store: str,
    mail: bool = False,
    workers: int = 1,
    database: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    shutil.rmtree(place.folder, ignore_errors=True)
    place.folder.mkdir(parents=True)
    port = free_port()
    key = prepare(place.folder, port=port, store=store, mail_port=place.code_port)
    with served(
        place, port=port, key=key, mail=mail, workers=workers, database=database, environment=environment or {}
    ) as running:
        register(port, key, place.users)
        yield running


@contextmanager
def served(
    place: Place,
    *,
    port: int,
    key: str,
    mail: bool = False,
    workers: int = 1,
    database: str | None = None,
    environment: Mapping[str, str],
) -> Iterator[Running]:
    """Serve what is prepared in the folder of the place; nobody is registered."""
    log = place.folder / "log.txt"
    command: list[str | Path] = [_PROGRAM, "serve", "--config", "watchword.toml", "--workers", str(workers)]
    exchanged = {} if mail else {"PYTHONPATH": f"{_EXCHANGED}:{_ROOT}"}
    counting = {"BENCH_COUNT": "1"} if place.counts else {}
    cores = APPLICATION_CORE if workers == 1 else BOTH_CORES
    environment = {**exchanged, **counting, **environment}
    with process(command, log=log, cores=cores, folder=place.folder, environment=environment) as started:
        wait_until_it_answers(port, started, log, "/readyz")
        yield Running(
            roots=(started.pid,),
            port=port,
            steps=cycle_steps(key),
            allow=allow_step(key),
            users=place.users,
            takes_datagrams=not mail,
            database=database,
            statements=statements_told(started, log) if place.counts else None,
        )


def prepare(folder: Path, *, port: int, store: str, mail_port: int) -> str:
    """Make settings, keys and a migrated store in a folder, and return the secret key of its application."""
    # The addresses of the load generator, in eight countries, so that a user is seen again where he was.
    countries = zip(range(64, 128, 8), ("US", "GB", "DE", "FR", "ES", "IT", "PL", "SE"), strict=True)
    lines = (f"100.{second}.0.0/13,{country}\n" for second, country in countries)
    (folder / "countries.csv").write_text("network,country\n" + "".join(lines))
    (folder / "watchword.toml").write_text(_SETTINGS.format(port=port, store=store, mail_port=mail_port))
    said = ""
    for command in (["secrets", "create"], ["migrate"], ["keys", "create", "--application", "shop"]):
        done = subprocess.run([_PROGRAM, *command], cwd=folder, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"watchword {' '.join(command)}: {done.stderr}{done.stdout}")
        said = done.stdout
    found = re.search(r"wk_test_\w+", said)
    if found is None:
        raise RuntimeError(f"no key was made: {said}")
    return found.group()
