"""Delivers: takes a message that is due, words it, hands it to its sender, and records what became of it.

Whoever runs this decides how much happens at once: each claimed message is worked on by itself, and none waits for
another. Nothing here is remembered between two calls; what is not finished comes back when its lease ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from watchword.domain.action import Action
from watchword.domain.application import Application
from watchword.domain.contact import ContactKind, phone_country
from watchword.domain.errors import DeliveryFailed
from watchword.domain.ids import DeliveryId
from watchword.domain.instant import SECOND_MS, Instant
from watchword.domain.message import CodeMessage, DeliveryStatus, Envelope, Notice, RenderedMessage
from watchword.domain.origin_bound import host_of
from watchword.flow.dispute import notice_url
from watchword.flow.guard import admit, take_back
from watchword.flow.report import id_of, reason_of
from watchword.ports import Ports
from watchword.ports.sender import Handover
from watchword.ports.store.outbox import ClaimedDelivery, HandedOver, NotHandedOver

LEASE_S: Final = 30
"""How long a claimed message belongs to its worker; longer than any sender's time-out."""
HAND_OVER_S: Final = 6.0
"""What a sender has to take a message while there is another to ask: the customer waits for the sum of both."""
LAST_HAND_OVER_S: Final = 25.0
"""What the last sender of a route has; with what else there is to do it stays below the lease."""
RETRY_BASE_MS: Final = 2 * SECOND_MS
RETRY_CAP_MS: Final = 60 * SECOND_MS

DEFAULT_LOCALE: Final = "en"
"""What a message is worded in where nobody has said anything."""
NO_SENDER: Final = "no_sender"
"""The application is not declared any more, or has no sender for this channel."""
PLACE_WAIT_S: Final = 2.0
"""How long a message waits in this process for a place with its sender; with the hand-over it stays below the lease."""
BUSY: Final = "busy"
"""Every sender of the route has all the messages in its hands that it may have, or fails and has none to spare."""
BUSY_PAUSE_MS: Final = SECOND_MS
BUSY_CAP_MS: Final = 8 * SECOND_MS
"""How long it waits for another try then: short beside its life, and long enough that a crowd costs little."""
NO_ANSWER: Final = "the sender did not answer in time"
WORDING_FAILED: Final = "wording_failed"
"""The message could not be worded safely: a defect, which the operator must see. Holds nothing of the message."""
DEFECT: Final = "defect"
"""What took the message broke in a way that no sender may: an error in its program, which the operator must see."""
EXPIRED: Final = "expired"
LEASE_ENDED: Final = "lease_ended"
"""The process that had leased it took too long to begin; it is looked at anew."""
STOPPED: Final = "stopped"
"""The process was told to stop before the sender had answered."""


async def deliver_once(ports: Ports, *, limit: int) -> int:
    """Deliver messages that are due, one after the other and at most ``limit``; return how many were worked on."""
    for done in range(limit):
        claimed = await claim_due(ports, limit=1, notices=0) or await claim_due(ports, limit=0, notices=1)
        if not claimed:
            return done
        await deliver_one(ports, claimed[0])
    return limit


async def claim_due(ports: Ports, *, limit: int, notices: int | None = None) -> Sequence[ClaimedDelivery]:
    """Lease at most ``limit`` codes and as many ``notices``, or that number too.

    Take no more than can be begun at once, because the lease runs from now.
    """
    return await ports.store.claim_deliveries(limit=limit, lease_s=LEASE_S, notices=notices)


async def deliver_one(ports: Ports, claimed: ClaimedDelivery) -> HandedOver | NotHandedOver:
    """Deliver one claimed message, record the result and return it.

    Raises ``StorageUnavailable`` where the result could not be recorded: the message comes back when its lease ends,
    and may then reach the customer twice (I9: at least once, or reported as failed).
    """
    result = await _hand_over(ports, claimed)
    await ports.store.finish_delivery(claimed.id, claimed.tries, result)
    return result


async def give_back(ports: Ports, claimed: ClaimedDelivery) -> None:
    """End the lease of a message that this process hands over no more, so that another takes it up at once.

    The sender may have it by then: it comes twice rather than never. Raises ``StorageUnavailable``.
    """
    await ports.store.finish_delivery(claimed.id, claimed.tries, NotHandedOver(reason=STOPPED, retry_after_ms=0))


async def pass_by(ports: Ports, claimed: ClaimedDelivery) -> None:
    """End the lease of a message whose hand-over ended in a defect: the next sender is asked, or the last one later.

    Nobody knows whether the sender has it. Raises ``StorageUnavailable``.
    """
    _, *later_steps = _steps(ports, claimed) or [(0, "")]
    result = NotHandedOver(
        reason=DEFECT,
        retry_after_ms=None if later_steps else _pause_ms(ports, claimed),
        status=DeliveryStatus.UNKNOWN,
        next_step=later_steps[0][0] if later_steps else None,
    )
    await ports.store.finish_delivery(claimed.id, claimed.tries, result)


