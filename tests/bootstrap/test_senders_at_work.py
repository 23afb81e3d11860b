"""A service as the operator declares it: the second provider is asked, and each is known by its signature."""

import json
import re
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from httpx2 import ASGITransport, AsyncClient, Response
from joserfc import jwt
from joserfc.jwk import OctKey

from tests.adapters.provider_stand_ins import json_answer
from tests.adapters.receiver import Receiver, listening
from watchword.adapters.senders.twilio_signature import sign_form
from watchword.bootstrap.house import House, build
from watchword.bootstrap.key_source import open_keys
from watchword.bootstrap.store_opening import migrate_store
from watchword.config.loading import load_settings
from watchword.config.settings import Situation
from watchword.domain.contact import Channel, ContactKind
from watchword.domain.ids import ChallengeId, UserId
from watchword.domain.instant import Instant
from watchword.domain.message import DeliveryStatus
from watchword.domain.secret import Secret
from watchword.flow.assess import assess
from watchword.flow.deliver import deliver_once
from watchword.flow.gather import Report
from watchword.flow.order import send
from watchword.flow.register import ContactEntry, put_user

BASE = "https://verify.shop.example"
NUMBER = "+4915112345678"
TOKEN = Secret("the auth token")
SIGNATURE_SECRET = "the signature secret of the account"
SETTINGS = f"""\
[server]
page_base = "{BASE}"
[senders.twilio]
kind = "twilio"
account_sid = "AC0123456789abcdef0123456789abcdef"
from_number = "+14155550100"
caller_number = "+14155552671"
api_url = "http://127.0.0.1:TWILIO"
[senders.vonage]
kind = "vonage"
application_id = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
private_key_file = "vonage.pem"
from_number = "Example"
api_url = "http://127.0.0.1:VONAGE"
[applications.shop]
name = "Example Shop"
mode = "live"
[applications.shop.senders]
sms = "twilio"
voice = "twilio"
[[applications.shop.routes]]
channel = "sms"
countries = ["DE"]
senders = ["twilio", "vonage"]
"""
ENVIRON = {
    "WATCHWORD_SENDERS__TWILIO__AUTH_TOKEN": TOKEN.reveal(),
    "WATCHWORD_SENDERS__VONAGE__SIGNATURE_SECRET": SIGNATURE_SECRET,
}
LAST_CODE = re.compile(r"#(\d{6,10})$")


@pytest.fixture
async def twilio() -> AsyncIterator[Receiver]:
    refusal = {"code": 21408, "message": f"Permission to send to {NUMBER} has not been enabled", "status": 400}
    async with listening(json_answer(400, refusal)) as receiver:
        yield receiver


@pytest.fixture
async def vonage() -> AsyncIterator[Receiver]:
    async with listening(json_answer(202, {"message_uuid": "uuid-1"})) as receiver:
        yield receiver


