"""Every call of the API as a value: method, path, body, and how to read the answer. Pure, shared by both clients."""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar
from urllib.parse import quote, urlencode

from watchword_client import reading
from watchword_client.answers import (
    Action,
    AttemptOutcome,
    Challenge,
    Claim,
    DisputeOutcome,
    Event,
    GenuineRequest,
    KnownDevice,
    Page,
    RecordedAction,
    Redemption,
    User,
    UserContact,
    ViewLink,
)
from watchword_client.fields import Fields
from watchword_client.values import ActionRequest, BoundFields, Circumstances, Contact

Answer = TypeVar("Answer")

IDEMPOTENCY_KEY_BYTES = 24
"""Random bytes of a generated key: two never meet by chance."""
IDEMPOTENCY_KEY_CHARACTERS = 255
"""The longest key that the API takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[Answer]):
    """One call of the API, ready to be sent any number of times with the same effect as once, if ``repeatable``."""

    method: str
    path: str
    """From the root of the API, with its query."""
    read: Callable[[Fields], Answer]
    body: bytes | None = field(default=None, repr=False)
    idempotency_key: str | None = None

    @property
    def repeatable(self) -> bool:
        """Whether a lost answer may be asked for again: a GET, or whatever carries an idempotency key."""
        return self.method == "GET" or self.idempotency_key is not None


def put_user(
    user_id: str, contacts: Sequence[Contact], locale: str | None, grant: str | None, key: str | None
) -> Call[User]:
    """Register or change a user; the list of contacts is the whole list."""
    body: dict[str, object] = {"contacts": [contact.to_json() for contact in contacts]}
    body |= _present(locale=locale, grant=grant)
    return _writing("PUT", _path("users", user_id), body, reading.read_user, key)


def get_user(user_id: str) -> Call[User]:
    """Look a user up."""
    return _reading(_path("users", user_id), reading.read_user)


def delete_user(user_id: str) -> Call[None]:
    """Erase a user."""
    return Call(method="DELETE", path=_path("users", user_id), read=reading.read_nothing)


def confirm_contact(user_id: str, contact_id: str, origin: Circumstances, key: str | None) -> Call[Challenge]:
    """Start the confirmation of a contact by a code of its own."""
    path = _path("users", user_id, "contacts", contact_id, "confirmation")
    return _writing("POST", path, origin.to_json(), reading.read_challenge, key)


def list_devices(user_id: str, limit: int | None, cursor: str | None) -> Call[Page[KnownDevice]]:
    """List the devices of a user."""
    path = _path("users", user_id, "devices") + _query(limit=limit, cursor=cursor)
    return _reading(path, reading.page_of(reading.read_known_device))


def change_device(
    user_id: str, device_id: str, *, name: str | None = None, trusted: Literal[False] | None = None
) -> Call[KnownDevice]:
    """Rename a device of a user, or take trust from it."""
    path = _path("users", user_id, "devices", device_id)
    return _changing(path, _present(name=name, trusted=trusted), reading.read_known_device)


def distrust_devices(user_id: str, key: str | None) -> Call[int]:
    """Take trust from every device of a user."""
    path = _path("users", user_id, "devices", "distrust")
    return _writing("POST", path, {}, lambda fields: fields.whole("distrusted"), key)


def prefer_contact(user_id: str, contact_id: str, *, preferred: bool) -> Call[UserContact]:
    """Say whether a contact is the one that a user prefers."""
    path = _path("users", user_id, "contacts", contact_id)
    return _changing(path, {"preferred": preferred}, reading.read_user_contact)


def delete_device(user_id: str, device_id: str) -> Call[None]:
    """Forget one device of a user."""
    return Call(method="DELETE", path=_path("users", user_id, "devices", device_id), read=reading.read_nothing)


def delete_devices(user_id: str) -> Call[None]:
    """Forget every device of a user."""
    return Call(method="DELETE", path=_path("users", user_id, "devices"), read=reading.read_nothing)


def list_requests(user_id: str, limit: int | None, cursor: str | None) -> Call[Page[GenuineRequest]]:
    """List the genuine requests of a user."""
    path = _path("users", user_id, "requests") + _query(limit=limit, cursor=cursor)
    return _reading(path, reading.page_of(reading.read_genuine_request))


def dispute_request(user_id: str, action_id: str, key: str | None) -> Call[DisputeOutcome]:
    """Take the owner's "this wasn't me" about a request."""
    path = _path("users", user_id, "requests", action_id, "dispute")
    return _writing("POST", path, {}, reading.read_dispute_outcome, key)


