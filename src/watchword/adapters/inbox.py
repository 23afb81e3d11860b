"""The local inbox of ``dev`` and ``demo``: every message ends in a file of its own, which the inbox page shows.

It holds codes in plain text, so it is readable by its owner only, never part of the database, and forgets after a day.
Messages to a few addresses fail, or arrive only in part, so that what happens then can be seen: ``MAGIC``.
"""

import os
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Final

import apsw

from watchword.domain.contact import Channel
from watchword.domain.errors import DeliveryFailed
from watchword.domain.ids import ChallengeId
from watchword.domain.instant import DAY_MS, Instant
from watchword.domain.message import DeliveryStatus, Envelope, InboxEntry, written
from watchword.ports.clock import Clock
from watchword.ports.sender import Handover

PROVIDER: Final = "inbox"
KEPT_MS: Final = DAY_MS
"""How long a message is kept: it holds a code in plain words, so a day and no longer."""


class Fate(Enum):
    """What becomes of a message to one of the addresses in ``MAGIC``."""

    ARRIVES = "arrives"
    """Like every other; the one to compare with."""
    FAILS = "fails"
    """Refused for good: the delivery ends as ``undelivered``."""
    ONLY_CALLS_ARRIVE = "only calls arrive"
    """A landline: a text message is refused for good, a call comes through."""
    NEVER_REPORTED = "never reported"
    """Taken, and not heard of again: the delivery stays ``sent``, and no message is in the inbox."""


MAGIC: Final[Mapping[str, Fate]] = {
    "+15035550100": Fate.ARRIVES,
    "+15035550101": Fate.FAILS,
    "+15035550102": Fate.ONLY_CALLS_ARRIVE,
    "+15035550103": Fate.NEVER_REPORTED,
    "undeliverable@example.com": Fate.FAILS,
}
"""Addresses whose messages have a fate of their own, as docs/demo.md lists them.

They reach nobody: 555-0100 to 555-0199 are kept for fiction in each area (North American Numbering Plan), and
example.com for examples (RFC 2606 §3). A tag behind a plus sign makes more of the e-mail address.
"""
_OWNER_ONLY: Final = 0o600
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY,
    delivery_id TEXT NOT NULL UNIQUE,
    recipient TEXT NOT NULL,
    folded_recipient TEXT NOT NULL,
    channel TEXT NOT NULL,
    is_code INTEGER NOT NULL,
    subject TEXT,
    text TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    challenge_id TEXT
) STRICT
"""


class InboxFile:
    """Keeps the messages of one day in an SQLite file whose name begins with ``inbox``."""

    def __init__(self, path: Path, clock: Clock) -> None:
        if not path.name.startswith("inbox"):
            raise ValueError("the file of the inbox is named inbox…")
        self._clock = clock
        _make_private(path)
        self._database = apsw.Connection(str(path))
        # What is forgotten is overwritten. Losing the last messages with the power is nobody's loss.
        self._database.execute("PRAGMA secure_delete = ON; PRAGMA synchronous = OFF")
        self._database.execute(_TABLE)
        self.forget()

    def put(self, envelope: Envelope) -> None:
        """Keep a message; one of the same delivery takes the place of the first, so that a repeat shows once."""
        text = envelope.message.text
        if envelope.channel is Channel.VOICE:
            text = written(" ".join(filter(None, (envelope.message.prompt, text))))
        self.forget()
        self._database.execute(
            "INSERT INTO messages (delivery_id, recipient, folded_recipient, channel, is_code, subject, text, sent_at,"
            " challenge_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (delivery_id) DO UPDATE SET subject = excluded.subject, text = excluded.text",
            (
                envelope.delivery_id,
                envelope.to.reveal(),
                _folded(envelope.to.reveal()),
                envelope.channel.value,
                envelope.is_code,
                envelope.message.subject,
                text,
                self._clock.now(),
                envelope.challenge_id,
            ),
        )

    def entries(self, to: str | None = None) -> Sequence[InboxEntry]:
        """Return the messages of the last day, oldest first; only those to one address where it is given."""
        rows = self._database.execute(
            "SELECT recipient, channel, is_code, subject, text, sent_at, challenge_id FROM messages"
            " WHERE sent_at > ?1 AND (?2 IS NULL OR folded_recipient = ?2) ORDER BY number",
            (self._clock.now() - KEPT_MS, None if to is None else _folded(to)),
        )
        return tuple(
            InboxEntry(
                to=recipient,
                channel=Channel(channel),
                is_code=bool(is_code),
                subject=subject,
                text=text,
                sent_at=Instant(sent_at),
                challenge_id=None if challenge_id is None else ChallengeId(challenge_id),
            )
            for recipient, channel, is_code, subject, text, sent_at, challenge_id in rows
        )

    def forget(self) -> int:
        """Forget what is older than a day; return how many messages."""
        self._database.execute("DELETE FROM messages WHERE sent_at <= ?", (self._clock.now() - KEPT_MS,))
        return self._database.changes()

    def close(self) -> None:
        """Close the file."""
        self._database.close()


class InboxSender:
    """Keeps ``ports.sender.Sender`` for every channel; its messages arrive at once, but for those of ``MAGIC``."""

    def __init__(self, inbox: InboxFile) -> None:
        self._inbox = inbox

    async def send(self, envelope: Envelope) -> Handover:
        """Put a message into the inbox.

        Raises ``DeliveryFailed``: to be tried again where the file cannot be written, for good where ``MAGIC`` says so.
        """
        fate = fate_of(envelope.to.reveal())
        if fate is Fate.FAILS or (fate is Fate.ONLY_CALLS_ARRIVE and envelope.channel is not Channel.VOICE):
            raise DeliveryFailed("this address is one whose messages always fail", retryable=False)
        if fate is Fate.NEVER_REPORTED:
            return _handed_over(envelope, DeliveryStatus.SENT)
        try:
            self._inbox.put(envelope)
        except apsw.Error as error:
            raise DeliveryFailed(f"the inbox cannot be written ({type(error).__name__})", retryable=True) from error
        return _handed_over(envelope, DeliveryStatus.DELIVERED)


def fate_of(address: str) -> Fate:
    """Return what becomes of messages to an address; a tag behind a plus sign in e-mail is left out of account."""
    name, at, domain = address.casefold().partition("@")
    return MAGIC.get(f"{name.partition('+')[0]}{at}{domain}" if at else address, Fate.ARRIVES)


def _handed_over(envelope: Envelope, status: DeliveryStatus) -> Handover:
    return Handover(provider=PROVIDER, provider_message_id=envelope.delivery_id, status=status)


def _make_private(path: Path) -> None:
    """Create the file, or take it over, so that only its owner can read it before anything is written."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, _OWNER_ONLY)
    try:
        os.fchmod(handle, _OWNER_ONLY)
    finally:
        os.close(handle)


def _folded(address: str) -> str:
    """Return an address as it is compared: e-mail without regard to case, a number by its digits.

    A plus sign in an address line reads as a space, and people write numbers with all kinds of separators.
    """
    if "@" in address:
        return address.strip().casefold()
    return "".join(character for character in address if character.isdecimal())
