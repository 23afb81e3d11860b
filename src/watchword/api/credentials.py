"""Says who makes a call: an application by its secret key, or a page by the token of one challenge."""

from dataclasses import dataclass
from typing import Final

from watchword.api.operation import Operation
from watchword.domain.application import Application
from watchword.domain.challenge import Challenge
from watchword.domain.errors import NotFound, Unauthorized
from watchword.domain.ids import ChallengeId
from watchword.domain.limits import Mode
from watchword.flow.show import read_page_token
from watchword.ports import Ports
from watchword.ports.keyring import Purpose
from watchword.web.exchange import Request

KEY_PREFIXES: Final = {"wk_live_": Mode.LIVE, "wk_test_": Mode.TEST}
TOKEN_PREFIX: Final = "wct_"
_LONGEST_KEY: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who makes a call."""

    application: Application
    with_token: bool
    """Whether by a challenge's token."""


async def identify(ports: Ports, request: Request, operation: Operation) -> Caller:
    """Return who makes this call, asking the store every time, so that revoking a key acts at once.

    Raises ``Unauthorized`` for a missing, wrong or revoked key or one without the scope, ``NotFound`` for the token of
    another challenge.
    """
    scheme, _, credential = (request.header("authorization") or "").partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not credential:
        raise Unauthorized
    if credential.startswith(TOKEN_PREFIX):
        return await _by_token(ports, credential, request, operation)
    return await _by_key(ports, credential, operation)


async def _by_key(ports: Ports, credential: str, operation: Operation) -> Caller:
    mode = KEY_PREFIXES.get(credential[: len("wk_live_")])
    if mode is None or len(credential) > _LONGEST_KEY:
        raise Unauthorized
    key = await ports.store.api_key(ports.keyring.index(Purpose.API_KEY, credential.encode()))
    if key is None or key.revoked_at is not None:
        raise Unauthorized
    application = ports.applications.get(key.application_id)
    if application is None or application.mode is not mode:
        raise Unauthorized
    if operation.scope is None or operation.scope.value not in key.scopes:
        raise Unauthorized(f"the key lacks the scope {operation.scope}")
    return Caller(application=application, with_token=False)


async def _by_token(ports: Ports, credential: str, request: Request, operation: Operation) -> Caller:
    challenge_id = read_page_token(ports.keyring, credential)
    if challenge_id is None or not operation.takes_token:
        raise Unauthorized
    if request.values.get("challenge_id") != challenge_id:
        raise NotFound
    challenge = await _live_challenge(ports, challenge_id)
    application = ports.applications.get(challenge.action.application_id)
    if application is None:
        raise Unauthorized
    return Caller(application=application, with_token=True)


async def _live_challenge(ports: Ports, challenge_id: ChallengeId) -> Challenge:
    found = await ports.store.challenge(challenge_id)
    if found is None or not found.challenge.is_shown(await ports.store.now()):
        raise Unauthorized
    return found.challenge
