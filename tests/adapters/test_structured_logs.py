"""Logs: whatever is written, by whom and at what level, no secret and no address comes through."""

import io
import json
import logging
import warnings
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from errno import ENOSPC
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from watchword.adapters.structured_logs import configure_logs, scrub
from watchword.domain.secret import Secret

CODE = "918273"
TOKENS = [
    "wk_live_9f8e7d6c5b4a39281706f5e4d3c2b1a0",
    "wk_test_9f8e7d6c-5b4a~3928.1706",
    "wct_0g1h2j3k4m5n6p7q8r9s0t1v2w3x4y5z",
    "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "wd1.0g1h2j3k4m5n6p7q8r9s0t1v2w3x4y5z.17.0g1h2j3k4m5n6p7q",
    "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1LTQyIn0.bTZHP5AeFIXwhfaS9kh6DRKG-_",
    "9f8e7d6c5b4a39281706f5e4d3c2b1a0ABCDEFGHIJK=",
    "Bearer AbCdEfGh",
    "basic dXNlcjpwYXNz",
]


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    """Configures the logs as a process does, and puts everything back."""
    root = logging.getLogger()
    handlers, level, shown = list(root.handlers), root.level, warnings.showwarning
    stream = io.StringIO()
    configure_logs("debug", stream=stream)
    yield stream
    logging.captureWarnings(capture=False)
    warnings.showwarning = shown
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _lines(output: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def _logged(output: io.StringIO, **fields: object) -> dict[str, object]:
    structlog.get_logger("test").info("happened", **fields)
    return _lines(output)[-1]


def test_a_line_is_one_json_object_with_level_and_utc_time(output: io.StringIO) -> None:
    line = _logged(output, route="/c/{token}", status=200, duration_ms=3.25, at=None)
    moment = datetime.fromisoformat(str(line.pop("timestamp")))
    assert moment.tzinfo == UTC
    assert line == {
        "event": "happened",
        "level": "info",
        "route": "/c/{token}",
        "status": 200,
        "duration_ms": 3.25,
        "at": None,
    }


@pytest.mark.parametrize(
    "name",
    [
        "code",
        "token",
        "grant",
        "key",
        "secret_key",
        "deviceToken",
        "password",
        "Authorization",
        "set-cookie",
        "body",
        "rendered_text",
    ],
)
def test_a_field_named_like_a_secret_is_left_out(output: io.StringIO, name: str) -> None:
    assert _logged(output, **{name: "harmless"})[name] == "[left out]"
    assert _logged(output, inner={name: ["harmless"]})["inner"] == {name: "[left out]"}
    assert _logged(output, **{name: 918273})[name] == "[left out]"


@pytest.mark.parametrize(
    "name", ["key_id", "code_length", "status_code", "error_code", "token_count", "keyboard", "barcode_reader"]
)
def test_a_field_that_only_sounds_like_one_stays(output: io.StringIO, name: str) -> None:
    assert _logged(output, **{name: "harmless"})[name] == "harmless"


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("form", ["{}", "no {} here", "GET /c/{}?x=1", "('{}',)", '{{"a":"{}"}}', "a={};b"])
def test_a_token_does_not_come_through_in_any_text(token: str, form: str) -> None:
    found = scrub(form.format(token))
    assert token not in found
    assert token[-10:] not in found
    assert "[token]" in found


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to joe.smith@shop.example now", "to j•••@s•••.example now"),
        ("<joe+tag@mail.shop.example>", "<j•••@m•••.example>"),
        ("?to=joe%40shop.example&x=1", "?to=j•••@s•••.example&x=1"),
        ("ünï@exämple.de", "ü•••@e•••.de"),
        ("to +14155550123.", "to •••• 23."),
        ("+1 (415) 555-0123", "•••• 23"),
        ("?to=%2B14155550123", "?to=•••• 23"),
        ("call 14155550123", "call [digits]"),
    ],
)
def test_an_address_is_masked(text: str, shown: str) -> None:
    assert scrub(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        f"wrong code {CODE}",
        f"code={CODE}&x",
        "123 456",
        "123-456",
        "12345678",
        "1234 5678",
        f"@verify.shop.example #{CODE}",
        f"('{CODE}',)",
        f"({CODE})",
        f"{CODE}.",
        "٩١٨٢٧٣",
    ],
)
def test_a_code_does_not_come_through(text: str) -> None:
    assert "[digits]" in scrub(text)
    assert not any(part in scrub(text) for part in (CODE, "123", "456", "5678", "٩١٨"))


@pytest.mark.parametrize(
    "text",
    [
        "/v1/challenges/{challenge_id}",
        "act_0123456789abcdefghjkmnpqrstvwxyz0123456",
        "127.0.0.1:8000",
        "203.0.113.7",
        "2001:db8::1",
        "took 0.123456 s",
        "2026-11-22",
        "2026-11-22T12:11:10.123456+00:00",
        "HTTP/1.1 503",
        "key=value",
        "7K2M9QXD",
    ],
)
def test_what_operators_need_stays(text: str) -> None:
    assert scrub(text) == text


def test_signed_links_and_cookies_do_not_come_through() -> None:
    text = "GET /no?n=abc123def.0g1h2j3k4m5n6p7q8r9s cookie: __Host-watchword=Zm9v; watchword-browser=YmFy"
    found = scrub(text)
    assert not any(part in found for part in ("abc123def", "0g1h2j3k", "Zm9v", "YmFy"))


