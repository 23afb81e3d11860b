"""The settings as the rest of the house sees them: checked, resolved, and free of files' syntax."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from watchword.config.declared_senders import DeclaredSender
from watchword.domain.application import Application
from watchword.domain.contact import Channel
from watchword.domain.secret import Secret
from watchword.domain.webhook import Endpoint

INBOX = "inbox"
"""The name of the sender that is always there in ``dev`` and ``demo``, and nowhere else."""
SHIPPED = "shipped"
"""What stands in a list of files for the one that comes with Watchword."""


class Situation(StrEnum):
    """What the settings are for."""

    DEV = "dev"
    """``dev`` and ``demo``: loopback only, with the inbox."""
    SERVE = "serve"
    """Everything else."""


class LogLevel(StrEnum):
    """The least important lines that are written to the log."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the server listens, and how the outside calls it."""

    host: str
    port: int
    """0 for any free one."""
    page_base: str
    """Public origin without a slash at the end."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    workers: int
    """Serving processes on the address."""
    work: bool
    """Whether they deliver and keep house too."""
    drain_s: int
    """How long they go on listening after the order to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySource:
    """Where the keys are: in a file, or here as text (then ``text`` is set)."""

    name: str
    """What messages call it."""
    path: Path
    text: Secret | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtlasFiles:
    """Which files tell what of an address and of a mail domain, in the order in which they are asked.

    In a list, None stands for the file that comes with Watchword.
    """

    country_files: tuple[Path, ...]
    asn_files: tuple[Path, ...]
    hosting_lists: tuple[Path | None, ...]
    vpn_lists: tuple[Path | None, ...]
    tor_lists: tuple[Path | None, ...]
    listed_networks: tuple[Path | None, ...]
    disposable_domains: tuple[Path | None, ...]
    places_stale_days: int
    """The age of a country or ASN file from which the start warns."""
    lists_stale_days: int
    example_places: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresAccess:
    """A database on one PostgreSQL server, or on several of which one takes writes."""

    conninfo: Secret
    """Its address with the password, as libpq reads it."""
    connections: int
    """Connections that one process holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySource:
    """The text of a policy and what messages call it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFile:
    """What lies in a file that should be a picture, and what messages call it; nobody has looked into it yet."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRoute:
    """Another order of senders for some countries."""

    channel: Channel
    countries: tuple[str, ...]
    """ISO 3166, in capitals."""
    senders: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredApplication:
    """An application with what bootstrap needs to give it senders, a policy and logos."""

    application: Application
    senders: Mapping[Channel, tuple[str, ...]]
    """The senders of each channel in the order in which they are tried: ``inbox`` or keys of ``Settings.senders``."""
    routes: tuple[DeclaredRoute, ...] = ()
    policy: PolicySource
    logo: PictureFile | None = None
    logo_dark: PictureFile | None = None
    webhooks: tuple[Endpoint, ...] = ()
    """Its own servers that are told what happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the operator decided."""

    server: Server
    store_path: Path
    """The SQLite file, unless there is a PostgreSQL."""
    postgres: PostgresAccess | None = None
    keys: KeySource
    atlas: AtlasFiles
    senders: Mapping[str, DeclaredSender]
    retention_days: int
    """The age at which events and actions are forgotten."""
    log_level: LogLevel
    applications: tuple[DeclaredApplication, ...]
