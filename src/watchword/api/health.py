"""Operations: is the process alive, can it serve, what has it counted, and which version is it."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from watchword.api.operation import Operation, Public
from watchword.api.responses import answer_with
from watchword.domain.errors import ServiceUnavailable
from watchword.ports import Ports
from watchword.web.exchange import Answer, Request
from watchword.web.metrics import METRICS_TYPE, Metrics

_NOBODY: Final = b""
"""The hash of no key: looking it up finds nothing, and yet asks the store."""


class HealthAnswer(Struct, kw_only=True):
    """All is well."""

    status: str


class VersionAnswer(Struct, kw_only=True):
    """The version of the server."""

    version: str


def health_calls(ports: Ports, metrics: Metrics, version: str, is_stopping: Callable[[], bool]) -> tuple[Public, ...]:
    """Return the calls of operators; ``is_stopping`` says that no new requests should come here."""

    async def is_alive(_request: Request) -> Answer:
        return answer_with(200, HealthAnswer(status="alive"))

    async def is_ready(_request: Request) -> Answer:
        if is_stopping():
            raise ServiceUnavailable("the server is stopping")
        await ports.store.api_key(_NOBODY)
        return answer_with(200, HealthAnswer(status="ready"))

    async def show_metrics(_request: Request) -> Answer:
        return Answer(status=200, body=metrics.render(), content_type=METRICS_TYPE)

    async def show_version(_request: Request) -> Answer:
        return answer_with(200, VersionAnswer(version=version))

    return (
        Public(
            operation=_operation("/livez", "isAlive", "Say whether the process runs", HealthAnswer), handler=is_alive
        ),
        Public(
            operation=_operation("/readyz", "isReady", "Say whether requests can be served", HealthAnswer),
            handler=is_ready,
        ),
        Public(
            operation=_operation("/metrics", "getMetrics", "Show the counters for Prometheus", "text/plain"),
            handler=show_metrics,
        ),
        Public(
            operation=_operation("/version", "getVersion", "Show the version of the server", VersionAnswer),
            handler=show_version,
        ),
    )


def _operation(path: str, name: str, summary: str, answer: type[Struct] | str) -> Operation:
    refusals = (ServiceUnavailable,) if path == "/readyz" else ()
    return Operation(method="GET", path=path, name=name, summary=summary, answers={200: answer}, refusals=refusals)