async def _hand_over(ports: Ports, claimed: ClaimedDelivery) -> HandedOver | NotHandedOver:
    now = await ports.store.now()
    too_late = _too_late(claimed, now)
    if too_late is not None:
        return too_late
    application = ports.applications.get(claimed.ref.application_id)
    steps = _steps(ports, claimed)
    if application is None or not steps:
        return NotHandedOver(reason=NO_SENDER, retry_after_ms=None)
    try:
        message = word(ports, application, claimed, now)
    except ValueError:
        # The same message would fail again. The error may quote it, so only the fact is passed on.
        return NotHandedOver(reason=WORDING_FAILED, retry_after_ms=None)
    way = await _enter(ports, steps, now)
    if way is None:
        return NotHandedOver(reason=BUSY, retry_after_ms=_busy_pause_ms(ports, claimed))
    worked: bool | None = None
    try:
        result, worked = await _ask(ports, application, claimed, message, way, now)
    finally:
        ports.places.leave(way.sender)
        ports.circuits.of(way.sender).end(now, worked=worked)
    return result


def _too_late(claimed: ClaimedDelivery, now: Instant) -> NotHandedOver | None:
    """Return why a message may not leave any more at this moment, or None."""
    if now >= claimed.expires_at:
        return NotHandedOver(reason=EXPIRED, retry_after_ms=None)
    if claimed.leased_until is not None and now >= claimed.leased_until:
        # This process stood still: what it knows of the challenge is old, and its code may be dead by now.
        return NotHandedOver(reason=LEASE_ENDED, retry_after_ms=0)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """The sender that is asked, and the one after it."""

    sender: str
    next_step: int | None


def _steps(ports: Ports, claimed: ClaimedDelivery) -> list[tuple[int, str]]:
    """Return the senders that may still be asked, each with its place in the route."""
    country = phone_country(claimed.address) if claimed.channel.kind is ContactKind.PHONE else None
    order = ports.routes.route(claimed.ref.application_id, claimed.channel, country)
    # A route that got shorter since is asked from its last sender on: the message may never have been with that one.
    first = min(claimed.step, len(order) - 1)
    return [(step, name) for step, name in enumerate(order) if step >= first and name in ports.senders]


async def _enter(ports: Ports, steps: list[tuple[int, str]], now: Instant) -> _Way | None:
    """Take a place with the first sender that works and has one, else wait for one a little; None: there is none.

    Where all of them fail, the message is what finds out that one works again, and does not wait for it.
    """
    able = [place for place, (_, name) in enumerate(steps) if not ports.circuits.of(name).is_open(now)]
    free = [place for place in able or range(len(steps)) if ports.places.has(steps[place][1])]
    chosen = next(iter(free or able), None)
    if chosen is None or not await ports.places.take(steps[chosen][1], PLACE_WAIT_S):
        return None
    ports.circuits.of(steps[chosen][1]).begin(now)
    later_steps = steps[chosen + 1 :]
    return _Way(sender=steps[chosen][1], next_step=later_steps[0][0] if later_steps else None)


async def _ask(
    ports: Ports, application: Application, claimed: ClaimedDelivery, message: RenderedMessage, way: _Way, now: Instant
) -> tuple[HandedOver | NotHandedOver, bool | None]:
    """Hand the message over, and return what came of it and whether the sender worked; None: it was not its fault."""
    shut = await admit(ports, application, claimed, way.sender, message.text)
    if shut is not None:
        return NotHandedOver(reason=shut.reason, retry_after_ms=None, status=DeliveryStatus.BLOCKED), None
    # Once more: it may have stood still as it waited for its place, or for its money.
    too_late = _too_late(claimed, await ports.store.now())
    if too_late is not None:
        await take_back(ports, application, claimed, way.sender)
        return too_late, None
    envelope = _envelope(ports, application, claimed, message, way.sender)
    try:
        handover = await _send(ports, way, envelope)
    except DeliveryFailed as failure:
        if failure.certain:
            await take_back(ports, application, claimed, way.sender)
        # One that says no for good says it of the message, and works.
        return _refused(ports, claimed, way, failure, now), False if failure.retryable else None
    return _taken(ports, way, handover), True


def _taken(ports: Ports, way: _Way, handover: Handover) -> HandedOver:
    within_s = ports.routes.receipt_within_s.get(way.sender)
    return HandedOver(
        sender=way.sender,
        provider=handover.provider,
        provider_message_id=id_of(handover.provider_message_id),
        status=handover.status,
        heard=way.sender in ports.routes.receipt_within_s,
        next_step=way.next_step,
        receipt_within_ms=None if within_s is None else within_s * SECOND_MS,
    )