@pytest.fixture
async def house(tmp_path: Path, twilio: Receiver, vonage: Receiver) -> AsyncIterator[House]:
    """Give a service on the settings above, with nobody at work but the tests."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "vonage.pem").write_bytes(pem)
    path = tmp_path / "watchword.toml"
    path.write_text(SETTINGS.replace("TWILIO", str(twilio.port)).replace("VONAGE", str(vonage.port)))
    settings = load_settings(path, situation=Situation.SERVE, environ=ENVIRON)
    migrate_store(settings)
    house = await build(settings, open_keys(settings.keys, create=True))
    yield house
    await house.close()


async def _start(house: House) -> ChallengeId:
    application, user = next(iter(house.ports.applications.values())), UserId("ann")
    phone = ContactEntry(kind=ContactKind.PHONE, address=NUMBER, confirmed_at=Instant(0), preferred=False, pointer="")
    await put_user(house.ports, application, user, (phone,), locale=None, grant=None)
    started = await assess(
        house.ports, application, Report(type="password_reset", user_id=user, details={}, conceal=False)
    )
    assert started.challenge is not None
    return started.challenge.id


async def _post(house: House, url: str, body: bytes, headers: dict[str, str]) -> Response:
    async with AsyncClient(transport=ASGITransport(app=house.site), base_url=BASE) as client:
        return await client.post(url, content=body, headers=headers)


async def _twilio_posts(house: House, url: str, token: Secret = TOKEN, **fields: str) -> Response:
    body = urlencode(fields)
    signature = sign_form(token, url, parse_qsl(body))
    headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature}
    return await _post(house, url, body.encode(), headers)


async def _delivery(house: House, challenge_id: ChallengeId) -> DeliveryStatus | None:
    found = await house.ports.store.challenge(challenge_id)
    assert found is not None
    return found.challenge.delivery_status


async def test_where_the_first_refuses_the_second_sends_the_same_code_and_is_believed_by_its_signature(
    house: House, twilio: Receiver, vonage: Receiver
) -> None:
    challenge_id = await _start(house)
    assert await deliver_once(house.ports, limit=2) == 2
    (refused,), (taken,) = twilio.received, vonage.received
    message = json.loads(taken.body)
    assert dict(parse_qsl(refused.body.decode()))["Body"] == message["text"]
    assert (message["to"], message["webhook_url"].split("?")[0]) == (NUMBER[1:], f"{BASE}/callbacks/vonage")
    assert await _delivery(house, challenge_id) is DeliveryStatus.ACCEPTED

    report = json.dumps({"message_uuid": "uuid-1", "client_ref": message["client_ref"], "status": "delivered"}).encode()
    for secret, status, shown in (
        ("the signature secret of another", 403, DeliveryStatus.ACCEPTED),
        (SIGNATURE_SECRET, 204, DeliveryStatus.DELIVERED),
        (SIGNATURE_SECRET, 204, DeliveryStatus.DELIVERED),
    ):
        claims = {"payload_hash": sha256(report).hexdigest(), "iss": "Vonage"}
        token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret))
        answer = await _post(house, message["webhook_url"], report, {"authorization": f"Bearer {token}"})
        assert answer.status_code == status
        assert await _delivery(house, challenge_id) is shown


async def test_a_call_says_the_live_code_after_a_key_and_not_before(house: House, twilio: Receiver) -> None:
    challenge_id = await _start(house)
    application = next(iter(house.ports.applications.values()))
    twilio.behaviour = json_answer(201, {"sid": "CA1", "status": "queued"})
    await deliver_once(house.ports, limit=1)
    code = LAST_CODE.search(dict(parse_qsl(twilio.received[0].body.decode()))["Body"])
    await send(house.ports, application, challenge_id, None, Channel.VOICE)
    await deliver_once(house.ports, limit=1)
    fields = dict(parse_qsl(twilio.received[1].body.decode()))

    before = await _twilio_posts(house, fields["Url"], CallSid="CA1", CallStatus="in-progress")
    assert (before.status_code, before.headers["content-type"]) == (200, "application/xml")
    assert [one.tag for one in _document(before)] == ["Gather", "Gather", "Hangup"]
    assert not re.search(r"\d, \d", before.text)
    assert (await _twilio_posts(house, fields["Url"], Secret("another"), Digits="1")).status_code == 403

    after = await _twilio_posts(house, fields["Url"], CallSid="CA1", Digits="1")
    (said,) = _document(after).findall("Say/prosody")
    spoken = re.findall(r"\d(?:, \d){5,}", said.text or "")
    assert len(spoken) == 2, "the code is said twice"
    assert spoken[0] == spoken[1]
    assert code is not None
    assert spoken[0].replace(", ", "") != code[1], "another channel has a new code"
    assert await _delivery(house, challenge_id) is DeliveryStatus.DELIVERED

    await _twilio_posts(house, fields["StatusCallback"], CallSid="CA1", CallStatus="completed")
    assert await _delivery(house, challenge_id) is DeliveryStatus.DELIVERED


def _document(response: Response) -> ElementTree.Element:
    return ElementTree.fromstring(response.content)  # noqa: S314 our own document
