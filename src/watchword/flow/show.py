"""Shows a challenge: what its page and its caller may see, with everything a concealed one must not tell left out."""

from dataclasses import dataclass
from typing import Final

from watchword.domain.challenge import Challenge, ChallengeState, Option, Route
from watchword.domain.device import DeviceState
from watchword.domain.ids import ChallengeId, DeviceId, Reference, decode, encode
from watchword.domain.instant import Instant
from watchword.domain.message import DeliveryStatus
from watchword.domain.secret import Secret
from watchword.ports import Ports
from watchword.ports.keyring import Keyring, Purpose

_TOKEN_PREFIX: Final = "wct_"
_ID_BYTES: Final = 24
_MAC_BYTES: Final = 16
"""128 bits of keyed hash: as hard to guess as the id itself (ASVS 11.5.1)."""
_LONGEST_TOKEN: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeView:
    """A challenge as the outside sees it; concealment is already applied."""

    id: ChallengeId
    state: ChallengeState
    token: Secret
    url: Secret
    reference: Reference
    options: tuple[Option, ...]
    route: Route | None
    delivery_status: DeliveryStatus | None
    delivery_updated_at: Instant | None
    delivery_going_on: bool = False
    """Whether it is on its way by the next sender, after what its status says of the one before."""
    delivery_reported: bool = False
    """Whether a failure is what the network says."""
    is_code_dead: bool = False
    """Whether the code that was sent last can approve nothing any more, because its contact bounced or left."""
    code_length: int
    attempts_left: int
    expires_at: Instant
    resend_at: Instant
    others_count_from: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView:
    """A device as the application sees it; ``token`` is the value to set now, None to keep the one there is."""

    id: DeviceId | None
    state: DeviceState
    token: Secret | None


def show(ports: Ports, challenge: Challenge) -> ChallengeView:
    """Return the view of a challenge.

    A concealed one shows neither where its code went nor whether it went anywhere (I17): its options were made
    indistinguishable when it opened, and its delivery is always ``withheld``.
    """
    concealed = challenge.action.conceal
    token = page_token(ports.keyring, challenge.id)
    return ChallengeView(
        id=challenge.id,
        state=challenge.state,
        token=token,
        url=Secret(f"{ports.page_base}/c/{token.reveal()}"),
        reference=challenge.reference,
        options=challenge.options,
        route=None if concealed else challenge.route,
        delivery_status=DeliveryStatus.WITHHELD if concealed else challenge.delivery_status,
        delivery_updated_at=challenge.created_at if concealed else challenge.delivery_updated_at,
        delivery_going_on=not concealed and challenge.delivery_going_on,
        delivery_reported=not concealed and challenge.delivery_reported,
        is_code_dead=not concealed and challenge.is_code_dead,
        code_length=challenge.code_length,
        attempts_left=challenge.attempts_left,
        expires_at=challenge.expires_at,
        resend_at=challenge.resend_at,
        others_count_from=None if concealed else challenge.others_count_from,
    )


def page_token(keyring: Keyring, challenge_id: ChallengeId) -> Secret:
    """Return the token of a challenge's page: its id and a keyed hash of it, so that nothing is stored."""
    body = decode(challenge_id.removeprefix("chl_"))
    if body is None:
        raise ValueError("not a challenge id")
    return Secret(_TOKEN_PREFIX + encode(body + keyring.mac(Purpose.PAGE, body)[:_MAC_BYTES]))


def read_page_token(keyring: Keyring, text: str) -> ChallengeId | None:
    """Return the challenge a token belongs to, or None for anything we did not make."""
    data = (
        decode(text.removeprefix(_TOKEN_PREFIX))
        if text.startswith(_TOKEN_PREFIX) and len(text) <= _LONGEST_TOKEN
        else None
    )
    if data is None or len(data) != _ID_BYTES + _MAC_BYTES:
        return None
    body, mac = data[:_ID_BYTES], data[_ID_BYTES:]
    return ChallengeId(f"chl_{encode(body)}") if keyring.is_mac(Purpose.PAGE, mac, body) else None
