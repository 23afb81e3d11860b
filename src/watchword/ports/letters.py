"""How a message is worded."""

from typing import Protocol

from watchword.domain.message import CodeMessage, Notice, RenderedMessage


class Letters(Protocol):
    """Turns a message into text and HTML; knows languages, nothing of routes."""

    def code(self, message: CodeMessage) -> RenderedMessage:
        """Return the words of a code message.

        An SMS ends in the origin-bound line ``@host #code`` (WICG sms-one-time-codes); raises ``ValueError`` where the
        rendered text does not parse back to exactly this host and code.
        """
        ...

    def notice(self, notice: Notice) -> RenderedMessage:
        """Return the words of a notice."""
        ...
