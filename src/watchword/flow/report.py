"""Takes down what providers report of messages that they took: it moves a message on, and never proves anything.

A receipt knows a delivery and no customer: it cannot approve, cancel or prolong a challenge.
"""

import re
from dataclasses import replace
from typing import Final

from watchword.domain.errors import NotFound
from watchword.domain.message import plain_line
from watchword.ports import Ports
from watchword.ports.sender import ProviderCall, Receipt, ReceiptReader
from watchword.ports.store.outbox import Heard

REASON_CHARACTERS: Final = 120
RECEIPTS_MOST: Final = 100
"""Of one call; what a provider sends beyond them it has to send again."""
ID_CHARACTERS: Final = 200
"""Of a provider's own id; none that we know has more than 80."""
_TELLING: Final = re.compile(r"\S*@\S*|[0-9]{6,}")
"""What could be an address or a code, wherever it comes from."""


async def take_call(ports: Ports, sender: str, call: ProviderCall) -> None:
    """Take down every receipt that a provider's call brings.

    Raises ``NotFound`` where no sender of this name is ever called, ``ReceiptRefused`` for a call that is not its
    provider's, and ``StorageUnavailable``: then the provider has to call again.
    """
    reader: object = ports.senders.get(sender)
    if not isinstance(reader, ReceiptReader):
        raise NotFound
    for receipt in (await reader.read(call))[:RECEIPTS_MOST]:
        await report(ports, sender, receipt)


async def report(ports: Ports, sender: str, receipt: Receipt) -> Heard:
    """Take down one receipt, and return what it came to; raises ``StorageUnavailable``."""
    reason = None if receipt.reason is None else reason_of(receipt.reason)
    message_id = id_of(receipt.provider_message_id)
    return await ports.store.record_receipt(sender, replace(receipt, reason=reason, provider_message_id=message_id))


def reason_of(text: str) -> str:
    """Return a provider's reason as one harmless line for events and logs, without what could be an address or a code.

    Our own senders pass on nothing but codes and our words for them; those of other packages may be less careful.
    """
    return plain_line(_TELLING.sub("...", text), REASON_CHARACTERS)


def id_of(text: str | None) -> str | None:
    """Return a provider's own id of a message; None for what no store could keep and nobody would ask for."""
    return text if text is not None and 0 < len(text) <= ID_CHARACTERS and text.isprintable() else None
