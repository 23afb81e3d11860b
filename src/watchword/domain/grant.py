"""The signed, short-lived, single-use proof that one action may go ahead."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchword.domain.contact import Channel
from watchword.domain.ids import ActionId, ApplicationId, ChallengeId, GrantId, UserId
from watchword.domain.instant import Instant


class Assurance(StrEnum):
    """What was proven, in honest words: never called phishing-resistant (SP 800-63B-4 §3.2.5)."""

    SIM_CONTROL = "sim_control"
    WHATSAPP_CONTROL = "whatsapp_control"
    """Control of the account that was made with this number, which may be open on other devices."""
    EMAIL_CONTROL = "email_control"
    NONE = "none"
    """An allowed action: nothing was proven."""

    @classmethod
    def of(cls, channel: Channel) -> "Assurance":
        """Return what a code over this channel proves."""
        return _PROVEN[channel]


_PROVEN: Final = {
    Channel.SMS: Assurance.SIM_CONTROL,
    Channel.VOICE: Assurance.SIM_CONTROL,
    Channel.WHATSAPP: Assurance.WHATSAPP_CONTROL,
    Channel.EMAIL: Assurance.EMAIL_CONTROL,
}


class GrantState(StrEnum):
    """Where a grant stands; expiry is shown by every read."""

    ISSUED = "issued"
    REDEEMED = "redeemed"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The claims of a grant; its text is signed anew from them whenever it is handed out."""

    id: GrantId
    """``jti``."""
    application_id: ApplicationId
    user_id: UserId
    action_id: ActionId
    action_type: str
    challenge_id: ChallengeId | None
    bound_digest: str
    """Keyed digest of the bound fields, in base 32."""
    assurance: Assurance
    methods: tuple[str, ...]
    """``amr`` (RFC 8176; ``email_code`` is a private value, since it has none for e-mail)."""
    issued_at: Instant
    expires_at: Instant
    state: GrantState = GrantState.ISSUED
    redeemed_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """The grant was used, now and only now."""

    grant: Grant
