"""What lies on the disk and in the log says nothing: no code, address, grant, token or key."""

import json

import httpx2

from tests.process.served import Served, code_in, other_than

PHONE = "+14155550177"


def go_the_whole_way(served: Served) -> dict[str, str]:
    """Make one of everything that must stay secret, failures included, and return them by name."""
    mail = served.register("canary-user", PHONE)
    answer = served.sign_in("canary-user", ip="203.0.113.7", session_id="s-1", return_url="http://127.0.0.1:9/back")
    challenge = answer["challenge"]
    text = served.message(PHONE, challenge_id=challenge["id"])
    code = code_in(text)
    served.attempt(challenge["id"], other_than(code))
    approved = served.attempt(challenge["id"], text, Idempotency_Key="canary-key")
    grant, device = approved["grant"], approved["device"]["token"]
    body = {"grant": grant, "session_id": "s-1", "action": {"type": "sign_in", "user_id": "canary-user"}}
    served.call("POST", "/v1/grants/redeem", body, Idempotency_Key="canary-key-2")
    reset = served.call("POST", "/v1/actions", {"type": "password_reset", "user_id": "canary-user"})[1]["challenge"]
    for path in (
        f"/c/{reset['token']}",
        f"/c/{reset['token']}x",
        f"/v1/challenges/{challenge['token']}",
        "/no?n=ntc_x.y",
    ):
        httpx2.get(f"{served.api}{path}", timeout=20)
    httpx2.post(f"{served.api}/v1/actions", content=json.dumps({"user_id": mail, "device_token": device}), timeout=20)
    served.call(
        "POST", "/v1/actions", {"type": "sign_in", "user_id": "canary-user", "device_token": device, "oops": mail}
    )
    return {
        "code": code,
        "code of the reset": code_in(served.message(PHONE, challenge_id=reset["id"])),
        "grant": grant,
        "signature of the grant": grant.rpartition(".")[2],
        "device token": device,
        "page token": challenge["token"],
        "page token of the reset": reset["token"],
        "end of the page token": reset["token"][-24:],
        "API key": served.key,
        "body of the API key": served.key[len("wk_test_") :],
        "phone": PHONE,
        "phone without its plus": PHONE[1:],
        "e-mail": mail,
        "text of a message": text[10:40],
    }


def test_the_database_without_its_keys_holds_none_of_it(served: Served) -> None:
    secrets = go_the_whole_way(served)
    served.stop()
    files = [path for path in served.data.iterdir() if path.name.startswith("watchword.sqlite3")]
    assert files
    dump = b"".join(path.read_bytes() for path in files)
    assert b"CREATE TABLE" in dump
    assert [name for name, secret in secrets.items() if secret.encode() in dump] == []


def test_the_log_at_debug_level_holds_none_of_it(served: Served) -> None:
    secrets = go_the_whole_way(served)
    served.stop()
    log = served.log()
    assert '"/v1/challenges/{challenge_id}/attempts"' in log
    assert [name for name, secret in secrets.items() if secret in log] == []


def test_files_that_hold_secrets_are_readable_by_their_owner_only(served: Served) -> None:
    go_the_whole_way(served)
    secret = [path for path in served.data.iterdir() if path.name != "watchword.toml"]
    assert len(secret) >= 4
    assert [path.name for path in secret if path.stat().st_mode & 0o077] == []


def test_the_inbox_answers_only_to_this_machine_by_name(served: Served) -> None:
    for path in ("/dev/inbox", "/dev/inbox.json"):
        refused = httpx2.get(f"{served.api}{path}", headers={"Host": "evil.example"}, timeout=20)
        assert refused.status_code == 421
        assert "access-control-allow-origin" not in httpx2.get(f"{served.api}{path}", timeout=20).headers
