"""What operators and readers of the API itself can ask, without a key."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.api.world import ADDRESS_BASE, ORIGIN, World
from tests.kit.languages import LANGUAGES
from watchword.adapters.rows.row_store import RowStore
from watchword.api.callbacks import CALLBACKS, SPEAK
from watchword.api.surface import create_api
from watchword.web.dispatcher import create_site
from watchword.web.error_reference import error_entries


async def _public(world: World, path: str, method: str = "GET") -> Any:
    return await world.call(method, path, as_="")


async def test_health_and_version_need_no_key(world: World) -> None:
    assert (await _public(world, "/livez")).json() == {"status": "alive"}
    assert (await _public(world, "/readyz")).json() == {"status": "ready"}
    assert (await _public(world, "/version")).json() == {"version": "1.2.3"}


async def test_a_stopping_server_is_alive_and_not_ready(world: World) -> None:
    api = create_api(world.ports, world.edge, LANGUAGES, version="1", is_stopping=lambda: True)
    world.site = create_site(api.routes, api.hot, world.edge)
    answer = await _public(world, "/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert "retry-after" in answer.headers
    assert (await _public(world, "/livez")).status_code == 200


async def test_metrics_count_without_naming_anybody(world: World) -> None:
    await world.register()
    action = await world.act()
    await world.approve(action)
    rendered = (await _public(world, "/metrics")).text
    assert 'watchword_decisions_total{decision="challenge",type="sign_in"} 1.0' in rendered
    assert 'watchword_events_total{type="challenge.created"} 1.0' in rendered
    assert 'watchword_events_total{type="challenge.approved"} 1.0' in rendered
    assert 'watchword_attempts_total{outcome="approved"} 1.0' in rendered
    assert 'route="/v1/challenges/{challenge_id}/attempts"' in rendered
    for personal in ("u-42", "+1415", "jane", action["id"], action["challenge"]["id"]):
        assert personal not in rendered


async def test_the_log_holds_templates_and_nobody(world: World) -> None:
    await world.register()
    action = await world.act()
    await world.approve(action)
    await world.get(f"/v1/challenges/{action['challenge']['id']}", as_=action["challenge"]["token"])
    logged = str(world.logged.entries)
    assert "/v1/challenges/{challenge_id}/attempts" in logged
    for personal in ("u-42", "+1415", "jane", "wct_", "chl_", "wk_live_", "wd1."):
        assert personal not in logged


async def test_the_signing_keys_are_public_and_only_the_public_halves(world: World) -> None:
    answer = await _public(world, "/.well-known/jwks.json")
    [key] = answer.json()["keys"]
    assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")
    assert "d" not in key
    assert "max-age" in answer.headers["cache-control"]


async def test_the_description_agrees_with_the_routes(world: World) -> None:
    described = (await _public(world, "/openapi.json")).json()
    found = {(path, method.upper()) for path, methods in described["paths"].items() for method in methods}
    assert found == {(operation.path, operation.method) for operation in world.api.operations}
    # What stands in a call of a provider is for him to say.
    assert {route.path for route in world.api.routes} == {*described["paths"], CALLBACKS, SPEAK}
    assert described["info"]["version"] == "1.2.3"
    assert described["servers"] == [{"url": ADDRESS_BASE}]


async def test_every_described_call_is_served(world: World) -> None:
    described = (await _public(world, "/openapi.json")).json()
    for path, methods in described["paths"].items():
        filled = path.replace("{code}", "not_found").replace("{", "").replace("}", "")
        for method, call in methods.items():
            answer = await _public(world, filled, method.upper())
            assert answer.status_code == (401 if call["security"] else 200), (method, path)


async def test_a_method_that_is_not_described_is_refused_with_those_that_are(world: World) -> None:
    described = (await _public(world, "/openapi.json")).json()
    for path, methods in described["paths"].items():
        answer = await world.call("TRACE", path)
        assert answer.status_code == 405
        allowed = set(answer.headers["allow"].split(", "))
        assert allowed - {"HEAD", "OPTIONS"} == {method.upper() for method in methods}


@pytest.mark.parametrize("code", [entry.code for entry in error_entries()])
async def test_the_type_of_a_problem_leads_to_its_explanation(world: World, code: str) -> None:
    answer = await _public(world, f"/errors/{code}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/markdown")
    assert f"## {code}" in answer.text


async def test_all_errors_are_explained_on_one_page(world: World) -> None:
    page = (await _public(world, "/errors")).text
    assert [entry.code for entry in error_entries() if f"## {entry.code}\n" not in page] == []
    assert (await _public(world, "/errors/nonsense")).status_code == 404


async def test_the_short_way_and_the_long_one_answer_alike(world: World) -> None:
    """The hot paths end in the very same endpoints as the router."""
    await world.register()
    routed = replace(world, site=create_site(world.api.routes, (), world.edge))
    for path, body in (
        ("/v1/actions", {"type": "nonsense", "user_id": "u-42"}),
        ("/v1/challenges/chl_x/attempts", {"code": "1"}),
        ("/v1/grants/redeem", {"grant": "x", "action": {"type": "t", "user_id": "u"}}),
        ("/v1/grants/redeem", {}),
    ):
        short, long = await world.post(path, body), await routed.post(path, body)
        assert short.status_code == long.status_code
        assert {**short.json(), "request_id": ""} == {**long.json(), "request_id": ""}
        assert _without_id(dict(short.headers)) == _without_id(dict(long.headers))


def _without_id(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "x-request-id"}


async def test_a_store_that_does_not_answer_is_said_with_the_time_to_try_again(world: World) -> None:
    await world.register()
    assert isinstance(world.ports.store, RowStore)
    await world.ports.store.close()
    bodies: dict[str, dict[str, object]] = {
        "/v1/actions": {"type": "sign_in", "user_id": "u-42"},
        "/v1/challenges/chl_x/attempts": {"code": "123456"},
        "/v1/grants/redeem": {"grant": "x", "action": {"type": "t", "user_id": "u"}},
    }
    answers = [await world.post(path, body, idempotency_key="k", origin=ORIGIN) for path, body in bodies.items()]
    answers += [await world.get(path) for path in ("/v1/events", "/readyz", "/v1/challenges/chl_x")]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
    assert (await world.get("/livez")).status_code == 200


async def test_a_head_request_is_answered_like_a_get(world: World) -> None:
    assert (await _public(world, "/livez", "HEAD")).status_code == 200
    assert json.loads((await _public(world, "/openapi.json")).content)["openapi"].startswith("3.1")
