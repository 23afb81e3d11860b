"""Reads the rows of recorded actions for a replay, whichever database they come from."""

import json
from collections.abc import Mapping
from typing import Any, Final

from watchword.adapters.rows.packed_text import unpack
from watchword.adapters.rows.transaction import place
from watchword.domain.action import CONTACT_CONFIRMATION, Decision, Label
from watchword.domain.challenge import ChallengeState
from watchword.domain.errors import StorageUnavailable
from watchword.ports.keyring import Keyring
from watchword.risk.replay import Asked, Recorded, Truth, Unjudged

_DECISIONS: Final[Mapping[str, Decision]] = {decision.value: decision for decision in Decision}
_LABELS: Final[Mapping[str, Truth]] = {Label.FRAUD.value: Truth.FRAUD, Label.LEGITIMATE.value: Truth.LEGITIMATE}


class RecordedReading:
    """Makes recorded actions of one application out of rows: of the columns of ``read``, in their order."""

    __slots__ = ("_application_id", "_keyring")

    def __init__(self, keyring: Keyring, application_id: str) -> None:
        self._application_id = application_id
        self._keyring = keyring

    def read(  # noqa: PLR0913 one argument for each column, in their order
        self,
        number: int,
        action_id: str,
        user_key: bytes,
        action_type: str,
        decision: str,
        label: str | None,
        disputed_at: int | None,
        sealed_assessment: bytes | None,
        sealed_action: bytes | None,
        state: str | None,
        conceal: int | None,
        decoy: int | None,
        channels: str | None,
    ) -> Recorded | Unjudged:
        """Return what a row holds; ``StorageUnavailable`` for a sealed value that does not open."""
        if sealed_assessment is None:
            return Unjudged.ERASED
        if action_type == CONTACT_CONFIRMATION:
            return Unjudged.CONFIRMATION
        assessment = self._open(action_id, "assessment", sealed_assessment)
        return Recorded(
            number=number,
            action_id=action_id,
            user_key=user_key,
            type=action_type,
            decision=_DECISIONS[decision],
            reasons=tuple([reason[0] for reason in assessment["reasons"]]),
            failed_rules=tuple(assessment["failed_rules"]),
            signals=assessment["signals"],
            details={} if sealed_action is None else self._open(action_id, "action", sealed_action)["details"],
            policy_version=assessment["policy_version"],
            truth=_truth(label, disputed_at),
            asked=None if state is None else _asked(state, conceal, decoy, channels),
        )

    def _open(self, action_id: str, purpose: str, sealed: bytes) -> Mapping[str, Any]:
        try:
            text = unpack(self._keyring.open(place(self._application_id, "actions", action_id, purpose), sealed))
        except ValueError as error:
            raise StorageUnavailable("a sealed value of actions does not open") from error
        opened: Mapping[str, Any] = json.loads(text)
        return opened


def _truth(label: str | None, disputed_at: int | None) -> Truth:
    """Return what an action turned out to be: the application's word, or else the owner's."""
    if label is not None:
        return _LABELS[label]
    return Truth.UNLABELLED if disputed_at is None else Truth.DISPUTED


def _asked(state: str, conceal: int | None, decoy: int | None, channels: str | None) -> Asked:
    return Asked(
        approved=state == ChallengeState.APPROVED,
        concealed=bool(conceal),
        decoy=bool(decoy),
        channels=tuple(channels.split(",")) if channels else (),
    )
