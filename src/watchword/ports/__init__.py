"""Promises of the outside world: what is atomic, what may fail. Implemented by adapters, used by flow."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from watchword.domain.application import Application
from watchword.domain.circuit import Circuits
from watchword.domain.ids import ApplicationId
from watchword.domain.routes import Routes
from watchword.ports.atlas import Atlas
from watchword.ports.clock import Entropy, Patience
from watchword.ports.courier import Courier
from watchword.ports.guarding import Guarding
from watchword.ports.keyring import Keyring
from watchword.ports.letters import Letters
from watchword.ports.sender import Places, Sender
from watchword.ports.store import Store
from watchword.risk.policy import Policy
from watchword.risk.tracing import Tracer
from watchword.risk.traffic import Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything the story needs from outside, bound once by ``bootstrap``."""

    store: Store
    keyring: Keyring
    atlas: Atlas
    letters: Letters
    entropy: Entropy
    applications: Mapping[ApplicationId, Application]
    policies: Mapping[ApplicationId, Policy]
    traffic: Mapping[ApplicationId, Traffic]
    """What this process has counted of every application."""
    tracer: Tracer
    senders: Mapping[str, Sender]
    """By the names that the operator gave them."""
    routes: Routes
    patience: Patience
    places: Places
    circuits: Circuits = field(default_factory=Circuits)
    """What this process has learned of its senders."""
    guarding: Guarding
    courier: Courier | None = None
    """Who brings the message of a challenge as soon as it is open; None: it waits to be claimed."""
    page_base: str
    """The public address of the pages, without a slash at the end; its host stands in the last line of every SMS."""
