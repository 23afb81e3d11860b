"""Puts the house together: ports from settings, the site from ports, and a worker beside it."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic  # noqa: TID251 durations of requests are no time of the domain; nothing is decided by them

import structlog
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.types import ASGIApp

from watchword import __version__
from watchword.adapters.file_atlas import FileAtlas
from watchword.adapters.inbox import InboxFile
from watchword.adapters.key_set import KeySet
from watchword.adapters.letters import CatalogueLetters
from watchword.adapters.places import SenderPlaces
from watchword.adapters.rows.guard_store import RowGuardStore
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.senders.kind import Closing
from watchword.adapters.system import SystemEntropy, SystemPatience
from watchword.api.surface import create_api
from watchword.bootstrap.announcing import announcing_of
from watchword.bootstrap.atlas_files import open_atlas
from watchword.bootstrap.key_source import KeyWatch
from watchword.bootstrap.logos import with_logos
from watchword.bootstrap.policy_watch import PolicyWatch
from watchword.bootstrap.reception import Reception
from watchword.bootstrap.store_opening import OpenStore, is_for_many, open_store
from watchword.bootstrap.ways_out import make_senders, routes_of
from watchword.bootstrap.worker import Worker
from watchword.config.settings import Settings
from watchword.domain.event import EventType
from watchword.domain.ids import ApplicationId
from watchword.flow.learn import learn
from watchword.pages.dev_inbox import inbox_routes
from watchword.pages.hosted import create_page_routes
from watchword.ports import Ports
from watchword.ports.guarding import Guarding
from watchword.ports.keyring import Purpose
from watchword.ports.store.outbox import QUEUED_AND_LEASED
from watchword.risk.hearsay import Hearsay
from watchword.risk.tracing import Tracer
from watchword.risk.traffic import Traffic
from watchword.web.dispatcher import create_site
from watchword.web.edge import Edge
from watchword.web.metrics import Metrics
from watchword.wording.languages import Languages, read_languages


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A service that is put together and not yet started."""

    ports: Ports
    site: ASGIApp
    """API, pages and, in ``dev``, the inbox; its lifespan starts and stops the worker."""
    worker: Worker
    store: RowStore
    stopping: asyncio.Event
    """To be set when the order to stop comes; ``/readyz`` says no from then on."""

    async def close(self) -> None:
        """Say good-bye to mail servers and the like, commit what is open, and close the store; nothing works then."""
        for sender in self.ports.senders.values():
            if isinstance(sender, Closing):
                await sender.close()
        await self.store.close()


async def build(
    settings: Settings,
    keyring: KeySet,
    *,
    inbox: InboxFile | None = None,
    open_store: OpenStore = open_store,
    metrics: Metrics | None = None,
    delivers: bool = True,
) -> House:
    """Put a service together on a migrated store; ``inbox`` is there in ``dev`` and ``demo`` only.

    Without ``delivers`` messages and upkeep are left to others.

    It belongs to the event loop that is running. Raises ``ConfigurationError`` for what is wrong with the store, the
    policies that were applied, logos, languages or files of the atlas, ``StorageUnavailable`` for a store that does not
    answer.
    """
    metrics = Metrics(CollectorRegistry()) if metrics is None else metrics
    applications = with_logos(settings.applications)
    traffic = _traffic(applications, told=is_for_many(settings))
    bell = asyncio.Event()
    store = await open_store(
        settings, keyring, on_event=partial(_note, metrics, bell), on_lesson=partial(learn, traffic)
    )
    try:
        policy_watch = await PolicyWatch.at_start(settings, store)
        languages, reception = read_languages(), Reception()
        senders = make_senders(settings, reception.hearing, inbox)
        ports = Ports(
            store=store,
            keyring=keyring,
            atlas=_atlas(settings),
            letters=CatalogueLetters(languages),
            entropy=SystemEntropy(),
            applications=applications,
            policies=policy_watch.policies,
            traffic=traffic,
            tracer=Tracer(partial(keyring.index, Purpose.TRAIT)),
            senders=senders,
            routes=routes_of(settings, senders),
            patience=SystemPatience(),
            places=SenderPlaces(),
            guarding=Guarding(store=RowGuardStore(store.runner)),
            page_base=settings.server.page_base,
        )
        reception.ports = ports
        worker = _worker(settings, ports, keyring, policy_watch, inbox, delivers=delivers)
        worker.announcing = announcing_of(settings, store, ports.entropy)
        worker.bell = bell
        # What is asked here leaves by this process's own worker, where it has room.
        ports = replace(ports, courier=worker)
        stopping = asyncio.Event()
        site = _site(settings, ports, _edge(settings, ports, metrics), stopping, worker, inbox, languages)
    except BaseException:  # whatever it is, cancellation too: the store is open, and nobody else holds it yet
        await store.close()
        raise
    return House(ports=ports, site=site, worker=worker, store=store, stopping=stopping)


def _note(metrics: Metrics, bell: asyncio.Event, event_type: str) -> None:
    """Count an event, and call the worker where it says that a message waits to be claimed."""
    metrics.count_event(EventType.DELIVERY_QUEUED if event_type == QUEUED_AND_LEASED else event_type)
    if event_type == EventType.DELIVERY_QUEUED:
        bell.set()


def _traffic(applications: Iterable[ApplicationId], *, told: bool) -> Mapping[ApplicationId, Traffic]:
    return {application_id: Traffic(Hearsay() if told else None) for application_id in applications}


def _worker(
    settings: Settings,
    ports: Ports,
    keyring: KeySet,
    policy_watch: PolicyWatch,
    inbox: InboxFile | None,
    *,
    delivers: bool,
) -> Worker:
    return Worker(
        ports=ports,
        alone=not is_for_many(settings),
        delivers=delivers,
        retention_days=settings.retention_days,
        key_watch=KeyWatch(settings.keys, keyring),
        policy_watch=policy_watch,
        tidy=_nothing if inbox is None else inbox.forget,
    )


def _nothing() -> None:
    """There is nothing else to forget."""


def _edge(settings: Settings, ports: Ports, metrics: Metrics) -> Edge:
    return Edge(
        address_base=settings.server.page_base,
        entropy=ports.entropy,
        log=structlog.get_logger("watchword.web"),
        metrics=metrics,
        monotonic_s=monotonic,
        now=ports.store.now,
    )


def _site(
    settings: Settings,
    ports: Ports,
    edge: Edge,
    stopping: asyncio.Event,
    worker: Worker,
    inbox: InboxFile | None,
    languages: Languages,
) -> ASGIApp:
    api = create_api(ports, edge, languages, version=__version__, is_stopping=stopping.is_set)
    pages = create_page_routes(
        ports, languages, trusted_proxies=settings.server.trusted_proxies, has_inbox=inbox is not None
    )
    routes = [*api.routes, *pages, *(inbox_routes(inbox) if inbox is not None else ())]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await worker.start()
        try:
            yield
        finally:
            stopping.set()
            await worker.stop()

    return create_site(routes, api.hot, edge, lifespan=lifespan)


def _atlas(settings: Settings) -> FileAtlas:
    """Open the atlas and do its slow first look-up now: 0.2 s that the first customer would wait for."""
    atlas = open_atlas(settings.atlas)
    atlas.warm_up()
    return atlas
