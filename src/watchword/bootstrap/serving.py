"""Runs Watchword for real: one serving process, a crew of them on one address, a member of it, or a worker alone."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import uvloop
from prometheus_client import CollectorRegistry

from watchword.adapters.key_set import KeySet
from watchword.adapters.process_memory import settle_memory
from watchword.adapters.structured_logs import configure_logs
from watchword.bootstrap.crew import READY, Crew
from watchword.bootstrap.house import House, build
from watchword.bootstrap.key_source import open_keys
from watchword.bootstrap.listening import AT_ONCE, LINGERING_S, Farewell, Listener, open_socket, orders_to_stop, serve
from watchword.bootstrap.store_opening import is_for_many, sole_process
from watchword.config.environment import environment_for_child
from watchword.config.settings import Settings
from watchword.domain.errors import ConfigurationError
from watchword.web.metrics import Metrics

STOPPING_S: Final = 60
"""What a member of a crew gets to stop in order after its notice: more than requests, messages and the store need."""
_SHARED_METRICS: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which the library of the metrics is told, before it is imported, that they are shared."""


def run_server(settings: Settings, *, member: Sequence[str], ready: Callable[[str], None]) -> None:
    """Serve, deliver and keep house until SIGINT or SIGTERM, in as many processes as the settings say.

    ``member`` is the command that starts one process of several. Raises ``ConfigurationError`` for a store that is not
    migrated, keys that are missing, or a port that is taken.
    """
    configure_logs(settings.log_level)
    if settings.server.workers > 1:
        _run_crew(settings, member, ready)
        return
    with sole_process(settings):
        keys = open_keys(settings.keys, create=False)
        opened = open_socket(settings.server.host, settings.server.port)
        uvloop.run(_serve_alone(settings, keys, opened, ready))


def _run_crew(settings: Settings, member: Sequence[str], ready: Callable[[str], None]) -> None:
    open_keys(settings.keys, create=False)  # what is wrong with them is told once and not by every member
    opened = open_socket(settings.server.host, settings.server.port)
    with opened, TemporaryDirectory(prefix="watchword-metrics-") as folder:
        crew = Crew(
            opened=opened,
            command=[*member, folder],
            environment=environment_for_child({_SHARED_METRICS: folder}),
            size=settings.server.workers,
            patience_s=settings.server.drain_s + STOPPING_S,
        )
        asyncio.run(crew.run(lambda: ready(settings.server.page_base)))


async def _serve_alone(settings: Settings, keys: KeySet, opened: socket.socket, ready: Callable[[str], None]) -> None:
    house = await build(settings, keys, delivers=settings.server.work)
    settle_memory()

    async def announce() -> None:
        ready(settings.server.page_base)

    try:
        await serve(
            [Listener(socket=opened, app=house.site)],
            ready=announce,
            stopping=house.stopping,
            farewell=_farewell(settings),
        )
    finally:
        await house.close()


def run_member(settings: Settings, *, listening: int, pair: int, shared_metrics: Path) -> None:
    """Serve as one of a crew until SIGTERM, or until the crew ends.

    ``listening`` and ``pair`` are descriptors that came from the crew: of the socket that all listen on, and of the way
    to the crew.
    """
    configure_logs(settings.log_level, process=os.getpid())
    keys = open_keys(settings.keys, create=False)
    uvloop.run(_serve_in_crew(settings, keys, listening, pair, shared_metrics))


async def _serve_in_crew(settings: Settings, keys: KeySet, listening: int, pair: int, shared_metrics: Path) -> None:
    metrics = Metrics(CollectorRegistry(), shared=shared_metrics)
    house = await build(settings, keys, delivers=settings.server.work, metrics=metrics)
    settle_memory()
    from_crew, to_crew = await asyncio.open_connection(sock=socket.socket(fileno=pair))

    async def announce() -> None:
        to_crew.write(READY)

    async def stop_with_the_crew() -> None:
        await from_crew.read()
        house.stopping.set()

    watching = asyncio.create_task(stop_with_the_crew())
    try:
        await serve(
            [Listener(socket=socket.socket(fileno=listening), app=house.site, is_shared=True)],
            ready=announce,
            stopping=house.stopping,
            farewell=_farewell(settings),
        )
    finally:
        watching.cancel()
        await house.close()


def _farewell(settings: Settings) -> Farewell:
    """Return how a process stops: slowly where others can stand in for it."""
    if not is_for_many(settings):
        return AT_ONCE
    return Farewell(notice_s=settings.server.drain_s, lingering_s=LINGERING_S)


def run_worker(settings: Settings, *, ready: Callable[[], None]) -> None:
    """Deliver and keep house until SIGINT or SIGTERM, without serving.

    Raises ``ConfigurationError`` on SQLite, where the one process that serves is the worker.
    """
    if not is_for_many(settings):
        raise ConfigurationError(
            ("store.url is a SQLite file: the process that serves does this work there; `work` needs PostgreSQL",)
        )
    configure_logs(settings.log_level)
    keys = open_keys(settings.keys, create=False)
    uvloop.run(_work(settings, keys, ready))


async def _work(settings: Settings, keys: KeySet, ready: Callable[[], None]) -> None:
    house = await build(settings, keys)
    settle_memory()
    try:
        await _work_until_told(house, ready)
    finally:
        await house.close()


async def _work_until_told(house: House, ready: Callable[[], None]) -> None:
    for number in (signal.SIGINT, *orders_to_stop()):
        asyncio.get_running_loop().add_signal_handler(number, house.stopping.set)
    await house.worker.start()
    try:
        ready()
        await house.stopping.wait()
    finally:
        await house.worker.stop()
