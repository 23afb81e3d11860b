"""The client for asyncio and Trio, the twin of ``client``; what they share is in ``calls`` and ``conversation``."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Literal, Protocol, Self, TypeVar, overload

import anyio
import httpx2

from watchword_client import calls
from watchword_client.answers import (
    Action,
    AttemptOutcome,
    Challenge,
    Claim,
    DisputeOutcome,
    Event,
    GenuineRequest,
    KnownDevice,
    Page,
    RecordedAction,
    Redemption,
    UnavailableAllow,
    UnavailableDeny,
    User,
    UserContact,
    ViewLink,
)
from watchword_client.calls import Call
from watchword_client.connection import (
    ANSWER_BYTES,
    TIMEOUT_S,
    OnUnavailable,
    Origin,
    check_on_unavailable,
    instead_of_an_answer,
    no_reply,
)
from watchword_client.conversation import Done, NoReply, Reply, Send, converse, request_headers
from watchword_client.early import EarlyCheck, FetchedKeys, GrantChecker
from watchword_client.errors import GrantRefused, ServiceUnavailable
from watchword_client.values import ActionRequest, BoundFields, Circumstances, Contact
from watchword_client.version import VERSION

Answer = TypeVar("Answer")


class AsyncCarryOut(Protocol):
    """Carries out one call and returns its answer."""

    async def __call__(self, call: Call[Answer], /) -> Answer:
        """Raise one of ``errors`` if there is no answer."""


class AsyncClient:
    """Talks to one Watchword application with its secret key; safe to share between tasks.

    ``timeout_s`` bounds a call with its retries. Proxies and certificates of the environment are not used; give a
    ``transport`` of httpx2 for those.
    """

    def __init__(
        self,
        *,
        base_url: str,
        secret_key: str,
        timeout_s: float = TIMEOUT_S,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._origin = Origin(base_url=base_url, secret_key=secret_key, timeout_s=timeout_s)
        self._http = httpx2.AsyncClient(transport=transport, trust_env=False, follow_redirects=False)
        self.users = AsyncUsers(self._carry_out)
        self.actions = AsyncActions(self._carry_out)
        self.challenges = AsyncChallenges(self._carry_out)
        self.grants = AsyncGrants(self._carry_out)
        self.events = AsyncEvents(self._carry_out)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def jwks(self) -> Mapping[str, object]:
        """Fetch the keys that grants are signed with, for a ``GrantChecker``."""
        return await self._carry_out(calls.get_jwks())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _carry_out(self, call: Call[Answer]) -> Answer:
        talk = converse(call, timeout_s=self._origin.timeout_s, now_s=time.monotonic)
        step = next(talk)
        while not isinstance(step, Done):
            if isinstance(step, Send):
                step = talk.send(await self._exchange(call, step.timeout_s))
            else:
                await anyio.sleep(step.wait_s)
                step = next(talk)
        return step.answer

    async def _exchange(self, call: Call[Answer], timeout_s: float) -> Reply | NoReply:
        headers = request_headers(call, self._origin.secret_key, VERSION)
        body = bytearray()
        try:
            with anyio.fail_after(timeout_s):
                async with self._http.stream(
                    call.method, self._origin.address(call.path), content=call.body, headers=headers, timeout=timeout_s
                ) as response:
                    async for chunk in response.aiter_bytes():
                        body += chunk
                        if len(body) > ANSWER_BYTES:
                            return NoReply(reason="the answer was too long", connected=True)
        except httpx2.TransportError as error:
            return no_reply(error)
        except TimeoutError:
            return NoReply(reason="the answer was too slow", connected=True)
        return Reply(status=response.status_code, headers=dict(response.headers), body=bytes(body))


class AsyncUsers:
    """The users of the application, with their contacts and devices."""

    def __init__(self, carry_out: AsyncCarryOut) -> None:
        self._carry_out = carry_out

    async def put(
        self,
        user_id: str,
        contacts: Sequence[Contact],
        *,
        locale: str | None = None,
        grant: str | None = None,
        idempotency_key: str | None = None,
    ) -> User:
        """Register a user or change his contacts; ``contacts`` is the whole list.

        With the ``grant`` of an approved ``account_update`` that names exactly this change it counts at once, and the
        grant is redeemed by it; without one, an added contact waits.
        """
        return await self._carry_out(calls.put_user(user_id, contacts, locale, grant, idempotency_key))

    async def get(self, user_id: str) -> User:
        """Return a user, his contacts masked."""
        return await self._carry_out(calls.get_user(user_id))

    async def delete(self, user_id: str) -> None:
        """Erase a user."""
        await self._carry_out(calls.delete_user(user_id))

    async def confirm_contact(
        self, user_id: str, contact_id: str, circumstances: Circumstances, *, idempotency_key: str | None = None
    ) -> Challenge:
        """Send a contact a code of its own; approving it confirms the contact and gives no grant."""
        return await self._carry_out(calls.confirm_contact(user_id, contact_id, circumstances, idempotency_key))

    async def devices(self, user_id: str, *, limit: int | None = None, cursor: str | None = None) -> Page[KnownDevice]:
        """List a user's devices."""
        return await self._carry_out(calls.list_devices(user_id, limit, cursor))

    async def delete_device(self, user_id: str, device_id: str) -> None:
        """Forget one device: it counts as new from now on."""
        await self._carry_out(calls.delete_device(user_id, device_id))

    async def delete_devices(self, user_id: str) -> None:
        """Forget all devices of a user."""
        await self._carry_out(calls.delete_devices(user_id))

    async def rename_device(self, user_id: str, device_id: str, name: str) -> KnownDevice:
        """Call a device by the name that its user gives it, of 1 to 60 characters."""
        return await self._carry_out(calls.change_device(user_id, device_id, name=name))

    async def distrust_device(self, user_id: str, device_id: str) -> KnownDevice:
        """Take trust from one device, which stays known."""
        return await self._carry_out(calls.change_device(user_id, device_id, trusted=False))

    async def distrust_devices(self, user_id: str, *, idempotency_key: str | None = None) -> int:
        """Take trust from every device of a user, and return how many had it; they stay known."""
        return await self._carry_out(calls.distrust_devices(user_id, idempotency_key))

    async def prefer_contact(self, user_id: str, contact_id: str, *, preferred: bool = True) -> UserContact:
        """Have codes go to this contact first, and to no other, or with ``preferred=False`` prefer none."""
        return await self._carry_out(calls.prefer_contact(user_id, contact_id, preferred=preferred))

    async def requests(
        self, user_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[GenuineRequest]:
        """List the genuine requests of the last 30 days, for a page that answers "is this message genuine?"."""
        return await self._carry_out(calls.list_requests(user_id, limit, cursor))

    async def dispute_request(
        self, user_id: str, action_id: str, *, idempotency_key: str | None = None
    ) -> DisputeOutcome:
        """Take the "this wasn't me" of a user who is signed in: ends a pending request, disputes an approved one."""
        return await self._carry_out(calls.dispute_request(user_id, action_id, idempotency_key))

    async def view_link(
        self,
        user_id: str,
        *,
        page: Literal["requests", "devices", "contacts"] = "requests",
        return_url: str | None = None,
        locale: str | None = None,
        idempotency_key: str | None = None,
    ) -> ViewLink:
        """Make a link to the hosted view of a user who is signed in; redirect him there at once, within ten minutes."""
        return await self._carry_out(calls.create_view_link(user_id, page, return_url, locale, idempotency_key))


class AsyncActions:
    """The one call that decides, and what became of earlier ones."""

    def __init__(self, carry_out: AsyncCarryOut) -> None:
        self._carry_out = carry_out

    @overload
    async def create(
        self, action: ActionRequest, *, on_unavailable: Literal["raise"], idempotency_key: str | None = None
    ) -> Action: ...

    @overload
    async def create(
        self, action: ActionRequest, *, on_unavailable: Literal["deny"], idempotency_key: str | None = None
    ) -> Action | UnavailableDeny: ...

    @overload
    async def create(
        self, action: ActionRequest, *, on_unavailable: Literal["allow"], idempotency_key: str | None = None
    ) -> Action | UnavailableAllow: ...

    async def create(
        self, action: ActionRequest, *, on_unavailable: OnUnavailable, idempotency_key: str | None = None
    ) -> Action | UnavailableDeny | UnavailableAllow:
        """Ask for a decision.

        ``on_unavailable`` says what happens when Watchword cannot be asked: ``raise`` raises ``ServiceUnavailable``,
        ``deny`` returns ``UnavailableDeny``, and ``allow`` returns ``UnavailableAllow``, which is no approval: a
        store that goes on with it lets everybody through for as long as Watchword can be kept from answering.
        """
        check_on_unavailable(on_unavailable)
        try:
            return await self._carry_out(calls.create_action(action, idempotency_key))
        except ServiceUnavailable as error:
            return instead_of_an_answer(error, on_unavailable)

    async def get(self, action_id: str) -> RecordedAction:
        """Return an action."""
        return await self._carry_out(calls.get_action(action_id))

    async def list(self, user_id: str, *, limit: int | None = None, cursor: str | None = None) -> Page[RecordedAction]:
        """List a user's actions."""
        return await self._carry_out(calls.list_actions(user_id, limit, cursor))

    async def give_feedback(
        self, action_id: str, label: Literal["legitimate", "fraud"], *, idempotency_key: str | None = None
    ) -> None:
        """Say what an action turned out to be, so that decisions can be measured."""
        await self._carry_out(calls.give_feedback(action_id, label, idempotency_key))


class AsyncChallenges:
    """The requests for proof."""

    def __init__(self, carry_out: AsyncCarryOut) -> None:
        self._carry_out = carry_out

    async def get(self, challenge_id: str) -> Challenge:
        """Return a challenge."""
        return await self._carry_out(calls.get_challenge(challenge_id))

    async def send_code(
        self,
        challenge_id: str,
        *,
        contact_id: str | None = None,
        channel: str | None = None,
        idempotency_key: str | None = None,
    ) -> Challenge:
        """Send the code again, or a new one to another contact; gives back neither tries nor time."""
        return await self._carry_out(calls.send_code(challenge_id, contact_id, channel, idempotency_key))

    async def attempt(
        self, challenge_id: str, code: str, *, trust_device: bool | None = None, idempotency_key: str | None = None
    ) -> AttemptOutcome:
        """Try a code as the customer typed it; a wrong one is an outcome and not an error."""
        return await self._carry_out(calls.attempt(challenge_id, code, trust_device, idempotency_key))

    async def cancel(
        self, challenge_id: str, reason: Literal["abandoned", "not_me"], *, idempotency_key: str | None = None
    ) -> Challenge:
        """End a challenge."""
        return await self._carry_out(calls.cancel_challenge(challenge_id, reason, idempotency_key))

    async def claim(
        self, challenge_id: str, *, session_id: str | None = None, idempotency_key: str | None = None
    ) -> Claim:
        """Fetch the result after the hosted page; the same again while the grant is not redeemed."""
        return await self._carry_out(calls.claim_challenge(challenge_id, session_id, idempotency_key))


class AsyncGrants:
    """The proofs that actions may go ahead."""

    def __init__(self, carry_out: AsyncCarryOut) -> None:
        self._carry_out = carry_out
        self._keys: FetchedKeys | None = None

    async def redeem(
        self, grant: str, bound: BoundFields, *, session_id: str | None = None, idempotency_key: str | None = None
    ) -> Redemption:
        """Redeem a grant, once, for exactly the fields of its action; only then may the action go ahead."""
        return await self._carry_out(calls.redeem_grant(grant, bound, session_id, idempotency_key))

    async def check_early(self, grant: str, *, issuer: str, audience: str, livemode: bool = True) -> EarlyCheck:
        """Look at a grant without redeeming it, with keys that are fetched now and then.

        Raises ``GrantRefused``. What it returns is no reason to go ahead: only ``redeem`` is.
        """
        keys = self._keys
        if keys is None or not keys.is_fresh(time.monotonic()):
            keys = await self._fetch_keys()
        try:
            return GrantChecker(jwks=keys.jwks, issuer=issuer, audience=audience, livemode=livemode).check(grant)
        except GrantRefused as refused:
            if refused.code != "unknown_key" or not keys.may_lack_a_key(time.monotonic()):
                raise
        keys = await self._fetch_keys()
        return GrantChecker(jwks=keys.jwks, issuer=issuer, audience=audience, livemode=livemode).check(grant)

    async def _fetch_keys(self) -> FetchedKeys:
        jwks = await self._carry_out(calls.get_jwks())
        self._keys = FetchedKeys(jwks=jwks, fetched_at_s=time.monotonic())
        return self._keys


class AsyncEvents:
    """The audit log."""

    def __init__(self, carry_out: AsyncCarryOut) -> None:
        self._carry_out = carry_out

    async def pages(self, *, cursor: str | None = None, limit: int | None = None) -> AsyncIterator[Page[Event]]:
        """Read on behind ``cursor`` to the present end; keep the last ``next_cursor`` to go on from there later."""
        while True:
            page = await self._carry_out(calls.list_events(limit, cursor))
            if page.data:
                yield page
            if not page.data or page.next_cursor is None:
                return
            cursor = page.next_cursor

    async def iterate(self, *, cursor: str | None = None, limit: int | None = None) -> AsyncIterator[Event]:
        """Read every event behind ``cursor`` to the present end, ``limit`` at a time."""
        async for page in self.pages(cursor=cursor, limit=limit):
            for event in page.data:
                yield event
