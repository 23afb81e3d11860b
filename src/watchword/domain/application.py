"""The store or app that calls us, as declared by the operator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from watchword.domain.action import BUILT_IN_TYPES
from watchword.domain.branding import Branding
from watchword.domain.contact import Channel, ContactKind
from watchword.domain.guards import Guards
from watchword.domain.ids import ApplicationId
from watchword.domain.limits import Conformance, Limits, Mode
from watchword.domain.money import Money

LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""This machine by the names that stand in an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application with all that the flow needs to know of it."""

    id: ApplicationId
    name: str
    """The brand that pages and messages show."""
    mode: Mode
    profile: Conformance = Conformance.STORE
    limits: Limits
    issuer: str
    """``iss`` of its grants; a test application has another one than a live one."""
    channels: tuple[Channel, ...]
    """The channels that a sender is configured for."""
    high_value: Mapping[str, Money]
    """The threshold of one purchase by currency; a currency that is not here counts as high value."""
    challenge_budget: Mapping[str, float] = field(default_factory=dict)
    """By action type, the percent of legitimate actions that the score may have challenged."""
    action_types: tuple[str, ...] = ()
    """Types declared besides the four."""
    return_urls: tuple[str, ...] = ()
    """Exact addresses a page may return to; in a test application also all of this machine: ``http://127.0.0.1:*``."""
    origins: tuple[str, ...] = ()
    """Origins whose pages may call the challenge API."""
    code_host: str | None = None
    """The host that the last line of an SMS binds the code to; None: that of the hosted pages."""
    android_app_hash: str | None = None
    """What Android knows its app by: the last line of an SMS, in place of the host."""
    locale: str | None = None
    """The language of pages and messages where neither the action, the user nor his browser names one of ours."""
    support: str | None = None
    """What the help page says about reaching support."""
    guards: Guards = field(default_factory=Guards)
    """What keeps messages that cost money from being sent for nothing."""
    branding: Branding = field(default_factory=Branding)
    """Logo, colours and frame rules of its pages."""

    def knows_type(self, action_type: str) -> bool:
        """Whether this action type is built in or declared."""
        return action_type in BUILT_IN_TYPES or action_type in self.action_types

    def allows_return_to(self, url: str) -> bool:
        """Whether a page may return here: an exact match, or a loopback address where ``*`` stands for any port."""
        if any(character.isspace() or character == "\\" for character in url):
            return False
        return any(_matches(pattern, url) for pattern in self.return_urls)

    def channels_for(self, kind: ContactKind) -> tuple[Channel, ...]:
        """Return the channels that reach this kind of contact here."""
        return tuple(channel for channel in self.channels if channel.kind is kind)


def _matches(pattern: str, url: str) -> bool:
    """Whether an address is the listed one, or lies on this machine where the list says ``http://127.0.0.1:*``."""
    if pattern == url:
        return True
    head, star, path = pattern.partition(":*")
    host = head.removeprefix("http://")
    if not star or path not in ("", "/*") or host not in LOOPBACK_HOSTS:
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    # Put together again from its parts it must be the same: no user name, no fragment, no other spelling.
    origin = head if port is None else f"{head}:{port}"
    return url == f"{origin}{parts.path}{f'?{parts.query}' if parts.query else ''}"
