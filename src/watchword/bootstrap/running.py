"""Runs Watchword on the machine of whoever tries it: for development with its inbox, for the demo with its store."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import structlog
import uvloop
from starlette.types import ASGIApp

from watchword.adapters.inbox import InboxFile
from watchword.adapters.key_set import KeySet
from watchword.adapters.process_memory import settle_memory
from watchword.adapters.structured_logs import configure_logs
from watchword.adapters.system import SystemClock
from watchword.bootstrap.house import build
from watchword.bootstrap.key_source import open_keys
from watchword.bootstrap.listening import Listener, address_of, open_socket, serve
from watchword.bootstrap.store_opening import migrate_store, sole_process
from watchword.bootstrap.upkeep import lasting_key
from watchword.config.first_files import write_default, write_demo
from watchword.config.loading import load_settings
from watchword.config.settings import Settings, Situation
from watchword.domain.errors import ConfigurationError
from watchword.domain.loopback import is_loopback
from watchword.domain.secret import Secret

SETTINGS_FILE: Final = "watchword.toml"
INBOX_FILE: Final = "inbox.sqlite3"
KEY_FILE: Final = "secret_key"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Where a service for development answers."""

    api: str
    secret_key: Secret
    inbox: str
    store: str | None
    data: Path


MakeStore = Callable[[Ready], ASGIApp]
"""Makes the demo store, which is a customer of ours and stands above this layer, once its address is known."""


def run_dev(
    *,
    data: Path,
    host: str,
    port: int | None,
    store_port: int,
    make_store: MakeStore | None,
    ready: Callable[[Ready], None],
) -> None:
    """Serve API, pages and inbox for development until SIGINT or SIGTERM, and the store of ``make_store`` beside them.

    Everything lives in the folder ``data``, which is made with its settings and keys at the first start. Raises
    ``ConfigurationError`` for an address that others could reach, a port that is taken, a folder that cannot be
    written, or settings that are wrong.
    """
    if not is_loopback(host):
        raise ConfigurationError((f"{host}: development listens on this machine only, because its inbox shows codes",))
    _make_folder(data)
    path = data / SETTINGS_FILE
    (write_default if make_store is None else write_demo)(path)
    overrides: dict[str, object] = {"server.host": host} | ({} if port is None else {"server.port": port})
    found = load_settings(path, situation=Situation.DEV, overrides=overrides)
    configure_logs(found.log_level)
    with sole_process(found):
        opened = open_socket(host, found.server.port, chosen_with="--port")
        overrides["server.page_base"] = address_of(opened)
        settings = load_settings(path, situation=Situation.DEV, overrides=overrides)
        migrate_store(settings)
        keys = open_keys(settings.keys, create=True)
        key = lasting_key(settings, keys, settings.applications[0].application, data / KEY_FILE)
        base = settings.server.page_base
        told = Ready(api=base, secret_key=key, inbox=f"{base}/dev/inbox", store=None, data=data)
        store = None
        if make_store is not None:
            store_socket = open_socket(host, store_port, chosen_with="--store-port")
            told = replace(told, store=address_of(store_socket))
            store = Listener(socket=store_socket, app=make_store(told))
        uvloop.run(_serve_dev(settings, keys, told, opened, store, ready))


async def _serve_dev(
    settings: Settings,
    keys: KeySet,
    told: Ready,
    opened: socket.socket,
    store: Listener | None,
    ready: Callable[[Ready], None],
) -> None:
    inbox = InboxFile(told.data / INBOX_FILE, SystemClock())
    house = await build(settings, keys, inbox=inbox)
    settle_memory()
    listeners = [Listener(socket=opened, app=house.site), *([store] if store is not None else ())]

    async def announce() -> None:
        ready(told)

    try:
        await serve(listeners, ready=announce, stopping=house.stopping)
    finally:
        await house.close()
        inbox.close()


def _make_folder(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError((f"{data}: cannot be made or used as a folder: {error.strerror}",)) from error
