"""Measures what the short way in ``web/dispatcher`` saves: the same refused call with and without the router.

Run it with ``make bench-paths``. A refusal for a missing key is the cheapest answer there is, so the way to it is the
largest share of it that it can be; on a call that does its work the saving is the same and the share smaller.
"""

import asyncio
import time
from typing import Any

import structlog
from prometheus_client import CollectorRegistry
from starlette.routing import Route

from watchword.adapters.system import SystemClock, SystemEntropy
from watchword.domain.errors import Unauthorized
from watchword.domain.instant import Instant
from watchword.web.dispatcher import HotPath, create_site
from watchword.web.edge import Edge
from watchword.web.endpoint import Endpoint
from watchword.web.exchange import Answer, Request
from watchword.web.metrics import Metrics

CALLS = 5_000
ROUNDS = 3
PATH = "/v1/actions"
SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "path": PATH,
    "raw_path": PATH.encode(),
    "query_string": b"",
    "headers": [(b"content-type", b"application/json")],
    "client": ("127.0.0.1", 1),
    "server": ("127.0.0.1", 8000),
    "scheme": "http",
}


async def refuse(_: Request) -> Answer:
    """Refuse as a call without a key is refused."""
    raise Unauthorized


async def receive() -> dict[str, Any]:
    """Give an empty body."""
    return {"type": "http.request", "body": b"{}", "more_body": False}


async def send(_: object) -> None:
    """Take the answer."""


async def now() -> Instant:
    """Return the time."""
    return SystemClock().now()


async def measure() -> tuple[float, float]:
    """Return microseconds of processor time a call, by the short way and by the router."""
    log = structlog.wrap_logger(None, wrapper_class=structlog.make_filtering_bound_logger(50))
    edge = Edge(
        address_base="http://127.0.0.1:8000",
        entropy=SystemEntropy(),
        log=log,
        metrics=Metrics(CollectorRegistry()),
        monotonic_s=time.monotonic,
        now=now,
    )
    endpoint = Endpoint(PATH, {"POST": refuse}, edge)
    # As many routes as the service has: the router asks one after the other.
    routes = [Route(f"/v1/other/{number}", endpoint) for number in range(20)] + [Route(PATH, endpoint)]
    hot = [HotPath(method="POST", head=PATH, endpoint=endpoint)]
    found: list[float] = []
    for site in (create_site(routes, hot, edge), create_site(routes, [], edge)):
        started = time.process_time()
        for _ in range(CALLS):
            await site(dict(SCOPE), receive, send)
        found.append((time.process_time() - started) / CALLS * 1e6)
    return found[0], found[1]


def main() -> None:
    """Measure a few times and print each."""
    for _ in range(ROUNDS):
        short, routed = asyncio.run(measure())
        print(f"short way {short:.0f} µs, router {routed:.0f} µs: {routed / short:.1f}×")


if __name__ == "__main__":
    main()
