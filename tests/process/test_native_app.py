"""The example of a native app, from end to end: app, its back end and a real server, each in a process of its own."""

import itertools
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.process.served import Served, code_in, other_than

EXAMPLE = Path(__file__).resolve().parents[2] / "sdk" / "python" / "examples" / "native_app"
APP_HASH = "FA+9qCX9VSu"
SETTINGS = f"""
[applications.shop]
name = "Example Shop"
mode = "test"
issuer = "http://localhost/test"
android_app_hash = "{APP_HASH}"
return_urls = ["com.example.shop:/watchword"]
senders = {{ sms = "inbox", email = "inbox" }}
high_value = {{ USD = "500.00" }}
[keys]
file = "keys.toml"
[store]
url = "sqlite:///watchword.sqlite3"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Somebody with a phone; each test has its own, because they share a server."""

    user: str
    phone: str
    keystore: Path

    def open_app(self, back_end: str, *arguments: str) -> "App":
        """Start the app on this customer's phone."""
        return App(back_end, "--user", self.user, "--phone", self.phone, "--keystore", str(self.keystore), *arguments)


class App:
    """The app's process, as somebody sits before it."""

    def __init__(self, back_end: str, *arguments: str) -> None:
        command = [sys.executable, "-W", "error", str(EXAMPLE / "app.py"), "--back-end", back_end, *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def shows(self, words: str) -> str:
        """Read on until a line holds these words, and return everything up to there."""
        assert self._process.stdout is not None
        seen = ""
        for line in self._process.stdout:
            seen += line
            if words in line:
                return seen
        raise AssertionError(f"never showed {words!r}: {seen}")

    def type(self, text: str) -> None:
        """Type a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n")
        self._process.stdin.flush()

    def end(self) -> int:
        """Return the exit status, after closing the keyboard."""
        self._process.communicate(timeout=30)
        return self._process.returncode


@pytest.fixture(scope="module")
def app_served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Run a server whose application is an Android app."""
    data = tmp_path_factory.mktemp("server") / "data"
    data.mkdir()
    (data / "watchword.toml").write_text(SETTINGS)
    server = Served(data=data)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def back_end(app_served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the app's back end, and give its address."""
    key_file = tmp_path_factory.mktemp("back_end") / "key.txt"
    key_file.write_text(app_served.key)
    command = [sys.executable, str(EXAMPLE / "back_end.py"), "--api", app_served.api]
    process = subprocess.Popen(
        [*command, "--key-file", str(key_file)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.terminate()
    rest, _ = process.communicate(timeout=30)
    assert "Traceback" not in rest


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    """Give the numbers of the customers."""
    return itertools.count()


@pytest.fixture
def ann(numbers: Iterator[int], tmp_path: Path) -> Customer:
    """Give a customer whom no other test knows."""
    number = next(numbers)
    return Customer(user=f"ann-{number}", phone=f"+141555501{number:02}", keystore=tmp_path / "keystore.json")


def test_the_app_buys_with_a_code_and_is_known_afterwards(app_served: Served, back_end: str, ann: Customer) -> None:
    app = ann.open_app(back_end, "--buy", "camera")
    screen = app.shows("Enter the 6-digit code")
    assert "Approve 1,299.00\N{NO-BREAK SPACE}USD to Example Shop" in screen
    assert "Nobody from Example Shop will ask you for this code." in screen
    message = app_served.message(ann.phone)
    app.type(other_than(code_in(message)))
    assert "You have 4 tries left." in app.shows("Enter the 6-digit code")
    app.type("again")
    app.shows("A little patience")
    app.type(code_in(message))
    app.shows("The order is paid.")
    assert app.end() == 0
    assert stat.S_IMODE(ann.keystore.stat().st_mode) == 0o600
    token = ann.keystore.read_text()

    known = ann.open_app(back_end, "--buy", "film")
    assert "Enter" not in known.shows("The order is paid.")
    assert known.end() == 0
    assert ann.keystore.read_text() != token, "each use of a device token issues a successor"


def test_the_message_that_android_hands_over_is_tried_as_it_is(
    app_served: Served, back_end: str, ann: Customer
) -> None:
    app = ann.open_app(back_end, "--buy", "camera")
    app.shows("Enter the 6-digit code")
    message = app_served.message(ann.phone)
    assert message.endswith(f"\n{APP_HASH}")
    assert len(message.encode()) <= 140
    app.type(message.replace("\n", " "))
    app.shows("The order is paid.")
    assert app.end() == 0


@pytest.mark.parametrize(("typed", "end"), [("no", "Stopped."), ("stop", "Cancelled.")])
def test_what_is_stopped_in_the_app_is_not_bought(back_end: str, ann: Customer, typed: str, end: str) -> None:
    app = ann.open_app(back_end, "--buy", "camera")
    app.shows("Enter the 6-digit code")
    app.type(typed)
    assert end in app.shows("The order is refused.")
    assert app.end() == 0


def test_a_further_way_makes_a_new_code(app_served: Served, back_end: str, ann: Customer) -> None:
    app_served.call(
        "PUT",
        f"/v1/users/{ann.user}",
        {
            "contacts": [
                {"channel_type": "phone", "address": ann.phone, "confirmed_at": "2026-01-01T00:00:00Z"},
                {"channel_type": "email", "address": f"{ann.user}@example.com", "confirmed_at": "2026-01-01T00:00:00Z"},
            ]
        },
    )
    app = ann.open_app(back_end, "--buy", "camera")
    way = re.search(r"(\d): E-mail to", app.shows("Enter the 6-digit code"))
    assert way is not None
    app.type(way[1])
    app.shows("A new code is on its way.")
    app.type(code_in(app_served.message(f"{ann.user}@example.com")))
    app.shows("The order is paid.")
    assert app.end() == 0


def test_the_hosted_page_returns_by_an_app_link(app_served: Served, back_end: str, ann: Customer) -> None:
    app = ann.open_app(back_end, "--buy", "camera", "--hosted")
    shown = app.shows("The link that the system handed over:")
    url = re.search(r"http\S+", shown)
    assert url is not None
    link = _approve_in_a_browser(url[0], code_in(app_served.message(ann.phone)))
    assert link.startswith("com.example.shop:/watchword?watchword_challenge=chl_")
    assert set(parse_qs(urlsplit(link).query)) == {"watchword_challenge", "state"}
    app.type(link)
    app.shows("The order is paid.")
    assert app.end() == 0


def test_a_link_that_somebody_else_made_is_not_followed(back_end: str, ann: Customer) -> None:
    app = ann.open_app(back_end, "--buy", "camera", "--hosted")
    app.shows("The link that the system handed over:")
    app.type("com.example.shop:/watchword?watchword_challenge=chl_1&state=mine")
    app.shows("This link is not for the order that is open here.")
    assert app.end() == 1


def test_a_link_without_an_approval_buys_nothing(back_end: str, ann: Customer) -> None:
    with httpx2.Client(base_url=back_end) as http:
        session = http.post("/sessions", json={"user": ann.user, "phone": ann.phone}).json()["session"]
        owner = {"Authorization": f"Bearer {session}"}
        wanted = {"item": "camera", "hosted": True, "device_token": None}
        order = http.post("/orders", json=wanted, headers=owner).json()["order"]
        assert http.post(f"/orders/{order}/finish", headers=owner).json()["state"] == "code_needed"
        stranger = http.post("/sessions", json={"user": "bob", "phone": "+14155550199"}).json()["session"]
        for other in (stranger, "made-up"):
            answer = http.post(f"/orders/{order}/finish", headers={"Authorization": f"Bearer {other}"})
            assert (answer.status_code, answer.json()) == (404, {"state": "unknown"})
        assert http.post("/orders", json=wanted, headers={"Authorization": "Bearer made-up"}).status_code == 401


def test_the_app_never_sees_the_secret_key(app_served: Served, back_end: str, ann: Customer) -> None:
    assert "wk_" not in (EXAMPLE / "app.py").read_text()
    with httpx2.Client(base_url=back_end) as http:
        signed_in = http.post("/sessions", json={"user": ann.user, "phone": ann.phone})
        owner = {"Authorization": f"Bearer {signed_in.json()['session']}"}
        wanted = {"item": "camera", "hosted": False, "device_token": None}
        bought = http.post("/orders", json=wanted, headers=owner)
    for answer in (signed_in, bought):
        assert app_served.key not in f"{answer.headers}{answer.text}"
    assert set(bought.json()["challenge"]) == {"api", "id", "token"}


def _approve_in_a_browser(url: str, code: str) -> str:
    """Type the code on the hosted page and return where the browser is sent then."""
    with httpx2.Client(follow_redirects=False) as browser:
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', browser.get(url).text))
        answer = browser.post(url, data=hidden | {"code": code})
        return str(answer.headers["location"])
