"""Takes down what providers report of messages that they took: it moves a message on, and never proves anything.

A receipt knows a delivery and no customer: it cannot approve, cancel or prolong a challenge.
"""

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
    reason = None if receipt.reason is None else plain_line(receipt.reason, REASON_CHARACTERS)
    return await ports.store.record_receipt(sender, replace(receipt, reason=reason))
