"""django-allauth and privacyIDEA as they are measured: each in an environment of its own, behind gunicorn."""

import http.client
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.load.plans import ADDRESS, Capture, Step
from bench.load.subject import (
    APPLICATION_CORE,
    BOTH_CORES,
    Place,
    Running,
    Subject,
    free_port,
    process,
    wait_until_it_answers,
)

_PEERS: Final = Path(__file__).resolve().parents[1] / "peers"
_INSTALLED: Final = Path("build/bench").absolute()
_PASSWORD: Final = "bench"
_GUNICORN: Final = ("--workers", "2", "--threads", "8", "--worker-class", "gthread", "--keep-alive", "75")
"""Two processes on the one core, so that one computes while another waits for the database."""


def django_allauth() -> Subject:
    """Return allauth's login by code on PostgreSQL."""
    return Subject(
        key="django-allauth",
        title="django-allauth, PostgreSQL",
        settings="`DEBUG=False`, sessions in the database, persistent connections, rate limits off; gunicorn with"
        " 2 workers of 8 threads",
        install=lambda: _install("django-allauth", "django-allauth", "django", "gunicorn"),
        start=_allauth,
        needs_postgres=True,
    )


def privacyidea() -> Subject:
    """Return privacyIDEA's e-mail token with challenge and response on PostgreSQL."""
    return Subject(
        key="privacyidea",
        title="privacyIDEA, PostgreSQL",
        settings="e-mail token, challenge-response without a PIN, signed audit (its default), users in a file,"
        " messages by SMTP; gunicorn with 2 workers of 8 threads, pools of 24 database connections instead of 5: each"
        " request holds up to three at once, and with fewer the threads wait for each other until its 30 s are over",
        install=lambda: _install("privacyidea", "privacyidea", "gunicorn"),
        start=_privacyidea,
        needs_postgres=True,
        users=100,
        patience=8.0,
    )


