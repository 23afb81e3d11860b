"""The tour itself, in the order in which a customer lives it; each step says what must come of it."""

from collections.abc import Generator, Iterator
from typing import Final, TypeAlias

from watchword.cli.tour.cast import CONFIRMED_AT, Cast, Outcome, Scene, Surprise, expect
from watchword.cli.tour.messages import Message
from watchword_client import (
    Action,
    ActionRequest,
    AttemptOutcome,
    BoundFields,
    Challenge,
    Circumstances,
    Contact,
    Decision,
    DeviceInfo,
    Money,
    Problem,
    Redemption,
)

Told: TypeAlias = Scene | Outcome
SESSION: Final = "tour-session"
PAYEE: Final = "ACME Cameras"
DEAR: Final = "1299.00"
_CHANGED: Final = "12.99"
_SHOWN_AMOUNTS: Final = ("1,299.00", "1299.00")


def play(cast: Cast) -> Iterator[Told]:
    """Play every step, a ``Scene`` before it and an ``Outcome`` after it.

    Raises ``Surprise`` where something else happens than what is promised.
    """
    yield from _register(cast)
    token = yield from _sign_in(cast)
    token = yield from _come_back(cast, token)
    token = yield from _buy_something_cheap(cast, token)
    yield from _buy_something_dear(cast, token)


def _register(cast: Cast) -> Iterator[Told]:
    customer = cast.customer
    yield Scene(
        name="register",
        title="The store registers a customer",
        told="A phone and an e-mail address, both seen to work by the store. Codes only ever go to these.",
    )
    user = cast.client.users.put(
        customer.user_id,
        [
            Contact(channel_type="phone", address=customer.phone, confirmed_at=CONFIRMED_AT),
            Contact(channel_type="email", address=customer.email, confirmed_at=CONFIRMED_AT),
        ],
        locale="en",
    )
    expect("the number of contacts", wanted=2, got=len(user.contacts))
    yield Outcome(facts=(("customer", user.id), *((c.channel_type, c.masked) for c in user.contacts)))


def _sign_in(cast: Cast) -> Generator[Told, None, str]:
    """Play a sign-in on a new device; return the token that makes it a known one."""
    yield Scene(
        name="sign_in",
        title="The customer signs in from a new device",
        told="The store reports the sign-in. Nobody has proven this device before, so a code is sent.",
    )
    bound = BoundFields(type="sign_in", user_id=cast.customer.user_id)
    action, challenge = _expect_challenge(_report(cast, bound, None), "new-device")
    message = _wait_for_code(cast, challenge)
    yield Outcome(facts=_decision_facts(action, challenge), message=message)

    yield Scene(
        name="wrong_code",
        title="A code is mistyped",
        told="It costs one of the tries, and says nothing about the right one.",
    )
    attempt = cast.client.challenges.attempt(challenge.id, _other_code(message.code))
    expect("the outcome", wanted="incorrect", got=attempt.outcome)
    expect("the tries that are left", wanted=challenge.attempts_left - 1, got=attempt.attempts_left)
    yield Outcome(facts=(("outcome", attempt.outcome), ("tries left", str(attempt.attempts_left))))

    yield Scene(
        name="right_code",
        title="The right code",
        told="It gives a grant, which the store redeems, and a token that makes this device a known one.",
    )
    attempt = cast.client.challenges.attempt(challenge.id, message.code)
    receipt = _redeem(cast, _expect_grant(attempt), bound)
    token = _newest_token(attempt.device, None)
    yield Outcome(
        facts=(("outcome", attempt.outcome), *_receipt_facts(receipt), ("device", _device_state(attempt.device)))
    )
    return token


def _come_back(cast: Cast, token: str) -> Generator[Told, None, str]:
    yield Scene(
        name="known_device",
        title="The customer signs in again on the same device",
        told="The device is known now, the place too: nothing is asked, and the grant comes at once.",
    )
    bound = BoundFields(type="sign_in", user_id=cast.customer.user_id)
    action = _report(cast, bound, token)
    receipt = _redeem(cast, _expect_allowed(action), bound)
    yield Outcome(facts=(*_decision_facts(action, None), *_receipt_facts(receipt)))
    return _newest_token(action.device, token)


def _buy_something_cheap(cast: Cast, token: str) -> Generator[Told, None, str]:
    yield Scene(
        name="ordinary_purchase",
        title="An ordinary purchase",
        told="24.90 USD from a known device: nobody is asked for anything.",
    )
    bound = _purchase(cast, "24.90", "Corner Bookshop")
    action = _report(cast, bound, token)
    receipt = _redeem(cast, _expect_allowed(action), bound)
    yield Outcome(facts=(*_decision_facts(action, None), *_receipt_facts(receipt)))
    return _newest_token(action.device, token)


def _buy_something_dear(cast: Cast, token: str) -> Iterator[Told]:
    yield Scene(
        name="high_value_purchase",
        title="A purchase of high value",
        told="1,299.00 USD is above the threshold, so a known device does not help. The message says what it is for.",
    )
    bound = _purchase(cast, DEAR, PAYEE)
    action, challenge = _expect_challenge(_report(cast, bound, token), "high-value-purchase")
    message = _wait_for_code(cast, challenge)
    if PAYEE not in message.text or not any(amount in message.text for amount in _SHOWN_AMOUNTS):
        raise Surprise(expected="a message that names amount and payee", got=message.text)
    yield Outcome(facts=_decision_facts(action, challenge), message=message)

    yield Scene(
        name="approve",
        title="The customer types the code",
        told="The grant is bound to this customer, this amount and this payee.",
    )
    attempt = cast.client.challenges.attempt(challenge.id, message.code)
    grant = _expect_grant(attempt)
    yield Outcome(facts=(("outcome", attempt.outcome),))
    yield from _redeem_it_wrongly_and_rightly(cast, grant, bound)


