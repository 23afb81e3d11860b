"""The shape of ``watchword.toml``: its tables, and for each key its type, default, unit, range and meaning.

The reference page and the checks are made from these structures; what keys mean together is checked elsewhere.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from watchword.config.guard_shape import GuardsTable
from watchword.config.settings import SHIPPED, LogLevel
from watchword.config.shape_check import ONE_WILL_DO
from watchword.config.store_shape import KeysTable, RetentionTable, StoreTable
from watchword.config.webhook_shape import WebhookTable
from watchword.domain.limits import Conformance, Mode
from watchword.risk.challenge_budget import PERCENT_LEAST, PERCENT_MOST


class ServerTable(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Where the server listens, and how the outside calls it."""

    host: Annotated[str, Meta(description="Address to listen on. `dev` and `demo` take a loopback address only.")] = (
        "127.0.0.1"
    )
    port: Annotated[
        int, Meta(ge=0, le=65_535, description="TCP port to listen on; 0 takes any free one (`dev` and `demo` only).")
    ] = 8000
    page_base: Annotated[
        str | None,
        Meta(
            description=(
                "Public origin of the pages, such as `https://verify.shop.example`; its host stands in the last line "
                "of every SMS. Never taken from a request. `serve` needs it; `dev` and `demo` make it from host and "
                "port."
            )
        ),
    ] = None
    trusted_proxies: Annotated[
        list[str],
        Meta(description="Networks whose `X-Forwarded-For` is believed, such as `10.0.0.0/8`."),
    ] = field(default_factory=list)
    workers: Annotated[
        int,
        Meta(
            ge=1,
            le=64,
            description=(
                "Equal processes of `serve` on one address; `--workers` wins over it. SQLite has one writing process, "
                "so more than 1 needs PostgreSQL."
            ),
        ),
    ] = 1
    work: Annotated[
        bool,
        Meta(
            description=(
                "Whether `serve` delivers messages and keeps house too. `false` leaves both to `watchword work`, which "
                "needs PostgreSQL."
            )
        ),
    ] = True
    drain_s: Annotated[
        int,
        Meta(
            ge=0,
            le=300,
            description=(
                "How long `serve` goes on listening after SIGTERM while `/readyz` answers 503, so that a load balancer "
                "takes it out first. Give it a little more than your balancer's health checks take to notice."
            ),
            extra={"unit": "seconds"},
        ),
    ] = 0


