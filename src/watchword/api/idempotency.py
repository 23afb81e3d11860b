"""Gives the same answer again to a call that is repeated with the same idempotency key, and lets it act once (I11).

The scope is a keyed hash of application, method, address and key; the fingerprint one of the request, never a plain
hash, because an attempt has only a million values. The answer to an effect is stored in the effect's transaction.
"""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from watchword.domain.errors import BadHeader, IdempotencyInProgress, IdempotencyMismatch, Refusal
from watchword.domain.ids import ApplicationId
from watchword.domain.secret import Secret
from watchword.ports import Ports
from watchword.ports.keyring import Purpose
from watchword.ports.store.values import AlreadyKept, Keep, KeptAnswer
from watchword.web.edge import Edge
from watchword.web.endpoint import answer_error
from watchword.web.exchange import JSON_TYPE, Answer, Request
from watchword.web.json_texts import canonical_json
from watchword.web.problems import PROBLEM_TYPE

Outcome = TypeVar("Outcome")

LONGEST_KEY: Final = 255
REPLAYED: Final = ("idempotent-replayed", "true")
_NOT_KEPT: Final = frozenset({400, 401, 413, 429})
_FIRST_REFUSAL: Final = 400
_FIRST_FAILURE: Final = 500
_BY_TOKEN: Final = b"token"
"""Keeps what a challenge's token asked apart from what a secret key asked: the answers differ."""


def read_key(request: Request) -> str | None:
    """Return the idempotency key of a request; ``BadHeader`` where it is none."""
    key = request.header("idempotency-key")
    if key is not None and not (1 <= len(key) <= LONGEST_KEY and key.isprintable()):
        raise BadHeader(f"idempotency-key has 1 to {LONGEST_KEY} printable ASCII characters")
    return key


class Keeper:
    """Turns the answer to one call into what the store keeps of it."""

    def __init__(self, application_id: ApplicationId, scope: bytes, fingerprint: bytes) -> None:
        self._application_id = application_id
        self._fingerprint = fingerprint
        self.scope = scope
        self.answer: Answer | None = None
        """The last answer that was handed to the store within a transaction, which may have been rolled back since."""

    def keep(self, encode: Callable[[Outcome], Answer | None]) -> Keep[Outcome]:
        """Return the function that a store's operation calls within its transaction."""

        def keep_outcome(outcome: Outcome) -> KeptAnswer | None:
            answer = encode(outcome)
            if answer is None:
                return None
            self.answer = answer
            return self.kept(answer)

        return keep_outcome

    def kept(self, answer: Answer) -> KeptAnswer:
        """Return an answer as the store keeps it."""
        return KeptAnswer(
            application_id=self._application_id,
            scope=self.scope,
            fingerprint=self._fingerprint,
            status=answer.status,
            body=Secret(answer.body.decode()),
        )

    def replay(self, kept: KeptAnswer) -> Answer:
        """Return a kept answer; ``IdempotencyMismatch`` where the key was used for another request."""
        if kept.fingerprint != self._fingerprint:
            raise IdempotencyMismatch
        content_type = PROBLEM_TYPE if kept.status >= _FIRST_REFUSAL else JSON_TYPE
        return Answer(
            status=kept.status, body=kept.body.reveal().encode(), content_type=content_type, headers=(REPLAYED,)
        )


class Idempotency:
    """Runs calls that carry a key; knows which of them this process is running now."""

    def __init__(self, ports: Ports, edge: Edge) -> None:
        self._ports = ports
        self._edge = edge
        self._running: set[bytes] = set()

    def keeper(
        self, application_id: ApplicationId, request: Request, key: str, json: object, *, with_token: bool
    ) -> Keeper:
        """Return the keeper of one call."""
        index = self._ports.keyring.index
        place = (application_id.encode(), request.method.encode(), request.path.encode())
        scope = index(Purpose.IDEMPOTENCY, *place, key.encode(), *((_BY_TOKEN,) if with_token else ()))
        fingerprint = index(Purpose.IDEMPOTENCY, b"request", *place, canonical_json(json))
        return Keeper(application_id, scope, fingerprint)

    async def answer_once(
        self, application_id: ApplicationId, keeper: Keeper, request: Request, run: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Return the answer kept under the key, or run the call and keep its answer.

        Raises ``IdempotencyInProgress`` while the same call runs in this process, ``IdempotencyMismatch`` where the key
        was used for another request, and whatever ``run`` raises that is not kept.
        """
        if keeper.scope in self._running:
            raise IdempotencyInProgress
        self._running.add(keeper.scope)
        try:
            kept = await self._ports.store.kept_answer(application_id, keeper.scope)
            return keeper.replay(kept) if kept is not None else await self._run(application_id, keeper, request, run)
        finally:
            self._running.discard(keeper.scope)

    async def _run(
        self, application_id: ApplicationId, keeper: Keeper, request: Request, run: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        try:
            answer = await run()
        except AlreadyKept:
            return await self._replay_other(application_id, keeper, IdempotencyInProgress())
        except Refusal as refusal:
            if refusal.status in _NOT_KEPT or refusal.status >= _FIRST_FAILURE:
                # It may be the same call at another process that used up what is short now: then that was answered.
                return await self._replay_other(application_id, keeper, refusal)
            answer = await answer_error(refusal, self._edge, request.id)
        if keeper.answer is not None and (answer == keeper.answer or await self._stands(application_id, keeper)):
            return keeper.answer
        # Nothing was changed, or nothing that the same call again would change: the first answer stays, and where
        # another process gave it meanwhile, it is the answer here too.
        kept = keeper.kept(answer)
        standing = await self._ports.store.keep_answer(kept)
        return answer if standing == kept else keeper.replay(standing)

    async def _stands(self, application_id: ApplicationId, keeper: Keeper) -> bool:
        """Whether what was handed to the store is there: the operation may have been carried out again without it."""
        kept = await self._ports.store.kept_answer(application_id, keeper.scope)
        return kept is not None and keeper.answer is not None and kept == keeper.kept(keeper.answer)

    async def _replay_other(self, application_id: ApplicationId, keeper: Keeper, otherwise: Refusal) -> Answer:
        """Where another process came first its answer is the answer."""
        kept = await self._ports.store.kept_answer(application_id, keeper.scope)
        if kept is None:
            raise otherwise
        return keeper.replay(kept)
