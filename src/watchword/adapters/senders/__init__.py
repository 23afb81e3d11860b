"""Says which kinds of senders there are: our own, and those of other packages (entry points ``watchword.senders``).

A kind is imported when it is asked for: what its provider needs costs nothing where nobody sends by it.
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from watchword.adapters.senders.kind import SenderKind

GROUP: Final = "watchword.senders"
"""Entry points of this group name a ``SenderKind`` under the name that stands in ``kind = "…"``."""
_OURS: Final[Mapping[str, str]] = {
    "smtp": "watchword.adapters.senders.smtp:SMTP",
    "twilio": "watchword.adapters.senders.twilio:TWILIO",
    "vonage": "watchword.adapters.senders.vonage:VONAGE",
    "webhook": "watchword.adapters.senders.signed_gateway:WEBHOOK",
    "amazon_ses": "watchword.adapters.senders.amazon_ses:AMAZON_SES",
    "amazon_sms": "watchword.adapters.senders.amazon_sms:AMAZON_SMS",
    "amazon_sns": "watchword.adapters.senders.amazon_sns:AMAZON_SNS",
    "apprise": "watchword.adapters.senders.apprise:APPRISE",
    "smpp": "watchword.adapters.senders.smpp:SMPP",
}
"""Where each kind of ours is; nobody else's takes its name."""


class NoSuchKind(LookupError):
    """There is no kind of this name, or it cannot be used; the message is a sentence for the operator."""


def kind_names() -> tuple[str, ...]:
    """Return the names of all kinds, ours first."""
    return (*_OURS, *sorted(_theirs()))


def our_kinds() -> tuple[SenderKind[Any], ...]:
    """Return the kinds that come with the product."""
    return tuple(map(find_kind, _OURS))


def sender_kinds() -> Mapping[str, SenderKind[Any]]:
    """Return every kind by its name; imports all of them. Raises ``NoSuchKind`` where one cannot be used."""
    return {name: find_kind(name) for name in kind_names()}


def find_kind(name: str) -> SenderKind[Any]:
    """Return a kind by its name; raises ``NoSuchKind``."""
    if name in _OURS:
        module, _, attribute = _OURS[name].partition(":")
        found = getattr(import_module(module), attribute)
    else:
        point = _theirs().get(name)
        if point is None:
            raise NoSuchKind("there is no such kind of sender")
        try:
            found = point.load()
        except (ImportError, AttributeError) as error:
            raise NoSuchKind(f"{point.value} cannot be loaded ({type(error).__name__})") from error
    if not isinstance(found, SenderKind) or found.name != name:
        raise NoSuchKind(f"what is installed as {name} is no kind of sender with that name")
    return found


def _theirs() -> Mapping[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP) if point.name not in _OURS}
