"""Orders a further message of a challenge: the same code again, or a new one over another contact or channel."""

from typing import Final

from watchword.domain.application import Application
from watchword.domain.challenge import Challenge, ChallengeState, Route
from watchword.domain.contact import Channel, Contact
from watchword.domain.errors import (
    ChallengeEnded,
    ContactNotUsable,
    InvalidField,
    NotFound,
    Refusal,
    ResendTooSoon,
    SendsExhausted,
    StorageUnavailable,
)
from watchword.domain.ids import ChallengeId, ContactId
from watchword.domain.instant import Instant, later
from watchword.domain.limits import Limits
from watchword.domain.user import UserRef
from watchword.flow.guard import open_channels
from watchword.flow.issue import CONCEALED_STEP_S, charge_nobody, charge_send, live_code, route_to
from watchword.flow.show import ChallengeView, show
from watchword.ports import Ports
from watchword.ports.store.values import Keep, SendOrder, SendRefused, TooSoon


async def send(
    ports: Ports,
    application: Application,
    challenge_id: ChallengeId,
    option_id: ContactId | None,
    channel: Channel | None,
    *,
    keep: Keep[ChallengeView] | None = None,
    call: bytes | None = None,
) -> ChallengeView:
    """Order a further message: the same again, or over another contact or channel with a new code.

    ``call`` names the call by its idempotency key: the same one at another process charges the address once.

    Raises ``NotFound``, ``ChallengeEnded``, ``SendsExhausted``, ``ResendTooSoon``, ``ContactNotUsable`` (the last never
    for a concealed challenge, where a send that cannot be made is counted and silently left out).
    """
    challenge = await _pending(ports, application, challenge_id)
    sent = _send(ports, application, challenge, option_id, channel, keep, call)
    return await (ports.patience.in_steps(CONCEALED_STEP_S, sent) if challenge.action.conceal else sent)


async def _send(
    ports: Ports,
    application: Application,
    challenge: Challenge,
    option_id: ContactId | None,
    channel: Channel | None,
    keep: Keep[ChallengeView] | None,
    call: bytes | None,
) -> ChallengeView:
    for _ in range(_READINGS):
        route = _chosen(challenge, option_id, channel)
        order = await _order(ports, application, challenge, route, call)
        outcome = await ports.store.order_delivery(
            order, keep=None if keep is None else lambda ordered: keep(show(ports, ordered))
        )
        match outcome:
            case Challenge():
                return show(ports, outcome)
            case TooSoon(free_at=free_at):
                raise ResendTooSoon(free_at=free_at)
            case SendRefused.SPENT:
                raise SendsExhausted
            case SendRefused.ENDED:
                raise ChallengeEnded
            case SendRefused.UNUSABLE | SendRefused.OVERTAKEN:
                # The contact has left, or a newer generation was made in between.
                challenge = await _pending(ports, application, challenge.id)
    raise StorageUnavailable("the challenge kept changing while a message was ordered")


_READINGS: Final = 3
"""How often a send reads the challenge anew when somebody else was faster: more callers than that are no customer."""


async def _pending(ports: Ports, application: Application, challenge_id: ChallengeId) -> Challenge:
    result = await ports.store.challenge(challenge_id)
    if result is None or result.challenge.action.application_id != application.id:
        raise NotFound
    challenge = result.challenge
    if challenge.state is not ChallengeState.PENDING:
        raise ChallengeEnded
    if challenge.sends >= application.limits.sends_per_challenge:
        raise SendsExhausted
    return challenge


def _chosen(challenge: Challenge, option_id: ContactId | None, channel: Channel | None) -> Route:
    """Return where the customer wants it: what is not said stays as it was last, or is the first there is."""
    # Nothing about a concealed challenge's contacts is ever told: what it does not list is a caller's mistake.
    refusal: type[Refusal] = InvalidField if challenge.action.conceal else ContactNotUsable
    last = challenge.route
    wanted = option_id or _unnamed(challenge, channel)
    option = None if wanted is None else challenge.option(wanted)
    if option is None:
        raise refusal(pointer="/contact_id")
    if channel is None:
        same = last is not None and last.option_id == option.id
        channel = last.channel if last is not None and same else next(iter(option.channels), None)
    if channel is None or channel not in option.channels:
        raise refusal(pointer="/channel")
    return route_to(option, channel)