class AtlasTable(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Which files say what is known of an IP address, and of a mail domain (docs/places.md)."""

    country_files: Annotated[
        list[str],
        Meta(
            description=(
                "Files in MaxMind's format (`.mmdb`), lists of `network,country` (`.csv`), or files of `watchword "
                "atlas build`; the first that knows an address answers. Without any, every country is unknown."
            )
        ),
    ] = field(default_factory=list)
    asn_files: Annotated[
        list[str],
        Meta(
            description=(
                "The same for the autonomous system that announces an address. Without any, none is known, and AS "
                "numbers in the lists below have no effect."
            )
        ),
    ] = field(default_factory=list)
    hosting_lists: Annotated[
        list[str],
        Meta(
            description=(
                "Networks of data centres, one a line: `192.0.2.0/24`, an address, or `AS64500`. Here and below, "
                "`shipped` stands for the list that comes with Watchword."
            )
        ),
    ] = field(default_factory=lambda: [SHIPPED])
    vpn_lists: Annotated[list[str], Meta(description="Networks of VPN and proxy services.")] = field(
        default_factory=lambda: [SHIPPED]
    )
    tor_lists: Annotated[list[str], Meta(description="Exits of the Tor network; no list of them is shipped.")] = field(
        default_factory=list
    )
    listed_networks: Annotated[
        list[str], Meta(description="Networks that abuse comes from; the shipped list holds AS numbers only.")
    ] = field(default_factory=lambda: [SHIPPED])
    disposable_domains: Annotated[list[str], Meta(description="Domains of throw-away mailboxes, one a line.")] = field(
        default_factory=lambda: [SHIPPED]
    )
    places_stale_days: Annotated[
        int,
        Meta(
            ge=1,
            le=10_000,
            description="Age of a country or ASN file from which the start warns; it goes on being used.",
        ),
    ] = 90
    lists_stale_days: Annotated[
        int, Meta(ge=1, le=10_000, description="Age of a list from which the start warns; it goes on being used.")
    ] = 180
    example_places: Annotated[
        bool, Meta(description="Whether the networks set aside for documentation lie in made-up countries (for demos).")
    ] = False


class LogTable(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """What is written to the log."""

    level: Annotated[
        LogLevel,
        Meta(
            description=(
                "The least important lines that are written. Below `info` no library is heard: they quote messages."
            )
        ),
    ] = LogLevel.INFO


class ChannelsTable(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Which senders take which channel; a channel without a sender does not exist for the application.

    One name, or several in the order in which they are tried: `["first", "second"]`.
    """

    sms: Annotated[
        list[str] | None,
        Meta(description="Senders of text messages: `inbox` in `dev` and `demo`.", extra={ONE_WILL_DO: True}),
    ] = None
    voice: Annotated[
        list[str] | None, Meta(description="Senders of calls: `inbox` in `dev` and `demo`.", extra={ONE_WILL_DO: True})
    ] = None
    whatsapp: Annotated[
        list[str] | None,
        Meta(description="Senders of WhatsApp messages: `inbox` in `dev` and `demo`.", extra={ONE_WILL_DO: True}),
    ] = None
    email: Annotated[
        list[str] | None,
        Meta(description="Senders of e-mail: `inbox`, or names of tables.", extra={ONE_WILL_DO: True}),
    ] = None


class RouteTable(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Other senders, or another order of them, for numbers of some countries, each named once a channel."""

    channel: Annotated[Literal["sms", "voice", "whatsapp"], Meta(description="Which channel this is about.")]
    countries: Annotated[list[str], Meta(description="Countries as ISO 3166 has them, such as `DE`.")]
    senders: Annotated[
        list[str], Meta(description="Names of senders in the order in which they are tried.", extra={ONE_WILL_DO: True})
    ]


class BrandingTable(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """How its pages look, and who may frame them; docs/branding.md says more."""

    logo: Annotated[
        str | None,
        Meta(
            description=(
                "A PNG or WebP file, relative to the folder of `watchword.toml`, of at most 512 KB and 4096 × 4096 "
                "pixels. It is drawn anew at start; without one, the pages show the first letter of the name."
            )
        ),
    ] = None
    logo_dark: Annotated[
        str | None,
        Meta(description="The same for dark pages; without one, the logo stands on a light plate there."),
    ] = None
    accent: Annotated[
        str | None,
        Meta(
            description=(
                "Colour of buttons and links, as `#rrggbb`. One that could not be read on a light page is refused, and "
                "the nearest that can is named."
            )
        ),
    ] = None
    accent_dark: Annotated[
        str | None,
        Meta(description="The same for dark pages; without one, the accent is lightened until it can be read."),
    ] = None
    support_url: Annotated[
        str | None,
        Meta(description="Where the help page leads for support: `https` or `mailto`; at most 300 characters."),
    ] = None
    frame_origins: Annotated[
        list[str],
        Meta(
            description=(
                "Origins whose pages may show ours in a frame; none is the default and the better choice. In `dev` and "
                "`demo` also http on loopback."
            )
        ),
    ] = field(default_factory=list)


class ApplicationTable(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """The store or app that calls us; the name of the table is its id."""

    name: Annotated[str, Meta(description="The brand that pages and messages show; at most 60 characters.")]
    mode: Annotated[
        Mode,
        Meta(description="Whether it deals with real people. A test application has wider limits and test senders."),
    ]
    profile: Annotated[
        Conformance,
        Meta(description="The bar it holds itself to; `psd2` allows five tries at most."),
    ] = Conformance.STORE
    issuer: Annotated[
        str | None,
        Meta(description="`iss` of its grants; without one, `page_base` with `/test` or `/live`."),
    ] = None
    senders: Annotated[ChannelsTable, Meta(description="The senders of each channel; at least one.")]
    routes: Annotated[list[RouteTable], Meta(description="Other senders for some countries.")] = field(
        default_factory=list
    )
    high_value: Annotated[
        dict[str, str],
        Meta(
            description=(
                'By currency, the amount from which a purchase is high value, as text: `USD = "500.00"`. A currency '
                "that is not listed always is."
            )
        ),
    ] = field(default_factory=dict)
    challenge_budget: Annotated[
        dict[str, Annotated[float, Meta(ge=PERCENT_LEAST, le=PERCENT_MOST)]],
        Meta(
            description=(
                "By action type, the percent of its legitimate actions that the score may have challenged: "
                "`purchase = 2.0`. The threshold of the score follows the application's own traffic; what other rules "
                "ask for stays as it is. A type that is not listed keeps 0.7."
            ),
            extra={"unit": "percent each"},
        ),
    ] = field(default_factory=dict)
    action_types: Annotated[
        list[str],
        Meta(description="Action types besides the four; one without a rule in the policy is challenged."),
    ] = field(default_factory=list)
    return_urls: Annotated[
        list[str],
        Meta(
            description=(
                "Exact addresses a page may return to: https or a registered app link. In `dev` and `demo` also http "
                "on loopback, where in a test application `:*` stands for any port (with `/*`, or nothing, for any "
                "path)."
            )
        ),
    ] = field(default_factory=list)
    origins: Annotated[
        list[str],
        Meta(description="Origins whose pages may call the challenge API from a browser."),
    ] = field(default_factory=list)
    code_host: Annotated[
        str | None,
        Meta(
            description=(
                "Host that the last line of every SMS names, so that browsers offer its code there and nowhere else: "
                "that of `page_base`, which is the default, or of one of the `origins`, for an application that takes "
                "codes on a page of its own."
            )
        ),
    ] = None
    android_app_hash: Annotated[
        str | None,
        Meta(
            description=(
                "The 11 characters that Android knows the application's app by, such as `FA+9qCX9VSu`. They become the "
                "last line of every SMS, in place of the host, and Android hands the message to that app alone. For an "
                "application that is an app; see docs/native-apps.md."
            )
        ),
    ] = None
    locale: Annotated[
        str | None,
        Meta(
            description=(
                "Language of pages and messages where neither the action, the user nor his browser names one that "
                "there is, such as `de`; English without it."
            )
        ),
    ] = None
    support: Annotated[
        str | None,
        Meta(description="What the help page says about reaching support; at most 300 characters."),
    ] = None
    branding: Annotated[BrandingTable, Meta(description="Logo, colours and frame rules.")] = field(
        default_factory=BrandingTable
    )
    policy: Annotated[
        str | None,
        Meta(description="Policy file, relative to the folder of `watchword.toml`; without one, the product's."),
    ] = None
    webhooks: Annotated[
        dict[str, WebhookTable], Meta(description="Its own servers that are told what happens, by name.")
    ] = field(default_factory=dict)
    guards: Annotated[GuardsTable, Meta(description="What keeps messages from burning money.")] = field(
        default_factory=GuardsTable
    )
    limits: Annotated[
        dict[str, int], Meta(description="The limits it moves inside their bounds; see Limits of an application.")
    ] = field(default_factory=dict)


class FileShape(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """All of ``watchword.toml``."""

    server: ServerTable = field(default_factory=ServerTable)
    store: StoreTable = field(default_factory=StoreTable)
    keys: KeysTable = field(default_factory=KeysTable)
    atlas: AtlasTable = field(default_factory=AtlasTable)
    retention: RetentionTable = field(default_factory=RetentionTable)
    log: LogTable = field(default_factory=LogTable)
    senders: Annotated[dict[str, Any], Meta(description="Senders by name; what else a table holds says its kind.")] = (
        field(default_factory=dict)
    )
    applications: Annotated[dict[str, ApplicationTable], Meta(description="Applications by id.")] = field(
        default_factory=dict
    )
