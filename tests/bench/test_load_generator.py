"""The load generator: it types the code that came for the right user, and counts what went wrong as wrong."""

import json
import shutil
import smtplib
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.load.driving import Driven, drive
from bench.load.plans import Capture, Plan, Step
from bench.load.subject import Place, Running, free_port
from bench.load.trivial_subject import trivial

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="the load generator needs a C compiler")
CYCLES = 60


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[tuple[Running, Place]]:
    place = Place(folder=tmp_path / "trivial", code_port=free_port(), postgres=None, users=20)
    with trivial().start(place) as running:
        yield running, place


def _plan(port: int, steps: list[Step], *, datagram_port: int = 0, smtp_port: int = 0) -> Plan:
    return Plan(
        port=port,
        steps=steps,
        connections=3,
        measured_s=20,
        cycles_most=CYCLES,
        users=20,
        datagram_port=datagram_port,
        smtp_port=smtp_port,
    )


def test_every_cycle_is_a_start_a_code_and_a_check(answering: tuple[Running, Place]) -> None:
    running, place = answering
    driven = drive(_plan(running.port, list(running.steps), datagram_port=place.code_port), roots=running.roots)
    assert (driven.cycles, driven.errors) == (CYCLES, 0)
    assert {name: driven.times[name].count for name in ("start", "check", "cycle", "code")} == dict.fromkeys(
        ("start", "check", "cycle", "code"), CYCLES
    )
    assert set(driven.used) == set(running.roots)


def test_an_answer_that_is_not_the_right_one_is_an_error(answering: tuple[Running, Place]) -> None:
    running, place = answering
    start, check = running.steps
    wrong = Step(name="check", path="/check", body="{}", status=200, expects='"denied"')
    driven = drive(_plan(running.port, [start, wrong], datagram_port=place.code_port))
    assert (driven.cycles, driven.errors) == (0, CYCLES)
    assert check.expects == '"approved"'


def test_what_is_kept_of_an_answer_is_there_in_the_next_run(answering: tuple[Running, Place], tmp_path: Path) -> None:
    running, place = answering
    start, check = running.steps
    kept = Capture(name="word", after='"outcome":"', is_kept=True)
    first = Step(name="check", path=check.path, body="{}", status=200, expects="approved", captures=(kept,))
    values = tmp_path / "values.txt"
    plan = Plan(
        port=running.port,
        steps=[start, first],
        connections=2,
        measured_s=20,
        cycles_most=20,
        users=20,
        datagram_port=place.code_port,
        values=values,
    )
    drive(plan)
    assert {line.split()[0] for line in values.read_text().splitlines() if line.endswith("word approved")} == {
        str(number) for number in range(20)
    }


class _Mailing(BaseHTTPRequestHandler):
    """Sends the code of a user by e-mail, and approves that one alone."""

    protocol_version = "HTTP/1.1"
    mail_port = 0

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["content-length"])))
        code = f"{int(told['user']) * 37 + 100_000}"
        if self.path == "/start":
            self._send(told["user"], code)
        answer = json.dumps({"approved": told.get("code") == code}).encode()
        # In chunks, as some of those that are measured answer.
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in (answer[:5], answer[5:], b""):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))

    def _send(self, user: str, code: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "a@bench.example", f"u{user}@bench.example", "1234567 is no code"
        mail.set_content(f"Ваш код: {code}. Until 1234567890." if int(user) % 2 else f"Your code: {code}")
        mail.add_alternative("<p>999999</p>", subtype="html")
        with smtplib.SMTP("127.0.0.1", self.mail_port, timeout=10) as connection:
            connection.send_message(mail)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name is the library's
        """Say nothing."""


def _drive_by_mail() -> Driven:
    mail_port = free_port()
    handler = type("Handler", (_Mailing,), {"mail_port": mail_port})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        steps = [
            Step(name="start", path="/start", body='{"user":"{user}"}', status=200, expects="approved"),
            Step(name="check", path="/", body='{"user":"{user}","code":"{code}"}', status=200, expects="true"),
        ]
        return drive(_plan(server.server_address[1], steps, smtp_port=mail_port))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_codes_are_read_from_mail_however_it_is_encoded() -> None:
    driven = _drive_by_mail()
    assert (driven.cycles, driven.errors) == (CYCLES, 0)
