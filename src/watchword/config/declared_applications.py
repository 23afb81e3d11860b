"""Turns the tables of applications into applications, and says what in them cannot be."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Final

from phonenumbers import SUPPORTED_REGIONS

from watchword.config.config_problems import Problems, suggestion
from watchword.config.declared_branding import declare_branding, read_logos
from watchword.config.declared_guards import declare_guards
from watchword.config.declared_senders import DeclaredSender
from watchword.config.declared_webhooks import declare_webhooks
from watchword.config.file_shape import ApplicationTable, ChannelsTable, RouteTable
from watchword.config.key_lines import KeyPath
from watchword.config.settings import INBOX, DeclaredApplication, DeclaredRoute, PolicySource, Situation
from watchword.config.web_addresses import origin_problem, return_url_problem
from watchword.domain.action import ALWAYS_CHALLENGED, BUILT_IN_TYPES, CONTACT_CONFIRMATION
from watchword.domain.app_bound import app_hash_problem
from watchword.domain.application import Application
from watchword.domain.contact import Channel
from watchword.domain.ids import ApplicationId
from watchword.domain.limits import Limits, Mode, check
from watchword.domain.money import Money, read_money
from watchword.domain.origin_bound import host_of
from watchword.wording.languages import TAGS

DEFAULT_POLICY: Final = "default_policy.toml"
NAME_CHARACTERS: Final = 60
"""A brand stands in an SMS, of which 160 characters are one part (3GPP TS 23.038)."""
SUPPORT_CHARACTERS: Final = 300
ENTRIES_AT_MOST: Final = 100
"""Of action types, return addresses and origins."""
_APPLICATION_ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)
_CHANNEL_KEYS: Final = ChannelsTable.__struct_fields__
_ACTION_TYPE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an application's table is read against."""

    folder: Path
    """Where relative paths start."""
    situation: Situation
    page_base: str
    senders: Mapping[str, DeclaredSender | None]
    """None stands for one whose table is wrong: that was said at its place."""


def declare(
    tables: Mapping[str, ApplicationTable], around: Surroundings, problems: Problems
) -> tuple[DeclaredApplication, ...]:
    """Return the declared applications; where there is a problem, what is returned is not to be used."""
    if not tables:
        problems.add(("applications",), "declare at least one application, under [applications.shop]")
    return tuple(_declare(name, table, around, problems) for name, table in tables.items())


def _declare(name: str, table: ApplicationTable, around: Surroundings, problems: Problems) -> DeclaredApplication:
    path = ("applications", name)
    if not _APPLICATION_ID.fullmatch(name):
        problems.add(path, "an application's id is up to 32 of a-z, 0-9, _ and -, and starts with a letter")
    _check_texts(path, table, around, problems)
    _check_addresses(path, table, around, problems)
    _check_code_host(path, table, around, problems)
    _check_app_hash(path, table, problems)
    _check_action_types(path, table, problems)
    senders = _senders(path, table, around, problems)
    application = Application(
        id=ApplicationId(name),
        name=table.name,
        mode=table.mode,
        profile=table.profile,
        limits=_limits(path, table, problems),
        issuer=table.issuer or f"{around.page_base}/{table.mode}",
        channels=tuple(channel for channel in Channel if channel in senders),
        high_value=_high_value(path, table, problems),
        challenge_budget=_challenge_budget(path, table, problems),
        action_types=tuple(table.action_types),
        return_urls=tuple(table.return_urls),
        origins=tuple(table.origins),
        code_host=table.code_host,
        android_app_hash=table.android_app_hash,
        locale=table.locale,
        support=table.support,
        guards=declare_guards((*path, "guards"), table.guards, table.mode, problems),
        branding=declare_branding(
            (*path, "branding"), table.branding, is_dev=around.situation is Situation.DEV, problems=problems
        ),
    )
    logo, logo_dark = read_logos((*path, "branding"), table.branding, around.folder, problems)
    return DeclaredApplication(
        application=application,
        senders=senders,
        routes=_routes(path, table, senders, around, problems),
        policy=_policy(path, table, around, problems),
        logo=logo,
        logo_dark=logo_dark,
        webhooks=declare_webhooks(name, table.webhooks, around.folder, around.situation, problems),
    )


