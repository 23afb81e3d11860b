"""Exchanges one thing in ``watchword serve``: a message that is ready leaves as a datagram, as peers hand codes over.

Claiming, wording, rendering and recording are the product's; only the mail server and the talk with it are left out.
Python imports this by its name wherever the folder is on its path, so the command itself, and every process that it
starts, stay what they are.
"""

import re
import socket
from typing import Final

from watchword.adapters import smtp
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.ports.clock import Clock
from watchword.ports.sender import Handover

_CODE: Final = re.compile(r"\b\d{6,10}\b")


class DatagramSender:
    """Keeps ``ports.sender.Sender``: a datagram of address and code to where the mail server would listen."""

    def __init__(self, server: smtp.MailServer, clock: Clock) -> None:
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.connect((server.host, server.port))
        self._clock = clock

    async def send(self, envelope: Envelope) -> Handover:
        """Send what a message says; one without a code (a notice) goes nowhere."""
        found = _CODE.search(envelope.message.text)
        if found is not None:
            self._socket.send(f"{envelope.to.reveal()} {found.group()}".encode())
        return Handover(provider="datagram", provider_message_id=envelope.delivery_id, status=DeliveryStatus.SENT)

    async def close(self) -> None:
        """Close the socket."""
        self._socket.close()


smtp.SmtpSender = DatagramSender  # type: ignore[assignment,misc]  # it has what the house calls