def _install(peer: str, *told: str) -> str:
    """Make the environment of a peer from its lock, if it is not there yet, and return the versions of these."""
    lock = _PEERS / peer / "requirements.lock"
    environment, stamp = _environment(peer), _environment(peer) / "installed.lock"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        shutil.rmtree(environment, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        pip: list[str | Path] = [
            environment / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        # The lock names everything; pip would resolve anew and stumble over extras.
        subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", lock], check=True)
        shutil.copy(lock, stamp)
    pins = dict(re.findall(r"^([a-z0-9-]+)==([^ \\]+)", lock.read_text(), re.MULTILINE))
    return ", ".join([*(f"{name} {pins[name]}" for name in told), f"Python {sys.version.split()[0]}"])


def _environment(peer: str) -> Path:
    return _INSTALLED / f"{peer}-venv"


def _gunicorn(peer: str, port: int, application: str) -> list[str | Path]:
    return [_environment(peer) / "bin" / "gunicorn", *_GUNICORN, "--bind", f"127.0.0.1:{port}", application]


@contextmanager
def _allauth(place: Place) -> Iterator[Running]:
    port, log, database = _prepare(place, "allauth")
    folder = _PEERS / "django-allauth"
    environment = {
        "DATABASE": database,
        "PGPORT": str(place.postgres.port if place.postgres else 0),
        "CODE_PORT": str(place.code_port),
        "USERS": str(place.users),
        "PYTHONPATH": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    python = _environment("django-allauth") / "bin" / "python"
    with process([python, folder / "peer_wsgi.py"], log=log, cores="0,1", environment=environment) as preparing:
        if preparing.wait():
            raise RuntimeError(log.read_text()[-2_000:])
    command = _gunicorn("django-allauth", port, "peer_wsgi:application")
    with process(command, log=log, cores=APPLICATION_CORE, environment=environment) as started:
        wait_until_it_answers(port, started, log, "/_allauth/app/v1/config")
        yield Running(roots=(started.pid,), port=port, steps=_allauth_steps(), users=place.users, database=database)


def _prepare(place: Place, database: str) -> tuple[int, Path, str]:
    if place.postgres is None:
        raise RuntimeError("there is no PostgreSQL")
    shutil.rmtree(place.folder, ignore_errors=True)
    place.folder.mkdir(parents=True)
    place.postgres.make(database)
    return free_port(), place.folder / "log.txt", database


def _allauth_steps() -> tuple[Step, Step]:
    headers = ("Content-Type: application/json", "User-Agent: bench")
    started = Step(
        name="start",
        path="/_allauth/app/v1/auth/code/request",
        headers=headers,
        body='{"email":"' + ADDRESS + '"}',
        status=401,  # not signed in yet, with the flow that is pending
        expects='"is_pending": true',
        captures=(Capture(name="session", after='"session_token": "'),),
    )
    checked = Step(
        name="check",
        path="/_allauth/app/v1/auth/code/confirm",
        headers=(*headers, "X-Session-Token: {session}"),
        body='{"code":"{code}"}',
        status=200,
        expects='"is_authenticated": true',
    )
    return started, checked


_PRIVACYIDEA: Final = """
SQLALCHEMY_DATABASE_URI = "postgresql+psycopg2://bench@127.0.0.1:{database_port}/{database}"
SUPERUSER_REALM = ["super"]
SECRET_KEY = "k7V2mQ9xR4tW8yB1nC5zD3fG6hJ0pL2sA9eU"
PI_PEPPER = "9eUk7V2mQ9xR4tW8yB1nC5zD3"
PI_ENCFILE = "{folder}/enckey"
PI_AUDIT_KEY_PRIVATE = "{folder}/private.pem"
PI_AUDIT_KEY_PUBLIC = "{folder}/public.pem"
PI_UUID_FILE = "{folder}/uuid.txt"
SQLALCHEMY_ENGINE_OPTIONS = {{"pool_size": 24, "pool_pre_ping": False}}
PI_LOGFILE = "{folder}/privacyidea.log"
PI_LOGLEVEL = 40
"""
_SET_UP: Final = (
    ("setup", "create_enckey"),
    ("setup", "create_audit_keys"),
    ("setup", "create_tables"),
    ("admin", "add", "bench", "-p", _PASSWORD),
)


@contextmanager
def _privacyidea(place: Place) -> Iterator[Running]:
    port, log, database = _prepare(place, "privacyidea")
    database_port = place.postgres.port if place.postgres else 0
    settings = place.folder / "pi.cfg"
    settings.write_text(_PRIVACYIDEA.format(database_port=database_port, database=database, folder=place.folder))
    people = "".join(f"u{number}:x:{number + 1000}:1000:User {number}:/:/bin/false\n" for number in range(place.users))
    (place.folder / "people").write_text(people)
    environment = {"PRIVACYIDEA_CONFIGFILE": str(settings)}
    programs = _environment("privacyidea") / "bin"
    for words in _SET_UP:
        with process(
            [programs / "pi-manage", *words], log=log, cores=BOTH_CORES, environment=environment
        ) as setting_up:
            if setting_up.wait():
                raise RuntimeError(log.read_text()[-2_000:])
    command = _gunicorn("privacyidea", port, "privacyidea.app:create_app(config_name='production')")
    with process(command, log=log, cores=APPLICATION_CORE, environment=environment) as started:
        wait_until_it_answers(port, started, log, "/healthz/livez")
        token = _enrol(port, place)
        yield Running(
            roots=(started.pid,),
            port=port,
            steps=_privacyidea_steps(token),
            users=place.users,
            takes_datagrams=False,
            database=database,
        )


def _enrol(port: int, place: Place) -> str:
    """Set up realm, mail server and a token for each user, and return the word of the administrator."""
    token = str(_ask(port, "/auth", {"username": "bench", "password": _PASSWORD}, "")["token"])
    resolver = {"type": "passwdresolver", "fileName": str(place.folder / "people")}
    server = {"server": "127.0.0.1", "port": str(place.code_port), "sender": "no-reply@bench.example"}
    policy = {"scope": "authentication", "action": "challenge_response=email", "realm": "bench"}
    _ask(port, "/resolver/people", resolver, token)
    _ask(port, "/realm/bench", {"resolvers": "people"}, token)
    _ask(port, "/defaultrealm/bench", {}, token)
    _ask(port, "/smtpserver/sink", server, token)
    _ask(port, "/system/setConfig", {"email.identifier": "sink"}, token)
    _ask(port, "/policy/asked", policy, token)
    for number in range(place.users):
        user = {"user": f"u{number}", "realm": "bench"}
        _ask(port, "/token/init", {"type": "email", "email": ADDRESS.format(user=number), "genkey": "1", **user}, token)
    return token


def _ask(port: int, path: str, values: Mapping[str, str], token: str) -> Mapping[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/json", "Authorization": token}
    connection.request("POST", path, json.dumps(values), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise RuntimeError(f"privacyIDEA refused {path}: {text}")
    value = json.loads(text)["result"]["value"]
    return value if isinstance(value, dict) else {}


def _privacyidea_steps(token: str) -> tuple[Step, Step]:
    headers = ("Content-Type: application/json",)
    started = Step(
        name="start",
        path="/validate/triggerchallenge",
        headers=(*headers, f"Authorization: {token}"),
        body='{"user":"u{user}","realm":"bench"}',
        status=200,
        expects='"transaction_id": "',
        captures=(Capture(name="transaction", after='"transaction_id": "'),),
    )
    checked = Step(
        name="check",
        path="/validate/check",
        headers=headers,
        body='{"user":"u{user}","realm":"bench","pass":"{code}","transaction_id":"{transaction}"}',
        status=200,
        expects='"value": true',
    )
    return started, checked