def _redeem_it_wrongly_and_rightly(cast: Cast, grant: str, bound: BoundFields) -> Iterator[Told]:
    yield Scene(
        name="changed_amount",
        title="Somebody changes the amount afterwards",
        told="The grant was for another one. It is refused, and stays good for what was approved.",
    )
    refusal = _expect_refusal(cast, grant, _purchase(cast, _CHANGED, PAYEE), "grant_mismatch")
    yield Outcome(facts=_refusal_facts(refusal))

    yield Scene(
        name="redeem",
        title="The store redeems the grant",
        told="With exactly what was approved. From here on the purchase goes ahead.",
    )
    receipt = _redeem(cast, grant, bound)
    yield Outcome(facts=_receipt_facts(receipt))

    yield Scene(
        name="redeem_again",
        title="The same grant a second time",
        told="A grant is good for one time.",
    )
    refusal = _expect_refusal(cast, grant, bound, "grant_already_redeemed")
    yield Outcome(facts=_refusal_facts(refusal))

    yield Scene(
        name="confirmation",
        title="The confirmation arrives",
        told="By e-mail, so that the customer learns of it even if somebody else had the phone.",
    )
    notice = cast.inbox.wait_for(
        cast.customer.email, lambda message: message.kind == "notice" and PAYEE in message.text
    )
    if notice is None:
        raise Surprise(expected=f"a notice about {PAYEE} by e-mail", got="none")
    yield Outcome(facts=(), message=notice)


def _report(cast: Cast, bound: BoundFields, token: str | None) -> Action:
    customer = cast.customer
    circumstances = Circumstances(
        session_id=SESSION, device_token=token, ip=customer.ip, user_agent=customer.user_agent
    )
    return cast.client.actions.create(ActionRequest(bound=bound, circumstances=circumstances), on_unavailable="raise")


def _purchase(cast: Cast, value: str, payee: str) -> BoundFields:
    amount = Money(value=value, currency="USD")
    return BoundFields(type="purchase", user_id=cast.customer.user_id, amount=amount, payee=payee)


def _redeem(cast: Cast, grant: str, bound: BoundFields) -> Redemption:
    return cast.client.grants.redeem(grant, bound, session_id=SESSION)


def _expect_challenge(action: Action, rule: str) -> tuple[Action, Challenge]:
    expect("the decision", wanted=Decision.CHALLENGE.value, got=action.decision.value)
    rules = [reason.rule for reason in action.reasons]
    if rule not in rules:
        raise Surprise(expected=f"{rule} among the reasons", got=", ".join(rules) or "none")
    if action.challenge is None:
        raise Surprise(expected="a challenge", got="none")
    return action, action.challenge


def _expect_allowed(action: Action) -> str:
    why = "".join(f" ({reason.rule})" for reason in action.reasons)
    expect("the decision", wanted=Decision.ALLOW.value, got=action.decision.value + why * (not action.grant))
    if action.grant is None:
        raise Surprise(expected="a grant", got="none")
    return action.grant


def _expect_grant(attempt: AttemptOutcome) -> str:
    expect("the outcome", wanted="approved", got=attempt.outcome)
    if attempt.grant is None:
        raise Surprise(expected="a grant", got="none")
    return attempt.grant


def _expect_refusal(cast: Cast, grant: str, bound: BoundFields, code: str) -> Problem:
    try:
        _redeem(cast, grant, bound)
    except Problem as problem:
        expect("the refusal", wanted=code, got=problem.code)
        return problem
    raise Surprise(expected=f"the refusal {code}", got="a redeemed grant")


def _wait_for_code(cast: Cast, challenge: Challenge) -> Message:
    if challenge.sent_to is None:
        raise Surprise(expected="a code that was sent", got="none")
    address = cast.customer.email if challenge.sent_to.channel == "email" else cast.customer.phone
    message = cast.inbox.wait_for(address, lambda m: m.kind == "code" and m.challenge_id == challenge.id)
    if message is None:
        raise Surprise(expected=f"a message to {challenge.sent_to.masked}", got="none")
    return message


def _other_code(code: str) -> str:
    """Return a code of the same length that is wrong."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def _newest_token(device: DeviceInfo | None, token: str | None) -> str:
    newest = token if device is None or device.token is None else device.token
    if newest is None:
        raise Surprise(expected="a device token", got="none")
    return newest


def _device_state(device: DeviceInfo | None) -> str:
    return "none" if device is None else device.state


def _decision_facts(action: Action, challenge: Challenge | None) -> tuple[tuple[str, str], ...]:
    facts = [("decision", action.decision.value), *(("because", reason.text) for reason in action.reasons)]
    if challenge is not None and challenge.sent_to is not None:
        facts.append(("sent to", f"{challenge.sent_to.masked} by {challenge.sent_to.channel}"))
    return tuple(facts)


def _receipt_facts(receipt: Redemption) -> tuple[tuple[str, str], ...]:
    return (("redeemed", f"{receipt.redeemed_at:%H:%M:%S} UTC"), ("proof", receipt.assurance))


def _refusal_facts(problem: Problem) -> tuple[tuple[str, str], ...]:
    return (("refused", f"{problem.status} {problem.code}"), ("because", problem.detail or problem.title))