def _check_texts(path: KeyPath, table: ApplicationTable, around: Surroundings, problems: Problems) -> None:
    if len(table.name) > NAME_CHARACTERS:
        problems.add((*path, "name"), f"must have at most {NAME_CHARACTERS} characters")
    if table.support is not None and len(table.support) > SUPPORT_CHARACTERS:
        problems.add((*path, "support"), f"must have at most {SUPPORT_CHARACTERS} characters")
    if table.issuer is not None and not re.fullmatch(r"https?://[!-~]+", table.issuer):
        problems.add((*path, "issuer"), "must be a URL (RFC 8414 §2)")
    if table.locale is not None and table.locale not in TAGS:
        problems.add((*path, "locale"), f"there is no language {table.locale}{suggestion(table.locale, TAGS)}")
    is_public = around.page_base.startswith("https://") or around.situation is Situation.DEV
    if table.mode is Mode.LIVE and around.page_base and not is_public:
        problems.add((*path, "mode"), "a live application needs a server.page_base with https")


def _check_addresses(path: KeyPath, table: ApplicationTable, around: Surroundings, problems: Problems) -> None:
    is_dev = around.situation is Situation.DEV
    for url in table.return_urls:
        found = return_url_problem(url, may_be_local=is_dev, may_have_any_port=table.mode is Mode.TEST)
        if found:
            problems.add((*path, "return_urls"), f"{url}: {found}")
    for origin in table.origins:
        found = origin_problem(origin, may_be_local=is_dev)
        if found:
            problems.add((*path, "origins"), f"{origin}: {found}")
    for key, entries in (("return_urls", table.return_urls), ("origins", table.origins)):
        _check_entries((*path, key), entries, problems)


def _check_code_host(path: KeyPath, table: ApplicationTable, around: Surroundings, problems: Problems) -> None:
    hosts = dict.fromkeys(filter(None, map(host_of, (around.page_base, *table.origins))))
    if table.code_host is not None and table.code_host not in hosts:
        known = ", ".join(hosts)
        problems.add((*path, "code_host"), f"must be the host of page_base or of one of the origins: {known}")


def _check_app_hash(path: KeyPath, table: ApplicationTable, problems: Problems) -> None:
    path = (*path, "android_app_hash")
    if table.android_app_hash is None:
        return
    found = app_hash_problem(table.android_app_hash)
    if found:
        problems.add(path, found)
    if table.code_host is not None:
        problems.add(path, "a message has one last line: name the app here, or a host as code_host, not both")


def _check_action_types(path: KeyPath, table: ApplicationTable, problems: Problems) -> None:
    path = (*path, "action_types")
    _check_entries(path, table.action_types, problems)
    for name in table.action_types:
        if name in BUILT_IN_TYPES or name == CONTACT_CONFIRMATION:
            problems.add(path, f"{name} is built in and not declared")
        elif not _ACTION_TYPE.fullmatch(name):
            problems.add(path, f"{name}: a type is up to 64 of a-z, 0-9 and _, and starts with a letter")


def _check_entries(path: KeyPath, entries: Sequence[str], problems: Problems) -> None:
    if len(entries) > ENTRIES_AT_MOST:
        problems.add(path, f"must have at most {ENTRIES_AT_MOST} entries")
    for entry in sorted({entry for entry in entries if entries.count(entry) > 1}):
        problems.add(path, f"{entry} is listed twice")


def _senders(
    path: KeyPath, table: ApplicationTable, around: Surroundings, problems: Problems
) -> dict[Channel, tuple[str, ...]]:
    path = (*path, "senders")
    chosen = _chosen(table.senders)
    if not chosen:
        *others, last = _CHANNEL_KEYS
        problems.add(path, f"at least one of {', '.join(others)} and {last} needs a sender")
    for channel, names in chosen.items():
        _check_order((*path, channel), channel, names, table.mode, around, problems)
    return chosen


def _chosen(table: ChannelsTable) -> dict[Channel, tuple[str, ...]]:
    named = {Channel(key): getattr(table, key) for key in _CHANNEL_KEYS}
    return {channel: tuple(names) for channel, names in named.items() if names}


def _routes(
    path: KeyPath,
    table: ApplicationTable,
    senders: Mapping[Channel, tuple[str, ...]],
    around: Surroundings,
    problems: Problems,
) -> tuple[DeclaredRoute, ...]:
    named: set[tuple[str, str]] = set()
    for number, route in enumerate(table.routes, start=1):
        for country in route.countries:
            if (route.channel, country) in named:
                problems.add(
                    (*path, "routes", str(number), "countries"), f"{country} is named for {route.channel} above"
                )
        named.update((route.channel, country) for country in route.countries)
    return tuple(
        _route((*path, "routes", str(number)), route, table.mode, senders, around, problems)
        for number, route in enumerate(table.routes, start=1)
    )


