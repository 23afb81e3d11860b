"""Adding up a replay: what changes, by which rules, for whom, and what messages it comes to."""

import pickle
import random
from typing import Any

from watchword.domain.action import Decision
from watchword.risk.replay import Asked, Distinct, Recorded, Ruling, Tally, Truth, Unjudged, estimate

ALLOW, CHALLENGE, DENY = Decision
PROVEN = Asked(approved=True, concealed=False, decoy=False, channels=("sms", "sms"))
GIVEN_UP = Asked(approved=False, concealed=False, decoy=False, channels=("sms", "email"))
CONCEALED = Asked(approved=False, concealed=True, decoy=False, channels=("sms",))
DECOY = Asked(approved=False, concealed=True, decoy=True, channels=("sms",))


def action(number: int = 1, **fields: Any) -> Recorded:
    given: dict[str, Any] = {
        "number": number,
        "action_id": f"act_{number}",
        "user_key": number.to_bytes(8, "big"),
        "type": "sign_in",
        "decision": ALLOW,
        "reasons": ("ordinary",),
        "failed_rules": (),
        "signals": {},
        "details": {},
        "policy_version": "v1",
        "truth": Truth.UNLABELLED,
        "asked": None,
    }
    return Recorded(**(given | fields))


def ruling(decision: Decision, *causes: str, failed: tuple[str, ...] = ()) -> Ruling:
    return Ruling(decision=decision, causes=causes, matched=causes, failed=failed)


def tally(*judged: tuple[Recorded, Ruling]) -> Tally:
    total = Tally()
    for recorded, said in judged:
        total.add(recorded, said, frozenset())
    return total


def test_what_stays_is_no_change() -> None:
    total = tally((action(), ruling(ALLOW)), (action(2, decision=DENY, reasons=("bad",)), ruling(DENY, "worse")))
    assert (total.judged, dict(total.changes), total.users.count()) == (2, {}, 0)


def test_a_stricter_decision_is_caused_by_the_rules_that_now_ask() -> None:
    total = tally((action(), ruling(CHALLENGE, "new", "other")))
    changes = total.changes["sign_in", ALLOW, CHALLENGE]
    assert (changes.count, changes.rules) == (1, {"new": 1, "other": 1})


def test_a_milder_decision_is_caused_by_the_rules_that_asked_then() -> None:
    asked = action(decision=CHALLENGE, reasons=("new-place", "rule_error"), failed_rules=("broken",), asked=PROVEN)
    denied = action(2, decision=DENY, reasons=("bad",))
    total = tally((asked, ruling(ALLOW)), (denied, ruling(CHALLENGE, "softer")))
    assert total.changes["sign_in", CHALLENGE, ALLOW].rules == {"new-place": 1, "broken": 1}
    assert total.changes["sign_in", DENY, CHALLENGE].rules == {"bad": 1}


def test_what_the_actions_turned_out_to_be_is_told_of_each_kind_of_change() -> None:
    total = tally(*((action(n, truth=truth), ruling(DENY, "no")) for n, truth in enumerate(Truth)))
    assert total.changes["sign_in", ALLOW, DENY].truths == dict.fromkeys(Truth, 1)
    assert total.users.count() == len(Truth)


def test_a_removed_challenge_says_whether_it_was_proven_and_what_it_sent() -> None:
    asked = (action(n, decision=CHALLENGE, reasons=("r",), asked=how) for n, how in enumerate((PROVEN, GIVEN_UP)))
    total = tally(*((one, ruling(ALLOW)) for one in asked))
    changes = total.changes["sign_in", CHALLENGE, ALLOW]
    assert (changes.count, changes.approved, changes.sends) == (2, 1, {"sms": 3, "email": 1})


def test_the_newest_actions_are_the_examples_in_whatever_order_they_come() -> None:
    numbers = list(range(1, 20))
    random.Random(1).shuffle(numbers)
    total = tally(*((action(number), ruling(DENY, "no")) for number in numbers))
    assert [one for one, _ in total.changes["sign_in", ALLOW, DENY].newest] == [19, 18, 17]


def test_a_concealed_action_is_asked_whatever_the_policy_says() -> None:
    concealed = action(decision=CHALLENGE, reasons=("r",), asked=CONCEALED)
    total = tally((concealed, ruling(ALLOW)), (concealed, ruling(DENY, "no")))
    assert (dict(total.changes), total.concealed, total.barred, total.refused) == ({}, 2, 1, 0)


def test_where_no_challenge_could_open_none_opens_now() -> None:
    refused = action(decision=DENY, reasons=("user_locked", "new-device"))
    total = tally((refused, ruling(CHALLENGE, "new-device")))
    assert (dict(total.changes), total.refused) == ({}, 1)


def test_where_no_challenge_could_open_a_policy_that_does_not_ask_lets_it_pass() -> None:
    refused = action(decision=DENY, reasons=("no_usable_contact", "new-device"))
    total = tally((refused, ruling(ALLOW)))
    assert total.changes["sign_in", DENY, ALLOW].count == 1
    assert total.refused == 0


