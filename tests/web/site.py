"""A site with a few handlers of its own, to test the kit without any resource."""

from collections.abc import Mapping

import structlog
from httpx2 import ASGITransport, AsyncClient
from prometheus_client import CollectorRegistry
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route
from structlog.testing import LogCapture

from watchword.domain.errors import NotFound, ResendTooSoon, StorageUnavailable, Unauthorized
from watchword.domain.instant import Instant
from watchword.web.dispatcher import Dispatcher, HotPath, create_site
from watchword.web.edge import Edge
from watchword.web.endpoint import Endpoint, Handler
from watchword.web.exchange import Answer, Request
from watchword.web.json_texts import write_json
from watchword.web.metrics import Metrics

ADDRESS_BASE = "https://verify.shop.example"
NOW = Instant(1_800_000_000_000)


class CountingEntropy:
    """Draws 0, 1, 2, … so that every request id is another one."""

    def __init__(self) -> None:
        self._drawn = 0

    def token(self, length: int) -> bytes:
        self._drawn += 1
        return self._drawn.to_bytes(length, "big")

    def below(self, limit: int) -> int:
        return self._drawn % limit

    def fraction(self) -> float:
        return 0.5


async def echo(request: Request) -> Answer:
    """Answer with what the request was read as."""
    value = {"json": request.json(), "values": dict(request.values), "request_id": request.id}
    return Answer(status=200, body=write_json(value))


async def show(request: Request) -> Answer:
    return Answer(status=200, body=write_json({"values": dict(request.values), "query": request.parameters("limit")}))


async def refuse_access(request: Request) -> Answer:
    raise Unauthorized


async def refuse_limit(request: Request) -> Answer:
    raise ResendTooSoon(free_at=Instant(NOW + 29_001))


async def miss(request: Request) -> Answer:
    raise NotFound(pointer="/contact_id")


async def lose_store(request: Request) -> Answer:
    raise StorageUnavailable("the disk behind /var/lib is gone")


async def break_down(request: Request) -> Answer:
    raise RuntimeError("the secret is 123456")


async def break_page(request: object) -> PlainTextResponse:
    raise RuntimeError("the secret is 123456")


_TABLE: Mapping[str, Mapping[str, Handler]] = {
    "/echo": {"POST": echo},
    "/things/{thing_id}": {"GET": show, "POST": echo},
    "/things/{thing_id}/parts": {"POST": echo},
    "/refused": {"GET": refuse_access},
    "/limited": {"GET": refuse_limit},
    "/missed": {"GET": miss},
    "/unavailable": {"GET": lose_store},
    "/broken": {"GET": break_down},
}


class Site:
    """The site with what it logged."""

    def __init__(self) -> None:
        self.logged = LogCapture()
        self.metrics = Metrics(CollectorRegistry())
        seconds = iter(range(1_000_000))
        self.edge = Edge(
            address_base=ADDRESS_BASE,
            entropy=CountingEntropy(),
            log=structlog.wrap_logger(None, processors=[self.logged]),
            metrics=self.metrics,
            monotonic_s=lambda: float(next(seconds)),
            now=_now,
        )
        endpoints = {path: Endpoint(path, handlers, self.edge) for path, handlers in _TABLE.items()}
        routes: list[BaseRoute] = [Route(path, endpoint) for path, endpoint in endpoints.items()]
        routes.append(Route("/page", break_page))
        hot = [
            HotPath(method="POST", head="/echo", endpoint=endpoints["/echo"]),
            HotPath(
                method="POST",
                head="/things/",
                parameter="thing_id",
                tail="/parts",
                endpoint=endpoints["/things/{thing_id}/parts"],
            ),
        ]
        self.application: Dispatcher = create_site(routes, hot, self.edge)

    def client(self) -> AsyncClient:
        return AsyncClient(transport=ASGITransport(self.application), base_url=ADDRESS_BASE)


async def _now() -> Instant:
    return NOW
