"""What a receiver believes: signed by a secret it knows, and new. The other side is the specification's own package."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from watchword.domain.webhook_signature import SigningSecret, signed_headers, write_secret
from watchword_client import WebhookRefused, verify_webhook

SECRET = write_secret(bytes(range(32)))
OTHER = write_secret(bytes(range(1, 65)))
NOW_S = 1_790_000_000
BODY = json.dumps(
    {"type": "action.disputed", "timestamp": "2026-09-21T14:13:20Z", "data": {"action_id": "act_1"}}
).encode()


def _headers(*secrets: str, body: bytes = BODY, at_s: int = NOW_S, message_id: str = "evt_1") -> dict[str, str]:
    moment = datetime.fromtimestamp(at_s, UTC)
    signatures = [Webhook(secret).sign(message_id, moment, body.decode()) for secret in secrets]
    return {
        "Webhook-Id": message_id,
        "Webhook-Timestamp": str(at_s),
        "Webhook-Signature": " ".join(signatures),
    }


def _refusal(headers: dict[str, str], body: bytes = BODY, secrets: str | list[str] = SECRET) -> str:
    with pytest.raises(WebhookRefused) as refused:
        verify_webhook(body, headers, secrets, now_s=lambda: NOW_S)
    return refused.value.code


def test_a_signed_message_says_what_happened() -> None:
    event = verify_webhook(BODY, _headers(SECRET), SECRET, now_s=lambda: NOW_S)
    assert (event.id, event.type, event.data) == ("evt_1", "action.disputed", {"action_id": "act_1"})
    assert event.timestamp == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("signed_by", [(SECRET,), (OTHER,), (SECRET, OTHER), (OTHER, SECRET)])
@pytest.mark.parametrize("known", [[SECRET], [OTHER], [SECRET, OTHER]])
def test_one_secret_in_common_is_enough(signed_by: tuple[str, ...], known: list[str]) -> None:
    headers = _headers(*signed_by)
    if set(signed_by) & set(known):
        assert verify_webhook(BODY, headers, known, now_s=lambda: NOW_S).id == "evt_1"
    else:
        assert _refusal(headers, secrets=known) == "wrong_signature"


@given(at=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_a_changed_bit_is_refused(at: int, bit: int) -> None:
    changed = bytearray(BODY)
    changed[at] ^= 1 << bit
    assert _refusal(_headers(SECRET), bytes(changed)) == "wrong_signature"


def test_another_id_or_time_is_refused() -> None:
    assert _refusal(_headers(SECRET) | {"Webhook-Id": "evt_2"}) == "wrong_signature"
    assert _refusal(_headers(SECRET) | {"Webhook-Timestamp": str(NOW_S + 1)}) == "wrong_signature"
    assert _refusal(_headers(SECRET, message_id="evt_1.x")) == "missing_header"


@pytest.mark.parametrize(("away_s", "is_refused"), [(-301, True), (-300, False), (300, False), (301, True)])
def test_five_minutes_are_the_limit(away_s: int, *, is_refused: bool) -> None:
    headers = _headers(SECRET, at_s=NOW_S + away_s)
    if is_refused:
        assert _refusal(headers) == "wrong_time"
    else:
        assert verify_webhook(BODY, headers, SECRET, now_s=lambda: NOW_S).id == "evt_1"


@pytest.mark.parametrize("text", ["", "now", "-1", "1e9", "١٧٩٠٠٠٠٠٠٠", "9" * 5_000, f"{NOW_S}.0", f" {NOW_S}"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    assert _refusal(_headers(SECRET) | {"Webhook-Timestamp": text}) in {"wrong_time", "missing_header"}


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_each_header_is_needed(name: str) -> None:
    headers = _headers(SECRET)
    del headers[name]
    assert _refusal(headers) == "missing_header"


@pytest.mark.parametrize("text", ["v1,", "v1", "v1,***", "v1a,AAAA", "v2,AAAA", "v1,AAAA v1,BBBB", ",", "AAAA"])
def test_what_is_no_signature_of_ours_is_refused(text: str) -> None:
    assert _refusal(_headers(SECRET) | {"Webhook-Signature": text}) == "wrong_signature"


def test_signatures_of_other_kinds_beside_the_right_one_do_no_harm() -> None:
    headers = _headers(SECRET)
    headers["Webhook-Signature"] = f"v1a,AAAA {headers['Webhook-Signature']} v2,junk"
    assert verify_webhook(BODY, headers, SECRET, now_s=lambda: NOW_S).id == "evt_1"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'"text"', b'{"type": "a", "timestamp": "then", "data": {}}'])
def test_a_signed_body_that_tells_nothing_is_refused(body: bytes) -> None:
    assert _refusal(_headers(SECRET, body=body), body) == "not_an_event"


@pytest.mark.parametrize("secrets", [[], "", "whsec_", "hunter2", "whsec_***"])
def test_secrets_that_are_none_are_a_mistake_of_the_caller(secrets: str | list[str]) -> None:
    with pytest.raises(ValueError, match="secret"):
        verify_webhook(BODY, _headers(SECRET), secrets, now_s=lambda: NOW_S)


def test_what_the_server_signs_the_client_and_the_specifications_package_believe() -> None:
    now_s = int(datetime.now(UTC).timestamp())  # noqa: TID251 the package reads the clock of this machine
    keys = [SigningSecret(bytes(range(32))), SigningSecret(bytes(range(1, 65)))]
    headers = signed_headers(keys, "evt_1", now_s, BODY)
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(BODY, headers)["type"] == "action.disputed"
        assert verify_webhook(BODY, headers, secret).type == "action.disputed"


def test_the_server_signs_no_id_that_could_be_read_in_two_ways() -> None:
    for message_id in ("evt_1.5", ""):
        with pytest.raises(ValueError, match="dot"):
            signed_headers([SigningSecret(bytes(32))], message_id, NOW_S, BODY)