def test_an_exception_keeps_its_places_and_loses_its_values(output: io.StringIO) -> None:
    local = "local-value"
    try:
        int(f"{CODE} for joe@shop.example, {TOKENS[2]}")
    except ValueError as error:
        error.add_note(f"note with {TOKENS[4]}")
        structlog.get_logger().exception("failed")
        logging.getLogger("uvicorn.error").exception("failed too")
    text = output.getvalue()
    assert text.count("test_an_exception_keeps_its_places_and_loses_its_values") == 2
    assert not any(secret in text for secret in (CODE, "joe@", TOKENS[2], TOKENS[4], local))


def test_other_libraries_go_through_the_same_nets(output: io.StringIO) -> None:
    logging.getLogger("httpx2").info("GET %s for %s: %r", f"/c/{TOKENS[2]}", "joe@shop.example", {"code": CODE})
    (line,) = _lines(output)
    assert line["logger"] == "httpx2"
    assert line["level"] == "info"
    assert line["event"] == "GET /c/[token] for j•••@s•••.example: {'code': '[digits]'}"


def test_other_libraries_are_not_heard_at_debug_level_where_they_quote_whole_messages(output: io.StringIO) -> None:
    body = b64encode(f"To: joe@shop.example\r\n\r\n{CODE} is your code".encode())
    logging.getLogger("botocore.endpoint").debug("Making request with body %s", body)
    structlog.get_logger().debug("ours")
    assert [line["event"] for line in _lines(output)] == ["ours"]


def test_extra_fields_of_other_libraries_are_not_written(output: io.StringIO) -> None:
    logging.getLogger("other").info("happened", extra={"code": CODE, "detail": "x"})
    assert CODE not in output.getvalue()


def test_warnings_are_lines_too(output: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn(f"about {CODE}", UserWarning, stacklevel=1)
    (line,) = _lines(output)
    assert line["logger"] == "py.warnings"
    assert CODE not in str(line)


def test_the_level_holds_for_everybody() -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure_logs("warning", stream=stream)
    structlog.get_logger().info("quiet")
    logging.getLogger("other").info("quiet")
    structlog.get_logger().warning("loud")
    logging.getLogger("other").warning("loud")
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    assert [line["event"] for line in _lines(stream)] == ["loud", "loud"]


class _Colour(StrEnum):
    RED = "red"


class _Talkative:
    def __repr__(self) -> str:
        return f"{TOKENS[0]} harmless"


def test_what_is_no_plain_value_is_shown_by_its_type(output: io.StringIO) -> None:
    line = _logged(
        output,
        secret=Secret(CODE),
        holder=Secret(CODE),
        thing=_Talkative(),
        raw=CODE.encode(),
        colour=_Colour.RED,
        path=Path("/var/lib"),
        error=KeyError(CODE),
        many=[CODE, {"to": "joe@shop.example"}, (1, 2)],
        nan=float("nan"),
    )
    assert (line["holder"], line["thing"], line["raw"]) == ("<Secret>", "<_Talkative>", "<bytes>")
    assert (line["colour"], line["path"], line["nan"]) == ("red", "/var/lib", "nan")
    assert line["error"] == "KeyError: '[digits]'"
    assert line["many"] == ["[digits]", {"to": "j•••@s•••.example"}, [1, 2]]


def test_deep_and_endless_values_end(output: io.StringIO) -> None:
    endless: list[object] = [1]
    endless.append(endless)
    assert "<list>" in str(_logged(output, value=endless)["value"])


def test_keys_of_foreign_tables_are_searched_too(output: io.StringIO) -> None:
    assert _logged(output, sent={"joe@shop.example": 1})["sent"] == {"j•••@s•••.example": 1}


def test_a_long_text_is_cut_between_words() -> None:
    found = scrub("x " * 9_995 + "joe@shop.example" * 2 + " y" * 100)
    assert len(found) <= 20_100
    assert "joe@" not in found
    assert found.endswith("[cut]")


def test_any_text_can_be_written(output: io.StringIO) -> None:
    assert _logged(output, value="\udcff\x00\n")["value"] == "\udcff\x00\n"
    output.getvalue().encode("ascii")


@given(st.sampled_from(TOKENS), st.text(max_size=20), st.text(max_size=20))
def test_a_token_between_other_words_does_not_come_through(token: str, before: str, after: str) -> None:
    assert token not in scrub(f"{before} {token} {after}")


@given(st.integers(min_value=100_000, max_value=99_999_999), st.sampled_from(" \n'\"=:;,.()[]#<>/"))
def test_a_code_behind_any_sign_does_not_come_through(code: int, sign: str) -> None:
    assert str(code) not in scrub(f"code{sign}{code}")
    assert str(code) not in scrub(f"code{sign}{code}{sign}x")


class FullDisk(io.StringIO):
    """Takes nothing for a while."""

    is_full = True

    def write(self, text: str) -> int:
        if self.is_full:
            raise OSError(ENOSPC, "No space left on device")
        return super().write(text)

    def flush(self) -> None:
        if self.is_full:
            raise BrokenPipeError


@pytest.mark.usefixtures("output")
def test_who_cannot_be_heard_goes_on_and_is_heard_again_later() -> None:
    disk = FullDisk()
    configure_logs("debug", stream=disk)
    log = structlog.get_logger("worker")
    log.warning("lost")
    disk.is_full = False
    log.warning("heard")
    assert [line["event"] for line in _lines(disk)] == ["heard"]
