"""The ways out: senders made from the settings, and the order in which each message tries them."""

from collections.abc import Callable, Mapping

from watchword.adapters.inbox import InboxFile, InboxSender
from watchword.adapters.senders.kind import SenderSurroundings
from watchword.adapters.system import SystemClock, SystemEntropy
from watchword.config.settings import INBOX, Settings
from watchword.domain.errors import ConfigurationError
from watchword.domain.routes import Place, Routes
from watchword.ports.sender import Hearing, ReceiptReader, Reporting, Sender


def make_senders(
    settings: Settings, hearing: Callable[[str], Hearing], inbox: InboxFile | None
) -> Mapping[str, Sender]:
    """Return every declared sender by its name; ``hearing`` says where one of a name leaves receipts.

    They belong to the event loop that is running. Raises ``ConfigurationError`` where a library is missing, or where
    only it can tell that a setting is wrong.
    """
    senders: dict[str, Sender] = {}
    problems: list[str] = []
    for name, declared in settings.senders.items():
        surroundings = SenderSurroundings(
            name=name, clock=SystemClock(), entropy=SystemEntropy(), hearing=hearing(name)
        )
        try:
            senders[name] = declared.kind.make(declared.keys, surroundings)
        except ConfigurationError as error:
            problems += [f"senders.{name}: {problem}" for problem in error.problems]
    if problems:
        raise ConfigurationError(tuple(problems))
    return senders if inbox is None else {**senders, INBOX: InboxSender(inbox)}


def routes_of(settings: Settings, senders: Mapping[str, Sender]) -> Routes:
    """Return the order of senders for each application, channel and country, and whose silence says something."""
    orders: dict[Place, tuple[str, ...]] = {}
    for one in settings.applications:
        for channel, names in one.senders.items():
            orders[one.application.id, channel, None] = names
        for route in one.routes:
            for country in route.countries:
                orders[one.application.id, route.channel, country] = route.senders
    heard = {
        name: _receipt_within_s(sender, settings.server.page_base)
        for name, sender in senders.items()
        if isinstance(sender, ReceiptReader | Reporting)
    }
    return Routes(orders=orders, receipt_within_s=heard)


def _receipt_within_s(sender: Sender, page_base: str) -> int | None:
    """Return after how long a sender's silence says something: never, where its provider cannot call us."""
    cannot_call = isinstance(sender, ReceiptReader) and not page_base.startswith("https://")
    return sender.receipt_within_s if isinstance(sender, Reporting) and not cannot_call else None
