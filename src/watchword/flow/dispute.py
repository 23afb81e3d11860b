"""Takes the owner's "this wasn't me": by the reference of a message, the link of a notice, or from his own account."""

from typing import Final

from watchword.domain.application import Application
from watchword.domain.budget import Budget, Full, Lane, Window
from watchword.domain.challenge import Challenge
from watchword.domain.errors import NotFound, TooManyTries
from watchword.domain.ids import ActionId, ApplicationId, UserId, decode, encode, read_reference
from watchword.domain.user import UserRef
from watchword.flow.learn import note_disputed
from watchword.flow.overview import find_request
from watchword.flow.register import user_ref
from watchword.ports import Ports
from watchword.ports.keyring import Keyring, Purpose
from watchword.ports.store.charging import AddressCharge
from watchword.ports.store.values import Keep, OwnersWord

REFERENCE_TRIES: Final = Window(most=20, length_s=3_600)
"""References that one address may type an hour: a reference has 40 bits, so guessing one is hopeless long before."""
_EVERYBODY: Final = ApplicationId("-")
"""The page is shared by all applications: which one it is about is known only once a reference is found."""
_MAC_BYTES: Final = 16
_LONGEST_TOKEN: Final = 256


async def by_reference(ports: Ports, text: str, *, ip: str | None) -> OwnersWord | None:
    """End or dispute the challenge of a reference; None if there is none. Raises ``TooManyTries``."""
    subject = ports.keyring.index(Purpose.NETWORK, ports.atlas.counted_as(ip).encode() if ip else b"unknown")
    charge = AddressCharge(budget=Budget.REFERENCE_TRIES, subject=subject, windows=(REFERENCE_TRIES,))
    charged = await ports.store.charge_address(_EVERYBODY, charge, lane=Lane.OPEN)
    if isinstance(charged, Full):
        raise TooManyTries(free_at=charged.free_at)
    reference = read_reference(text)
    challenge = None if reference is None else await ports.store.challenge_of_reference(reference)
    if challenge is None or challenge.action.application_id not in ports.applications:
        return None
    return await _dispute(ports, challenge)


async def by_notice(ports: Ports, token: str) -> OwnersWord | None:
    """Act on the signed link of a notice; None if it is not ours or older than 30 days."""
    notice_id = _read_notice_token(ports.keyring, token)
    return None if notice_id is None else await ports.store.dispute_notice(notice_id)


async def by_owner(
    ports: Ports,
    application: Application,
    user_id: UserId,
    action_id: ActionId,
    *,
    keep: Keep[OwnersWord] | None = None,
) -> OwnersWord:
    """End or dispute a request of the last 30 days that is this very user's own (I19); ``NotFound`` for any other.

    Said by somebody whom the application has signed in, so it weighs like his word from a notice. What was refused
    outright is only noted.
    """
    record = await find_request(ports, user_ref(ports.keyring, application, user_id), action_id)
    if record is None:
        raise NotFound
    if record.challenge is None:
        return OwnersWord.NOTED
    return await _dispute(ports, record.challenge, keep=keep)


async def _dispute(ports: Ports, challenge: Challenge, *, keep: Keep[OwnersWord] | None = None) -> OwnersWord:
    word = await ports.store.dispute_challenge(challenge.id, keep=keep)
    if word is OwnersWord.DISPUTED:
        action = challenge.action
        await note_disputed(ports, UserRef(application_id=action.application_id, key=action.user_key), action.id)
    return word


def is_notice_token(keyring: Keyring, token: str) -> bool:
    """Whether a link was made by us; changes nothing."""
    return _read_notice_token(keyring, token) is not None


def notice_url(ports: Ports, notice_id: str) -> str:
    """Return the signed link of a notice: opening it shows a button, pressing the button acts."""
    mac = ports.keyring.mac(Purpose.NOTICE, notice_id.encode())[:_MAC_BYTES]
    return f"{ports.page_base}/no?n={notice_id}.{encode(mac)}"


def _read_notice_token(keyring: Keyring, token: str) -> str | None:
    notice_id, _, tail = token.partition(".")
    mac = decode(tail) if len(token) <= _LONGEST_TOKEN else None
    if mac is None or len(mac) != _MAC_BYTES or not keyring.is_mac(Purpose.NOTICE, mac, notice_id.encode()):
        return None
    return notice_id
