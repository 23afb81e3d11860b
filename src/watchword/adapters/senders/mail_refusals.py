"""Says in our words what a mail server's refusal amounts to (RFC 5321 §4.2, enhanced status codes of RFC 3463)."""

import re
from typing import Final

from watchword.domain.errors import DeliveryFailed
from watchword.domain.message import DeliveryStatus

_PERMANENT: Final = range(500, 600)
"""RFC 5321 §4.2.1: the same command will fail again. 4yz is a temporary failure."""
_ENHANCED: Final = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?!\S)")
_NO_SUCH_ADDRESS: Final = frozenset({(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)})
"""RFC 3463 §3.2 and §3.3, RFC 7505 §4.1: no such mailbox or system, no such address, moved, no mail, disabled."""
_ABOUT_US: Final = frozenset({(7, 0), (7, 8), (7, 9), (7, 11)})
"""RFC 4954 §6: the server does not know us well enough, which says nothing of the message."""
_POLICY: Final = 7
_AUTHENTICATION: Final = frozenset({530, 534, 535, 538})


def read_refusal(code: int, text: str) -> DeliveryFailed:
    """Return the failure that an answer of a mail server amounts to; its text, which may hold an address, is left out.

    Without an enhanced code 550 may be a mailbox that is not there or a list of spammers that we are on, so nothing
    more is believed than that the message was not taken.
    """
    found = _ENHANCED.match(text)
    detail = f"the mail server answered {code}" + (f" {found[0]}" if found else "")
    if code not in _PERMANENT:
        return DeliveryFailed(detail, retryable=True, certain=True)
    return DeliveryFailed(detail, retryable=code in _AUTHENTICATION, status=_status(code, found), certain=True)


def _status(code: int, found: re.Match[str] | None) -> DeliveryStatus:
    if found is None or found[1] != "5" or code in _AUTHENTICATION:
        return DeliveryStatus.UNDELIVERED
    what = int(found[2]), int(found[3])
    if what in _NO_SUCH_ADDRESS:
        return DeliveryStatus.BOUNCED
    return DeliveryStatus.BLOCKED if what[0] == _POLICY and what not in _ABOUT_US else DeliveryStatus.UNDELIVERED
