"""Puts the house together: ports from settings, the site from ports, and a worker beside it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from time import monotonic  # noqa: TID251 durations of requests are no time of the domain; nothing is decided by them

import structlog
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.types import ASGIApp

from watchword import __version__
from watchword.adapters.file_atlas import FileAtlas
from watchword.adapters.inbox import InboxFile, InboxSender
from watchword.adapters.key_set import KeySet
from watchword.adapters.letters import CatalogueLetters
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.smtp import Encryption, MailServer, SmtpSender
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.adapters.system import SystemClock, SystemEntropy
from watchword.api.surface import create_api
from watchword.bootstrap.atlas_files import open_atlas
from watchword.bootstrap.key_source import KeyWatch
from watchword.bootstrap.logos import with_logos
from watchword.bootstrap.policy_watch import PolicyWatch
from watchword.bootstrap.worker import Worker
from watchword.config.settings import INBOX, Settings, SmtpServer
from watchword.domain.contact import Channel
from watchword.domain.ids import ApplicationId
from watchword.flow.learn import learn
from watchword.pages.dev_inbox import inbox_routes
from watchword.pages.hosted import create_page_routes
from watchword.ports import Ports
from watchword.ports.keyring import Purpose
from watchword.ports.sender import Sender
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
    mail: tuple[SmtpSender, ...]
    store: RowStore

    async def close(self) -> None:
        """Say good-bye to mail servers, commit what is open, and close the store; nothing works afterwards."""
        for sender in self.mail:
            await sender.close()
        await self.store.close()


def build(settings: Settings, keyring: KeySet, policy_watch: PolicyWatch, *, inbox: InboxFile | None = None) -> House:
    """Put a service together on a migrated store; ``inbox`` is there in ``dev`` and ``demo`` only."""
    applications = with_logos(settings.applications)
    clock, entropy = SystemClock(), SystemEntropy()
    metrics = Metrics(CollectorRegistry())
    traffic = {application_id: Traffic() for application_id in applications}
    store = open_sqlite_store(
        str(settings.store_path),
        clock,
        entropy,
        keyring,
        on_event=metrics.count_event,
        on_lesson=partial(learn, traffic),
    )
    mail = {name: SmtpSender(_mail_server(server), clock) for name, server in settings.senders.items()}
    languages = read_languages()
    ports = Ports(
        store=store,
        keyring=keyring,
        atlas=_atlas(settings),
        letters=CatalogueLetters(languages),
        entropy=entropy,
        applications=applications,
        policies=policy_watch.policies,
        traffic=traffic,
        tracer=Tracer(partial(keyring.index, Purpose.TRAIT)),
        senders=_senders(settings, mail, inbox),
        page_base=settings.server.page_base,
    )
    worker = Worker(
        ports=ports,
        alone=True,
        key_watch=KeyWatch(settings.keys, keyring),
        policy_watch=policy_watch,
        tidy=_nothing if inbox is None else inbox.forget,
    )
    edge = Edge(
        address_base=settings.server.page_base,
        entropy=entropy,
        log=structlog.get_logger("watchword.web"),
        metrics=metrics,
        monotonic_s=monotonic,
        now=store.now,
    )
    site = _site(settings, ports, edge, worker, inbox, languages)
    return House(ports=ports, site=site, worker=worker, mail=tuple(mail.values()), store=store)


def _nothing() -> None:
    """There is nothing else to forget."""


def _site(
    settings: Settings, ports: Ports, edge: Edge, worker: Worker, inbox: InboxFile | None, languages: Languages
) -> ASGIApp:
    stopping = _Flag()
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


class _Flag:
    """Says once that the process stops."""

    __slots__ = ("_raised",)

    def __init__(self) -> None:
        self._raised = False

    def set(self) -> None:
        self._raised = True

    def is_set(self) -> bool:
        return self._raised


def _atlas(settings: Settings) -> FileAtlas:
    """Open the atlas and do its slow first look-up now: 0.2 s that the first customer would wait for."""
    atlas = open_atlas(settings.atlas)
    atlas.warm_up()
    return atlas


def _senders(
    settings: Settings, mail: Mapping[str, SmtpSender], inbox: InboxFile | None
) -> Mapping[tuple[ApplicationId, Channel], Sender]:
    named: dict[str, Sender] = {**mail}
    if inbox is not None:
        named[INBOX] = InboxSender(inbox)
    return {
        (one.application.id, channel): named[name]
        for one in settings.applications
        for channel, name in one.senders.items()
    }


def _mail_server(server: SmtpServer) -> MailServer:
    return MailServer(
        host=server.host,
        port=server.port,
        encryption=Encryption(server.security.value),
        from_address=server.from_address,
        reply_to=server.reply_to,
        username=server.username,
        password=server.password,
        send_timeout_s=server.timeout_s,
    )
