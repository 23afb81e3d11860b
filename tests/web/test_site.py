"""Every request gets an id, the standing headers and one answer, whatever becomes of it."""

import pytest
from starlette.types import Message

from tests.web.site import ADDRESS_BASE, NOW, Site, echo
from watchword.domain.errors import NotFound, ResendTooSoon
from watchword.domain.instant import Instant
from watchword.web.dispatcher import HotPath
from watchword.web.endpoint import Endpoint
from watchword.web.problems import problem_of


@pytest.fixture
def site() -> Site:
    return Site()


async def test_reads_a_body_on_the_short_way_and_on_the_long_one(site: Site) -> None:
    async with site.client() as client:
        short = await client.post("/echo", json={"a": 1})
        long = await client.post("/things/t%2F1%20x", json={"a": 1})
        short_with_part = await client.post("/things/t%2F1/parts", json={"a": 1})
    assert short.json() == {"json": {"a": 1}, "values": {}, "request_id": short.headers["x-request-id"]}
    assert long.json()["values"] == {"thing_id": "t/1 x"}
    assert short_with_part.json()["values"] == {"thing_id": "t/1"}


async def test_every_request_has_its_own_id(site: Site) -> None:
    async with site.client() as client:
        answers = [await client.get("/nowhere", headers={"x-request-id": "mine"}) for _ in range(3)]
    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == 3
    assert "mine" not in ids


@pytest.mark.parametrize("path", ["/echo", "/nowhere", "/broken", "/page"])
async def test_every_answer_carries_the_standing_headers(site: Site, path: str) -> None:
    async with site.client() as client:
        headers = (await client.get(path)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/echo/", 404, "not_found"),
        ("GET", "/things/%ff", 404, "not_found"),
        ("GET", "/things/a%00b", 404, "not_found"),
        ("DELETE", "/echo", 405, "method_not_allowed"),
        ("DELETE", "/things/x", 405, "method_not_allowed"),
        ("POST", "/page", 405, "method_not_allowed"),
        ("GET", "/refused", 401, "unauthorized"),
        ("GET", "/limited", 429, "resend_too_soon"),
        ("GET", "/missed", 404, "not_found"),
        ("GET", "/unavailable", 503, "service_unavailable"),
        ("GET", "/broken", 500, "internal_error"),
        ("GET", "/page", 500, "internal_error"),
        ("GET", "/things/x?limit=1&limit=2", 422, "invalid_field"),
        ("GET", "/things/x?other=1", 422, "invalid_field"),
        ("GET", "/things/x?limit=%ff", 422, "invalid_field"),
        ("GET", "/things/x?limit=%00", 422, "invalid_field"),
        ("POST", "/echo", 400, "not_json"),
    ],
)
async def test_a_refusal_is_a_problem(site: Site, method: str, path: str, status: int, code: str) -> None:
    async with site.client() as client:
        answer = await client.request(method, path)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["type"] == f"{ADDRESS_BASE}/errors/{code}"
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["title"]
    assert problem["detail"]


async def test_a_limit_says_when_to_try_again_in_whole_seconds_rounded_up(site: Site) -> None:
    async with site.client() as client:
        limited, unavailable = await client.get("/limited"), await client.get("/unavailable")
    assert limited.headers["retry-after"] == "30"
    assert limited.json()["retry_after"] == 30
    assert int(unavailable.headers["retry-after"]) >= 1


async def test_a_refused_method_names_those_that_are_taken(site: Site) -> None:
    async with site.client() as client:
        thing, page = await client.put("/things/x"), await client.post("/page")
    assert thing.headers["allow"] == "GET, HEAD, POST"
    assert "GET" in page.headers["allow"]


async def test_a_missing_key_names_the_scheme(site: Site) -> None:
    async with site.client() as client:
        assert (await client.get("/refused")).headers["www-authenticate"] == "Bearer"


async def test_a_field_is_named_by_its_pointer(site: Site) -> None:
    async with site.client() as client:
        errors = (await client.get("/missed")).json()["errors"]
    assert [error["pointer"] for error in errors] == ["/contact_id"]


def test_a_limit_that_has_just_passed_still_asks_for_a_second() -> None:
    assert problem_of(ResendTooSoon(free_at=Instant(NOW - 5)), NOW).retry_after_s == 1
    assert problem_of(ResendTooSoon(), None).retry_after_s == 1
    assert problem_of(NotFound(), NOW).retry_after_s is None