def create_view_link(
    user_id: str, page: str, return_url: str | None, locale: str | None, key: str | None
) -> Call[ViewLink]:
    """Make a link to a user's own view."""
    body = {"page": page} | _present(return_url=return_url, locale=locale)
    return _writing("POST", _path("users", user_id, "view_links"), body, reading.read_view_link, key)


def create_action(action: ActionRequest, key: str | None) -> Call[Action]:
    """Ask for a decision."""
    return _writing("POST", _path("actions"), action.to_json(), reading.read_action, key)


def get_action(action_id: str) -> Call[RecordedAction]:
    """Look an action up."""
    return _reading(_path("actions", action_id), reading.read_recorded_action)


def list_actions(user_id: str, limit: int | None, cursor: str | None) -> Call[Page[RecordedAction]]:
    """List the actions of a user."""
    path = _path("actions") + _query(user_id=user_id, limit=limit, cursor=cursor)
    return _reading(path, reading.page_of(reading.read_recorded_action))


def give_feedback(action_id: str, label: str, key: str | None) -> Call[None]:
    """Say what an action turned out to be."""
    return _writing("POST", _path("actions", action_id, "feedback"), {"label": label}, reading.read_nothing, key)


def get_challenge(challenge_id: str) -> Call[Challenge]:
    """Look a challenge up."""
    return _reading(_path("challenges", challenge_id), reading.read_challenge)


def send_code(challenge_id: str, contact_id: str | None, channel: str | None, key: str | None) -> Call[Challenge]:
    """Send the code again, or another one to another contact."""
    body = _present(contact_id=contact_id, channel=channel)
    return _writing("POST", _path("challenges", challenge_id, "deliveries"), body, reading.read_challenge, key)


def attempt(challenge_id: str, code: str, trust_device: bool | None, key: str | None) -> Call[AttemptOutcome]:
    """Try a code."""
    body = {"code": code} | _present(trust_device=trust_device)
    return _writing("POST", _path("challenges", challenge_id, "attempts"), body, reading.read_outcome, key)


def cancel_challenge(challenge_id: str, reason: str, key: str | None) -> Call[Challenge]:
    """End a challenge."""
    return _writing(
        "POST", _path("challenges", challenge_id, "cancel"), {"reason": reason}, reading.read_challenge, key
    )


def claim_challenge(challenge_id: str, session_id: str | None, key: str | None) -> Call[Claim]:
    """Fetch the result of a challenge."""
    body = _present(session_id=session_id)
    return _writing("POST", _path("challenges", challenge_id, "claim"), body, reading.read_claim, key)


def redeem_grant(grant: str, bound: BoundFields, session_id: str | None, key: str | None) -> Call[Redemption]:
    """Redeem a grant for exactly these fields."""
    body = {"grant": grant, "action": bound.to_json()} | _present(session_id=session_id)
    return _writing("POST", _path("grants", "redeem"), body, reading.read_redemption, key)


def list_events(limit: int | None, cursor: str | None) -> Call[Page[Event]]:
    """Read on in the audit log."""
    return _reading(_path("events") + _query(limit=limit, cursor=cursor), reading.page_of(reading.read_event))


def get_jwks() -> Call[Mapping[str, object]]:
    """Fetch the keys that grants are signed with."""
    return _reading("/.well-known/jwks.json", lambda fields: fields.values)


def _reading(path: str, read: Callable[[Fields], Answer]) -> Call[Answer]:
    return Call(method="GET", path=path, read=read)


def _changing(path: str, body: Mapping[str, object], read: Callable[[Fields], Answer]) -> Call[Answer]:
    return Call(method="PATCH", path=path, read=read, body=_json(body))


def _writing(
    method: str, path: str, body: Mapping[str, object], read: Callable[[Fields], Answer], key: str | None
) -> Call[Answer]:
    idempotency_key = secrets.token_urlsafe(IDEMPOTENCY_KEY_BYTES) if key is None else _checked_key(key)
    return Call(method=method, path=path, read=read, body=_json(body), idempotency_key=idempotency_key)


def _json(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _checked_key(key: str) -> str:
    if not 1 <= len(key) <= IDEMPOTENCY_KEY_CHARACTERS or not key.isascii() or not key.isprintable():
        raise ValueError("an idempotency key has 1 to 255 printable ASCII characters")
    return key


def _path(*segments: str) -> str:
    for segment in segments:
        # A URL drops such segments on its way, and the call would reach another resource.
        if segment in {"", ".", ".."}:
            raise ValueError(f"{segment!r} cannot be part of an address")
    return "/v1/" + "/".join(quote(segment, safe="") for segment in segments)


def _query(**parameters: str | int | None) -> str:
    present = _present(**parameters)
    return f"?{urlencode(present)}" if present else ""


def _present(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}