async def _send(ports: Ports, way: _Way, envelope: Envelope) -> Handover:
    """Hand the message over, in the time that there is for it; raises ``DeliveryFailed``."""
    limit_s = LAST_HAND_OVER_S if way.next_step is None else HAND_OVER_S
    try:
        return await ports.patience.within(limit_s, ports.senders[way.sender].send(envelope))
    except TimeoutError:
        raise DeliveryFailed(NO_ANSWER, retryable=True) from None


def _refused(ports: Ports, claimed: ClaimedDelivery, way: _Way, failure: DeliveryFailed, now: Instant) -> NotHandedOver:
    """Return what follows: the next sender at once, else the same one later, else nothing more."""
    if way.next_step is None and failure.retryable:
        return _not_now(ports, claimed, way, failure, now)
    return NotHandedOver(
        reason=reason_of(str(failure)),
        retry_after_ms=None,
        status=failure.status,
        sender=way.sender,
        next_step=way.next_step,
    )


def _busy_pause_ms(ports: Ports, claimed: ClaimedDelivery) -> int:
    span_ms = min(BUSY_CAP_MS, BUSY_PAUSE_MS << min(claimed.tries, BUSY_CAP_MS.bit_length()))
    return round(span_ms * (1.0 + ports.entropy.fraction()) / 2)


def _not_now(ports: Ports, claimed: ClaimedDelivery, way: _Way, failure: DeliveryFailed, now: Instant) -> NotHandedOver:
    """Return when to try again: after a uniformly drawn part of a span that doubles with each try (full jitter).

    A provider that asks to be left alone for a while is asked no sooner, and not by everybody at once then.
    """
    wait_ms = (failure.retry_after_ms or 0) + _pause_ms(ports, claimed)
    is_useful = failure.retryable and now + wait_ms < claimed.expires_at
    retry_after_ms = wait_ms if is_useful else None
    return NotHandedOver(reason=reason_of(str(failure)), retry_after_ms=retry_after_ms, sender=way.sender)


def _pause_ms(ports: Ports, claimed: ClaimedDelivery) -> int:
    span_ms = min(RETRY_CAP_MS, RETRY_BASE_MS << min(claimed.tries, RETRY_CAP_MS.bit_length()))
    return round(span_ms * ports.entropy.fraction())


def word(ports: Ports, application: Application, claimed: ClaimedDelivery, now: Instant) -> RenderedMessage:
    """Return the words of a message; ``ValueError`` where there are none."""
    if claimed.notice is not None and claimed.notice_id is not None:
        return ports.letters.notice(
            Notice(
                kind=claimed.notice,
                channel=claimed.channel,
                brand=application.name,
                locale=claimed.locale or application.locale,
                action=claimed.action,
                happened_at=claimed.happened_at,
                device_name=claimed.device_name or _device_of(ports, claimed.action),
                country=_country_of(ports, claimed.action),
                not_me_url=notice_url(ports, claimed.notice_id),
            )
        )
    if claimed.challenge is None or claimed.code is None:
        raise ValueError("a delivery is either a notice or carries the code of a challenge")
    action = claimed.challenge.action
    return ports.letters.code(
        CodeMessage(
            channel=claimed.channel,
            brand=application.name,
            locale=claimed.locale or application.locale,
            code=claimed.code,
            origin_host=application.code_host or host_of(ports.page_base),
            app_hash=application.android_app_hash,
            not_me_at=f"{ports.page_base.partition('://')[2]}/no",
            action=action,
            device_name=_device_of(ports, action),
            country=_country_of(ports, action),
            reference=claimed.challenge.reference,
            worded_at=now,
            expires_at=claimed.challenge.expires_at,
        )
    )


def _device_of(ports: Ports, action: Action | None) -> str | None:
    return None if action is None or action.user_agent is None else ports.atlas.device_name(action.user_agent)


def _country_of(ports: Ports, action: Action | None) -> str | None:
    return None if action is None or action.ip is None else ports.atlas.country(action.ip)


def _envelope(
    ports: Ports, application: Application, claimed: ClaimedDelivery, message: RenderedMessage, sender: str
) -> Envelope:
    return Envelope(
        delivery_id=claimed.id,
        application_id=application.id,
        brand=application.name,
        channel=claimed.channel,
        to=claimed.address,
        is_code=claimed.code is not None,
        challenge_id=None if claimed.challenge is None else claimed.challenge.id,
        message=message,
        locale=claimed.locale or application.locale or DEFAULT_LOCALE,
        callback_url=callback_url(ports.page_base, sender, claimed.id),
    )


def callback_url(page_base: str, sender: str, delivery_id: DeliveryId) -> str | None:
    """Return where a provider tells a sender of a delivery; None where no provider could, or should, call in plain."""
    if not page_base.startswith("https://"):
        return None
    return f"{page_base}/callbacks/{sender}?delivery={delivery_id}"
