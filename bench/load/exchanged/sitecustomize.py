"""Exchanges one thing in ``watchword serve``: a message that is ready leaves as a datagram, as peers hand codes over.

With BENCH_STORE=dicts also the store, and with BENCH_COUNT=1 statements are counted.
Claiming, wording, rendering and recording are the product's; only the mail server and the talk with it are left out.
Python imports this by its name wherever the folder is on its path, so the command itself, and every process that it
starts, stay what they are.
"""

import itertools
import os
import re
import signal
import socket
from typing import Final

import apsw

from bench.load.null_store import open_null_store
from watchword.adapters.senders import smtp
from watchword.bootstrap import store_opening
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.ports.clock import Clock
from watchword.ports.sender import Handover

_CODE: Final = re.compile(r"\b\d{6,10}\b")


class DatagramSender:
    """Keeps ``ports.sender.Sender``: a datagram of address and code to where the mail server would listen."""

    def __init__(self, server: smtp.MailServer, clock: Clock, *, signer: smtp.Signer | None = None) -> None:  # noqa: ARG002 it signs nothing
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


def count_statements() -> None:
    """Count every statement of SQLite from now on, and say on SIGUSR2 how many there were."""
    counted = itertools.count()

    def count(*_: object) -> bool:
        next(counted)
        return True

    def say(*_: object) -> None:
        # An iterator tells where it stands in how it is pickled, and here without taking a step.
        print(f"statements {counted.__reduce__()[1][0]}", flush=True)

    apsw.connection_hooks.append(lambda connection: connection.set_exec_trace(count))
    signal.signal(signal.SIGUSR2, say)


smtp.SmtpSender = DatagramSender  # type: ignore[assignment,misc]  # it has what the house calls
if os.environ.get("BENCH_COUNT"):
    count_statements()
if os.environ.get("BENCH_STORE") == "dicts":
    store_opening.open_store = open_null_store  # type: ignore[assignment]  # it does what the house asks of a store
