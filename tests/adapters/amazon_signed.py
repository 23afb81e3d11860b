"""Notifications of Amazon SNS as Amazon signs them, with a certificate of our own at its address."""

import base64
import json
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tests.adapters.certificates import END, START
from watchword.domain.errors import ReceiptRefused, ServiceUnavailable
from watchword.ports.sender import ProviderCall

TOPIC = "arn:aws:sns:eu-central-1:123456789012:receipts"
CERTIFICATE_URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem"
CONFIRM_URL = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=t&Token=abc"
KEY = rsa.generate_private_key(65_537, 2048)
BOUNCE = {
    "eventType": "Bounce",
    "bounce": {"bounceType": "Permanent", "bounceSubType": "General"},
    "mail": {"messageId": "ses-1", "tags": {"delivery": ["dlv_7"], "ses:source-ip": ["192.0.2.1"]}},
}


def certificate(key: rsa.RSAPrivateKey = KEY, *, ends_after: timedelta = END - START) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(START)
        .not_valid_after(START + ends_after)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


class Web:
    """What is at Amazon's addresses, and which of them were asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {CERTIFICATE_URL: certificate(), CONFIRM_URL: b"<ConfirmSubscriptionResponse/>"}
        self.asked: list[str] = []
        self.is_away = False

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if self.is_away:
            raise ServiceUnavailable
        if url not in self.pages:
            raise ReceiptRefused
        return self.pages[url]


def signed(fields: dict[str, str], key: rsa.RSAPrivateKey = KEY) -> dict[str, str]:
    """Sign as Amazon documents it: the fields of its list, in its order, each name and value on a line."""
    names = ["Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields)
    algorithm = hashes.SHA1() if fields["SignatureVersion"] == "1" else hashes.SHA256()  # noqa: S303 as Amazon signs
    signature = key.sign(text.encode(), padding.PKCS1v15(), algorithm)
    return fields | {"Signature": base64.b64encode(signature).decode()}


def notification(message: object = None, **fields: str) -> dict[str, str]:
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": json.dumps(BOUNCE if message is None else message),
        "Timestamp": "2026-11-22T12:00:00.000Z",
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE_URL,
        "UnsubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe",
    } | fields


def confirmation(**fields: str) -> dict[str, str]:
    return (
        notification(
            Type="SubscriptionConfirmation",
            Message="You have chosen to subscribe",
            Token="abc",
            SubscribeURL=CONFIRM_URL,
        )
        | fields
    )


def call(fields: object) -> ProviderCall:
    body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
    return ProviderCall(method="POST", url="https://verify.shop.example/callbacks/amazon", headers={}, body=body)
