"""``messages send-test``: whether the senders of an application work, shown before a customer waits for a code."""

import json
from pathlib import Path

import pytest

from tests.adapters.mail_server import Postbox, free_port, serve
from watchword.cli import main
from watchword.config.first_files import write_default

SETTINGS = """\
[server]
port = 8000
page_base = "https://verify.shop.example"

[senders.first]
kind = "smtp"
host = "127.0.0.1"
port = {first}
security = "none"
from_address = "codes@shop.example"

[senders.second]
kind = "smtp"
host = "127.0.0.1"
port = {second}
security = "none"
from_address = "codes@shop.example"

[applications.shop]
name = "Example Shop"
mode = "live"

[applications.shop.senders]
email = ["first", "second"]
"""


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


def _send(settings: Path, *arguments: str) -> int:
    return main(["messages", "send-test", "--application", "shop", *arguments, "--config", str(settings)])


def _settings(folder: Path, first: int, second: int) -> Path:
    path = folder / "watchword.toml"
    path.write_text(SETTINGS.format(first=first, second=second))
    return path


def test_every_sender_of_the_route_is_tried_and_says_what_came_of_it(
    tmp_path: Path, postbox: Postbox, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve(postbox)
    try:
        settings = _settings(tmp_path, free_port(), server.port)
        assert _send(settings, "--channel", "email", "--to", "ann@example.com", "--json") == 1
    finally:
        server.stop()
    shown = capsys.readouterr()
    first, second = json.loads(shown.out)
    assert (first["sender"], first["taken"]) == ("first", False)
    assert first["said"].startswith("no connection to the mail server")
    assert (second["sender"], second["taken"]) == ("second", True)
    assert "not every sender took the message" in shown.err
    assert [mail["Subject"] for mail in postbox.mails] == ["012345 is your Example Shop code"]
    assert postbox.recipients == [["ann@example.com"]]


def test_it_is_content_where_all_take_the_message(
    tmp_path: Path, postbox: Postbox, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve(postbox)
    try:
        settings = _settings(tmp_path, server.port, server.port)
        assert _send(settings, "--channel", "email", "--to", "ann@example.com", "--locale", "de") == 0
    finally:
        server.stop()
    assert capsys.readouterr().out.count("taken (sent, ") == 2
    assert "ist Ihr Code von" in str(postbox.mails[0].get_body(("plain",)))


def test_a_trial_in_a_data_folder_ends_in_its_inbox(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_default(tmp_path / "watchword.toml")
    arguments = ["--channel", "sms", "--to", "+4915123456789", "--data", str(tmp_path)]
    assert main(["messages", "send-test", "--application", "shop", *arguments]) == 0
    assert "inbox: taken" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--channel", "email", "--to", "nobody"], "is no address for this channel"),
        (["--channel", "sms", "--to", "ann@example.com"], "is no address for this channel"),
        (["--channel", "voice", "--to", "+4915123456789"], "a call cannot be tried alone"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(
    arguments: list[str], problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _send(_settings(tmp_path, 1, 1), *arguments) == 2
    assert problem in capsys.readouterr().err


def test_a_channel_without_a_sender_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _send(_settings(tmp_path, 1, 1), "--channel", "sms", "--to", "+4915123456789") == 1
    assert "shop has no sender for sms" in capsys.readouterr().err