def _route(
    path: KeyPath,
    table: RouteTable,
    mode: Mode,
    senders: Mapping[Channel, tuple[str, ...]],
    around: Surroundings,
    problems: Problems,
) -> DeclaredRoute:
    channel = Channel(table.channel)
    if channel not in senders:
        problems.add((*path, "channel"), f"{channel} has no sender under senders, for all other countries")
    if not table.countries:
        problems.add((*path, "countries"), "must name at least one country, such as DE")
    _check_entries((*path, "countries"), table.countries, problems)
    for country in table.countries:
        if country not in SUPPORTED_REGIONS:
            problems.add((*path, "countries"), f"{country}: must be a country as ISO 3166 has it, such as DE")
    if not table.senders:
        problems.add((*path, "senders"), "must name at least one sender")
    _check_order((*path, "senders"), channel, table.senders, mode, around, problems)
    return DeclaredRoute(channel=channel, countries=tuple(table.countries), senders=tuple(table.senders))


def _check_order(
    path: KeyPath, channel: Channel, names: Sequence[str], mode: Mode, around: Surroundings, problems: Problems
) -> None:
    _check_entries(path, names, problems)
    for name in names:
        found = _sender_problem(channel, name, mode, around)
        if found:
            problems.add(path, found)


def _sender_problem(channel: Channel, name: str, mode: Mode, around: Surroundings) -> str | None:
    if name == INBOX:
        return None if around.situation is Situation.DEV else "the inbox is there in `dev` and `demo` only"
    if name not in around.senders:
        return f"there is no sender {name}{suggestion(name, (*around.senders, INBOX))}"
    sender = around.senders[name]
    if sender is None:
        return None
    found = sender.why_not(channel)
    if found:
        return f"{name} {found}"
    if mode is Mode.TEST and not sender.is_test_sender:
        return f"a test application sends to the inbox or a test sender only (senders.{name}.test_sender)"
    if mode is Mode.LIVE and sender.is_test_sender:
        return f"{name} is a test sender: messages of a live application would reach nobody"
    return None


def _limits(path: KeyPath, table: ApplicationTable, problems: Problems) -> Limits:
    path = (*path, "limits")
    known = [entry.name for entry in fields(Limits)]
    for name in table.limits:
        if name not in known:
            problems.add((*path, name), f"there is no such limit{suggestion(name, known)}")
    limits = Limits(**{name: value for name, value in table.limits.items() if name in known})
    for name, text in check(limits, table.mode, table.profile):
        problems.add((*path, name), text)
    return limits


def _high_value(path: KeyPath, table: ApplicationTable, problems: Problems) -> dict[str, Money]:
    thresholds = {}
    for currency, value in table.high_value.items():
        amount = read_money(value, currency)
        if isinstance(amount, str):
            problems.add((*path, "high_value", currency), amount)
        else:
            thresholds[currency] = amount
    return thresholds


def _challenge_budget(path: KeyPath, table: ApplicationTable, problems: Problems) -> dict[str, float]:
    path = (*path, "challenge_budget")
    known = [name for name in (*BUILT_IN_TYPES, *table.action_types) if name not in ALWAYS_CHALLENGED]
    for name in table.challenge_budget:
        if name in ALWAYS_CHALLENGED:
            problems.add((*path, name), "is always challenged, whatever the score")
        elif name not in known:
            problems.add((*path, name), f"is neither built in nor declared{suggestion(name, known)}")
    return dict(table.challenge_budget)


def _policy(path: KeyPath, table: ApplicationTable, around: Surroundings, problems: Problems) -> PolicySource:
    if table.policy is None:
        return PolicySource(name=DEFAULT_POLICY, text=read_default_policy())
    file = around.folder / table.policy
    text = ""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        problems.add((*path, "policy"), f"{file} cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        problems.add((*path, "policy"), f"{file} is not UTF-8")
    return PolicySource(name=str(file), text=text)


def read_default_policy() -> str:
    """Return the text of the policy that the product brings."""
    return files("watchword.config").joinpath(DEFAULT_POLICY).read_text(encoding="utf-8")
