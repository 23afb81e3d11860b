"""Turns the tables of an application's own servers into endpoints, and says what in them cannot be."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from msgspec import structs

from watchword.config.config_problems import Problems, suggestion
from watchword.config.key_lines import KeyPath
from watchword.config.secret_source import read_secret, where_to_set
from watchword.config.settings import Situation
from watchword.config.webhook_shape import WebhookTable
from watchword.domain.event import EventType
from watchword.domain.ids import ApplicationId
from watchword.domain.loopback import is_loopback
from watchword.domain.reach import PUBLIC_PORTS, Reach, may_reach
from watchword.domain.web_target import read_target
from watchword.domain.webhook import PUBLIC_FIELDS, Endpoint
from watchword.domain.webhook_signature import SECRET_BYTES_LEAST, SECRET_BYTES_MOST, SigningSecret
from watchword.domain.webhook_signature import read_secret as read_signing_secret

ENDPOINTS_AT_MOST: Final = 20
"""Of one application: each reads the whole audit log."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)


def declare_webhooks(
    application: str, tables: Mapping[str, WebhookTable], folder: Path, situation: Situation, problems: Problems
) -> tuple[Endpoint, ...]:
    """Return the endpoints of an application; where there is a problem, what is returned is not to be used."""
    path = ("applications", application, "webhooks")
    if len(tables) > ENDPOINTS_AT_MOST:
        problems.add(path, f"must have at most {ENDPOINTS_AT_MOST} tables")
    endpoints = tuple(
        Endpoint(
            application_id=ApplicationId(application),
            name=_name((*path, name), name, problems),
            url=table.url,
            types=_types((*path, name, "events"), table.events, problems),
            secrets=_secrets((*path, name), table, folder, problems),
            reach=_reach((*path, name, "url"), table, situation, problems),
        )
        for name, table in tables.items()
    )
    _refuse_shared_secrets(path, endpoints, problems)
    return endpoints


def _refuse_shared_secrets(path: KeyPath, endpoints: tuple[Endpoint, ...], problems: Problems) -> None:
    """Refuse a secret of two receivers: each could pass off what it is told as told to the other."""
    owners: dict[bytes, str] = {}
    for endpoint in endpoints:
        for key in {secret.key for secret in endpoint.secrets}:
            if owners.setdefault(key, endpoint.name) != endpoint.name:
                problems.add((*path, endpoint.name), f"has a secret of {owners[key]}; each endpoint needs its own")


def _name(path: KeyPath, name: str, problems: Problems) -> str:
    if not _NAME.fullmatch(name):
        problems.add(path, "an endpoint's name is up to 32 of a-z, 0-9, _ and -, and starts with a letter")
    return name


def _types(path: KeyPath, names: list[str], problems: Problems) -> frozenset[EventType]:
    known = {event_type.value: event_type for event_type in PUBLIC_FIELDS}
    for name in names:
        if name not in known:
            problems.add(path, f"there is no event {name} to be told of{suggestion(name, known)}")
    return frozenset(known[name] for name in names if name in known) if names else frozenset(PUBLIC_FIELDS)


def _secrets(path: KeyPath, table: WebhookTable, folder: Path, problems: Problems) -> tuple[SigningSecret, ...]:
    given = structs.asdict(table)
    found = []
    for key in ("secret", "previous_secret"):
        text = read_secret(key, given, path, folder, problems)
        secret = None if text is None else read_signing_secret(text.reveal())
        if text is not None and secret is None:
            length = f"{SECRET_BYTES_LEAST} to {SECRET_BYTES_MOST}"
            problems.add((*path, key), f"must be whsec_ and the base64 of {length} random bytes")
        if text is None and key == "secret" and table.secret_file is None:
            how = f"{where_to_set(key, path)}; `watchword webhooks new-secret` makes one"
            problems.add((*path, key), f"is missing: {how}")
        found += [] if secret is None else [secret]
    return tuple(found)


def _reach(path: KeyPath, table: WebhookTable, situation: Situation, problems: Problems) -> Reach:
    reach = _allowed(table, situation)
    found = _url_problem(table.url, reach)
    if found:
        problems.add(path, found)
    return reach


def _url_problem(url: str, reach: Reach) -> str | None:
    """Return why this can never be called; what a name leads to is looked at with every call."""
    target = read_target(url)
    if target is None:
        return "must be a full URL such as https://shop.example/hooks, without user name"
    is_near = reach is Reach.THIS_MACHINE and is_loopback(target.host)
    if is_near or reach is Reach.PRIVATE:
        return None if _may_lie_there(target.host, reach) else "lies where nothing of yours can be"
    if not _may_lie_there(target.host, reach):
        return "is not a public address; where you mean that, set allow_private = true"
    if target.scheme != "https":
        return "must be https"
    ports = " and ".join(str(port) for port in sorted(PUBLIC_PORTS))
    return None if target.port in PUBLIC_PORTS else f"public addresses are called on port {ports} only"


def _may_lie_there(host: str, reach: Reach) -> bool:
    try:
        return may_reach(ip_address(host), reach)
    except ValueError:
        return reach is not Reach.PUBLIC or not is_loopback(host)


def _allowed(table: WebhookTable, situation: Situation) -> Reach:
    if table.allow_private:
        return Reach.PRIVATE
    return Reach.THIS_MACHINE if situation is Situation.DEV else Reach.PUBLIC
