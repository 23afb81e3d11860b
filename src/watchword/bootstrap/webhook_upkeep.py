"""What an operator does from the command line about servers that are told what happens, beside a running server."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from watchword.adapters.outward import OutwardClient
from watchword.adapters.rows.json_columns import write_json
from watchword.adapters.rows.webhook_store import RowWebhookStore
from watchword.adapters.system import SystemClock, SystemEntropy, elapsed_ms
from watchword.adapters.webhook_calls import SignedCaller
from watchword.bootstrap.key_source import open_keys
from watchword.bootstrap.upkeep import with_store
from watchword.config.settings import Settings
from watchword.domain.errors import ConfigurationError
from watchword.domain.ids import ApplicationId, encode
from watchword.domain.instant import rfc3339
from watchword.domain.webhook import CallResult, Endpoint
from watchword.domain.webhook_signature import write_secret
from watchword.flow.announce import key_of
from watchword.ports.webhooks import AttemptRecord, EndpointRecord, MessageRecord, MessageState, Span, WebhookStore

TEST_TYPE: Final = "webhook.test"
"""The type of a message that tells of nothing."""
_SECRET_BYTES: Final = 32
_ID_BYTES: Final = 16
_EVENTS_AT_ONCE: Final = 500

Result = TypeVar("Result")


def new_secret() -> str:
    """Return a fresh secret for a receiver, as settings and libraries of receivers take it."""
    return write_secret(SystemEntropy().token(_SECRET_BYTES))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEndpoint:
    """An endpoint that is declared, or was once."""

    name: str
    is_declared: bool
    record: EndpointRecord | None
    """None where no worker has met it yet."""


def list_endpoints(settings: Settings, application_id: str) -> Sequence[ListedEndpoint]:
    """Return how every endpoint stands, by name; those that are declared no more too."""
    declared = {endpoint.name for endpoint in _declared(settings, application_id)}
    records = _with_hooks(settings, lambda hooks: hooks.endpoint_records(ApplicationId(application_id)))
    known = {record.key.name: record for record in records}
    return [
        ListedEndpoint(name=name, is_declared=name in declared, record=known.get(name))
        for name in sorted({*declared, *known})
    ]


def list_messages(
    settings: Settings, application_id: str, name: str, *, state: MessageState | None, limit: int
) -> Sequence[MessageRecord]:
    """Return the newest messages of an endpoint, all or those of one state."""
    key = key_of(_endpoint(settings, application_id, name))
    return _with_hooks(settings, lambda hooks: hooks.message_records(key, state=state, limit=limit))


def list_attempts(
    settings: Settings, application_id: str, name: str, *, message_id: str | None, limit: int
) -> Sequence[AttemptRecord]:
    """Return the newest calls of an endpoint, all or those about one message."""
    key = key_of(_endpoint(settings, application_id, name))
    return _with_hooks(settings, lambda hooks: hooks.attempt_records(key, message_id=message_id, limit=limit))


def replay_message(settings: Settings, application_id: str, name: str, message_id: str) -> bool:
    """Let a message be sent again by the worker; return whether there is such a one that is not being sent."""
    key = key_of(_endpoint(settings, application_id, name))
    return _with_hooks(settings, lambda hooks: hooks.send_again(key, message_id))


def replay_dead(settings: Settings, application_id: str, name: str) -> int:
    """Let everything that was given up be sent again; return how many messages."""
    key = key_of(_endpoint(settings, application_id, name))
    return _with_hooks(settings, lambda hooks: hooks.send_dead_again(key))


def replay_span(settings: Settings, application_id: str, name: str, span: Span) -> int:
    """Let all that happened in a span be sent, again or for the first time; return how many messages."""
    endpoint = _endpoint(settings, application_id, name)

    async def replay(hooks: WebhookStore) -> int:
        count, after = 0, 0
        while True:
            sent, following = await hooks.send_span_again(
                key_of(endpoint), endpoint.types, span, after=after, limit=_EVENTS_AT_ONCE
            )
            count += sent
            if following is None:
                return count
            after = following

    return _with_hooks(settings, replay)


def disable(settings: Settings, application_id: str, name: str, reason: str) -> bool:
    """Tell an endpoint nothing more; return whether it was told before."""
    key = key_of(_endpoint(settings, application_id, name))
    return _with_hooks(settings, lambda hooks: hooks.disable_endpoint(key, reason))


def enable(settings: Settings, application_id: str, name: str) -> bool:
    """Go on telling an endpoint from where it stopped; return whether it had stopped."""
    key = key_of(_endpoint(settings, application_id, name))
    return _with_hooks(settings, lambda hooks: hooks.enable_endpoint(key))


def send_test(settings: Settings, application_id: str, name: str) -> CallResult:
    """Send a message that tells of nothing, once and now, and return what came of it; the store knows nothing of it."""
    endpoint = _endpoint(settings, application_id, name)
    return asyncio.run(_send_test(endpoint))


async def _send_test(endpoint: Endpoint) -> CallResult:
    clock, caller = SystemClock(), SignedCaller(OutwardClient(), SystemClock(), elapsed_ms)
    payload = {"type": TEST_TYPE, "timestamp": rfc3339(clock.now()), "data": {"endpoint": endpoint.name}}
    try:
        return await caller.call(endpoint, f"test_{encode(SystemEntropy().token(_ID_BYTES))}", write_json(payload))
    finally:
        await caller.close()


def _with_hooks(settings: Settings, work: Callable[[WebhookStore], Awaitable[Result]]) -> Result:
    keys = open_keys(settings.keys, create=False)
    return with_store(settings, keys, lambda store: work(RowWebhookStore(store.runner)))


def _declared(settings: Settings, application_id: str) -> Sequence[Endpoint]:
    for declared in settings.applications:
        if declared.application.id == application_id:
            return declared.webhooks
    names = ", ".join(sorted(declared.application.id for declared in settings.applications))
    raise ConfigurationError((f"{application_id}: no such application is declared; there are: {names or 'none'}",))


def _endpoint(settings: Settings, application_id: str, name: str) -> Endpoint:
    endpoints = _declared(settings, application_id)
    for endpoint in endpoints:
        if endpoint.name == name:
            return endpoint
    names = ", ".join(endpoint.name for endpoint in endpoints)
    raise ConfigurationError((f"{name}: {application_id} declares no such webhook; there are: {names or 'none'}",))
