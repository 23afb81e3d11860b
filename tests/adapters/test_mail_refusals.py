"""What the refusals of mail servers amount to."""

import pytest

from watchword.adapters.senders.mail_refusals import read_refusal
from watchword.domain.message import DeliveryStatus

UNDELIVERED, BOUNCED, BLOCKED = DeliveryStatus.UNDELIVERED, DeliveryStatus.BOUNCED, DeliveryStatus.BLOCKED


@pytest.mark.parametrize(
    ("code", "text", "retryable", "status"),
    [
        (550, "5.1.1 <ada@home.example>: no such user", False, BOUNCED),
        (550, "5.1.10 domain takes no mail", False, BOUNCED),
        (550, "5.2.1 mailbox disabled", False, BOUNCED),
        (552, "5.2.2 mailbox full", False, UNDELIVERED),
        (550, "5.1.8 bad sender", False, UNDELIVERED),
        (550, "5.7.1 listed", False, BLOCKED),
        (554, "5.7.26 not authenticated", False, BLOCKED),
        (550, "no such user here", False, UNDELIVERED),
        (550, "5.1.1a nonsense", False, UNDELIVERED),
        (554, "", False, UNDELIVERED),
        (530, "5.7.0 authentication required", True, UNDELIVERED),
        (535, "5.7.8 bad credentials", True, UNDELIVERED),
        (450, "4.2.1 busy", True, UNDELIVERED),
        (451, "4.7.1 greylisted", True, UNDELIVERED),
        (452, "5.1.1 confused", True, UNDELIVERED),
        (421, "going down", True, UNDELIVERED),
    ],
)
def test_an_answer_is_judged_by_its_code_and_its_enhanced_code(
    code: int, text: str, status: DeliveryStatus, *, retryable: bool
) -> None:
    failure = read_refusal(code, text)
    assert (failure.retryable, failure.status, failure.certain) == (retryable, status, True)
    assert str(code) in str(failure)
    assert "home.example" not in str(failure)
