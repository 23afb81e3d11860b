"""Which senders carry a message, in the order in which they are tried."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from watchword.domain.contact import Channel
from watchword.domain.ids import ApplicationId

Place = tuple[ApplicationId, Channel, str | None]
"""An application's channel to one country (ISO 3166); None: to every country that has no order of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """The operator's order of senders, by the names that he gave them."""

    orders: Mapping[Place, tuple[str, ...]]
    receipt_within_s: Mapping[str, int | None] = field(default_factory=dict)
    """The senders whose provider may report what became of a message, and after how long its silence says that it did
    not arrive; None: its silence says nothing."""

    def route(self, application_id: ApplicationId, channel: Channel, country: str | None) -> tuple[str, ...]:
        """Return the names of the senders for a message, the first to be tried first; empty where there is none."""
        general = self.orders.get((application_id, channel, None), ())
        return general if country is None else self.orders.get((application_id, channel, country), general)
