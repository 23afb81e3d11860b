"""The client together with the real server: every call, its answers read as typed values."""

import json
import re
import subprocess
import sys
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import anyio
import httpx2
import pytest

from watchword_client import (
    Action,
    ActionRequest,
    AsyncClient,
    BoundFields,
    Challenge,
    Circumstances,
    Client,
    Conflict,
    Contact,
    Decision,
    DeviceInfo,
    GrantRefused,
    Money,
    NotAuthorized,
    NotFound,
    Outcome,
    Unprocessable,
    User,
)

LOOKS_AT_MOST = 200
LOOK_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running ``watchword dev``."""

    api: str
    secret_key: str
    inbox: str

    def code_of(self, challenge: Challenge) -> str:
        """Return the newest code of a challenge, once its message has left."""
        with httpx2.Client() as http:
            for _ in range(LOOKS_AT_MOST):
                for message in reversed(http.get(f"{self.inbox}.json").json()):
                    if message["challenge_id"] == challenge.id and message["kind"] == "code":
                        found = re.search(r"\d{6,}", message["text"])
                        assert found is not None
                        return found[0]
                anyio.run(anyio.sleep, LOOK_S)
        raise AssertionError("no code came")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run one server for all of these tests; each has a user of its own."""
    folder = tmp_path_factory.mktemp("server")
    command = [sys.executable, "-m", "watchword.cli", "dev", "--json", "--port", "0", "--data", str(folder / "data")]
    with (folder / "dev.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        assert line, (folder / "dev.log").read_text()
        said = json.loads(line)
        yield Server(api=said["api"], secret_key=said["secret_key"], inbox=said["inbox"])
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout:
            process.stdout.close()


@pytest.fixture
def real(running: Server) -> Iterator[Client]:
    """Return a client of the real server; a first answer may take a busy machine longer than usual."""
    with Client(base_url=running.api, secret_key=running.secret_key, timeout_s=20.0) as client:
        yield client


@pytest.fixture
def user(real: Client, request: pytest.FixtureRequest) -> User:
    """Register a user with a confirmed phone and e-mail."""
    name = re.sub(r"\W", "-", request.node.name)
    long_ago = datetime(2026, 1, 2, tzinfo=UTC)
    contacts = [
        Contact(channel_type="email", address=f"{name[:40]}@example.com", confirmed_at=long_ago),
        Contact(channel_type="phone", address="+12025550142", confirmed_at=long_ago),
    ]
    return real.users.put(name, contacts, locale="en")


def _sign_in(user: User) -> ActionRequest:
    return ActionRequest(
        bound=BoundFields(type="sign_in", user_id=user.id),
        circumstances=Circumstances(session_id="s-9", ip="192.0.2.7", user_agent="Mozilla/5.0"),
    )


def _purchase(user: User, device: DeviceInfo, value: str) -> ActionRequest:
    return ActionRequest(
        bound=BoundFields(
            type="purchase",
            user_id=user.id,
            amount=Money(value=value, currency="USD"),
            payee="ACME Cameras",
            details={"items": 1, "gift": False, "note": "ä"},
        ),
        circumstances=Circumstances(device_token=device.token, ip="192.0.2.7", user_agent="Mozilla/5.0"),
    )


def _proven(running: Server, real: Client, user: User) -> DeviceInfo:
    """Sign in on a new device; return the device, which is known then."""
    challenge = _challenge(real.actions.create(_sign_in(user), on_unavailable="raise"))
    outcome = real.challenges.attempt(challenge.id, running.code_of(challenge))
    assert outcome.outcome == Outcome.APPROVED
    assert outcome.device is not None
    return outcome.device


def _challenge(action: Action) -> Challenge:
    assert action.decision is Decision.CHALLENGE
    assert action.challenge is not None
    return action.challenge


def test_a_challenge_goes_from_the_question_to_the_redeemed_grant(running: Server, real: Client, user: User) -> None:
    request = _sign_in(user)
    challenge = _challenge(real.actions.create(request, on_unavailable="raise"))
    assert challenge.url is not None
    assert challenge.url.startswith(running.api)
    assert real.challenges.get(challenge.id).state == "pending"
    wrong = real.challenges.attempt(challenge.id, "000000x")
    assert wrong.outcome in {Outcome.INCORRECT, Outcome.MALFORMED}
    assert real.challenges.attempt(challenge.id, "what code?").outcome == Outcome.MALFORMED

    outcome = real.challenges.attempt(challenge.id, running.code_of(challenge), trust_device=True)
    assert outcome.outcome == Outcome.APPROVED
    claim = real.challenges.claim(challenge.id, session_id="s-9")
    assert claim.grant is not None
    assert claim.grant == outcome.grant
    redemption = real.grants.redeem(claim.grant, request.bound, session_id="s-9")

    assert redemption.challenge_id == challenge.id
    assert redemption.assurance in {"sim_control", "email_control"}
    assert [device.state for device in real.users.devices(user.id).data] == ["trusted"]
    with pytest.raises(Conflict) as caught:
        real.grants.redeem(claim.grant, request.bound, session_id="s-9")
    assert caught.value.code == "grant_already_redeemed"


def test_an_ordinary_purchase_is_allowed_and_bound(running: Server, real: Client, user: User) -> None:
    device = _proven(running, real, user)
    request = _purchase(user, device, "10")
    action = real.actions.create(request, on_unavailable="raise")

    assert action.decision is Decision.ALLOW
    assert action.grant is not None
    assert action.device is not None
    assert action.device.token is not None
    other = BoundFields(type="purchase", user_id=user.id, amount=Money(value="11", currency="USD"))
    with pytest.raises(Unprocessable) as caught:
        real.grants.redeem(action.grant, other)
    assert caught.value.code == "grant_mismatch"
    recorded = real.actions.get(action.id)
    assert recorded.bound.details == request.bound.details
    assert real.grants.redeem(action.grant, recorded.bound).action_id == action.id
    real.actions.give_feedback(action.id, "fraud")
    assert [(found.id, found.label) for found in real.actions.list(user.id, limit=1).data] == [(action.id, "fraud")]


def test_an_early_check_reads_a_real_grant(running: Server, real: Client, user: User) -> None:
    action = real.actions.create(_purchase(user, _proven(running, real, user), "10"), on_unavailable="raise")
    assert action.grant is not None
    claims = _claims(action.grant)

    early = real.grants.check_early(action.grant, issuer=claims["iss"], audience=claims["aud"], livemode=False)

    assert (early.action_id, early.type, early.user_id) == (action.id, "purchase", user.id)
    assert early.assurance == "none"
    assert early.expires_at > datetime.now(UTC) - timedelta(minutes=5)  # noqa: TID251 compared with the server's clock
    with pytest.raises(GrantRefused):
        real.grants.check_early(action.grant, issuer=claims["iss"], audience=claims["aud"])


def test_contacts_are_confirmed_changed_and_erased(running: Server, real: Client, user: User) -> None:
    device = _proven(running, real, user)
    email, phone = (next(c for c in user.contacts if c.channel_type == kind) for kind in ("email", "phone"))
    origin = Circumstances(device_token=device.token, session_id="s-9")
    confirming = real.users.confirm_contact(user.id, email.id, origin)
    assert real.challenges.attempt(confirming.id, running.code_of(confirming)).outcome == Outcome.APPROVED

    details = {"field": "phone", "new_contact": "+12025550177", "old_contact": phone.id}
    update = ActionRequest(bound=BoundFields(type="account_update", user_id=user.id, details=details))
    challenge = _challenge(real.actions.create(update, on_unavailable="raise"))
    grant = real.challenges.attempt(challenge.id, running.code_of(challenge)).grant
    listed = [
        Contact(channel_type="email", address=f"{user.id[:40]}@example.com"),
        Contact(channel_type="phone", address="+12025550177"),
    ]
    changed = real.users.put(user.id, listed, grant=grant)
    assert {contact.id for contact in changed.contacts} >= {email.id}
    assert real.users.get(user.id) == changed

    real.users.delete_devices(user.id)
    assert real.users.devices(user.id).data == ()
    real.users.delete(user.id)
    with pytest.raises(NotFound) as caught:
        real.users.get(user.id)
    assert caught.value.code == "unknown_user"


def test_a_code_is_sent_elsewhere_and_a_challenge_given_up(running: Server, real: Client, user: User) -> None:
    challenge = _challenge(real.actions.create(_sign_in(user), on_unavailable="raise"))
    assert challenge.sent_to is not None
    other = next(contact for contact in challenge.contacts if contact.id != challenge.sent_to.contact_id)
    switched = real.challenges.send_code(challenge.id, contact_id=other.id, channel=other.channels[0])
    assert switched.sent_to is not None
    assert switched.sent_to.contact_id == other.id
    assert running.code_of(switched)

    assert real.challenges.cancel(challenge.id, "not_me").state == "denied"
    (request,) = real.users.requests(user.id).data
    assert (request.reference, request.type, request.state) == (challenge.reference, "sign_in", "denied")


def test_a_user_looks_after_his_own_account(running: Server, real: Client, user: User) -> None:
    challenge = _challenge(real.actions.create(_sign_in(user), on_unavailable="raise"))
    outcome = real.challenges.attempt(challenge.id, running.code_of(challenge), trust_device=True)
    assert outcome.device is not None
    assert outcome.device.id is not None
    renamed = real.users.rename_device(user.id, outcome.device.id, "Kitchen tablet")
    assert (renamed.name, renamed.state) == ("Kitchen tablet", "trusted")
    assert real.users.distrust_device(user.id, outcome.device.id).state == "known"
    assert real.users.distrust_devices(user.id) == 0

    email = next(contact for contact in user.contacts if contact.channel_type == "email")
    assert real.users.prefer_contact(user.id, email.id).preferred
    assert [contact.preferred for contact in real.users.get(user.id).contacts if contact.id == email.id] == [True]

    (request,) = real.users.requests(user.id).data
    assert (request.state, request.can_be_disputed) == ("approved", True)
    assert request.sent_to is not None
    assert real.users.dispute_request(user.id, request.action_id).outcome == "disputed"
    link = real.users.view_link(user.id, page="devices")
    assert link.url.startswith(f"{running.api}/me/")


def test_the_audit_feed_is_read_on_from_where_it_was_left(real: Client, user: User) -> None:
    seen = list(real.events.iterate(limit=2))
    assert seen
    real.actions.create(_sign_in(user), on_unavailable="raise")

    later = [event.type for event in real.events.iterate(cursor=seen[-1].cursor, limit=2)]
    assert "action.decided" in later
    assert "challenge.created" in later


def test_the_same_key_gives_the_same_answer(real: Client, user: User) -> None:
    first = real.actions.create(_sign_in(user), on_unavailable="raise", idempotency_key=f"once-{user.id}")
    again = real.actions.create(_sign_in(user), on_unavailable="raise", idempotency_key=f"once-{user.id}")
    assert again == first

    real.actions.give_feedback(first.id, "fraud", idempotency_key=f"feedback-{user.id}")
    with pytest.raises(Unprocessable) as caught:
        real.actions.give_feedback(first.id, "legitimate", idempotency_key=f"feedback-{user.id}")
    assert caught.value.code == "idempotency_mismatch"


def test_refusals_name_their_reason_and_place(running: Server, real: Client, user: User) -> None:
    with pytest.raises(Unprocessable) as unknown_type:
        real.actions.create(ActionRequest(bound=BoundFields(type="yodel", user_id=user.id)), on_unavailable="deny")
    assert unknown_type.value.code == "unknown_action_type"
    assert unknown_type.value.pointers == ("/type",)
    assert unknown_type.value.request_id
    with (
        Client(base_url=running.api, secret_key="wk_test_wrong", timeout_s=20.0) as stranger,
        pytest.raises(NotAuthorized),
    ):
        stranger.users.get(user.id)


async def test_the_async_client_goes_the_same_way(running: Server, user: User) -> None:
    async with AsyncClient(base_url=running.api, secret_key=running.secret_key, timeout_s=20.0) as client:
        challenge = _challenge(await client.actions.create(_sign_in(user), on_unavailable="raise"))
        code = await anyio.to_thread.run_sync(running.code_of, challenge)
        outcome = await client.challenges.attempt(challenge.id, code)
        assert outcome.grant is not None
        redemption = await client.grants.redeem(outcome.grant, _sign_in(user).bound, session_id="s-9")

    assert redemption.challenge_id == challenge.id


def _claims(grant: str) -> dict[str, str]:
    body = grant.split(".")[1]
    claims: dict[str, str] = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims
