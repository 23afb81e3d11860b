"""The store of what servers of applications are told: ``ports.webhooks.WebhookStore`` as rows."""

from collections.abc import Mapping, Sequence

from watchword.adapters.rows import endpoint_rows, webhook_records, webhook_rows
from watchword.adapters.rows.runner import Runner
from watchword.domain.event import EventType
from watchword.domain.ids import ApplicationId
from watchword.domain.webhook import CallResult
from watchword.ports.webhooks import (
    AttemptRecord,
    ClaimedMessage,
    Consequence,
    EndpointKey,
    EndpointRecord,
    MessageRecord,
    MessageState,
    Span,
)


class RowWebhookStore:
    """Keeps the promise on the runner of a store, which the store closes; belongs to one event loop."""

    __slots__ = ("_runner",)

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def endpoints_with_work(self, keys: Sequence[EndpointKey]) -> Sequence[EndpointKey]:
        """Return those that have something to read or to send."""
        return await self._runner.ask(lambda read: webhook_rows.endpoints_with_work(read, keys))

    async def queue_messages(self, key: EndpointKey, types: frozenset[EventType], *, limit: int) -> int:
        """Read on in the audit log and write messages."""
        return await self._runner.write(None, lambda write: webhook_rows.queue_messages(write, key, types, limit))

    async def claim_messages(self, wanted: Mapping[EndpointKey, int], *, lease_s: int) -> Sequence[ClaimedMessage]:
        """Lease messages that are due."""
        return await self._runner.write(None, lambda write: webhook_rows.claim_messages(write, wanted, lease_s))

    async def finish_call(
        self, claimed: ClaimedMessage, result: CallResult, *, retry_after_ms: int | None
    ) -> Consequence:
        """Note what a call came to."""
        return await self._runner.write(
            None, lambda write: webhook_rows.finish_call(write, claimed, result, retry_after_ms)
        )

    async def give_back(self, claimed: ClaimedMessage) -> None:
        """End the lease of a message that nobody called about."""
        await self._runner.write(None, lambda write: webhook_rows.give_back(write, claimed))

    async def take_back_calls(self) -> None:
        """End every lease."""
        await self._runner.write(None, webhook_rows.take_back_calls)

    async def endpoint_records(self, application_id: ApplicationId) -> Sequence[EndpointRecord]:
        """Return every endpoint of an application."""
        return await self._runner.ask(lambda read: webhook_records.endpoint_records(read, application_id))

    async def message_records(
        self, key: EndpointKey, *, state: MessageState | None, limit: int
    ) -> Sequence[MessageRecord]:
        """Return the newest messages of an endpoint."""
        return await self._runner.ask(lambda read: webhook_records.message_records(read, key, state, limit))

    async def attempt_records(self, key: EndpointKey, *, message_id: str | None, limit: int) -> Sequence[AttemptRecord]:
        """Return the newest calls of an endpoint."""
        return await self._runner.ask(lambda read: webhook_records.attempt_records(read, key, message_id, limit))

    async def send_again(self, key: EndpointKey, message_id: str) -> bool:
        """Let one message be due now."""
        return await self._runner.write(None, lambda write: webhook_rows.send_again(write, key, message_id))

    async def send_dead_again(self, key: EndpointKey) -> int:
        """Let every message that was given up be due now."""
        return await self._runner.write(None, lambda write: webhook_rows.send_dead_again(write, key))

    async def send_span_again(
        self, key: EndpointKey, types: frozenset[EventType], span: Span, *, after: int, limit: int
    ) -> tuple[int, int | None]:
        """Let events of a span be sent, again or for the first time."""
        return await self._runner.write(
            None, lambda write: webhook_rows.send_span_again(write, key, types, span, after, limit)
        )

    async def disable_endpoint(self, key: EndpointKey, reason: str) -> bool:
        """Tell it nothing more."""
        return await self._runner.write(None, lambda write: endpoint_rows.disable_endpoint(write, key, reason))

    async def enable_endpoint(self, key: EndpointKey) -> bool:
        """Go on from where it stopped."""
        return await self._runner.write(None, lambda write: endpoint_rows.enable_endpoint(write, key))