@pytest.mark.parametrize(
    ("method", "path", "values"),
    [
        ("POST", "/things/x/parts", {"thing_id": "x"}),
        ("POST", "/things/a%2Fb/parts", {"thing_id": "a%2Fb"}),
        ("GET", "/things/x/parts", None),
        ("POST", "/things//parts", None),
        ("POST", "/things/parts", None),
        ("POST", "/things/a/b/parts", None),
        ("POST", "/things/x/parts/", None),
    ],
)
def test_a_hot_path_is_one_address_and_no_other(
    site: Site, method: str, path: str, values: dict[str, str] | None
) -> None:
    endpoint = Endpoint("/things/{thing_id}/parts", {"POST": echo}, site.edge)
    hot_path = HotPath(method="POST", head="/things/", parameter="thing_id", tail="/parts", endpoint=endpoint)
    assert hot_path.values(method, path) == values


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ('application/JSON; charset="UTF-8"', 200),
        ("application/json; charset=latin-1", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/json-patch+json", 415),
    ],
)
async def test_a_body_is_json_by_its_header(site: Site, content_type: str, status: int) -> None:
    async with site.client() as client:
        answer = await client.post("/echo", content=b"{}", headers={"content-type": content_type})
    assert answer.status_code == status


async def test_a_body_without_a_type_is_refused(site: Site) -> None:
    async with site.client() as client:
        assert (await client.post("/echo", content=b"{}")).status_code == 415


@pytest.mark.parametrize(("size", "status"), [(64 * 1024, 200), (64 * 1024 + 1, 413), (1024 * 1024, 413)])
async def test_a_body_over_64_kib_is_refused(site: Site, size: int, status: int) -> None:
    body = b'"' + b"x" * (size - 2) + b'"'
    async with site.client() as client:
        answer = await client.post("/echo", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert "connection" not in answer.headers


@pytest.mark.parametrize(("size", "status"), [(64 * 1024, 200), (64 * 1024 + 1, 413)])
async def test_a_body_that_arrives_in_one_piece_has_the_same_limit(site: Site, size: int, status: int) -> None:
    body = b'"' + b"x" * (size - 2) + b'"'
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/echo", "query_string": b"", "headers": headers}
    await site.application(scope, receive, send)
    assert sent[0]["status"] == status


async def test_a_body_is_dropped_up_to_2_mib_and_then_the_connection_closes(site: Site) -> None:
    received = 0
    sent: list[Message] = []

    async def receive() -> Message:
        nonlocal received
        received += 1
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/echo", "query_string": b"", "headers": []}
    await site.application(scope, receive, send)
    assert sent[0]["status"] == 413
    assert (b"connection", b"close") in sent[0]["headers"]
    assert received == 33


async def test_a_caller_who_left_is_not_answered(site: Site) -> None:
    messages: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/echo", "query_string": b"", "headers": []}
    await site.application(scope, receive, send)
    assert sent == []


async def test_the_log_holds_templates_and_no_values(site: Site) -> None:
    async with site.client() as client:
        await client.get("/things/wct_secret?limit=secret")
        await client.post("/things/wct_secret/parts", json={"code": "secret"})
        await client.get("/broken")
        await client.get("/page")
        await client.get("/wct_secret")
    assert "secret" not in str(site.logged.entries)
    requests = [entry for entry in site.logged.entries if entry["event"] == "request"]
    assert [entry["route"] for entry in requests] == [
        "/things/{thing_id}",
        "/things/{thing_id}/parts",
        "/broken",
        "/page",
        "unmatched",
    ]
    failed = [entry for entry in site.logged.entries if entry["event"] == "request_failed"]
    assert [entry["error"] for entry in failed] == ["RuntimeError", "RuntimeError"]
    assert all(entry["log_level"] == "error" and entry["places"] for entry in failed)


async def test_metrics_name_templates_and_known_methods_only(site: Site) -> None:
    async with site.client() as client:
        await client.get("/things/wct_secret")
        await client.request("BREW", "/things/wct_secret")
    rendered = site.metrics.render().decode()
    assert 'route="/things/{thing_id}"' in rendered
    assert 'method="other"' in rendered
    assert "secret" not in rendered
    assert "BREW" not in rendered