def _unnamed(challenge: Challenge, channel: Channel | None) -> ContactId | None:
    """Return the contact meant where only a channel, or nothing, was said: the last one, else the first that fits.

    Whether there is one never depends on where the last message went, which a concealed challenge does not tell.
    """
    last = challenge.route
    first = sorted(challenge.options, key=lambda one: last is None or one.id != last.option_id)
    fitting = [one for one in first if channel is None or channel in one.channels]
    return next((one.id for one in fitting or first), None)


async def _order(
    ports: Ports, application: Application, challenge: Challenge, route: Route, call: bytes | None
) -> SendOrder:
    """Charge the send to its address and make the code a switch needs."""
    concealed = challenge.action.conceal
    # Looked at before the address is charged, so that impatience does not use up what may be sent to it.
    free_at = _free_at(challenge, route, application.limits)
    if free_at is not None and await ports.store.now() < free_at:
        raise ResendTooSoon(free_at=free_at)
    contact = await _usable(ports, application, challenge, route)
    if contact is None and not concealed:
        raise ContactNotUsable(pointer="/contact_id")
    if contact is None:
        barred = None
        await charge_nobody(ports, application, _owner(challenge), challenge.lane, call=call)
    else:
        barred = await charge_send(ports, application, contact, challenge.lane, call=call)
    if barred is not None and not concealed:
        raise ResendTooSoon(free_at=barred.free_at)
    withheld = contact is None or barred is not None
    # Compared with the live code and not with the last route: a withheld switch moves the route and makes no code.
    live_one = challenge.generations[-1] if challenge.generations else None
    carries = live_one is not None and (live_one.contact_id, live_one.channel) == (route.contact_id, route.channel)
    renew = not withheld and not carries
    live = None
    if renew and contact is not None:
        generation, length = len(challenge.generations) + 1, challenge.code_length
        action, digest = challenge.action, challenge.bound_digest
        live = live_code(ports, action, challenge.id, digest, generation, contact.id, length)
    return SendOrder(
        challenge_id=challenge.id,
        generation=len(challenge.generations),
        route=route,
        live=live,
        withheld=withheld,
        limits=application.limits,
    )


def _free_at(challenge: Challenge, route: Route, limits: Limits) -> Instant | None:
    """Return until when this contact and channel waits; None where a switch goes at once.

    Which one was used last is nobody's business where it is concealed, so there a switch waits like a repetition.
    """
    if challenge.route is None or challenge.action.conceal:
        return challenge.resend_at
    sent_at = challenge.last_sent_at(route)
    return None if sent_at is None else later(sent_at, seconds=limits.resend_wait_s(challenge.sends))


def _has_bounced(contact: Contact, challenge: Challenge) -> bool:
    """Whether messages to this contact come back; one that this challenge confirms is given another chance."""
    if contact.bounced_at is None:
        return False
    return challenge.confirms != contact.id or contact.bounced_at >= challenge.created_at


async def _usable(ports: Ports, application: Application, challenge: Challenge, route: Route) -> Contact | None:
    """Return the contact behind a route while it is still the user's and may carry a code (I7).

    Raises ``ContactNotUsable`` where a guard shuts the channel, which a concealed challenge does not tell.
    """
    # Asked for a decoy too, which costs what a real challenge costs (I17).
    user, now = await ports.store.user(_owner(challenge)), await ports.store.now()
    contact = next((one for one in user.contacts if one.id == route.contact_id), None) if user else None
    if challenge.decoy or contact is None or contact.disabled_at is not None or _has_bounced(contact, challenge):
        return None
    if not contact.is_usable(now) and challenge.confirms != contact.id:
        return None
    if open_channels(ports, application, contact, (route.channel,), now):
        return contact
    if not challenge.action.conceal:
        raise ContactNotUsable(pointer="/channel")
    return None


def _owner(challenge: Challenge) -> UserRef:
    return UserRef(application_id=challenge.action.application_id, key=challenge.action.user_key)
