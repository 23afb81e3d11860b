"""One call of the API: who may make it, what it takes and what it answers. The OpenAPI page is made from this."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

from watchword.api.idempotency import Keeper
from watchword.domain.application import Application
from watchword.domain.errors import Refusal
from watchword.ports import Ports
from watchword.ports.store.values import Keep
from watchword.web.endpoint import Handler
from watchword.web.exchange import Answer, Request
from watchword.web.json_texts import read_shape
from watchword.web.metrics import Metrics

Shape = TypeVar("Shape", bound=Struct)
Outcome = TypeVar("Outcome")


class Scope(StrEnum):
    """What a secret key may be used for."""

    ACTIONS = "actions"
    USERS = "users"
    EVENTS = "events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What the outside can rely on of one call."""

    method: str
    path: str
    name: str
    summary: str
    answers: Mapping[int, type[Struct] | str | None]
    """By status: the body's structure, the media type of another kind of body, or None for no body."""
    scope: Scope | None = None
    """None: anybody may call."""
    takes_token: bool = False
    """Whether the challenge's own token is accepted besides a secret key, from the application's origins too."""
    body: type[Struct] | None = None
    body_may_be_empty: bool = False
    parameters: tuple[str, ...] = ()
    """Names of query parameters."""
    required_parameters: tuple[str, ...] = ()
    refusals: tuple[type[Refusal], ...] = ()
    """Those of this call alone; what every call of its kind may answer is added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call on its way: who makes it, and what with."""

    ports: Ports
    metrics: Metrics
    application: Application
    with_token: bool
    """Whether it came with a challenge's token, which sees no grant and no device."""
    request: Request
    json: object = field(repr=False)
    keeper: Keeper | None
    """Set where the caller sent an idempotency key."""

    def body(self, shape: type[Shape]) -> Shape:
        """Return the body as a structure; ``InvalidField`` where it does not fit."""
        return read_shape(self.json, shape)

    @property
    def scope(self) -> bytes | None:
        """What names this call wherever it is repeated; None without an idempotency key."""
        return None if self.keeper is None else self.keeper.scope

    def keep(self, encode: Callable[[Outcome], Answer | None]) -> Keep[Outcome] | None:
        """Return what stores the answer with its effect; ``encode`` returns None for what is not an answer to keep."""
        return None if self.keeper is None else self.keeper.keep(encode)


Handle = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A call with the function that answers it."""

    operation: Operation
    handle: Handle


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """A call that anybody may make, with the handler that answers it."""

    operation: Operation
    handler: Handler