def test_a_denial_by_a_rule_of_the_operator_is_none_by_a_limit() -> None:
    denied = action(decision=DENY, reasons=("user-locked",))  # rules have hyphens
    assert tally((denied, ruling(CHALLENGE, "r"))).changes["sign_in", DENY, CHALLENGE].count == 1


def test_missing_signals_are_counted_by_action_and_by_name() -> None:
    total = Tally()
    total.add(action(1), ruling(ALLOW), frozenset({"network.vpn", "travel.speed"}))
    total.add(action(2), ruling(ALLOW), frozenset({"network.vpn"}))
    assert (total.incomplete, total.missing) == (2, {"network.vpn": 2, "travel.speed": 1})


def test_added_challenges_are_estimated_by_those_of_their_type() -> None:
    total = tally(
        (action(1, decision=CHALLENGE, reasons=("r",), asked=PROVEN), ruling(CHALLENGE, "r")),
        (action(2, decision=CHALLENGE, reasons=("r",), asked=GIVEN_UP), ruling(CHALLENGE, "r")),
        (action(3, type="purchase", decision=CHALLENGE, reasons=("r",), asked=PROVEN), ruling(CHALLENGE, "r")),
        (action(4), ruling(CHALLENGE, "new")),
        (action(5), ruling(CHALLENGE, "new")),
    )
    messages = estimate(total)
    assert messages.per_challenge == 2.0
    assert messages.added == {"sms": 3.0, "email": 1.0}
    assert messages.removed == {}


def test_a_type_that_was_never_asked_is_estimated_by_all_others() -> None:
    total = tally(
        (action(1, decision=CHALLENGE, reasons=("r",), asked=PROVEN), ruling(CHALLENGE, "r")),
        (action(2, type="purchase"), ruling(CHALLENGE, "new")),
    )
    assert estimate(total).added == {"sms": 2.0}


def test_without_any_challenge_there_is_nothing_to_estimate_by() -> None:
    messages = estimate(tally((action(), ruling(CHALLENGE, "new"))))
    assert (messages.per_challenge, messages.added, messages.balance) == (None, {}, 0)


def test_a_decoy_sent_nothing_and_teaches_nothing() -> None:
    total = tally((action(decision=CHALLENGE, reasons=("r",), asked=DECOY), ruling(CHALLENGE, "r")))
    assert (dict(total.challenges), dict(total.sends), total.concealed) == ({}, {}, 1)


def test_the_cost_is_the_difference_and_names_what_has_no_price() -> None:
    total = tally(
        (action(1, decision=CHALLENGE, reasons=("r",), asked=GIVEN_UP), ruling(ALLOW)),
        (action(2), ruling(CHALLENGE, "new")),
        (action(3), ruling(CHALLENGE, "new")),
    )
    messages = estimate(total)
    assert messages.balance == 2.0
    assert messages.cost({"sms": 0.05}) == 0.05
    assert messages.unpriced({"sms": 0.05}) == ("email",)


def test_parts_that_travelled_come_to_the_same_as_the_whole() -> None:
    draw = random.Random(7)
    judged = [
        (
            action(
                number,
                user_key=draw.randrange(40).to_bytes(8, "big"),
                type=draw.choice(("sign_in", "purchase")),
                decision=decision,
                truth=draw.choice(list(Truth)),
                reasons=("user_locked",) if decision is DENY and draw.random() < 0.5 else ("r",),
                asked=draw.choice((PROVEN, GIVEN_UP, CONCEALED, DECOY)) if decision is CHALLENGE else None,
            ),
            ruling(draw.choice(list(Decision)), "x"),
        )
        for number in range(300)
        for decision in [draw.choice(list(Decision))]
    ]
    whole, parts = tally(*judged), Tally()
    for start in (200, 0, 100):
        part = tally(*judged[start : start + 100])
        part.unjudged[Unjudged.ERASED] += 1
        parts.merge(pickle.loads(pickle.dumps(part)))  # noqa: S301 it is what we have just written
    whole.unjudged[Unjudged.ERASED] += 3
    assert parts.users.count() == whole.users.count()
    whole.users = parts.users
    assert parts == whole


def test_few_users_are_counted_exactly() -> None:
    users = Distinct()
    for number in [*range(1000), *range(500)]:
        users.add(number.to_bytes(8, "big"))
    assert (users.count(), users.is_exact) == (1000, True)


def test_many_users_are_counted_within_a_few_percent_and_in_bounded_memory() -> None:
    draw = random.Random(3)
    keys = [draw.randbytes(8) for _ in range(300_000)]
    first, second = Distinct(), Distinct()
    for key in keys[:200_000]:
        first.add(key)
    for key in keys[150_000:]:
        second.add(key)
    first.merge(second)
    assert not first.is_exact
    assert abs(first.count() - 300_000) < 0.02 * 300_000
    assert len(pickle.dumps(first)) < 2_500_000
