"""Reads the messages of the local inbox, and waits for those that are on their way."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Final, Self

import httpx2

from watchword.cli.failing import CommandFailed

LOOKS: Final = 100
PAUSE_S: Final = 0.1
"""``LOOKS`` times this is how long a message may take: far longer than a local one does."""
ANSWER_S: Final = 5.0
_DIGITS: Final = re.compile(r"\d{6,10}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as ``/dev/inbox.json`` lists it."""

    to: str
    channel: str
    kind: str
    """``code`` or ``notice``."""
    subject: str | None
    text: str = field(repr=False)
    challenge_id: str | None

    @property
    def code(self) -> str:
        """The code of a code message: its first run of six digits or more."""
        found = _DIGITS.search(self.text)
        if self.kind != "code" or found is None:
            raise ValueError("this message holds no code")
        return found.group()


class MessageReader:
    """Asks one inbox over HTTP."""

    def __init__(self, inbox: str) -> None:
        self._address = inbox.partition("?")[0].rstrip("/").removesuffix(".json") + ".json"
        self._http = httpx2.Client(trust_env=False, timeout=ANSWER_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def messages(self, to: str) -> list[Message]:
        """Return the messages to an address, oldest first; ``CommandFailed`` where this is no inbox."""
        try:
            answer = self._http.get(self._address, params={"to": to})
            answer.raise_for_status()
            return [_read(entry) for entry in answer.json()]
        except (httpx2.HTTPError, ValueError, TypeError, KeyError) as error:
            raise CommandFailed(
                f"{self._address} is no inbox that answers ({type(error).__name__})",
                hint="watchword dev --json prints the addresses of api and inbox",
            ) from None

    def wait_for(self, to: str, is_wanted: Callable[[Message], bool]) -> Message | None:
        """Return the newest wanted message, waiting for it if need be; None if it never came."""
        pause = Event()
        for _ in range(LOOKS):
            found = [message for message in self.messages(to) if is_wanted(message)]
            if found:
                return found[-1]
            pause.wait(PAUSE_S)
        return None


def _read(entry: dict[str, str | None]) -> Message:
    return Message(
        to=entry["to"] or "",
        channel=entry["channel"] or "",
        kind=entry["kind"] or "",
        subject=entry["subject"],
        text=entry["text"] or "",
        challenge_id=entry["challenge_id"],
    )
